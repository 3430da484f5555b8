import type { Clock } from '../domain/clock.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import { packed } from '../numbers/pack.ts';
import { addedTo, levelsOf, type Point } from '../numbers/point.ts';
import type { InstanceNumbers } from '../protocol/number-frames.ts';
import type { NumberChunk, NumberStore } from '../store/number-store.ts';

const storePeriodMs = 5_000;
/** Points of a chunk: a minute of them. */
const chunkPoints = 12;
const batchMax = 200;
/** Chunks that wait for the store; beyond it the oldest go, and are counted. */
const waitingMax = 10_000;
/** What was not heard of for so long is forgotten here; the store keeps what it has. */
const forgetAfterMs = 120_000;
const instancesMax = 100_000;

export interface NumberIntakeParts {
  readonly store: NumberStore;
  readonly clock: Clock;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** What this scheduler has heard of an instance last. */
export interface Heard {
  readonly host: HostName;
  readonly point: Point;
  /** Things that its host left out, for their number. */
  readonly omitted: number;
  /** Counts since this scheduler first heard of it, by thing; levels as they are. */
  readonly totals: ReadonlyMap<string, readonly number[]>;
}

interface Known extends Heard {
  /** Points that are in no chunk yet. */
  readonly open: readonly Point[];
}

/**
 * Takes the numbers of instances in. The last ones are kept here, all of them go into the store, a
 * minute of one instance at a time. Nothing waits for the store: what it does not take in time is let
 * go, and counted.
 */
export class NumberIntake {
  readonly #parts: NumberIntakeParts;
  readonly #known = new Map<InstanceId, Known>();
  /** Chunks on their way to the store, with their points. */
  #waiting: { readonly chunk: NumberChunk; readonly points: readonly Point[] }[] = [];
  #counts = { received: 0, stored: 0, dropped: 0 };
  #isStoring = false;
  #stop: () => void = () => undefined;

  constructor(parts: NumberIntakeParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#stop = this.#parts.clock.every(storePeriodMs, () => void this.#turn());
  }

  /** Stores what there is, as far as the store takes it. */
  async stop(): Promise<void> {
    this.#stop();
    for (const [id, known] of this.#known) this.#close(id, known);
    await this.store();
  }

  /** Points received, and chunks stored, dropped and waiting. */
  get counts() {
    return { ...this.#counts, waiting: this.#waiting.length };
  }

  /** Everything that was heard within the last two minutes. */
  get all(): ReadonlyMap<InstanceId, Heard> {
    return this.#known;
  }

  /** Points of an instance that may not be in the store yet, in the order of time. */
  tail(id: InstanceId): readonly Point[] {
    const waiting = this.#waiting.flatMap(({ chunk, points }) =>
      chunk.instance === id ? points : [],
    );
    return [...waiting, ...(this.#known.get(id)?.open ?? [])];
  }

  take(host: HostName, numbers: readonly InstanceNumbers[]): void {
    const atMs = this.#parts.clock.wallMs();
    for (const one of numbers) this.#takeOne(host, one, atMs);
  }

  #takeOne(
    host: HostName,
    { instance, spanMs, isWhole, omitted, rows }: InstanceNumbers,
    atMs: number,
  ): void {
    const before = this.#known.get(instance);
    const isContinued = before?.host === host;
    // Without what it adds to, a part says nothing: all comes again within a minute.
    if (!isWhole && !isContinued) return;
    if (before === undefined && this.#known.size >= instancesMax) return;
    const now = new Map<string, readonly number[]>(rows);
    if (!isWhole) {
      for (const [key, row] of before?.point.rows ?? [])
        if (!now.has(key)) now.set(key, levelsOf(row));
    }
    this.#counts.received += 1;
    const point: Point = { atMs, spanMs, rows: now };
    const known: Known = {
      ...{ host, point, omitted },
      totals: new Map([...now].map(([key, row]) => [key, addedTo(before?.totals.get(key), row)])),
      open: [...(isContinued ? before.open : []), point],
    };
    // The points of a host before this one are a chunk of their own.
    if (before !== undefined && !isContinued) this.#close(instance, before);
    this.#known.set(instance, known);
    if (known.open.length >= chunkPoints) this.#close(instance, known);
  }

  #close(instance: InstanceId, known: Known): void {
    const { host, open } = known;
    this.#known.set(instance, { ...known, open: [] });
    const [first, last] = [open[0], open.at(-1)];
    if (first === undefined || last === undefined) return;
    if (this.#waiting.length >= waitingMax) {
      this.#waiting.shift();
      this.#counts.dropped += 1;
    }
    const data = packed(open);
    const [fromMs, toMs] = [first.atMs, last.atMs];
    const chunk: NumberChunk = { instance, resolutionS: 5, fromMs, toMs, host, data };
    this.#waiting.push({ chunk, points: open });
  }

  async #turn(): Promise<void> {
    const oldestMs = this.#parts.clock.wallMs() - forgetAfterMs;
    for (const [id, known] of this.#known) {
      if (known.point.atMs > oldestMs) continue;
      this.#close(id, known);
      this.#known.delete(id);
    }
    await this.store();
  }

  /** Stores the chunks that wait; those that the store does not take wait on. */
  async store(): Promise<void> {
    if (this.#isStoring) return;
    this.#isStoring = true;
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#waiting.slice(0, batchMax);
        await this.#parts.store.append(batch.map(({ chunk }) => chunk));
        const gone = new Set(batch);
        this.#waiting = this.#waiting.filter((one) => !gone.has(one));
        this.#counts.stored += batch.length;
      }
    } catch (error) {
      this.#parts.log('cannot store numbers', { error: String(error) });
    } finally {
      this.#isStoring = false;
    }
  }
}
