import type { Clock } from '../domain/clock.ts';
import { isOfKernel, isSurelyOfNoKernel, type LogMessage, readMessage } from '../logs/message.ts';
import type { LogStore, UnstoredMessage } from '../store/log-store.ts';
import { WaitingMessages } from './waiting-messages.ts';

const storePeriodMs = 250;
const prunePeriodMs = 60_000;
/** Messages that wait for the store; beyond it some are dropped, and counted. */
const waitingMax = 20_000;
const batchMax = 2_000;
/** From so many on, senders that can wait are asked to, until half of them are stored. */
const slowDownAt = waitingMax / 2;
/** How long at most: what comes by UDP may keep the queue full, and their kernels are to be heard. */
const holdMsMax = 1_000;
/** A store that has taken nothing for so long is away, and nobody waits for it. */
const awayMs = 5_000;
/** Senders whose dropped messages are told of by address; those of all others in one sum. */
const untoldMax = 1_000;
const dayMs = 86_400_000;

export interface LogLimits {
  readonly days: number;
  readonly messages: number;
  /** Of the rows themselves, without the indexes. */
  readonly bytes: number;
}

export interface LogIntakeParts {
  readonly store: LogStore;
  readonly clock: Clock;
  readonly limits: LogLimits;
  /** The enrolled host of a message, by the address it came from, else by its own word. */
  readonly hostOf: (address: string, hostname: string) => string | null;
  /** The boot that an enrolled host is in; '' where that is not known. */
  readonly bootOf: (host: string) => string;
  /** Told of each message that is kept, as it comes. */
  readonly onMessage?: (message: UnstoredMessage) => void;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** What became of all messages since the start. */
export interface IntakeCounts {
  readonly received: number;
  readonly stored: number;
  readonly waiting: number;
  readonly dropped: number;
  /** Of those received: kept as they are, since nothing but text could be read. */
  readonly unread: number;
}

/**
 * Takes messages in as they come and stores them in batches. Where more come than can be stored,
 * those of kernels are kept and the oldest others dropped; how many is written among the messages.
 */
export class LogIntake {
  readonly #parts: LogIntakeParts;
  readonly #waiting = new WaitingMessages(waitingMax);
  readonly #held: { readonly sinceMs: number; readonly letGo: () => void }[] = [];
  readonly #stops: (() => void)[] = [];
  /** Dropped and not yet told of, by address; '' for those beyond `untoldMax`. */
  readonly #untold = new Map<string, number>();
  #counts = { received: 0, stored: 0, dropped: 0, unread: 0 };
  #isStoring = false;
  /** When the store took messages last, or had none to take; monotonic. */
  #takenMs: number;

  constructor(parts: LogIntakeParts) {
    this.#parts = parts;
    this.#takenMs = parts.clock.monotonicMs();
  }

  start(): void {
    const { clock } = this.#parts;
    this.#stops.push(clock.every(storePeriodMs, () => this.#turn()));
    this.#stops.push(clock.every(prunePeriodMs, () => void this.#prune()));
  }

  /** Stores what waits, as far as the store takes it. */
  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.store();
  }

  get counts(): IntakeCounts {
    return { ...this.#counts, waiting: this.#waiting.size };
  }

  /**
   * @param address of the sender, which by UDP anybody can forge
   * @param host the enrolled host where its certificate says so; null else
   */
  take(bytes: Uint8Array, address: string, host: string | null): void {
    if (this.#waiting.isFull && isSurelyOfNoKernel(bytes)) {
      // Not worth reading: while more comes than fits, the time is needed for what does.
      this.#counts.received += 1;
      this.#drop(address);
      return;
    }
    this.keep(readMessage(bytes, this.#parts.clock.wallMs()), address, host);
  }

  /** Takes a message that is read already; the rest is as for `take`. */
  keep(message: LogMessage, address: string, host: string | null): void {
    const receivedMs = this.#parts.clock.wallMs();
    this.#counts.received += 1;
    if (message.form === 'raw') this.#counts.unread += 1;
    const from = host ?? this.#parts.hostOf(address, message.hostname) ?? '';
    const boot = from !== '' && isOfKernel(message) ? this.#parts.bootOf(from) : '';
    const sent = { receivedMs, source: address, host: from, repeats: 1 };
    const one = { ...message, ...sent, boot, sequence: null };
    const victim = this.#waiting.add(one);
    if (victim !== null) this.#drop(victim.source);
    if (victim !== one) this.#parts.onMessage?.(one);
  }

  /**
   * For senders that can be made to wait (TCP): they send no faster than the store takes, as long as
   * it takes anything.
   *
   * @returns null: go on; else when to go on
   */
  whenRoom(): Promise<void> | null {
    if (this.#waiting.size < slowDownAt || this.#isAway()) return null;
    const sinceMs = this.#parts.clock.monotonicMs();
    return new Promise((letGo) => this.#held.push({ sinceMs, letGo }));
  }

  /** Stores all that waits, a batch at a time; what the store does not take waits on. */
  async store(): Promise<void> {
    if (this.#isStoring) return;
    this.#isStoring = true;
    if (this.#waiting.size === 0) this.#takenMs = this.#parts.clock.monotonicMs();
    try {
      while (this.#waiting.size > 0 || this.#untold.size > 0) {
        const told = [...this.#untold];
        const batch = this.#waiting.take(batchMax);
        await this.#parts.store.append([...folded(batch), ...told.map((one) => this.#lossOf(one))]);
        this.#waiting.stored();
        for (const [address, count] of told) this.#tell(address, count);
        this.#counts.stored += batch.length;
        this.#takenMs = this.#parts.clock.monotonicMs();
        this.#letGo();
      }
    } catch (error) {
      this.#waiting.notStored();
      this.#parts.log('cannot store log messages', { error: String(error) });
    } finally {
      this.#isStoring = false;
    }
  }

  #turn(): void {
    this.#letGo();
    void this.store();
  }

  #isAway(): boolean {
    return this.#parts.clock.monotonicMs() - this.#takenMs >= awayMs;
  }

  #letGo(): void {
    const isRoom = this.#waiting.size <= slowDownAt / 2 || this.#isAway();
    const longestMs = isRoom ? Infinity : this.#parts.clock.monotonicMs() - holdMsMax;
    // Those who were held first are the first in the list.
    const left = this.#held.findIndex(({ sinceMs }) => sinceMs > longestMs);
    for (const one of this.#held.splice(0, left === -1 ? this.#held.length : left)) one.letGo();
  }

  #drop(address: string): void {
    this.#counts.dropped += 1;
    // A forger has any number of addresses.
    const isOne = this.#untold.size < untoldMax || this.#untold.has(address);
    const key = isOne ? address : '';
    this.#untold.set(key, (this.#untold.get(key) ?? 0) + 1);
  }

  #tell(address: string, count: number): void {
    const left = (this.#untold.get(address) ?? 0) - count;
    if (left > 0) this.#untold.set(address, left);
    else this.#untold.delete(address);
  }

  #lossOf([address, count]: readonly [string, number]): UnstoredMessage {
    const from = address || 'other addresses';
    const text = `${count} messages from ${from} were dropped: more came than could be stored`;
    return {
      ...{
        ...ownMessage(text),
        receivedMs: this.#parts.clock.wallMs(),
        source: address,
        repeats: 1,
      },
      ...{ host: this.#parts.hostOf(address, '') ?? '', boot: '', sequence: null },
    };
  }

  async #prune(): Promise<void> {
    const { store, clock, limits, log } = this.#parts;
    try {
      const { days, messages, bytes } = limits;
      await store.prune({ beforeMs: clock.wallMs() - days * dayMs, messages, bytes });
    } catch (error) {
      log('cannot prune log messages', { error: String(error) });
    }
  }
}

/** What Bridgehead itself says among a sender's messages, such as how many are lost. */
export function ownMessage(text: string): LogMessage {
  const nobody = { saidMs: null, hostname: '', pid: '' };
  return { form: 'rfc5424', facility: 5, severity: 4, app: 'bridgehead', text, ...nobody };
}

/** The same message of the same sender, time and again without another between, becomes one. */
function folded(messages: readonly UnstoredMessage[]): readonly UnstoredMessage[] {
  const result: UnstoredMessage[] = [];
  const last = new Map<string, number>();
  for (const message of messages) {
    const index = last.get(message.source);
    const before = index === undefined ? undefined : result[index];
    if (index !== undefined && before !== undefined && isSame(before, message)) {
      result[index] = { ...before, repeats: before.repeats + 1 };
      continue;
    }
    last.set(message.source, result.push(message) - 1);
  }
  return result;
}

function isSame(a: LogMessage, b: LogMessage): boolean {
  return (
    a.text === b.text &&
    a.app === b.app &&
    a.pid === b.pid &&
    a.hostname === b.hostname &&
    a.severity === b.severity
  );
}
