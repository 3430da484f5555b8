import { readFileSync } from 'node:fs';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { z } from 'zod';
import { productionTimings } from '../../detection/timings.ts';
import type { Clock } from '../../domain/clock.ts';
import type { PulseFrame, WitnessFrame } from '../../protocol/pulse-frames.ts';
import { WakeUp } from '../wire/probe-sockets.ts';
import type { Witness } from '../witnessing.ts';
import { limitBacklog } from './backlog.ts';
import { heartbeatPort } from './heartbeat.ts';
import { HeartbeatResponder } from './heartbeat-responder.ts';
import type { LeaseTable } from './lease-table.ts';
import { pairKeys } from './pair-keys.ts';
import type {
  FromProber,
  ProberData,
  PromiseAsked,
  Promises,
  Resumption,
  ToProber,
} from './prober-messages.ts';

/** How long the agent goes on answering so, for every witness to have heard it. */
const farewellMs = 1_200;

export interface PulseOptions {
  readonly clock: Clock;
  readonly table: LeaseTable;
  /** By which other hosts are reached. */
  readonly bridges: readonly string[];
  /** What names of service ports begin with. */
  readonly portPrefix: string;
  /** SCHED_RR priority of the prober's thread; null for none. */
  readonly priority: number | null;
  /** Where this host's promises to schedulers are kept while it runs. */
  readonly promisesFile: string;
  readonly bootId: string;
  readonly onWarning: (message: string) => void;
  /** The prober's thread ended by itself: its host's peers lose a witness until it is started anew. */
  readonly onFailure: (error: Error) => void;
}

const promisesShape = z.object({
  bootId: z.string(),
  promises: z.record(z.string(), z.object({ promised: z.array(z.string()), silences: z.int() })),
});

/** A host's part in the witnesses of a fleet: the lease that it gets, and those that it grants. */
export class Pulse implements Witness, AsyncDisposable {
  readonly #options: PulseOptions;
  readonly #responder: HeartbeatResponder;
  readonly #wakeUp = new WakeUp();
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #exited: Promise<void>;
  #onReport: (report: WitnessFrame, sessions: readonly string[]) => void = () => undefined;
  #isEnding = false;
  #awayMs = productionTimings.awayMs;

  private constructor(options: PulseOptions, responder: HeartbeatResponder) {
    this.#options = options;
    this.#responder = responder;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const { priority, promisesFile, bootId } = options;
    const workerData: ProberData = {
      ...{ port: port2, wakeFd: this.#wakeUp.fd, priority, promisesFile, bootId },
      promises: readPromises(promisesFile, bootId),
    };
    const program = new URL('./prober-thread.ts', import.meta.url);
    this.#worker = new Worker(program, { workerData, transferList: [port2] });
    this.#port.on('message', (message: FromProber) => this.#hear(message));
    this.#worker.on('error', (error: Error) => options.onFailure(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        if (!this.#isEnding) options.onFailure(new Error("the prober's thread ended"));
        resolve();
      });
    });
  }

  /**
   * Starts the thread. It probes nobody until `assign`, and the rules are as they were; where there
   * were none, no frame of an instance passes.
   */
  static async start(options: PulseOptions): Promise<Pulse> {
    const { portPrefix, table, bridges } = options;
    for (const bridge of bridges) limitBacklog(bridge);
    const { leaseMs, awayMs } = productionTimings;
    await table.close({ portPrefix, leaseMs, longLeaseMs: awayMs });
    return new Pulse(options, await HeartbeatResponder.open(heartbeatPort));
  }

  /**
   * Takes an assignment: the rules in this host's kernel first, then the probes of others.
   *
   * @throws Error where the kernel did not take the rules; then nothing has changed
   */
  async assign({ witnesses, quorum, targets, timings }: PulseFrame): Promise<void> {
    const keys = witnesses.map(({ host, secret }) => ({ host, ...pairKeys(secret) }));
    await this.#options.table.apply({
      portPrefix: this.#options.portPrefix,
      witnesses: keys,
      quorum,
      leaseMs: timings.leaseMs,
      longLeaseMs: timings.awayMs,
    });
    this.#awayMs = timings.awayMs;
    this.#responder.accept(keys.map(({ heartbeatKey }) => heartbeatKey));
    this.#tell({ kind: 'assign', assignment: { targets, timings } });
  }

  /** Schedulers that reports reach from now on. */
  reach(sessions: readonly string[]): void {
    this.#tell({ kind: 'sessions', sessions });
  }

  promise(asked: PromiseAsked): void {
    this.#tell({ kind: 'promise', ...asked });
  }

  resume(resumption: Resumption): void {
    this.#tell({ kind: 'resume', ...resumption });
  }

  hurry(host: string): void {
    this.#tell({ kind: 'hurry', host });
  }

  onReport(handler: (report: WitnessFrame, sessions: readonly string[]) => void): void {
    this.#onReport = handler;
  }

  #tell(message: ToProber): void {
    this.#port.postMessage(message);
    this.#wakeUp.wake();
  }

  #hear(message: FromProber): void {
    if (message.kind === 'report') this.#onReport(message.report, message.sessions);
    else this.#options.onWarning(message.message);
  }

  /**
   * Ends the probing in order: those that it witnesses get a grant that outlasts a restart, and its
   * own witnesses hear that this agent will be away. The rules stay in the kernel.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#responder.leaveFor(this.#awayMs);
    await this.#options.clock.sleep(farewellMs);
    this.#tell({ kind: 'end', lastGrantMs: this.#awayMs });
    await this.#exited;
    this.#port.close();
    this.#wakeUp[Symbol.dispose]();
    await this.#responder[Symbol.asyncDispose]();
  }
}

// Of another boot they are void, and not known is not none: see `anyScheduler`.
function readPromises(file: string, bootId: string): Promises | null {
  try {
    const kept = promisesShape.parse(JSON.parse(readFileSync(file, 'utf8')));
    return kept.bootId === bootId ? kept.promises : null;
  } catch {
    return null;
  }
}
