import type { Clock } from '../domain/clock.ts';
import { isOfKernel, type LogMessage, readMessage } from '../logs/message.ts';
import type { LogStore, UnstoredMessage } from '../store/log-store.ts';

const storePeriodMs = 250;
const prunePeriodMs = 60_000;
/** Messages that wait for the store; beyond it some are dropped, and counted. */
const waitingMax = 20_000;
const batchMax = 2_000;
const dayMs = 86_400_000;

export interface LogLimits {
  readonly days: number;
  readonly messages: number;
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
  readonly #kernels: UnstoredMessage[] = [];
  readonly #others: UnstoredMessage[] = [];
  readonly #stops: (() => void)[] = [];
  /** Dropped and not yet told of, by address. */
  readonly #untold = new Map<string, number>();
  #counts = { received: 0, stored: 0, dropped: 0, unread: 0 };
  #isStoring = false;

  constructor(parts: LogIntakeParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock } = this.#parts;
    this.#stops.push(clock.every(storePeriodMs, () => void this.store()));
    this.#stops.push(clock.every(prunePeriodMs, () => void this.#prune()));
  }

  /** Stores what waits, as far as the store takes it. */
  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    await this.store();
  }

  get counts(): IntakeCounts {
    return { ...this.#counts, waiting: this.#kernels.length + this.#others.length };
  }

  /**
   * @param address of the sender, which by UDP anybody can forge
   * @param host the enrolled host where its certificate says so; null else
   */
  take(bytes: Uint8Array, address: string, host: string | null): void {
    this.keep(readMessage(bytes, this.#parts.clock.wallMs()), address, host);
  }

  /** Takes a message that is read already; the rest is as for `take`. */
  keep(message: LogMessage, address: string, host: string | null): void {
    const receivedMs = this.#parts.clock.wallMs();
    this.#counts.received += 1;
    if (message.form === 'raw') this.#counts.unread += 1;
    const from = host ?? this.#parts.hostOf(address, message.hostname) ?? '';
    const isKernel = isOfKernel(message);
    const boot = isKernel && from !== '' ? this.#parts.bootOf(from) : '';
    const sent = { receivedMs, source: address, host: from, repeats: 1 };
    const one = { ...message, ...sent, boot, sequence: null };
    if (this.#kernels.length + this.#others.length >= waitingMax) {
      const victim = isKernel ? this.#others.shift() : one;
      this.#drop(victim ?? one);
      if (victim === undefined || victim === one) return;
    }
    (isKernel ? this.#kernels : this.#others).push(one);
    this.#parts.onMessage?.(one);
  }

  /** Stores all that waits, a batch at a time; what the store does not take waits on. */
  async store(): Promise<void> {
    if (this.#isStoring) return;
    this.#isStoring = true;
    try {
      while (this.#kernels.length + this.#others.length > 0 || this.#untold.size > 0) {
        const kernels = this.#kernels.slice(0, batchMax);
        const others = this.#others.slice(0, batchMax - kernels.length);
        const told = [...this.#untold];
        const batch = [...kernels, ...others].toSorted((a, b) => a.receivedMs - b.receivedMs);
        await this.#parts.store.append([...folded(batch), ...told.map((one) => this.#lossOf(one))]);
        // More may have been dropped from the front meanwhile: what was stored goes by itself.
        remove(this.#kernels, new Set(kernels));
        remove(this.#others, new Set(others));
        for (const [address, count] of told) this.#tell(address, count);
        this.#counts.stored += batch.length;
      }
    } catch (error) {
      this.#parts.log('cannot store log messages', { error: String(error) });
    } finally {
      this.#isStoring = false;
    }
  }

  #drop({ source }: UnstoredMessage): void {
    this.#counts.dropped += 1;
    this.#untold.set(source, (this.#untold.get(source) ?? 0) + 1);
  }

  #tell(address: string, count: number): void {
    const left = (this.#untold.get(address) ?? 0) - count;
    if (left > 0) this.#untold.set(address, left);
    else this.#untold.delete(address);
  }

  #lossOf([address, count]: readonly [string, number]): UnstoredMessage {
    const text = `${count} messages from ${address} were dropped: more came than could be stored`;
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
      await store.prune(clock.wallMs() - limits.days * dayMs, limits.messages);
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

function remove(list: UnstoredMessage[], gone: ReadonlySet<UnstoredMessage>): void {
  const left = list.filter((one) => !gone.has(one));
  list.splice(0, list.length, ...left);
}
