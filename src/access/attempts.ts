// How often somebody may guess. Kept in memory, with room for so many and no more.

import type { Clock } from '../domain/clock.ts';

const windowMs = 15 * 60_000;
/** Wrong guesses within the window after which there is no further one. */
const limits = { pair: 5, address: 30, user: 100 } as const;
const countersMax = 10_000;

interface Counter {
  readonly sinceMs: number;
  readonly count: number;
}

/**
 * Counts failed logins: of a user from one address, of an address, and of a user from everywhere.
 * The last is high, since it also keeps the user out while somebody else guesses.
 */
export class Attempts {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  /** In the order in which windows began, so that the oldest goes where there is no room. */
  readonly #counters = new Map<string, Counter>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Milliseconds until the next guess may be made, 0 where it may be made now. */
  waitMs(user: string, address: string): number {
    const waits = keysOf(user, address).map(({ key, max }) => {
      const counter = this.#current(key);
      if (counter === null || counter.count < max) return 0;
      return counter.sinceMs + windowMs - this.#clock.monotonicMs();
    });
    return Math.max(0, ...waits);
  }

  /** Counts a guess. Before it is judged, so that those made at once do not go unseen. */
  count(user: string, address: string): void {
    for (const { key } of keysOf(user, address)) {
      const before = this.#current(key);
      const sinceMs = before?.sinceMs ?? this.#clock.monotonicMs();
      this.#counters.set(key, { sinceMs, count: (before?.count ?? 0) + 1 });
    }
    for (const key of this.#counters.keys()) {
      if (this.#counters.size <= countersMax) break;
      this.#counters.delete(key);
    }
  }

  /** Takes back what the right guess was counted as, and forgets the wrong ones of this pair. */
  succeeded(user: string, address: string): void {
    for (const { key, kind } of keysOf(user, address)) {
      const counter = this.#counters.get(key);
      if (counter === undefined) continue;
      if (kind === 'pair' || counter.count <= 1) this.#counters.delete(key);
      else this.#counters.set(key, { ...counter, count: counter.count - 1 });
    }
  }

  /** How many counters are kept. */
  get size(): number {
    return this.#counters.size;
  }

  #current(key: string): Counter | null {
    const counter = this.#counters.get(key);
    if (counter === undefined) return null;
    if (this.#clock.monotonicMs() - counter.sinceMs < windowMs) return counter;
    this.#counters.delete(key);
    return null;
  }
}

function keysOf(user: string, address: string) {
  return [
    { kind: 'pair', key: `pair ${user} ${address}`, max: limits.pair },
    { kind: 'address', key: `address ${address}`, max: limits.address },
    { kind: 'user', key: `user ${user}`, max: limits.user },
  ] as const;
}
