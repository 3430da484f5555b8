import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { answerHeartbeat } from './heartbeat.ts';

/**
 * Answers heartbeats from the main loop, on purpose: an agent that is stopped, or whose loop hangs,
 * answers none.
 */
export class HeartbeatResponder implements AsyncDisposable {
  readonly #socket: Socket;
  #keys: readonly Uint8Array[] = [];
  #awayMs = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, from) => {
      const answer = answerHeartbeat(bytes, this.#keys, this.#awayMs);
      if (answer !== null) socket.send(answer, from.port, from.address, () => {});
    });
    // A datagram's ICMP error is the asker's trouble: it will see the silence.
    socket.on('error', () => {});
  }

  /** @param port 0 for any that is free. @throws Error where the port is taken */
  static async open(port: number): Promise<HeartbeatResponder> {
    const socket = createSocket('udp4');
    const listening = once(socket, 'listening');
    socket.bind(port);
    await listening;
    return new HeartbeatResponder(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** From now on every answer says that this agent will be away for so long. */
  leaveFor(ms: number): void {
    this.#awayMs = ms;
  }

  /** Keys of this host's witnesses. */
  accept(keys: readonly Uint8Array[]): void {
    this.#keys = keys;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
