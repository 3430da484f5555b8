import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { PulseAssignment, WitnessReport } from '../../protocol/witness.ts';
import { WakeUp } from '../wire/probe-sockets.ts';
import { HeartbeatResponder } from './heartbeat-responder.ts';
import type { LeaseTable } from './lease-table.ts';
import { pairKeys } from './pair-keys.ts';
import type { FromProber, ToProber } from './prober-messages.ts';

export interface PulseOptions {
  readonly table: LeaseTable;
  /** What names of service ports begin with. */
  readonly portPrefix: string;
  /** Bridge that probes leave by and answers come by; null for whatever routing says. */
  readonly device: string | null;
  /** UDP port on which this agent answers heartbeats; 0 for any that is free. */
  readonly heartbeatPort: number;
  /** SCHED_RR priority of the prober's thread; null for none. */
  readonly priority: number | null;
  /** See `LeaseRules`: false, or a fleet does not come back from a cold start. */
  readonly areGrantsLeased: boolean;
  readonly onReport: (report: WitnessReport) => void;
  readonly onWarning: (message: string) => void;
  /** The prober's thread ended by itself: its host's peers lose a witness until it is started anew. */
  readonly onFailure: (error: Error) => void;
}

/** A host's part in the witnesses of a fleet: the lease that it gets, and those that it grants. */
export class Pulse implements AsyncDisposable {
  readonly #options: PulseOptions;
  readonly #responder: HeartbeatResponder;
  readonly #wakeUp = new WakeUp();
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #stops = new Map<number, () => void>();
  readonly #exited: Promise<void>;
  #lastStop = 0;
  #isEnding = false;

  private constructor(options: PulseOptions, responder: HeartbeatResponder) {
    this.#options = options;
    this.#responder = responder;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(new URL('./prober-thread.ts', import.meta.url), {
      workerData: {
        port: port2,
        wakeFd: this.#wakeUp.fd,
        device: options.device,
        priority: options.priority,
      },
      transferList: [port2],
    });
    this.#port.on('message', (message: FromProber) => this.#hear(message));
    this.#worker.on('error', (error: Error) => options.onFailure(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        if (!this.#isEnding) options.onFailure(new Error("the prober's thread ended"));
        resolve();
      });
    });
  }

  /** Starts the thread. It probes nobody, and the rules are as they were, until `assign`. */
  static async start(options: PulseOptions): Promise<Pulse> {
    return new Pulse(options, await HeartbeatResponder.open(options.heartbeatPort));
  }

  get heartbeatPort(): number {
    return this.#responder.port;
  }

  /**
   * Takes an assignment: the rules in this host's kernel first, then the probes of others.
   *
   * @throws Error where the kernel did not take the rules; then nothing has changed
   */
  async assign(assignment: PulseAssignment): Promise<void> {
    const { times } = assignment;
    const witnesses = assignment.witnesses.map(({ host, secrets }) => ({
      host,
      keys: secrets.map(pairKeys),
    }));
    await this.#options.table.apply({
      portPrefix: this.#options.portPrefix,
      witnesses: witnesses.map(({ host, keys }) => ({
        host,
        tokens: keys.map(({ token }) => token),
      })),
      quorum: assignment.quorum,
      leaseMs: times.leaseMs,
      portMs: times.portMs,
      areGrantsLeased: this.#options.areGrantsLeased,
    });
    this.#responder.accept(
      witnesses.flatMap(({ keys }) => keys.map(({ heartbeatKey }) => heartbeatKey)),
    );
    this.#tell({ kind: 'assign', assignment });
  }

  /**
   * Resolves when no grant to these hosts leaves this process any more, until an assignment says
   * otherwise. Their leases end by `leaseMs` after, less what other witnesses grant.
   */
  stop(hosts: readonly string[]): Promise<void> {
    this.#lastStop += 1;
    const id = this.#lastStop;
    return new Promise((resolve) => {
      this.#stops.set(id, resolve);
      this.#tell({ kind: 'stop', id, hosts });
    });
  }

  #tell(message: ToProber): void {
    this.#port.postMessage(message);
    this.#wakeUp.wake();
  }

  #hear(message: FromProber): void {
    if (message.kind === 'report') this.#options.onReport(message.report);
    if (message.kind === 'warning') this.#options.onWarning(message.message);
    if (message.kind === 'stopped') {
      this.#stops.get(message.id)?.();
      this.#stops.delete(message.id);
    }
  }

  /** Ends the probing; the rules stay in the kernel. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#tell({ kind: 'end' });
    await this.#exited;
    this.#port.close();
    this.#wakeUp[Symbol.dispose]();
    await this.#responder[Symbol.asyncDispose]();
  }
}
