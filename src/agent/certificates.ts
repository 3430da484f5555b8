// The certificates of a host's instances: handed over by a scheduler, kept in memory only, put where
// each instance's HAProxy reads them, and swapped in those that run.

import { chmod, chown, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceId } from '../domain/ids.ts';
import { certificateFolder, certificatesIn } from '../haproxy/certificates.ts';
import type { SchedulerFrame } from '../protocol/frames.ts';
import { swapCertificate } from './certificate-swap.ts';
import { readIfThere } from './disk.ts';

const retryMs = 1_000;

export interface CertificatesParts {
  /** A folder in memory; see `mountMemoryFolder`. */
  readonly folder: string;
  /** User and group that HAProxy runs as. */
  readonly user: number;
  readonly clock: Clock;
  /** One command of an instance's runtime API. Rejects where its HAProxy does not answer. */
  readonly ask: (id: InstanceId, command: string) => Promise<string>;
  /** Tells people; `object` is such as `certificate/shop.pem`. */
  readonly tell: (kind: string, object: string, message: string) => void;
  readonly log: (message: string, details: Readonly<Record<string, unknown>>) => void;
}

interface Held {
  readonly version: number;
  readonly pem: string;
}

/** A certificate that one running instance may not have yet. */
interface Pending {
  readonly id: InstanceId;
  readonly name: string;
  /** What was told of it last, so that it is told once. */
  fault: string;
}

/** The certificates of one host. */
export class Certificates {
  readonly #parts: CertificatesParts;
  readonly #held = new Map<string, Held>();
  /** What each instance's configuration before the last one named: it may come back. */
  readonly #before = new Map<InstanceId, readonly string[]>();
  readonly #pending = new Map<string, Pending>();
  readonly #stop: () => void;
  #turn: Promise<unknown> = Promise.resolve();
  #isSwapping = false;

  constructor(parts: CertificatesParts) {
    this.#parts = parts;
    this.#stop = parts.clock.every(retryMs, () => void this.#swapPending());
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  /** Takes what a scheduler says; all frames but one are nothing to it. */
  hear(frame: SchedulerFrame): void {
    if (frame.type !== 'certificates') return;
    const items = new Map(frame.items.map((item) => [item.name, item]));
    for (const name of this.#held.keys()) if (!items.has(name)) this.#held.delete(name);
    for (const { name, version, pem } of items.values()) {
      // Several schedulers say it, and one may be behind.
      if ((this.#held.get(name)?.version ?? 0) <= version) this.#held.set(name, { version, pem });
    }
    void this.#inTurn(() => this.#refresh()).catch((error: unknown) => {
      this.#parts.log('cannot put certificates in place', { error: String(error) });
    });
  }

  /** Where an instance's certificates are on this host. */
  folderOf(id: InstanceId): string {
    return join(this.#parts.folder, id);
  }

  /**
   * Has the certificates that a rendered configuration names where its HAProxy will read them.
   *
   * @throws BridgeheadError CERTIFICATE_MISSING
   */
  provide(id: InstanceId, rendered: string): Promise<void> {
    return this.#inTurn(async () => {
      const folder = this.folderOf(id);
      await mkdir(folder, { recursive: true });
      await chown(folder, this.#parts.user, this.#parts.user);
      await chmod(folder, 0o700);
      const names = certificatesIn(rendered);
      const there = await this.#namesOf(id);
      const missing = names.filter((name) => !this.#held.has(name) && !there.includes(name));
      if (missing.length > 0) throw notGiven(missing);
      for (const name of names) {
        const held = this.#held.get(name);
        if (held !== undefined) await this.#put(id, name, held.pem);
      }
      const kept = new Set([...names, ...(this.#before.get(id) ?? names)]);
      for (const name of there) if (!kept.has(name)) await rm(join(folder, name));
      this.#before.set(id, names);
    });
  }

  /** The instance is gone from this host, and its keys with it. */
  forget(id: InstanceId): Promise<void> {
    return this.#inTurn(async () => {
      this.#before.delete(id);
      await rm(this.folderOf(id), { recursive: true, force: true });
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  // Files first: what starts or reloads meanwhile reads the new one. Those that run are asked what
  // they have also where nothing was written, since an agent before may have died in between.
  async #refresh(): Promise<void> {
    for (const folder of await readdir(this.#parts.folder)) {
      // What was being written when an agent died.
      if (folder.startsWith('.')) continue;
      const id = folder as InstanceId;
      for (const name of await this.#namesOf(id)) {
        const held = this.#held.get(name);
        if (held === undefined) continue;
        await this.#put(id, name, held.pem);
        this.#pending.set(`${id} ${name}`, { id, name, fault: '' });
      }
    }
    void this.#swapPending();
  }

  async #put(id: InstanceId, name: string, pem: string): Promise<void> {
    const path = join(this.folderOf(id), name);
    if ((await readIfThere(path)) === pem) return;
    const next = join(this.#parts.folder, `.${id}.${name}`);
    await writeFile(next, pem, { mode: 0o400 });
    await chown(next, this.#parts.user, this.#parts.user);
    await rename(next, path);
  }

  async #namesOf(id: InstanceId): Promise<readonly string[]> {
    return readdir(this.folderOf(id)).catch(() => []);
  }

  async #swapPending(): Promise<void> {
    if (this.#isSwapping) return;
    this.#isSwapping = true;
    try {
      for (const [key, pending] of this.#pending) {
        if (await this.#swap(pending)) this.#pending.delete(key);
      }
    } finally {
      this.#isSwapping = false;
    }
  }

  /** @returns whether there is nothing left to do */
  async #swap(pending: Pending): Promise<boolean> {
    const { id, name } = pending;
    const { ask, tell } = this.#parts;
    try {
      const pem = await readIfThere(join(this.folderOf(id), name));
      if (pem === null) return true;
      const end = await swapCertificate(
        (command) => ask(id, command),
        `${certificateFolder}/${name}`,
        pem,
      );
      if (end === 'swapped') {
        tell('certificate.swapped', `certificate/${name}`, `instance ${id} serves the new version`);
      }
      return true;
    } catch (error) {
      const { message } = error as Error;
      // One that does not run reads the file when it starts.
      const isAnswered = !/did not answer/.test(message);
      if (isAnswered && message !== pending.fault) {
        tell('certificate.swap-failed', `certificate/${name}`, `instance ${id}: ${message}`);
        pending.fault = message;
      }
      return false;
    }
  }
}

function notGiven(names: readonly string[]): BridgeheadError {
  return new BridgeheadError(
    'CERTIFICATE_MISSING',
    `this host was not given certificate ${names.join(', ')} yet, which the configuration names`,
    'Check that a scheduler reaches this host, and that the certificate is there: bridgehead cert list',
  );
}
