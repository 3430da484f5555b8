// Files of the machine that come along with an instance: a line that names one stays as it is, and the
// attachment declares the path that stands there.

import { freeName, plainNamePattern } from '../plain-name.ts';
import type { FileReference } from './file-references.ts';

/**
 * What was found of the files that a configuration names, by what it calls them: what is in them by
 * their paths, more than one for a pattern of Lua modules; or why they cannot be taken.
 */
export type FoundFiles = ReadonlyMap<string, ReadonlyMap<string, Uint8Array> | string>;

/** What is in the one file that a configuration calls so; undefined where it was not found. */
export function contentOf(found: FoundFiles, path: string): Uint8Array | undefined {
  const there = found.get(path);
  return typeof there === 'string' ? undefined : there?.get(path);
}

/** A file that an imported instance brings along. */
export interface ImportedAttachment {
  readonly name: string;
  /** What the configuration calls it. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** Most attachments of an instance, and most bytes in them that a spec can spell out. */
const countMax = 64;
const bytesMax = 8 * 1024 * 1024;

/** Paths that an attachment can declare. */
const pathPattern = /^[A-Za-z0-9_./-]{1,255}$/;

/** Gathers the files that the lines of a configuration have HAProxy read. */
export class AttachedFiles {
  readonly #found: FoundFiles;
  readonly #byPath = new Map<string, ImportedAttachment>();
  #bytes = 0;

  constructor(found: FoundFiles) {
    this.#found = found;
  }

  /** In the order in which they were met. */
  get all(): readonly ImportedAttachment[] {
    return [...this.#byPath.values()];
  }

  /** Takes what a line names along. @returns why it cannot be, null where it can */
  take({ path, purpose, isPrivate, word }: FileReference): string | null {
    const what = `${purpose} ${path}`;
    if (isPrivate) return `${what}: private keys are no attachments of a spec`;
    if (word.expands) return `${what}: its path depends on the environment`;
    const found = this.#found.get(path);
    if (found === undefined) return `${what} is not to be found or read here`;
    if (typeof found === 'string') return `${what}: ${found}`;
    for (const [own, content] of found) {
      const fault = this.#add(own, content);
      if (fault !== null) return `${what}: ${fault}`;
    }
    return null;
  }

  #add(path: string, content: Uint8Array): string | null {
    if (this.#byPath.has(path)) return null;
    if (!pathPattern.test(path)) return 'a path of an attachment has letters, digits and ./_- only';
    if (this.#byPath.size >= countMax) return `an instance has ${countMax} attachments at most`;
    this.#bytes += content.length;
    if (this.#bytes > bytesMax) return 'with it, the attachments have over 8 MiB';
    this.#byPath.set(path, { name: this.#nameFor(path), path, content });
    return null;
  }

  // Lua finds its modules by their names: the first of that name keeps it.
  #nameFor(path: string): string {
    const base = (path.split('/').at(-1) ?? '')
      .replace(/^[^A-Za-z0-9]+/, '')
      .replace(/\.\.+/g, '.');
    const plain = plainNamePattern.test(base) && base !== 'haproxy.cfg' ? base : 'file';
    return freeName(plain, new Set(this.all.map(({ name }) => name)));
  }
}
