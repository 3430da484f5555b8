import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import {
  type AgentFrame,
  agentFrame,
  frameBytesMax,
  heartbeatPeriodMs,
  type SchedulerFrame,
  streamSilenceMs,
} from '../protocol/frames.ts';
import { takesInstanceLogs } from '../protocol/instance-log-frames.ts';
import { takesKernel } from '../protocol/kernel-frames.ts';
import type { AgentStream } from './agent-stream.ts';

/** An agent that takes nothing while so much waits for it is as good as gone. */
const backlogBytesMax = 64 * 1024 * 1024;
/** Close code 1008, policy violation (RFC 6455 7.4.1). */
const violation = 1008;
/** A control frame carries 125 bytes, two of them the code (RFC 6455 5.5). */
const reasonBytesMax = 123;

/** One WebSocket as a stream of checked frames, of the host that its certificate names. */
export class SocketStream implements AgentStream {
  readonly host: HostName;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  #heardMs: number;
  #onFrame: (frame: AgentFrame) => void = () => undefined;
  #closeReason: string | null = null;

  constructor(host: HostName, socket: WebSocket, clock: Clock) {
    this.host = host;
    this.#socket = socket;
    this.#clock = clock;
    this.#heardMs = clock.monotonicMs();
    const stopBeating = clock.every(heartbeatPeriodMs, () => this.#beat());
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on('error', (error) => {
      this.#closeReason ??= error.message;
    });
    socket.on('close', stopBeating);
  }

  send(frame: SchedulerFrame): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const text = JSON.stringify(frame);
    const bytes = Buffer.byteLength(text);
    // The agent would drop the stream, connect again, and be sent the same again.
    if (bytes > frameBytesMax) throw tooLarge(this.host, frame.type, bytes);
    this.#socket.send(text);
    if (this.#socket.bufferedAmount > backlogBytesMax) this.#end('the agent takes nothing');
  }

  close(reason: string): void {
    this.#closeReason ??= reason;
    this.#socket.close(violation, shortened(reason));
  }

  /** Ends it without a word more, in either direction. */
  cut(reason: string): void {
    this.#end(reason);
  }

  onFrame(handler: (frame: AgentFrame) => void): void {
    this.#onFrame = handler;
  }

  onClose(handler: (reason: string) => void): void {
    this.#socket.on('close', () => handler(this.#closeReason ?? 'connection lost'));
  }

  #receive(data: Buffer, isBinary: boolean): void {
    // What still arrives while the stream is being closed counts for nothing, nor as life.
    if (this.#closeReason !== null) return;
    this.#heardMs = this.#clock.monotonicMs();
    let frame: AgentFrame;
    try {
      if (isBinary) throw new Error('binary, where text is spoken');
      frame = agentFrame.parse(JSON.parse(data.toString('utf8')));
    } catch (error) {
      this.close(`a frame cannot be read: ${faultOf(error as Error)}`);
      return;
    }
    this.#onFrame(frame);
  }

  #beat(): void {
    const silentMs = this.#clock.monotonicMs() - this.#heardMs;
    if (silentMs > streamSilenceMs) this.#end(`nothing heard for ${Math.round(silentMs)} ms`);
    else this.send({ type: 'heartbeat', takes: [takesKernel, takesInstanceLogs] });
  }

  #end(reason: string): void {
    this.#closeReason ??= reason;
    this.#socket.terminate();
  }
}

function tooLarge(host: HostName, what: SchedulerFrame['type'], bytes: number): BridgeheadError {
  const mib = (size: number) => `${(size / 1024 ** 2).toFixed(1)} MiB`;
  return new BridgeheadError(
    'NO_CAPACITY',
    `host ${host} cannot be sent "${what}": it is ${mib(bytes)}, and an agent takes ${mib(frameBytesMax)} at most`,
    `Migrate instances away from ${host}, or make their configurations smaller.`,
  );
}

// One line for the agent's log: where in the frame, and what.
function faultOf(error: Error): string {
  if (!(error instanceof z.ZodError)) return error.message;
  const [issue] = error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  return `${path === '' ? 'frame' : path}: ${issue?.message ?? 'wrong form'}`;
}

// At a character's edge: a part of one would be refused as broken UTF-8.
function shortened(reason: string): string {
  let bytes = 0;
  let kept = '';
  for (const character of reason) {
    bytes += Buffer.byteLength(character);
    if (bytes > reasonBytesMax) break;
    kept += character;
  }
  return kept;
}
