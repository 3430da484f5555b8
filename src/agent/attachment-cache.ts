// What is in attachments, on the host's disk: once by its SHA-256, and from there linked under its
// name where a configuration needs it. The number of links is the number of users.

import { createHash } from 'node:crypto';
import {
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { attachmentsIn, type NamedContent } from '../haproxy/attachments.ts';
import { type KeptEntry, keptEntriesIn, withEntries } from '../haproxy/kept-entries.ts';
import { replaceFile, syncFolder } from './disk.ts';

/** What nobody has linked for so long goes: a configuration that was refused may come again. */
const keepUnusedMs = 3_600_000;

/** Names inside of the folder that the container sees as `/etc/haproxy`. */
const linkName = 'attachments';
const setsName = 'attachment-sets';

export interface AttachmentCacheOptions {
  /** Where contents are kept; made when it is needed, on the file system of those that use them. */
  readonly folder: string;
  /** User and group that reads them. */
  readonly user: number;
  /** Gets what is in one from a scheduler, checked. @throws BridgeheadError ATTACHMENT_MISSING */
  readonly fetch: (sha256: string) => Promise<Uint8Array>;
  readonly wallMs: () => number;
}

/** The attachments of a host. */
export class AttachmentCache {
  readonly #options: AttachmentCacheOptions;
  readonly #fetching = new Map<string, Promise<void>>();
  /** One after the other: they are asked for by several instances at once. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: AttachmentCacheOptions) {
    this.#options = options;
  }

  /**
   * Has the attachments that a rendered configuration names in a folder, as `attachments`, with the
   * entries that it keeps, fetching those that are not here yet. They change all at once; those before
   * stay for the HAProxy that still runs with them.
   *
   * @param etc folder that the container sees as `/etc/haproxy`; it is there already
   * @throws BridgeheadError ATTACHMENT_MISSING; the folder is as it was then
   */
  async provide(etc: string, rendered: string): Promise<void> {
    const named = attachmentsIn(rendered);
    const pointer = join(etc, linkName);
    const before = await readlink(pointer).catch(() => null);
    if (named.length === 0) {
      await rm(pointer, { force: true });
      return this.#dropSets(etc, before === null ? [] : [before]);
    }
    const entries = keptEntriesIn(rendered);
    const said = JSON.stringify([...named, ...entries]);
    const digest = createHash('sha256').update(said).digest('hex').slice(0, 32);
    const target = `${setsName}/${digest}`;
    await this.#makeSet(join(etc, setsName), digest, named, entries);
    if (before !== target) {
      const next = `${pointer}.next`;
      await rm(next, { force: true });
      await symlink(target, next);
      await rename(next, pointer);
      await syncFolder(etc);
    }
    await this.#dropSets(etc, [target, ...(before === null ? [] : [before])]);
    await this.dropUnused();
  }

  /** Removes what no configuration here has needed for an hour. */
  async dropUnused(): Promise<void> {
    const { folder, wallMs } = this.#options;
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => null);
      if (found === null || found.nlink > 1 || wallMs() - found.ctimeMs < keepUnusedMs) continue;
      await rm(path, { force: true });
    }
  }

  // A set that is there is whole: it gets its name last.
  async #makeSet(
    sets: string,
    digest: string,
    named: readonly NamedContent[],
    entries: readonly KeptEntry[],
  ): Promise<void> {
    const { folder: contents, user } = this.#options;
    const path = join(sets, digest);
    if ((await stat(path).catch(() => null)) !== null) return;
    const next = `${path}.next`;
    await rm(next, { recursive: true, force: true });
    await mkdir(next, { recursive: true });
    for (const { name, sha256 } of named) {
      await this.#hold(sha256);
      const kept = entries.filter(({ file }) => file === name);
      const content = join(contents, sha256);
      // What it is made from stays for the entries that are kept next.
      await link(content, join(next, kept.length === 0 ? name : `.${name}`));
      if (kept.length === 0) continue;
      const text = withEntries(await readFile(content, 'latin1'), kept);
      await replaceFile(join(next, name), Buffer.from(text, 'latin1'), 0o400, user);
    }
    for (const folder of [sets, next]) {
      await chown(folder, user, user);
      await chmod(folder, 0o500);
    }
    await syncFolder(next);
    await rename(next, path);
    await syncFolder(sets);
  }

  // Those that are in use, and one before for the worker that a reload has not replaced yet.
  async #dropSets(etc: string, kept: readonly string[]): Promise<void> {
    for (const name of await readdir(join(etc, setsName)).catch(() => [])) {
      if (kept.includes(`${setsName}/${name}`)) continue;
      await rm(join(etc, setsName, name), { recursive: true, force: true });
    }
  }

  async #hold(sha256: string): Promise<void> {
    const path = join(this.#options.folder, sha256);
    if ((await stat(path).catch(() => null)) !== null) return;
    const fetching = this.#fetching.get(sha256) ?? this.#fetch(sha256, path);
    this.#fetching.set(sha256, fetching);
    try {
      await fetching;
    } finally {
      this.#fetching.delete(sha256);
    }
  }

  #fetch(sha256: string, path: string): Promise<void> {
    const { folder, user, fetch } = this.#options;
    const work = async () => {
      const bytes = await fetch(sha256);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await replaceFile(path, bytes, 0o400, user);
    };
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
