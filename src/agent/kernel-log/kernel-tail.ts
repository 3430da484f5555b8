import { z } from 'zod';
import type { Clock } from '../../domain/clock.ts';
import { recordHeader } from '../../logs/kernel-record.ts';
import {
  type KernelRecord,
  kernelRecordMax,
  kernelRecordsMax,
} from '../../protocol/kernel-frames.ts';
import type { MachineFiles } from '../machine.ts';
import type { KernelRing, RingLook } from './kernel-ring.ts';
import type { KernelSender } from './kernel-sender.ts';

const lookPeriodMs = 100;
/** What was read within this time of an empty ring was written just now. */
const freshMs = 1_000;
const retryMs = 2_000;
/** In one turn, so that a long backlog that is known already holds up nothing else. */
const looksMax = 1_024;
const positionFile = 'kernel-log.json';
const microsecondsPerMs = 1_000;

const position = z.object({
  /** The boot that was read last. */
  boot: z.string(),
  /** Its last record that a scheduler has acknowledged. */
  sequence: z.int().min(0),
  /** When it began, wall clock. */
  bootedMs: z.number(),
});

/** How far the kernel's messages have been acknowledged. */
export type KernelPosition = z.infer<typeof position>;

export interface KernelTailParts {
  readonly ring: KernelRing;
  readonly sender: Pick<KernelSender, 'deliver'>;
  readonly files: Pick<MachineFiles, 'readFile' | 'replaceFile'>;
  readonly clock: Clock;
  /** Id of the boot. */
  readonly boot: string;
  /** Since boot, milliseconds. */
  readonly uptimeMs: () => number;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** @returns null where none was kept, or it cannot be read: then all is sent again */
export async function readPosition(
  files: Pick<MachineFiles, 'readFile'>,
): Promise<KernelPosition | null> {
  const text = await files.readFile(positionFile);
  try {
    return text === null ? null : position.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/**
 * Follows the kernel's messages and hands them to a scheduler, a batch at a time. The ring itself is
 * the buffer: while nobody acknowledges nothing is read, and what the kernel overwrites meanwhile is
 * counted by the numbers that are missing.
 */
export class KernelTail {
  readonly #parts: KernelTailParts;
  readonly #bootedMs: number;
  /** Wall clock of the zero of the kernel's own clock, which drifts from it by minutes in a long boot. */
  #zeroMs: number;
  /** The last number that was read; null before the first where none was acknowledged in this boot. */
  #last: number | null = null;
  #emptyMs: number | null = null;
  #isTroubled = false;

  constructor(parts: KernelTailParts) {
    this.#parts = parts;
    this.#bootedMs = parts.clock.wallMs() - parts.uptimeMs();
    this.#zeroMs = this.#bootedMs;
  }

  /** Until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, ring } = this.#parts;
    const kept = await readPosition(this.#parts.files).catch(() => null);
    if (kept?.boot === this.#parts.boot) this.#last = kept.sequence;
    while (!signal.aborted) {
      const pauseMs = await this.#turn(signal);
      if (pauseMs > 0) await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
    ring.close();
  }

  // What was read stays to be delivered: only the file's write may fail after it, and is made up for.
  async #turn(signal: AbortSignal): Promise<number> {
    const { sender, files, boot, log } = this.#parts;
    let records: readonly KernelRecord[] = [];
    try {
      records = this.#read();
      this.#isTroubled = false;
    } catch (error) {
      if (!this.#isTroubled) log('cannot read the kernel log', { error: String(error) });
      this.#isTroubled = true;
      return retryMs;
    }
    if (records.length === 0) return lookPeriodMs;
    try {
      await sender.deliver({ boot, source: 'kmsg', records }, signal);
    } catch {
      return 0;
    }
    if (this.#last === null) return 0;
    const text = JSON.stringify({ boot, sequence: this.#last, bootedMs: this.#bootedMs });
    await files.replaceFile(positionFile, text).catch((error: unknown) => {
      log('cannot keep how far the kernel log was sent', { error: String(error) });
    });
    return 0;
  }

  #read(): readonly KernelRecord[] {
    const { clock } = this.#parts;
    const records: KernelRecord[] = [];
    // A gap takes a place of its own.
    for (let looks = 0; looks < looksMax && records.length < kernelRecordsMax - 1; looks += 1) {
      const look = this.#look(records.length > 0);
      if (look.kind === 'overrun') continue;
      if (look.kind === 'empty') {
        this.#emptyMs = clock.monotonicMs();
        break;
      }
      this.#take(look.text, records);
    }
    return records;
  }

  // What was read before a fault is to be delivered first; the next look meets the fault again.
  #look(hasRecords: boolean): RingLook {
    try {
      return this.#parts.ring.look();
    } catch (error) {
      if (hasRecords) return { kind: 'empty' };
      throw error;
    }
  }

  #take(text: string, records: KernelRecord[]): void {
    const { clock } = this.#parts;
    const record = recordHeader(text);
    const kept = text.slice(0, kernelRecordMax);
    if (record === null || !Number.isSafeInteger(record.sequence)) {
      records.push({ sequence: null, saidMs: null, text: kept });
      return;
    }
    const { sequence, microseconds } = record;
    if (this.#last !== null && sequence <= this.#last) return;
    const isFresh = this.#emptyMs !== null && clock.monotonicMs() - this.#emptyMs < freshMs;
    if (isFresh) this.#zeroMs = clock.wallMs() - microseconds / microsecondsPerMs;
    const saidMs = this.#zeroMs + microseconds / microsecondsPerMs;
    const expected = this.#last === null ? sequence : this.#last + 1;
    if (sequence > expected) {
      records.push({ sequence: expected, saidMs, text: '', lost: sequence - expected });
    }
    records.push({ sequence, saidMs, text: kept });
    this.#last = sequence;
  }
}
