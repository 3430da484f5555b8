// The way that production takes from bytes to crash reports, without sockets and without a database.

import { crashesIn } from '../../../src/crash/cutter.ts';
import type { CrashReport } from '../../../src/crash/report.ts';
import { FrameCutter } from '../../../src/logs/frames.ts';
import { readConsole } from '../../../src/logs/message.ts';
import { type Heard, Netconsole } from '../../../src/logs/netconsole.ts';
import { CrashWatch } from '../../../src/scheduler/crash-watch.ts';
import { LogIntake, ownMessage } from '../../../src/scheduler/log-intake.ts';
import type { Crash, CrashStore } from '../../../src/store/crash-store.ts';
import type { LogStore } from '../../../src/store/log-store.ts';
import { systemClock } from '../../../src/system/clock.ts';

const wallMs = Date.UTC(2026, 10, 23, 1, 2, 3);
const quietMs = 10_000;

type Unkept = Omit<Crash, 'id'>;

/** What a scheduler's listeners do with what they hear; time goes by at `pass` only. */
export class Path {
  readonly found: Unkept[] = [];
  /** What is told of losses. */
  readonly losses: string[] = [];
  readonly #watch: CrashWatch;
  readonly #intake: LogIntake;
  readonly #console = new Netconsole();
  #nowMs = 0;

  constructor() {
    const clock = { ...systemClock, wallMs: () => wallMs, monotonicMs: () => this.#nowMs };
    const add = async (crash: Unkept) => this.found.push(crash);
    this.#watch = new CrashWatch({
      ...{ store: { add } as unknown as CrashStore, clock },
      ...{ event: () => undefined, log: () => undefined },
    });
    this.#intake = new LogIntake({
      ...{ store: { append: async () => undefined } as unknown as LogStore, clock },
      ...{ limits: { days: 1, messages: 1, bytes: 1e9 }, hostOf: () => null, bootOf: () => '' },
      log: () => undefined,
      onMessage: (message) => this.#watch.take(message),
    });
  }

  /** A datagram of syslog, or a message out of a stream. */
  syslog(message: string | Uint8Array, address = '192.0.2.1'): void {
    this.#intake.take(Buffer.from(message), address, null);
  }

  /** A stream in chunks of odd lengths, as TCP gives it. */
  stream(text: string, address = '192.0.2.1'): void {
    const cutter = new FrameCutter();
    const bytes = Buffer.from(text);
    for (let at = 0, step = 1; at < bytes.length; at += step, step = ((step * 7) % 4_093) + 1) {
      for (const one of cutter.push(bytes.subarray(at, at + step))) this.syslog(one, address);
    }
    for (const one of cutter.end()) this.syslog(one, address);
  }

  netconsole(datagram: string | Uint8Array, address = '192.0.2.1'): void {
    this.#give(this.#console.push(Buffer.from(datagram), address, this.#nowMs));
  }

  /** Lets time go by, in the steps in which a scheduler looks. */
  pass(ms: number): void {
    this.#nowMs += ms;
    this.#give(this.#console.due(this.#nowMs));
  }

  /** What was found, when all is quiet. */
  async end(): Promise<readonly CrashReport[]> {
    this.pass(1_000);
    this.#give(this.#console.flush());
    this.pass(quietMs);
    this.#watch.look();
    // The store is asked for one report after the other, each a few turns of the queue.
    for (let before = -1; before !== this.found.length; ) {
      before = this.found.length;
      await new Promise(setImmediate);
    }
    await this.#intake.store();
    return this.found.map(({ report }) => report).toSorted((a, b) => a.line - b.line);
  }

  /** Forgets what was found, in a course that has no end. */
  forget(): void {
    this.found.length = 0;
    this.losses.length = 0;
  }

  #give(all: readonly Heard[]): void {
    for (const { kind, address, text } of all) {
      if (kind === 'loss') this.losses.push(text);
      this.#intake.keep(kind === 'loss' ? ownMessage(text) : readConsole(text), address, null);
    }
  }
}

/** What comparing looks at. */
export interface Verdict {
  readonly title: string;
  readonly kind: string;
  readonly corrupted: boolean;
}

/** The first report, or null. */
export function verdictOf(reports: readonly CrashReport[]): Verdict | null {
  const [first] = reports;
  if (first === undefined) return null;
  return { title: first.title, kind: first.kind, corrupted: first.corrupted };
}

export function bareVerdict(text: string): Verdict | null {
  return verdictOf(crashesIn(text));
}
