import type { Clock } from '../domain/clock.ts';
import type { HostName } from '../domain/ids.ts';
import { readKmsg } from '../logs/kmsg.ts';
import { type LogMessage, readConsole, textMax } from '../logs/message.ts';
import type { KernelFrame, KernelRecord } from '../protocol/kernel-frames.ts';
import type { LogStore, UnstoredMessage } from '../store/log-store.ts';
import { ownMessage } from './log-intake.ts';

/** Records that wait for the store. An agent whose batch finds no room sends it again later. */
const waitingMax = 50_000;
const batchMax = 2_000;
/** Kernels of which it is remembered how far they were heard. */
const heardMax = 4_096;

export interface KernelIntakeParts {
  readonly store: Pick<LogStore, 'appendOnce'>;
  readonly clock: Clock;
  /** Told of each message once, in the order of its kernel, after it is stored. */
  readonly onMessage: (message: UnstoredMessage) => void;
  /** Reads a record; those of kernels unless told. @param receivedMs wall clock */
  readonly read?: (record: KernelRecord, source: string, receivedMs: number) => LogMessage;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** Records of one source, and of one instance where an instance said them. */
type Records = Pick<KernelFrame, 'boot' | 'source' | 'records'> & { readonly instance?: string };

/** What agents have sent of their kernels since the start. */
export interface KernelCounts {
  readonly received: number;
  readonly stored: number;
  /** Overwritten on their hosts before the agent could read them. */
  readonly lostOnHosts: number;
}

interface Batch {
  readonly key: string;
  readonly messages: readonly UnstoredMessage[];
  /** How many were lost before each that says so, by the message that says it. */
  readonly lost: ReadonlyMap<UnstoredMessage, number>;
  readonly settle: (isKept: boolean) => void;
}

/**
 * Stores what agents send of their kernels' logs. An agent waits for each batch's acknowledgement,
 * and the kernel's ring waits for the agent: nothing has to be dropped here.
 */
export class KernelIntake {
  readonly #parts: KernelIntakeParts;
  readonly #batches: Batch[] = [];
  /** The last number that was told on, by host, source and boot: a repeated batch is not told again. */
  readonly #heard = new Map<string, number>();
  #counts = { received: 0, stored: 0, lostOnHosts: 0 };
  #waiting = 0;
  #isStoring = false;

  constructor(parts: KernelIntakeParts) {
    this.#parts = parts;
  }

  get counts(): KernelCounts {
    return this.#counts;
  }

  /** @returns whether all of it is in the store; what is not, the agent sends again */
  take(host: HostName, { boot, source, records, instance }: Records): Promise<boolean> {
    if (this.#waiting + records.length > waitingMax) return Promise.resolve(false);
    const { clock, read = messageOf } = this.#parts;
    const receivedMs = clock.wallMs();
    const lost = new Map<UnstoredMessage, number>();
    const messages = records.map((record) => {
      const { sequence } = record;
      const sent = { receivedMs, host, source, boot, sequence, repeats: 1, instance };
      const message = { ...read(record, source, receivedMs), ...sent };
      if (record.lost !== undefined) lost.set(message, record.lost);
      return message;
    });
    this.#waiting += messages.length;
    return new Promise((settle) => {
      this.#batches.push({ key: `${host} ${source} ${boot}`, messages, lost, settle });
      void this.#store();
    });
  }

  async #store(): Promise<void> {
    if (this.#isStoring) return;
    this.#isStoring = true;
    while (this.#batches.length > 0) {
      const taken: Batch[] = [];
      let count = 0;
      for (const batch of this.#batches) {
        if (taken.length > 0 && count + batch.messages.length > batchMax) break;
        taken.push(batch);
        count += batch.messages.length;
      }
      this.#batches.splice(0, taken.length);
      const isKept = await this.#append(taken.flatMap(({ messages }) => messages));
      this.#waiting -= count;
      for (const batch of taken) {
        if (isKept) this.#tell(batch);
        batch.settle(isKept);
      }
    }
    this.#isStoring = false;
  }

  async #append(messages: readonly UnstoredMessage[]): Promise<boolean> {
    this.#counts.received += messages.length;
    try {
      this.#counts.stored += await this.#parts.store.appendOnce(messages);
      return true;
    } catch (error) {
      this.#parts.log('cannot store what agents have sent of logs', { error: String(error) });
      return false;
    }
  }

  #tell({ key, messages, lost }: Batch): void {
    let heard = this.#heard.get(key) ?? -1;
    for (const message of messages) {
      if (message.sequence !== null && message.sequence <= heard) continue;
      heard = message.sequence ?? heard;
      const gap = lost.get(message);
      if (gap !== undefined) this.#counts.lostOnHosts += gap;
      else this.#parts.onMessage(message);
    }
    this.#heard.delete(key);
    this.#heard.set(key, heard);
    const [oldest] = this.#heard.keys();
    if (oldest !== undefined && this.#heard.size > heardMax) this.#heard.delete(oldest);
  }
}

function messageOf({ text, saidMs, lost }: KernelRecord, source: string): LogMessage {
  if (lost !== undefined) {
    const words = `${lost} messages of this kernel were lost: overwritten before the agent could read them`;
    return ownMessage(words);
  }
  const sound = text.replaceAll('\0', '\uFFFD');
  if (source !== 'kmsg') return { ...readConsole(sound), saidMs };
  const record = readKmsg(sound, saidMs);
  if (record !== null) return record;
  const nobody = { facility: null, severity: null, hostname: '', app: '', pid: '' };
  return { form: 'raw', ...nobody, saidMs, text: sound.slice(0, textMax) };
}
