import type { Clock } from '../domain/clock.ts';
import type { InstanceId } from '../domain/ids.ts';
import { packed, unpacked } from '../numbers/pack.ts';
import { folded } from '../numbers/point.ts';
import type { NumberStore } from '../store/number-store.ts';

const periodMs = 300_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;
const dayMs = 86_400_000;
/** An hour is folded when the last chunk of it is surely stored, or lost. */
const lateMs = 180_000;
/** Hours back that are looked at: a fleet without a scheduler for longer has holes anyway. */
const hoursBack = 5;
const instancesAtOnce = 200;
/** Chunks of an hour: one a minute, and more where the instance moved. */
const chunksMax = 200;

export interface NumberLimits {
  /** How long points of 5 s are kept. */
  readonly fineHours: number;
  /** How long points of a minute are kept. */
  readonly coarseDays: number;
  /** Of each of the two, bytes. */
  readonly bytesMax: number;
}

export interface NumberUpkeepParts {
  readonly store: NumberStore;
  readonly clock: Clock;
  readonly limits: NumberLimits;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** Folds the numbers of hours that are over to points of a minute, and deletes what is too old. */
export class NumberUpkeep {
  readonly #parts: NumberUpkeepParts;
  #isWorking = false;

  constructor(parts: NumberUpkeepParts) {
    this.#parts = parts;
  }

  /** @returns what ends it */
  start(): () => void {
    return this.#parts.clock.every(periodMs, () => void this.run());
  }

  /** Does what is due. Several schedulers may: an hour is folded once. */
  async run(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    const { store, clock, limits, log } = this.#parts;
    const nowMs = clock.wallMs();
    try {
      await store.prune(5, nowMs - limits.fineHours * hourMs, limits.bytesMax);
      await store.prune(60, nowMs - limits.coarseDays * dayMs, limits.bytesMax);
      const lastMs = Math.floor((nowMs - lateMs) / hourMs) * hourMs;
      for (let back = hoursBack - 1; back >= 0; back -= 1) {
        await this.#foldHour(lastMs - (back + 1) * hourMs);
      }
    } catch (error) {
      log('cannot fold or prune numbers', { error: String(error) });
    } finally {
      this.#isWorking = false;
    }
  }

  async #foldHour(fromMs: number): Promise<void> {
    const { store } = this.#parts;
    const toMs = fromMs + hourMs;
    for (;;) {
      const instances = await store.unfolded(fromMs, toMs, instancesAtOnce);
      for (const instance of instances) await this.#fold(instance, fromMs, toMs);
      if (instances.length < instancesAtOnce) return;
    }
  }

  async #fold(instance: InstanceId, fromMs: number, toMs: number): Promise<void> {
    const { store } = this.#parts;
    const [sinceMs, untilMs, limit] = [fromMs, toMs, chunksMax];
    const chunks = await store.read({ instance, resolutionS: 5, sinceMs, untilMs, limit });
    const points = chunks
      .flatMap(({ data }) => unpacked(data))
      .filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
    const coarse = folded(points, minuteMs);
    const [first, last] = [coarse[0], coarse.at(-1)];
    if (first === undefined || last === undefined) return;
    const [data, host] = [packed(coarse), ''];
    const bounds = { fromMs: first.atMs, toMs: last.atMs };
    await store.append([{ instance, resolutionS: 60, host, ...bounds, data }]);
  }
}
