import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../domain/clock.ts';
import { isOpen } from '../domain/operation.ts';
import type { ChangeMark, ChangeMarks } from '../store/change-marks.ts';
import { FleetMemory } from '../store/fleet-memory.ts';
import type { Store } from '../store/store.ts';
import { FeedItems, type Sight } from './feed-items.ts';
import { changesBetween, type FeedItem, FeedRing, type RingLimits } from './feed-ring.ts';
import type { Scheduler } from './scheduler.ts';

/** How often it is asked whether something was written, while somebody follows. */
const pollMs = 40;
/** How often it is looked without that: leases run out and witnesses tell without a write. */
const lookPeriodMs = 1_000;
const absencePauseMs = 500;
/** More writers at once than this have the look of each second for the last of them. */
const looksAgain = 2;
const itemsATurn = 250;
/** Operations that have ended and incidents, the newest. */
const newestMax = 100;
/** Events are looked at again in each look, since one may be committed after its successor. */
const eventsMax = 200;
/** Events between two looks, beyond those. */
const eventsBehindMax = 1_000;
const ringLimits: RingLimits = { changes: 20_000, chars: 32 * 1024 * 1024 };

export interface FeedParts {
  readonly store: Store;
  readonly marks: ChangeMarks;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** Another one at each start: numbers of an earlier run mean nothing. */
  readonly run: string;
  readonly limits?: RingLimits;
  readonly log: (message: string, details: Readonly<Record<string, unknown>>) => void;
}

/**
 * The fleet as people see it, looked at again whenever something was written by any scheduler, and
 * the changes from one look to the next. It looks only while somebody follows.
 */
export class FleetFeed {
  readonly run: string;
  readonly ring: FeedRing;
  readonly #parts: FeedParts;
  readonly #followers = new Set<() => void>();
  #items: ReadonlyMap<string, FeedItem> = new Map();
  #seenMs = 0;
  #next: PromiseWithResolvers<void> | null = null;
  #isLooking = false;
  #isWoken = false;
  #lastEvent = 0;
  #open: readonly string[] = [];
  #memory = new FleetMemory();
  readonly #made = new FeedItems();

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.run = parts.run;
    this.ring = new FeedRing(parts.limits ?? ringLimits);
  }

  /** All that there is, as it was seen last; belongs to `ring.last`. */
  get items(): Iterable<FeedItem> {
    return this.#items.values();
  }

  /** Wall-clock milliseconds of the last time when it was known that nothing else had changed. */
  get seenMs(): number {
    return this.#seenMs;
  }

  /** Looks soon: something has changed that is not in the store, or not yet. */
  wake(): void {
    this.#isWoken = true;
  }

  /**
   * Keeps looking, and calls `onNews` after each look that added to the ring.
   *
   * @returns `seen` resolves once a look has ended that began after this call, and rejects where
   * that look failed; `leave` ends it
   */
  follow(onNews: () => void): { readonly seen: Promise<void>; readonly leave: () => void } {
    // Each follower is one, also where the same function is handed in twice.
    const follower = () => onNews();
    this.#followers.add(follower);
    this.#isWoken = true;
    this.#next ??= Promise.withResolvers<void>();
    const seen = this.#next.promise;
    if (!this.#isLooking) void this.#keepLooking();
    return { seen, leave: () => this.#followers.delete(follower) };
  }

  async #keepLooking(): Promise<void> {
    this.#isLooking = true;
    const { clock, log } = this.#parts;
    const since: Since = { mark: null, again: 0, lookedMs: Number.NEGATIVE_INFINITY };
    let isAway = false;
    while (this.#followers.size > 0) {
      let pauseMs = absencePauseMs;
      try {
        pauseMs = await this.#lookWhereDue(since);
        isAway = false;
      } catch (error) {
        if (!isAway) log('the fleet cannot be looked at', { error: String(error) });
        isAway = true;
        this.#isWoken = true;
        this.#memory = new FleetMemory();
      }
      await clock.sleep(pauseMs);
    }
    this.#isLooking = false;
  }

  /** @returns how long to pause, milliseconds */
  async #lookWhereDue(since: Since): Promise<number> {
    const { marks, clock } = this.#parts;
    const atMs = clock.wallMs();
    const beganMs = clock.monotonicMs();
    let asked: PromiseWithResolvers<void> | null = null;
    try {
      const mark = await marks.mark();
      const isWritten = mark.count !== since.mark?.count;
      const isEnded = since.again > 0 && mark.ended !== since.mark?.ended;
      if (isWritten) since.again = looksAgain;
      else if (isEnded) since.again -= 1;
      const isDue =
        this.#isWoken || isWritten || isEnded || beganMs - since.lookedMs >= lookPeriodMs;
      if (isDue) {
        this.#isWoken = false;
        // From here on whoever asks is answered by the look after this one.
        asked = this.#next;
        this.#next = null;
        await this.#look();
        since.lookedMs = clock.monotonicMs();
        asked?.resolve();
      }
      since.mark = mark;
      this.#seenMs = atMs;
      // At most half of the time is spent with looking.
      return Math.max(pollMs, isDue ? since.lookedMs - beganMs : 0);
    } catch (error) {
      if (asked === null) {
        asked = this.#next;
        this.#next = null;
      }
      asked?.reject(error);
      throw error;
    }
  }

  async #look(): Promise<void> {
    const next = new Map<string, FeedItem>();
    const sight = await this.#sight();
    let madeAnew = 0;
    for (const item of this.#made.of(sight, (kind, name) => this.#items.get(`${kind}/${name}`))) {
      const key = `${item.kind}/${item.name}`;
      if (item !== this.#items.get(key)) madeAnew += 1;
      next.set(key, item);
      if (madeAnew === itemsATurn) {
        madeAnew = 0;
        await nextTurn();
      }
    }
    const before = this.ring.last;
    for (const change of changesBetween(this.#items, next)) this.ring.add(change);
    this.#items = next;
    if (this.ring.last > before) for (const follower of [...this.#followers]) follower();
  }

  async #sight(): Promise<Sight> {
    const { store, scheduler, marks } = this.#parts;
    // Before the rest, so that nobody hears of an event whose effect is not to be seen yet.
    const events = await this.#events();
    const [source, rest] = await Promise.all([
      scheduler.viewSource((more) => marks.moment(this.#memory, more)),
      store.transact(
        async (tx) => ({
          ended: await tx.operations({ isOpen: false, limit: newestMax }),
          // One that was open may have ended behind the newest.
          was: (await Promise.all(this.#open.map((id) => tx.operation(id)))).filter(
            (one) => one !== null,
          ),
          incidents: await tx.incidents({ limit: newestMax }),
        }),
        'snapshot',
      ),
    ]);
    // What is still open is newer in the source only where it was read later; an end is an end.
    const operations = new Map(
      [...source.operations, ...rest.was, ...rest.ended].map((one) => [one.id, one]),
    );
    this.#open = [...operations.values()].filter(isOpen).map(({ id }) => id);
    return {
      source,
      operations: [...operations.values()],
      incidents: rest.incidents,
      events,
    };
  }

  async #events(): Promise<Sight['events']> {
    const { store } = this.#parts;
    const newest = await store.events({ limit: eventsMax });
    const [first] = newest;
    const known = this.#lastEvent;
    this.#lastEvent = newest.at(-1)?.id ?? known;
    if (known === 0 || first === undefined || first.id <= known + 1) return newest;
    const behind = await store.events({ afterId: known, limit: eventsBehindMax });
    // There was more than anybody wants to hear of afterwards: they begin anew.
    if ((behind.at(-1)?.id ?? 0) < first.id) this.ring.cut();
    return [...behind.filter(({ id }) => id < first.id), ...newest];
  }
}

/** What the looks before have seen. */
interface Since {
  mark: ChangeMark | null;
  /** At so many further ends of transactions it is looked again: the write counts before it ends. */
  again: number;
  /** Of the monotonic clock. */
  lookedMs: number;
}
