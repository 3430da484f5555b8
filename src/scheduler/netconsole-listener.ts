import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { lastWordsIn } from '../crash/last-words.ts';
import type { Clock } from '../domain/clock.ts';
import { type Heard, Netconsole } from '../logs/netconsole.ts';

/** More than any message of netconsole: MAX_PRINT_CHUNK in drivers/net/netconsole.c is 1,000. */
const messageBytesMax = 2_048;
/** How late at most what has waited for long enough is given. */
const lookPeriodMs = 100;

export interface NetconsoleListenerParts {
  readonly clock: Clock;
  /** A kernel panic was read in a message. @param address its sender's, which anybody can forge */
  readonly onLastWords: (address: string, words: string) => void;
  /** What kernels said, put together and in order, and what is lost of it. */
  readonly onHeard: (heard: Heard) => void;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** Hears the kernels of hosts by UDP (netconsole), the last words of a dying one before all else. */
export class NetconsoleListener {
  readonly #parts: NetconsoleListenerParts;
  readonly #console = new Netconsole();
  #socket: Socket | null = null;
  #stop = () => undefined as void;

  constructor(parts: NetconsoleListenerParts) {
    this.#parts = parts;
  }

  /** @throws Error with the system's code where the port is taken, say */
  async listen(host: string, port: number): Promise<void> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.on('message', (bytes, from) => this.#hear(bytes, from));
    socket.bind(port, host);
    await once(socket, 'listening');
    socket.on('error', (error) => this.#parts.log('netconsole', { error: String(error) }));
    const { clock } = this.#parts;
    this.#stop = clock.every(lookPeriodMs, () =>
      this.#give(this.#console.due(clock.monotonicMs())),
    );
  }

  /** The port it is bound to. */
  get port(): number {
    return this.#socket?.address().port ?? 0;
  }

  /** Gives what still waits for something. */
  close(): void {
    this.#stop();
    this.#socket?.close();
    this.#socket = null;
    this.#give(this.#console.flush());
  }

  #hear(bytes: Buffer, { address }: RemoteInfo): void {
    const message = bytes.subarray(0, messageBytesMax);
    const from = address.replace(/^::ffff:/, '');
    const words = lastWordsIn(message.toString('latin1'));
    if (words !== null) this.#parts.onLastWords(from, words);
    this.#give(this.#console.push(message, from, this.#parts.clock.monotonicMs()));
  }

  #give(all: readonly Heard[]): void {
    for (const heard of all) this.#parts.onHeard(heard);
  }
}
