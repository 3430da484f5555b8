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
import type { Identity } from './identity.ts';
import { type Endpoint, refusalOf } from './join.ts';
import type { Peer } from './links.ts';

const pauseMs = { first: 100, most: 5_000 };
/** A scheduler that takes nothing while so much waits for it is as good as gone. */
const backlogBytesMax = 64 * 1024 * 1024;

export interface SchedulerLinkOptions {
  readonly server: Endpoint;
  /** Asked before each connection, so that a renewed certificate is used from then on. */
  readonly identity: () => Identity;
  readonly clock: Clock;
  /** Uniform over [0, 1): agents that lost their scheduler together do not come back together. */
  readonly random: () => number;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/**
 * How long to wait before the next connection: doubled with each failure up to 5 s, the upper half
 * of it at random.
 *
 * @param failures connections in a row that did not last
 * @param random from [0, 1)
 */
export function pauseBeforeMs(failures: number, random: number): number {
  const limitMs = Math.min(pauseMs.first * 2 ** failures, pauseMs.most);
  return limitMs / 2 + (random * limitMs) / 2;
}

/** The agent's outbound stream to one scheduler, opened again for ever. */
export class SchedulerLink implements Peer {
  readonly name: string;
  readonly #options: SchedulerLinkOptions;
  readonly #stopped = new AbortController();
  #isStarted = false;
  #socket: WebSocket | null = null;
  #onFrame: (frame: SchedulerFrame) => void = () => undefined;
  #onOpen: () => void = () => undefined;
  #onClose: (reason: string) => void = () => undefined;

  constructor(options: SchedulerLinkOptions) {
    this.#options = options;
    this.name = `${options.server.host}:${options.server.port}`;
  }

  /** Begins to connect. Once only; a second call does nothing. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#keepConnected();
  }

  /** For good. */
  stop(): void {
    this.#stopped.abort();
    this.#socket?.terminate();
  }

  get connected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  get waitingBytes(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** @returns false where nobody is connected or takes it: the frame is not kept */
  send(frame: AgentFrame): boolean {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return false;
    if (socket.bufferedAmount > backlogBytesMax) {
      this.#options.log('the scheduler takes nothing', { waitingBytes: socket.bufferedAmount });
      socket.terminate();
      return false;
    }
    socket.send(JSON.stringify(frame));
    return true;
  }

  onFrame(handler: (frame: SchedulerFrame) => void): void {
    this.#onFrame = handler;
  }

  onOpen(handler: () => void): void {
    this.#onOpen = handler;
  }

  /** Called with the reason after each stream that was open. */
  onClose(handler: (reason: string) => void): void {
    this.#onClose = handler;
  }

  async #keepConnected(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#stopped;
    let failures = 0;
    while (!signal.aborted) {
      const openMs = await this.#stream();
      // Opening is no success yet: a scheduler that refuses us after hello would be asked at once.
      if (openMs > pauseMs.most) failures = 0;
      await clock.sleep(pauseBeforeMs(failures, random()), signal).catch(() => undefined);
      failures += 1;
    }
  }

  /** @returns how long the stream was open, milliseconds; 0 where it never was */
  #stream(): Promise<number> {
    const { server, clock, log } = this.#options;
    let heardMs = clock.monotonicMs();
    let openedMs: number | null = null;
    let reason: string | null = null;
    const { ca, certificate, key } = this.#options.identity();
    const socket = new WebSocket(`wss://${bracketed(server.host)}:${server.port}/stream`, {
      ca,
      cert: certificate,
      key,
      minVersion: 'TLSv1.3',
      perMessageDeflate: false,
      maxPayload: frameBytesMax,
    });
    this.#socket = socket;
    const end = (why: string) => {
      reason ??= why;
      socket.terminate();
    };
    const stopBeating = clock.every(heartbeatPeriodMs, () => {
      // Counts from the start: a server that never finishes the handshake is silent as well.
      if (clock.monotonicMs() - heardMs > streamSilenceMs) end('the scheduler is silent');
      else this.send({ type: 'heartbeat' });
    });
    socket.on('open', () => {
      openedMs = heardMs = clock.monotonicMs();
      log('connected to the scheduler', { server: this.name });
      this.#onOpen();
    });
    socket.on('message', (data, isBinary) => {
      if (reason !== null) return;
      heardMs = clock.monotonicMs();
      let frame: SchedulerFrame;
      try {
        if (isBinary) throw new Error('binary, where text is spoken');
        frame = schedulerFrame.parse(JSON.parse((data as Buffer).toString('utf8')));
      } catch (error) {
        end(`a frame cannot be read: ${(error as Error).message}`);
        return;
      }
      try {
        this.#onFrame(frame);
      } catch (error) {
        end(`handling a ${frame.type} frame failed: ${(error as Error).message}`);
      }
    });
    // Not let in: the answer says why, and that is what belongs in this host's log.
    socket.on('unexpected-response', (_request, response) => {
      void refusalOf(response).then(({ message, next }) => end(`${message}. ${next}`));
    });
    socket.on('error', (error) => {
      reason ??= error.message;
    });
    return new Promise((resolve) => {
      socket.on('close', (code, text) => {
        stopBeating();
        const said = text.toString('utf8');
        const why = said === '' ? (reason ?? 'connection lost') : said;
        log('not connected to the scheduler', { server: this.name, code, reason: why });
        resolve(openedMs === null ? 0 : clock.monotonicMs() - openedMs);
        if (openedMs !== null) this.#onClose(why);
      });
    });
  }
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
