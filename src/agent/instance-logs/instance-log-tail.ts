import type { Clock } from '../../domain/clock.ts';
import type { InstanceName } from '../../domain/ids.ts';
import { ownSeverity } from '../../logs/haproxy-line.ts';
import {
  type KernelRecord,
  kernelRecordMax,
  kernelRecordsMax,
} from '../../protocol/kernel-frames.ts';
import type { ContainerLine } from '../../system/container-lines.ts';

/** Lines of an instance that wait for a scheduler; more are dropped, and counted. */
const waitingMax = 2_000;
/** Of each kind: what HAProxy says itself, and what its owner has it log. The store is for searches. */
const linesPerSecond = 50;
const burst = 500;
const retryMs = 2_000;
/** `warning`: what is less than that, HAProxy says of its own coming and going. */
const severityMax = 4;

/** Lines of one container. */
export interface InstanceLogBatch {
  readonly instance: InstanceName;
  readonly container: string;
  readonly records: readonly KernelRecord[];
}

export interface InstanceLogTailParts {
  readonly instance: InstanceName;
  readonly container: string;
  /** Lines from `sinceUs` on, until aborted or the container has ended. */
  readonly follow: (
    sinceUs: number,
    onLine: (line: ContainerLine) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly deliver: (batch: InstanceLogBatch, signal: AbortSignal) => Promise<void>;
  /** Keeps how far it came: what was read up to there is in the store. */
  readonly keep: (untilUs: number) => Promise<void>;
  readonly clock: Clock;
}

/** So many at once and so many a second after that. */
class Allowance {
  #left = burst;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  take(nowMs: number): boolean {
    this.#left = Math.min(burst, this.#left + ((nowMs - this.#atMs) / 1_000) * linesPerSecond);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/**
 * Follows what one container prints and hands it to a scheduler: HAProxy's alerts and warnings, and
 * whatever its owner has it log to its output. The Engine's files are the buffer over a restart.
 */
export class InstanceLogTail {
  readonly #parts: InstanceLogTailParts;
  readonly #own: Allowance;
  readonly #owners: Allowance;
  #waiting: KernelRecord[] = [];
  #dropped = 0;
  /** Number of the last line: its time, or one more than the last where that is no later. */
  #last: number;
  #wake: (() => void) | null = null;

  /** @param sinceUs what was kept last; 0 for all that there is */
  constructor(parts: InstanceLogTailParts, sinceUs: number) {
    this.#parts = parts;
    this.#last = sinceUs;
    const nowMs = parts.clock.monotonicMs();
    this.#own = new Allowance(nowMs);
    this.#owners = new Allowance(nowMs);
  }

  /** Until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const sending = this.#send(signal);
    while (!signal.aborted) {
      const { follow, clock } = this.#parts;
      await follow(this.#last, (line) => this.take(line), signal).catch(() => undefined);
      await clock.sleep(retryMs, signal).catch(() => undefined);
    }
    this.#wake?.();
    await sending;
  }

  /** A line as it came. One that was read before is not taken again. */
  take({ atUs, text }: ContainerLine): void {
    if (atUs < this.#last || text === '') return;
    const sequence = atUs === this.#last ? atUs + 1 : atUs;
    this.#last = sequence;
    const severity = ownSeverity(text);
    if (severity !== null && severity > severityMax) return;
    const nowMs = this.#parts.clock.monotonicMs();
    const isAllowed = (severity === null ? this.#owners : this.#own).take(nowMs);
    if (!isAllowed || this.#waiting.length >= waitingMax) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      const lost = this.#dropped;
      this.#dropped = 0;
      // Of the moment before: the line itself has the number.
      this.#waiting.push({ sequence: null, saidMs: atUs / 1_000, text: '', lost });
    }
    const saidMs = Math.round(atUs / 1_000);
    this.#waiting.push({ sequence, saidMs, text: text.slice(0, kernelRecordMax) });
    this.#wake?.();
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { instance, container, deliver, keep } = this.#parts;
    while (!signal.aborted) {
      const records = this.#waiting.slice(0, kernelRecordsMax);
      if (records.length === 0) {
        await new Promise<void>((done) => {
          this.#wake = done;
        });
        this.#wake = null;
        continue;
      }
      try {
        await deliver({ instance, container, records }, signal);
      } catch {
        return;
      }
      this.#waiting.splice(0, records.length);
      const untilUs = records.findLast(({ sequence }) => sequence !== null)?.sequence ?? null;
      if (untilUs !== null) await keep(untilUs).catch(() => undefined);
    }
  }
}
