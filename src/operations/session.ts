import type { Clock } from '../domain/clock.ts';
import type { Store } from '../store/store.ts';

/** How long a scheduler that says nothing keeps what it holds. */
const lease = { ttlMs: 5_000, renewMs: 1_000 } as const;

export interface SessionParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: () => string;
  /** The scheduler's name, for people. */
  readonly name: string;
  /** A new session has begun: what hangs on it in the store is to be written anew. */
  readonly onNew: () => void;
  /** How long the lease is, and how often it is renewed; 5 s and 1 s unless given. */
  readonly lease?: { readonly ttlMs: number; readonly renewMs: number };
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/**
 * This scheduler's lease in the store. While it is renewed, others leave alone what this scheduler
 * holds. Whether it has run out is for the store's clock to say; a scheduler that finds its own
 * run out begins a new one, under which it holds nothing.
 */
export class SchedulerSession {
  readonly #parts: SessionParts;
  #id: string;
  #isStored = false;
  #stop: () => void = () => undefined;
  #renewing: Promise<void> | null = null;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#id = parts.newId();
  }

  get id(): string {
    return this.#id;
  }

  /** Begins the lease and keeps it. Resolves after the first attempt, also where that failed. */
  async start(): Promise<void> {
    const { renewMs } = this.#parts.lease ?? lease;
    this.#stop = this.#parts.clock.every(renewMs, () => void this.renew());
    await this.renew();
  }

  /** Renews the lease now. Never rejects: a store that is away is asked again in a second. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew()
      .catch((error: unknown) =>
        this.#parts.log('cannot renew the lease', { error: String(error) }),
      )
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }

  /** Ends the lease: others may take over at once. */
  async end(): Promise<void> {
    this.#stop();
    await this.#renewing;
    await this.#parts.store.transact((tx) => tx.deleteSession(this.#id)).catch(() => undefined);
  }

  async #renew(): Promise<void> {
    const { store, newId, name, clock, onNew, log } = this.#parts;
    const { ttlMs } = this.#parts.lease ?? lease;
    if (this.#isStored) {
      if (await store.transact((tx) => tx.renewSession(this.#id, ttlMs), 'rows')) return;
      log('the lease has run out; what this scheduler carried is for others', { id: this.#id });
    }
    const id = newId();
    await store.transact(async (tx) => {
      const dead = (await tx.sessions()).filter(({ isAlive }) => !isAlive);
      for (const session of dead) await tx.deleteSession(session.id);
      await tx.addSession({ id, name, startedMs: clock.wallMs() }, ttlMs);
    });
    this.#id = id;
    this.#isStored = true;
    onNew();
  }
}
