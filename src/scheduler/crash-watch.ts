import { Cutter } from '../crash/cutter.ts';
import { kernelLines } from '../crash/envelope.ts';
import type { CrashReport } from '../crash/report.ts';
import type { Clock } from '../domain/clock.ts';
import { isOfKernel } from '../logs/message.ts';
import type { CrashStore } from '../store/crash-store.ts';
import type { UnstoredMessage } from '../store/log-store.ts';

const lookPeriodMs = 1_000;
/** A kernel that says no more has died, or the report is over: a trace comes within a second. */
const quietMs = 5_000;
/** Whose cutter has not been fed for this long is forgotten. */
const forgetMs = 3_600_000;
/** Of all kernels, of how many of the newest lines it is known when they came. */
const linesKept = 65_536;
const streamsMax = 2_000;
const waitingMax = 1_000;
/** Of one kernel in an hour: what comes by UDP can be forged, and one that warns in a loop says it all soon. */
const reportsAnHourMax = 50;
const hourMs = 3_600_000;

export interface CrashWatchParts {
  readonly store: CrashStore;
  readonly clock: Clock;
  /** For people. */
  readonly event: (kind: string, object: string, message: string) => void;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

interface Stream {
  readonly host: string;
  readonly source: string;
  readonly boot: string;
  lastMs: number;
  /** When its last line was received or, by its agent, written; wall-clock milliseconds. */
  lastLineMs: number;
  isOpen: boolean;
  /** Reports that were found since `hourFromMs`, monotonic. */
  inHour: number;
  hourFromMs: number;
}

/** Cuts crash reports out of what the hosts' kernels say, as it comes, and keeps them. */
export class CrashWatch {
  readonly #parts: CrashWatchParts;
  /** One for all, so that what it holds is bounded for all. */
  readonly #cutter = new Cutter();
  /** The same of the cutter's lines, by their numbers: a report says at which it begins. */
  readonly #lineMs = new Float64Array(linesKept);
  #lines = 0;
  /** One for each way in which a host's kernel is heard: the same lines may come by two. */
  readonly #streams = new Map<string, Stream>();
  readonly #waiting: {
    readonly stream: Stream;
    readonly report: CrashReport;
    readonly firstMs: number;
    readonly atMs: number;
  }[] = [];
  readonly #kept = new Map<string, number>();
  #stop = () => undefined as void;
  #isKeeping = false;

  constructor(parts: CrashWatchParts) {
    this.#parts = parts;
  }

  /** Reports that were kept since the start, by their kind. */
  get kept(): ReadonlyMap<string, number> {
    return this.#kept;
  }

  start(): void {
    this.#stop = this.#parts.clock.every(lookPeriodMs, () => this.look());
  }

  stop(): void {
    this.#stop();
  }

  /** Takes a message; only those of kernels are read. */
  take(message: UnstoredMessage): void {
    if (!isOfKernel(message)) return;
    const { source, form, text, boot, sequence, saidMs } = message;
    const host = message.host || message.hostname || source;
    const key = `${host} ${source} ${form} ${boot}`;
    const stream = this.#streamOf(key, host, source, boot);
    stream.lastMs = this.#parts.clock.monotonicMs();
    stream.isOpen = true;
    // An agent proves whose it is, and may tell of what was long ago; other times can be forged.
    const lineMs = sequence === null ? message.receivedMs : (saidMs ?? message.receivedMs);
    stream.lastLineMs = lineMs;
    for (const line of kernelLines(text)) {
      this.#lines += 1;
      this.#lineMs[this.#lines % linesKept] = lineMs;
      this.#found(this.#cutter.take({ ...line, host: key }));
    }
  }

  /** Ends the reports of kernels that have fallen silent, and keeps what was found. */
  look(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const [key, stream] of this.#streams) {
      if (stream.isOpen && nowMs - stream.lastMs >= quietMs) {
        stream.isOpen = false;
        this.#found(this.#cutter.flush(key));
      } else if (nowMs - stream.lastMs >= forgetMs) this.#streams.delete(key);
    }
    void this.#keep();
  }

  #streamOf(key: string, host: string, source: string, boot: string): Stream {
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    // The oldest: a forger of hosts' names must not fill the memory.
    const [first] = this.#streams.keys();
    if (first !== undefined && this.#streams.size >= streamsMax) {
      this.#found(this.#cutter.flush(first));
      this.#streams.delete(first);
    }
    const stream = {
      host,
      source,
      boot,
      ...{ lastMs: 0, lastLineMs: 0 },
      isOpen: false,
      inHour: 0,
      hourFromMs: 0,
    };
    this.#streams.set(key, stream);
    return stream;
  }

  #found(reports: readonly CrashReport[]): void {
    for (const report of reports) {
      const stream = this.#streams.get(report.host ?? '');
      if (stream === undefined || this.#isTooMany(stream)) continue;
      const atMs = stream.lastLineMs;
      const isKnown = this.#lines - report.line < linesKept;
      const firstMs = isKnown ? (this.#lineMs[report.line % linesKept] ?? atMs) : atMs;
      if (this.#waiting.length >= waitingMax) {
        this.#parts.log('a crash report is lost: the store has not taken a thousand', {
          host: stream.host,
          title: report.title,
        });
      } else
        this.#waiting.push({ stream, report: { ...report, host: stream.host }, firstMs, atMs });
    }
  }

  // Told of once an hour; the lines themselves are in the logs all the same.
  #isTooMany(stream: Stream): boolean {
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - stream.hourFromMs >= hourMs)
      Object.assign(stream, { inHour: 0, hourFromMs: nowMs });
    stream.inHour += 1;
    if (stream.inHour === reportsAnHourMax + 1) {
      const message = `more than ${reportsAnHourMax} reports within an hour: no more are kept in it`;
      this.#parts.event('host.crash-reports-dropped', `host/${stream.host}`, message);
    }
    return stream.inHour > reportsAnHourMax;
  }

  async #keep(): Promise<void> {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    const { store, event, log } = this.#parts;
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        const { stream, report, firstMs, atMs } = next;
        const { host, source, boot } = stream;
        const id = await store.add({ firstMs, atMs, host, source, boot, report });
        this.#waiting.shift();
        if (id === null) continue;
        this.#kept.set(report.kind, (this.#kept.get(report.kind) ?? 0) + 1);
        event('host.crash-report', `host/${host}`, `${report.title} (bridgehead crash show ${id})`);
      }
    } catch (error) {
      log('cannot keep a crash report', { error: String(error) });
    } finally {
      this.#isKeeping = false;
    }
  }
}
