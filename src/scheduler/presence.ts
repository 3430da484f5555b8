import type { HostName } from '../domain/ids.ts';
import type { Store } from '../store/store.ts';

export interface PresenceParts {
  readonly store: Store;
  /** The session under which this scheduler hears its hosts. */
  readonly session: () => string;
  /** Hosts that it hears now. */
  readonly connected: () => readonly HostName[];
}

/**
 * Keeps the store's record of which hosts this scheduler hears. It compares and writes what
 * differs, whenever it is called, so that a word lost to a database that was away is made good.
 */
export class Presence {
  readonly #parts: PresenceParts;
  /** What the store has, as far as it is known here. */
  #written: { readonly session: string; readonly hosts: ReadonlySet<HostName> } | null = null;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  /** @returns what it did, in a few words */
  async sync(): Promise<string> {
    const session = this.#parts.session();
    const before = this.#written?.session === session ? this.#written.hosts : new Set<HostName>();
    const hosts = new Set(this.#parts.connected());
    const come = [...hosts].filter((host) => !before.has(host));
    const gone = [...before].filter((host) => !hosts.has(host));
    if (come.length + gone.length > 0) {
      // What becomes of the attempt is not known where it fails: then all is written anew.
      this.#written = null;
      await this.#parts.store.transact(async (tx) => {
        for (const host of come) await tx.setConnected(session, host, true);
        for (const host of gone) await tx.setConnected(session, host, false);
      }, 'rows');
    }
    this.#written = { session, hosts };
    return `hears ${hosts.size} hosts`;
  }
}
