// The last changes of the fleet, numbered, so that whoever follows them can go on where they were.

import type { WatchKind } from '../protocol/watch-views.ts';

/** Something that is watched, as it is sent. */
export interface FeedItem {
  readonly kind: WatchKind;
  readonly name: string;
  /** Owners of the instances that it is about; empty for what belongs to the fleet. */
  readonly owners: readonly string[];
  /** Its view. */
  readonly json: string;
}

export interface FeedChange extends Omit<FeedItem, 'json'> {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Null where it is gone. */
  readonly json: string | null;
}

/** Limits of what is kept of the changes. */
export interface RingLimits {
  readonly changes: number;
  /** Characters of views. */
  readonly chars: number;
}

/** Changes in their order; the oldest are forgotten beyond the limits. */
export class FeedRing {
  readonly #limits: RingLimits;
  readonly #changes = new Map<number, FeedChange>();
  #first = 1;
  #last = 0;
  #chars = 0;

  constructor(limits: RingLimits) {
    this.#limits = limits;
  }

  /** Number of the newest change, 0 before the first. */
  get last(): number {
    return this.#last;
  }

  add(change: Omit<FeedChange, 'seq'>): void {
    this.#last += 1;
    this.#changes.set(this.#last, { ...change, seq: this.#last });
    this.#chars += change.json?.length ?? 0;
    const { changes, chars } = this.#limits;
    while (this.#changes.size > changes || (this.#chars > chars && this.#changes.size > 1)) {
      this.#chars -= this.#changes.get(this.#first)?.json?.length ?? 0;
      this.#changes.delete(this.#first);
      this.#first += 1;
    }
  }

  /** Forgets all changes: something is missing after them. */
  cut(): void {
    this.#changes.clear();
    this.#chars = 0;
    // The number is used up: who has seen the last change does not have what is missing.
    this.#last += 1;
    this.#first = this.#last + 1;
  }

  /** Whether everything that followed change `seq` is still here. */
  reaches(seq: number): boolean {
    return seq >= this.#first - 1 && seq <= this.#last;
  }

  /** The change of that number, undefined where it is not here any more, or not yet. */
  at(seq: number): FeedChange | undefined {
    return this.#changes.get(seq);
  }
}

/**
 * How `next` differs from `now`: what is new or different in the order of `next`, then what is gone.
 * What gets another owner is gone for those who see the old owner's things only.
 */
export function* changesBetween(
  now: ReadonlyMap<string, FeedItem>,
  next: ReadonlyMap<string, FeedItem>,
): Generator<Omit<FeedChange, 'seq'>> {
  for (const [key, item] of next) {
    const known = now.get(key);
    if (known === item) continue;
    const isElses = known !== undefined && known.owners.join() !== item.owners.join();
    if (isElses) yield { ...known, json: null };
    if (isElses || known?.json !== item.json) yield item;
  }
  for (const [key, item] of now) {
    if (!next.has(key) && isDeletable(item.kind)) yield { ...item, json: null };
  }
}

// Operations, incidents and events are never gone: only the newest of them are looked at.
function isDeletable(kind: WatchKind): boolean {
  return kind === 'host' || kind === 'pool' || kind === 'instance';
}
