import type { Links, Peer } from '../src/agent/links.ts';
import { pauseBeforeMs } from '../src/agent/stream.ts';
import type { HostName } from '../src/domain/ids.ts';
import {
  type AgentFrame,
  heartbeatPeriodMs,
  type SchedulerFrame,
  streamSilenceMs,
} from '../src/protocol/frames.ts';
import type { AgentStream } from '../src/scheduler/agent-stream.ts';
import type { Process, World } from './world.ts';

/** How bad the network is. Probabilities are of a frame, delays in milliseconds. */
export interface NetworkTraits {
  readonly delayMs: { readonly least: number; readonly most: number };
  /** A frame that takes long, and holds up those behind it. */
  readonly late: { readonly probability: number; readonly mostMs: number };
  /** Worse than any TCP: a frame comes twice. */
  readonly doubled: number;
  /** Worse than any TCP: a frame does not wait for the one before it. */
  readonly reordered: number;
}

/** Who reaches whom, and how fast. */
export class Network {
  readonly #world: World;
  readonly #traits: NetworkTraits;
  readonly #blocked = new Set<string>();
  readonly #open = new Set<Connection>();

  constructor(world: World, traits: NetworkTraits) {
    this.#world = world;
    this.#traits = traits;
  }

  /** One way only. */
  block(from: string, to: string): void {
    this.#blocked.add(`${from}>${to}`);
  }

  unblock(from: string, to: string): void {
    this.#blocked.delete(`${from}>${to}`);
  }

  healAll(): void {
    this.#blocked.clear();
  }

  reaches(from: string, to: string): boolean {
    return !this.#blocked.has(`${from}>${to}`);
  }

  /** Breaks a connection; what was on its way is lost. @returns what was broken, null for nothing */
  breakOne(): string | null {
    const all = [...this.#open];
    if (all.length === 0) return null;
    const connection = this.#world.random.pick(all);
    connection.break();
    return connection.name;
  }

  connect(agent: Process, host: string, scheduler: Process, at: string): Connection | null {
    if (!scheduler.isAlive || !this.reaches(host, at) || !this.reaches(at, host)) return null;
    const connection = new Connection(this.#world, this, this.#traits, [
      { process: agent, node: host },
      { process: scheduler, node: at },
    ]);
    this.#open.add(connection);
    connection.onGone(() => this.#open.delete(connection));
    return connection;
  }
}

interface Side {
  readonly process: Process;
  readonly node: string;
}

type Packet = { readonly frame: unknown } | { readonly close: string };

/**
 * What is said of and by witnesses relies on the order of a stream: a late word on a silence would
 * be taken for a new one. All else has to bear worse than that.
 */
const ordered: ReadonlySet<string> = new Set([
  'pulse',
  'pulse-took',
  'witness',
  'promise',
  'resume',
  'hurry',
]);

function needsOrder(packet: Packet): boolean {
  return 'frame' in packet && ordered.has((packet.frame as { readonly type: string }).type);
}

/** One end of a connection, as the code on that side uses it. */
export class End {
  readonly #send: (packet: Packet) => void;
  readonly #process: Process;
  #onFrame: (frame: unknown) => void = () => undefined;
  #onClose: (reason: string) => void = () => undefined;
  #isOpen = true;
  #heardMs: number;
  readonly #stopBeating: () => void;

  constructor(process: Process, send: (packet: Packet) => void) {
    this.#process = process;
    this.#send = send;
    const { clock } = process;
    this.#heardMs = clock.monotonicMs();
    this.#stopBeating = clock.every(heartbeatPeriodMs, () => {
      if (!this.#isOpen) return;
      if (clock.monotonicMs() - this.#heardMs > streamSilenceMs) this.shut('the peer is silent');
      else this.#send({ frame: { type: 'heartbeat' } });
    });
  }

  get isOpen(): boolean {
    return this.#isOpen && this.#process.isAlive;
  }

  send(frame: unknown): boolean {
    if (!this.isOpen) return false;
    this.#send({ frame });
    return true;
  }

  /** Closes it, and tells the other end. */
  close(reason: string): void {
    if (!this.#isOpen) return;
    this.#send({ close: reason });
    this.shut(reason);
  }

  onFrame(handler: (frame: unknown) => void): void {
    this.#onFrame = handler;
  }

  onClose(handler: (reason: string) => void): void {
    this.#onClose = handler;
  }

  receive(packet: Packet): void {
    this.#process.after(0, () => {
      if (!this.#isOpen) return;
      this.#heardMs = this.#process.clock.monotonicMs();
      if ('close' in packet) this.shut(packet.close);
      else this.#onFrame(packet.frame);
    });
  }

  /** The stream has ended, as this side sees it. */
  shut(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stopBeating();
    if (this.#process.isAlive) this.#onClose(reason);
  }
}

/** A stream between an agent and a scheduler. */
export class Connection {
  readonly name: string;
  readonly agentEnd: End;
  readonly schedulerEnd: End;
  readonly #world: World;
  readonly #network: Network;
  readonly #traits: NetworkTraits;
  #isBroken = false;
  #onGone: () => void = () => undefined;

  constructor(
    world: World,
    network: Network,
    traits: NetworkTraits,
    [agent, scheduler]: readonly [Side, Side],
  ) {
    this.#world = world;
    this.#network = network;
    this.#traits = traits;
    this.name = `${agent.node} to ${scheduler.node}`;
    const up = this.#pipe(agent, scheduler, () => this.schedulerEnd);
    const down = this.#pipe(scheduler, agent, () => this.agentEnd);
    this.agentEnd = new End(agent.process, up);
    this.schedulerEnd = new End(scheduler.process, down);
    // The kernel of a killed process closes its connections; that of a dead host says nothing.
    agent.process.onDeath(() => up({ close: 'connection reset' }));
    scheduler.process.onDeath(() => down({ close: 'connection reset' }));
  }

  onGone(handler: () => void): void {
    this.#onGone = handler;
  }

  /** Nothing that is on its way arrives; each side finds out for itself. */
  break(): void {
    this.#isBroken = true;
    this.#onGone();
    const { random } = this.#world;
    this.#world.after(random.between(0, 200), () => this.agentEnd.shut('connection lost'));
    this.#world.after(random.between(0, 6_000), () => this.schedulerEnd.shut('connection lost'));
  }

  #pipe(from: Side, to: Side, end: () => End): (packet: Packet) => void {
    const { random } = this.#world;
    const { delayMs, late, doubled, reordered } = this.#traits;
    let freeMs = 0;
    const arrive = (packet: Packet) => {
      if (this.#isBroken) return;
      // A network that lets nothing through loses nothing of a stream: it is sent again.
      if (!this.#network.reaches(from.node, to.node)) {
        this.#world.after(200, () => arrive(packet));
        return;
      }
      end().receive(packet);
      if ('close' in packet) this.#onGone();
    };
    return (packet) => {
      const slow = random.chance(late.probability) ? random.between(0, late.mostMs) : 0;
      const atMs = this.#world.nowMs + random.between(delayMs.least, delayMs.most) / 10 + slow;
      const isAnyOrder = !needsOrder(packet);
      const isReordered = isAnyOrder && random.chance(reordered);
      const arrivesMs = isReordered ? atMs : Math.max(atMs, freeMs);
      if (!isReordered) freeMs = arrivesMs;
      this.#world.after(arrivesMs - this.#world.nowMs, () => arrive(packet));
      if (isAnyOrder && random.chance(doubled)) {
        const againMs = arrivesMs - this.#world.nowMs + random.between(0, 3_000);
        this.#world.after(againMs, () => arrive(packet));
      }
    };
  }
}

/** A scheduler that agents can reach, as long as its process lives. */
export interface Endpoint {
  readonly node: string;
  /** The process that listens there now; null while none does. */
  process(): Process | null;
  accept(stream: AgentStream): void;
}

/** An agent's streams to all schedulers: opened again for ever, with the pauses of the real one. */
export class SimLinks implements Links {
  readonly peers: readonly Peer[];
  readonly #dials: (() => void)[] = [];
  #onOpen: (peer: Peer) => void = () => undefined;
  #onFrame: (frame: SchedulerFrame, peer: Peer) => void = () => undefined;

  constructor(network: Network, process: Process, host: HostName, endpoints: readonly Endpoint[]) {
    this.peers = endpoints.map((endpoint) => {
      let end: End | null = null;
      const peer: Peer = {
        name: endpoint.node,
        send: (frame) => end?.send(frame) ?? false,
        waitingBytes: 0,
      };
      let failures = 0;
      const dial = () => {
        const target = endpoint.process();
        const connection =
          target === null ? null : network.connect(process, host, target, endpoint.node);
        const again = () => {
          end = null;
          process.after(pauseBeforeMs(failures, process.world.random.next()), dial);
          failures += 1;
        };
        if (connection === null) {
          again();
          return;
        }
        failures = 0;
        end = connection.agentEnd;
        end.onFrame((frame) => this.#onFrame(frame as SchedulerFrame, peer));
        end.onClose(again);
        endpoint.accept(streamOf(host, connection.schedulerEnd));
        this.#onOpen(peer);
      };
      this.#dials.push(() => process.after(1, dial));
      return peer;
    });
  }

  /** Begins to connect. */
  start(): void {
    for (const dial of this.#dials) dial();
  }

  onOpen(handler: (peer: Peer) => void): void {
    this.#onOpen = handler;
  }

  onFrame(handler: (frame: SchedulerFrame, peer: Peer) => void): void {
    this.#onFrame = handler;
  }
}

function streamOf(host: HostName, end: End): AgentStream {
  return {
    host,
    send: (frame) => void end.send(frame),
    close: (reason) => end.close(reason),
    onFrame: (handler) => end.onFrame((frame) => handler(frame as AgentFrame)),
    onClose: (handler) => end.onClose(handler),
  };
}
