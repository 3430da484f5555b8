import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { ObservedInstance } from '../domain/model.ts';
import { hardStopAfterMs, readWorkers } from '../haproxy/workers.ts';
import type { MachineHaproxy } from './machine.ts';

/** From so many on, a further load waits for one to end: each takes the memory of a whole HAProxy. */
const oldWorkersMax = 8;
/** How long it waits; then HAProxy's own limit holds (mworker-max-reloads in the managed part). */
const roomWaitMs = 10_000;
const pollMs = 100;
/** Behind the end of its time, before people are told. */
const graceMs = 30_000;

/**
 * Watches the processes that reloads leave behind until their connections have ended: how many there
 * are, since when, and whether one lives longer than it may.
 */
export class OldWorkers {
  readonly #haproxy: Pick<MachineHaproxy, 'workers'>;
  readonly #clock: Clock;
  readonly #tell: (message: string) => void;
  /** By their process id in the container, when each was first seen: monotonic and wall clock. */
  #seen = new Map<number, { readonly monotonicMs: number; readonly wallMs: number }>();
  readonly #told = new Set<number>();
  /** False where it is known that there are none, and nothing was loaded since. */
  #mayBeThere = true;

  /** @param tell is given what lives too long */
  constructor(
    haproxy: Pick<MachineHaproxy, 'workers'>,
    clock: Clock,
    tell: (message: string) => void,
  ) {
    this.#haproxy = haproxy;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** What there is, as it was seen last; undefined for none. */
  get observed(): ObservedInstance['oldWorkers'] {
    const [first, ...more] = [...this.#seen.values()].map(({ wallMs }) => wallMs);
    if (first === undefined) return undefined;
    return { count: 1 + more.length, sinceMs: Math.min(first, ...more) };
  }

  /** Waits, for some seconds at most, until there is room for one more. */
  async makeRoom(id: InstanceId): Promise<void> {
    const endMs = this.#clock.monotonicMs() + roomWaitMs;
    for (;;) {
      await this.#read(id);
      if (this.#seen.size < oldWorkersMax || this.#clock.monotonicMs() >= endMs) break;
      await this.#clock.sleep(pollMs);
    }
    this.#mayBeThere = true;
  }

  /** Looks, unless it is known that there are none. */
  async look({ id, config }: DesiredInstance): Promise<void> {
    if (!this.#mayBeThere) return;
    await this.#read(id);
    if (this.#seen.size === 0) {
      this.#mayBeThere = false;
      return;
    }
    const limitMs = hardStopAfterMs(config);
    if (limitMs === null) return;
    for (const [pid, { monotonicMs }] of this.#seen) {
      const ageMs = this.#clock.monotonicMs() - monotonicMs;
      if (this.#told.has(pid) || ageMs < limitMs + graceMs) continue;
      this.#told.add(pid);
      const age = `${Math.round(ageMs / 1_000)} s after a reload`;
      const limit = `hard-stop-after says ${limitMs / 1_000} s`;
      this.#tell(
        `an old worker of HAProxy (process ${pid} in its container) lives ${age}, where ${limit}`,
      );
    }
  }

  async #read(id: InstanceId): Promise<void> {
    const answer = await this.#haproxy.workers(id).catch(() => null);
    if (answer === null) return;
    const now = { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() };
    const { old } = readWorkers(answer);
    this.#seen = new Map(old.map((pid) => [pid, this.#seen.get(pid) ?? now]));
    for (const pid of this.#told) if (!this.#seen.has(pid)) this.#told.delete(pid);
  }
}
