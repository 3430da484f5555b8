import { WebSocket } from 'ws';
import type { Clock } from '../domain/clock.ts';
import {
  type AgentFrame,
  frameBytesMax,
  heartbeatPeriodMs,
  type SchedulerFrame,
  schedulerFrame,
  streamSilenceMs,
} from '../protocol/frames.ts';
import type { Link } from './agent.ts';
import type { Identity } from './identity.ts';
import type { Endpoint } from './join.ts';

const pauseMs = { first: 100, most: 5_000 };

export interface SchedulerLinkOptions {
  /** Tried in turn; at least one. */
  readonly servers: readonly Endpoint[];
  /** Asked before each connection, so that a renewed certificate is used from then on. */
  readonly identity: () => Identity;
  readonly clock: Clock;
  /** Uniform over [0, 1): agents that lost their scheduler together do not come back together. */
  readonly random: () => number;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** The agent's one outbound stream, opened again for ever. */
export class SchedulerLink implements Link {
  readonly #options: SchedulerLinkOptions;
  #socket: WebSocket | null = null;
  #onFrame: (frame: SchedulerFrame) => void = () => undefined;
  #onOpen: () => void = () => undefined;
  #attempt = 0;
  #isStopped = false;

  constructor(options: SchedulerLinkOptions) {
    this.#options = options;
  }

  /** Begins to connect. */
  start(): void {
    this.#connect();
  }

  stop(): void {
    this.#isStopped = true;
    this.#socket?.terminate();
  }

  /** @returns false where nobody is connected: the frame is not kept */
  send(frame: AgentFrame): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  onFrame(handler: (frame: SchedulerFrame) => void): void {
    this.#onFrame = handler;
  }

  onOpen(handler: () => void): void {
    this.#onOpen = handler;
  }

  #connect(): void {
    const { servers, clock, log } = this.#options;
    const server = servers[this.#attempt % servers.length];
    if (server === undefined) throw new Error('a link without a server');
    const { ca, certificate, key } = this.#options.identity();
    const socket = new WebSocket(`wss://${bracketed(server.host)}:${server.port}/stream`, {
      ca,
      cert: certificate,
      key,
      minVersion: 'TLSv1.3',
      perMessageDeflate: false,
      maxPayload: frameBytesMax,
      handshakeTimeout: streamSilenceMs,
    });
    this.#socket = socket;
    let heardMs = clock.monotonicMs();
    let reason = 'connection lost';
    const stopBeating = clock.every(heartbeatPeriodMs, () => {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (clock.monotonicMs() - heardMs > streamSilenceMs) {
        reason = 'the scheduler is silent';
        socket.terminate();
      } else {
        this.send({ type: 'heartbeat' });
      }
    });
    socket.on('open', () => {
      this.#attempt = 0;
      log('connected to the scheduler', { server: `${server.host}:${server.port}` });
      this.#onOpen();
    });
    socket.on('message', (data) => {
      heardMs = clock.monotonicMs();
      try {
        this.#onFrame(schedulerFrame.parse(JSON.parse((data as Buffer).toString('utf8'))));
      } catch (error) {
        reason = `a frame cannot be read: ${(error as Error).message}`;
        socket.terminate();
      }
    });
    socket.on('error', (error) => {
      reason = error.message;
    });
    socket.on('close', (code, text) => {
      stopBeating();
      const said = text.toString('utf8');
      log('not connected to the scheduler', { code, reason: said === '' ? reason : said });
      void this.#again();
    });
  }

  async #again(): Promise<void> {
    const { clock, random } = this.#options;
    const limitMs = Math.min(pauseMs.first * 2 ** this.#attempt, pauseMs.most);
    this.#attempt += 1;
    await clock.sleep(limitMs / 2 + (random() * limitMs) / 2);
    if (!this.#isStopped) this.#connect();
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
