import { answerHeartbeat, decodeHeartbeat } from '../src/agent/pulse/heartbeat.ts';
import { pairKeys } from '../src/agent/pulse/pair-keys.ts';
import { Prober, type ProbeWire } from '../src/agent/pulse/prober.ts';
import type {
  PromiseAsked,
  Promises,
  Resumption,
  ToProber,
} from '../src/agent/pulse/prober-messages.ts';
import type { Witness } from '../src/agent/witnessing.ts';
import type { PulseFrame, WitnessFrame } from '../src/protocol/pulse-frames.ts';
import type { KernelLease } from './lease.ts';
import type { Random } from './random.ts';
import type { Node, Segment } from './segment.ts';
import type { Process } from './world.ts';

/** Where the kernel answers an echo request with the same bytes: of RFC 792, with the type changed. */
const sequenceAt = 6;
const nonceAt = 28;
/** How long the agent goes on answering heartbeats when it is to end. */
const farewellMs = 1_200;

/** What a host's kernel has for the witnesses, and what its memory keeps over restarts of the agent. */
export interface PulseHost extends Node {
  readonly lease: KernelLease;
  /** Void after a reboot. */
  promises: Promises | null;
}

type Report = (report: WitnessFrame, sessions: readonly string[]) => void;

/**
 * A host's part in the witnesses while its agent runs: the production's prober on a simulated wire.
 * What its thread and its sockets are in the production (src/agent/pulse/pulse.ts) is here an inbox
 * that is read at each turn.
 */
export class SimPulse implements Witness {
  readonly #process: Process;
  readonly #host: PulseHost;
  readonly #segment: Segment;
  readonly #prober: Prober;
  readonly #isForgetful: boolean;
  /** What has come since the last turn, as sockets hold it. */
  #arrived: (() => void)[] = [];
  #messages: ToProber[] = [];
  #keys: readonly Uint8Array[] = [];
  #awayMs = 0;
  #lastAwayMs = 0;
  #isTurning = false;
  #version = -1;
  #onReport: Report = () => undefined;

  /** @param isForgetful it does not keep to what it promised: a simulation's way to break a part */
  constructor(process: Process, host: PulseHost, segment: Segment, isForgetful: boolean) {
    this.#process = process;
    this.#host = host;
    this.#segment = segment;
    this.#isForgetful = isForgetful;
    const { random } = process.world;
    const wire: ProbeWire = {
      sendProbe: (bytes, address) => this.#probe(Buffer.from(bytes), address),
      sendHeartbeat: (bytes, address) => this.#ask(Buffer.from(bytes), address),
      random: (bytes) => randomBytes(random, bytes),
      monotonicMs: () => process.clock.monotonicMs(),
      keep: (promises) => {
        host.promises = promises;
      },
    };
    this.#prober = new Prober(wire, isForgetful ? {} : host.promises);
  }

  /** What is done before the agent itself starts. */
  async start(): Promise<void> {
    await this.#process.pass(this.#process.world.random.between(1, 30));
    this.#host.lease.close();
  }

  async assign(frame: PulseFrame): Promise<void> {
    const { timings, targets, witnesses } = frame;
    await this.#process.pass(this.#process.world.random.between(1, 30));
    const { version, quorum } = frame;
    if (version !== this.#version) {
      const whom = witnesses.map(({ host }) => host).join(', ');
      const rule = `version ${version}, ${quorum} of ${whom || 'nobody'}`;
      this.#process.world.tell(`${this.#host.name}: its kernel goes by ${rule}`);
      this.#version = version;
    }
    this.#host.lease.apply(frame);
    await this.#process.pass();
    this.#lastAwayMs = timings.awayMs;
    this.#keys = witnesses.map(({ secret }) => pairKeys(secret).heartbeatKey);
    this.#messages.push({ kind: 'assign', assignment: { targets, timings } });
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#process.after(1, () => this.#turn(), true);
  }

  reach(sessions: readonly string[]): void {
    this.#messages.push({ kind: 'sessions', sessions });
  }

  promise(asked: PromiseAsked): void {
    this.#messages.push({ kind: 'promise', ...asked });
  }

  resume(resumption: Resumption): void {
    this.#messages.push({ kind: 'resume', ...resumption });
  }

  hurry(host: string): void {
    this.#messages.push({ kind: 'hurry', host });
  }

  onReport(handler: Report): void {
    this.#onReport = handler;
  }

  /** A heartbeat has come to the agent's main loop. @returns its answer; null for none */
  answer(bytes: Buffer): Buffer | null {
    return answerHeartbeat(bytes, this.#keys, this.#awayMs);
  }

  /** Ends in order, as an agent that is restarted does. @param ended the process may go */
  leave(ended: () => void): void {
    this.#awayMs = this.#lastAwayMs;
    this.#process.after(farewellMs, () => {
      if (this.#isTurning) this.#prober.leave(this.#awayMs);
      ended();
    });
  }

  #turn(): void {
    const { clock, world } = this.#process;
    const nowMs = clock.monotonicMs();
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const take of arrived) take();
    const messages = this.#messages;
    this.#messages = [];
    for (const message of messages) this.#obey(message, nowMs);
    const report = this.#prober.turn(nowMs);
    if (report !== null) {
      const tell = () => this.#onReport(report.report, report.sessions);
      this.#process.after(world.random.between(0, 2), tell);
      if (this.#isForgetful) this.#forget(report.report);
    }
    this.#process.after(Math.max(1, this.#prober.nextTurnMs - nowMs), () => this.#turn(), true);
  }

  #obey(message: ToProber, nowMs: number): void {
    if (message.kind === 'assign') this.#prober.assign(message.assignment);
    else if (message.kind === 'sessions') this.#prober.reach(message.sessions);
    else if (message.kind === 'promise') this.#prober.promise(message);
    else if (message.kind === 'resume') this.#prober.resume(message);
    else if (message.kind === 'hurry') this.#prober.hurry(message.host, nowMs);
  }

  #forget({ reports }: WitnessFrame): void {
    for (const { host, silences, promised } of reports) {
      this.#prober.resume({ host, silences, sessions: promised });
    }
  }

  #probe(bytes: Buffer, address: string): void {
    const sequence = bytes.readUInt16BE(sequenceAt);
    const nonce = bytes.subarray(nonceAt);
    this.#segment.probe(this.#host, address, bytes, () => {
      this.#arrived.push(() => this.#prober.heardProbe({ sequence, nonce }));
    });
  }

  #ask(bytes: Buffer, address: string): void {
    this.#segment.ask(this.#host, address, bytes, (answer) => {
      this.#arrived.push(() =>
        this.#prober.heardHeartbeat((key) => decodeHeartbeat('answer', answer, key)),
      );
    });
  }
}

function randomBytes(random: Random, count: number): Buffer {
  const bytes = Buffer.alloc(count);
  for (let at = 0; at < count; at += 2) bytes.writeUInt16BE(random.between(0, 0xffff), at);
  return bytes;
}
