// Where agents get what is in attachments: each only what its host has to do with.

import type { HostName } from '../domain/ids.ts';
import type { Store } from '../store/store.ts';

/** Contents that are in memory at once on their way to agents: each is 4 MiB at most. */
const givenAtOnce = 16;

/** A content that was asked for; disposed of when it is on its way. */
export interface GivenContent extends Disposable {
  readonly bytes: Uint8Array;
}

/**
 * Gives hosts what is in the attachments of their own instances. A host that is to judge a
 * configuration before it is stored may have what that one needs while it does.
 */
export class AttachmentDesk {
  readonly #store: Pick<Store, 'transact'>;
  readonly #lent = new Set<{
    readonly host: HostName;
    readonly hashes: ReadonlySet<string>;
    readonly contents: ReadonlyMap<string, Uint8Array>;
  }>();
  #isGiving = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(store: Pick<Store, 'transact'>) {
    this.#store = store;
  }

  /**
   * Lets the host have these as well, until disposed of.
   *
   * @param hashes SHA-256 of what it may have
   * @param contents those of them that are not stored yet
   */
  lend(
    host: HostName,
    hashes: readonly string[],
    contents: ReadonlyMap<string, Uint8Array>,
  ): Disposable {
    const lent = { host, hashes: new Set(hashes), contents };
    this.#lent.add(lent);
    return { [Symbol.dispose]: () => this.#lent.delete(lent) };
  }

  /** Null where there is none of that hash, or none that the host has to do with. */
  async give(host: HostName, sha256: string): Promise<GivenContent | null> {
    await this.#slot();
    let bytes: Uint8Array | null = null;
    try {
      const lent = [...this.#lent].filter((one) => one.host === host && one.hashes.has(sha256));
      const forWhom = lent.length > 0 ? null : host;
      bytes =
        lent.find(({ contents }) => contents.has(sha256))?.contents.get(sha256) ??
        (await this.#store.transact((tx) => tx.contentFor(forWhom, sha256), 'snapshot'));
    } finally {
      if (bytes === null) this.#free();
    }
    if (bytes === null) return null;
    let isOver = false;
    return {
      bytes,
      [Symbol.dispose]: () => {
        if (!isOver) this.#free();
        isOver = true;
      },
    };
  }

  // Agents ask for one at a time each, so that no more wait than there are hosts.
  async #slot(): Promise<void> {
    if (this.#isGiving < givenAtOnce) this.#isGiving += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #free(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isGiving -= 1;
    else next();
  }
}
