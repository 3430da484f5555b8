import type { Clock } from '../domain/clock.ts';

const restPeriodMs = 1_000;
/** While there is something to mend, each answer of 503 counts. */
const urgentPeriodMs = 250;
/** A check that began in a lapse may fail for so long after it: two seconds are HAProxy's own `inter`. */
const lateChecksMs = 3_000;

/** What this host's kernel says of its lease. */
export interface LeaseReading {
  /** Frames of instances that it has stopped since the host was booted. */
  readonly stoppedFrames: number;
  /** Whether enough witnesses' grants hold as of now. */
  readonly isHeld: boolean;
}

/** A time in which frames of this host's instances were stopped; milliseconds of one monotonic clock. */
export interface Lapse {
  /** When none had been stopped yet, as far as was looked. */
  readonly sinceMs: number;
  /** When it was last seen to go on. */
  readonly lastMs: number;
}

/** What the looks before have left. */
export interface LapseMemory {
  readonly looked: { readonly stoppedFrames: number; readonly atMs: number } | null;
  readonly lapse: Lapse | null;
}

/**
 * What a look at the kernel adds to those before. Frames that were stopped tell of a lapse, also of one
 * that began and ended between two looks, or while this agent stood still.
 *
 * @returns `back` is the lapse that is over, in each look until no check of its time can fail any more
 */
export function afterLook(
  { looked, lapse: known }: LapseMemory,
  { stoppedFrames, isHeld }: LeaseReading,
  nowMs: number,
): LapseMemory & { readonly back: Lapse | null } {
  const isStopping = looked !== null && stoppedFrames > looked.stoppedFrames;
  const isOn = isStopping || (known !== null && !isHeld);
  // One that comes again begins anew: what failed in the one before has been marked up since.
  const before = known !== null && known.lastMs === looked?.atMs ? known.sinceMs : looked?.atMs;
  const lapse = isOn ? { sinceMs: before ?? nowMs, lastMs: nowMs } : known;
  const isOver = lapse !== null && nowMs - lapse.lastMs >= lateChecksMs;
  return {
    looked: { stoppedFrames, atMs: nowMs },
    lapse: isOver ? null : lapse,
    back: isHeld ? lapse : null,
  };
}

export interface LapsesParts {
  readonly clock: Clock;
  readonly read: () => Promise<LeaseReading>;
  /**
   * Has every HAProxy that serves take the servers for up that it took for dead in the last so many
   * milliseconds.
   */
  readonly markUp: (withinMs: number) => Promise<void>;
  readonly tell: (kind: string, object: string, message: string) => void;
}

/**
 * Heals what a lapse of the grants leaves behind. The kernel stops all frames of the instances then,
 * their health checks too, and HAProxy would go on answering 503 after it until its backends have
 * passed their checks anew.
 */
export class Lapses {
  readonly #parts: LapsesParts;
  #memory: LapseMemory = { looked: null, lapse: null };

  constructor(parts: LapsesParts) {
    this.#parts = parts;
  }

  /** Looks until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const periodMs = this.#memory.lapse === null ? restPeriodMs : urgentPeriodMs;
      await this.#parts.clock.sleep(periodMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.look();
    }
  }

  /** Looks once; what cannot be read is read the next time. */
  async look(): Promise<void> {
    const { clock, read, markUp, tell } = this.#parts;
    const reading = await read().catch(() => null);
    if (reading === null) return;
    const nowMs = clock.monotonicMs();
    const { back, ...memory } = afterLook(this.#memory, reading, nowMs);
    this.#memory = memory;
    if (back === null) return;
    await markUp(nowMs - back.sinceMs);
    if (memory.lapse !== null) return;
    const seconds = ((back.lastMs - back.sinceMs) / 1_000).toFixed(1);
    const message =
      `this host had too few grants of its witnesses for ${seconds} s at most, in which its kernel stopped ` +
      `the frames of its instances; servers whose checks failed in it count as up again`;
    tell('host.lapsed', 'host', message);
  }
}
