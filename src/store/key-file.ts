// The file with the keys that open everything else: beside the data, and never in the database.

import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BridgeheadError } from '../domain/errors.ts';
import {
  formatSealingKey,
  newSealingKey,
  parseSealingKey,
  type SealingKey,
} from '../trust/sealing.ts';

/** Keys in use and those before, at most; each line of the file is one. */
const keysMax = 16;
const othersBits = 0o077;

/** Keys that the store's own keys are sealed with: the first seals, all open. */
export interface KeySource {
  /** For messages. */
  readonly name: string;
  /** Never empty; null where there are none yet. */
  read(): Promise<readonly SealingKey[] | null>;
  /** Makes the first key. Of two who do so at once both get the same. */
  create(): Promise<readonly SealingKey[]>;
  /** Replaces all keys. */
  replace(keys: readonly SealingKey[]): Promise<void>;
}

/** A {@link KeySource} of one file, for its owner only: a line `ID KEY` for each, `#` for comments. */
export class KeyFile implements KeySource {
  readonly name: string;

  constructor(path: string) {
    this.name = path;
  }

  /** @throws BridgeheadError SECRETS_LOCKED where others may read the file, or it cannot be read */
  async read(): Promise<readonly SealingKey[] | null> {
    const text = await this.#text();
    if (text === null) return null;
    const lines = text.split('\n').map((line) => line.trim());
    const words = lines.filter((line) => line !== '' && !line.startsWith('#'));
    const keys = words.flatMap((line) => parseSealingKey(line) ?? []);
    if (keys.length === 0 || keys.length !== words.length || keys.length > keysMax) {
      throw unusable(this.name, `it has to have 1 to ${keysMax} lines "ID KEY" and no others`);
    }
    return keys;
  }

  async create(): Promise<readonly SealingKey[]> {
    const next = besideOf(this.name);
    await mkdir(dirname(this.name), { recursive: true });
    await write(next, [newSealingKey()]);
    try {
      // Unlike a rename it leaves one that is there already.
      await link(next, this.name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await rm(next, { force: true });
    }
    const keys = await this.read();
    if (keys === null) throw unusable(this.name, 'it has gone again');
    return keys;
  }

  async replace(keys: readonly SealingKey[]): Promise<void> {
    const next = besideOf(this.name);
    await write(next, keys);
    await rename(next, this.name);
  }

  async #text(): Promise<string | null> {
    try {
      const { mode } = await stat(this.name);
      if ((mode & othersBits) !== 0) {
        throw unusable(this.name, 'others than its owner may read or write it: chmod 600');
      }
      return await readFile(this.name, 'utf8');
    } catch (error) {
      if (error instanceof BridgeheadError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return null;
      throw unusable(this.name, message);
    }
  }
}

/** A name that no other process and no other call takes. */
function besideOf(path: string): string {
  return `${path}.${randomUUID()}`;
}

async function write(path: string, keys: readonly SealingKey[]): Promise<void> {
  const comment =
    '# Opens the secrets in the database. Keep a copy, apart from those of the database.';
  const text = [comment, ...keys.map(formatSealingKey), ''].join('\n');
  await writeFile(path, text, { mode: 0o600, flag: 'w' });
  const file = await open(path, 'r');
  await file.sync();
  await file.close();
}

function unusable(path: string, why: string): BridgeheadError {
  return new BridgeheadError(
    'SECRETS_LOCKED',
    `the key file ${path} cannot be used: ${why}`,
    'Put it right, or bring back a copy of it: docs/certificates.md, Secrets at rest.',
  );
}
