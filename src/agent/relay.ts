import type { Clock } from '../domain/clock.ts';
import {
  type RelayPiece,
  type RelayWritten,
  relayPieceBytesMax,
} from '../protocol/relay-frames.ts';
import type { PeerConnection } from './machine.ts';
import {
  greetingLength,
  greetingTaken,
  heartbeat,
  lessonConfirmation,
  lessonRequest,
  type Message,
  MessageCutter,
} from './peers-protocol.ts';

/** Silence of the scheduler after which a relay ends: whoever carried it is gone. */
const idleMs = 10_000;
const heartbeatMs = 2_000;
/** What is kept of a source before its HAProxy has to wait: two pieces. */
const keptBytesMax = 2 * relayPieceBytesMax;

/**
 * One end of the way that stick tables take to another host: this host's HAProxy, which takes us
 * for a peer. What it says is taken from a source in whole messages; a target is given them as
 * they are, and what it says goes no further. Nothing that HAProxy must not see in between, such
 * as our heartbeats, ever stands inside a message.
 */
export class Relay {
  readonly #connection: PeerConnection;
  readonly #clock: Clock;
  readonly #given = new MessageCutter();
  readonly #stopBeats: () => void;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #isTaught = false;
  #isLessonGiven = false;
  #isLearned = false;
  #isClosed = false;
  #askedMs: number;
  /** Something has changed that a waiting request waits for. */
  #news = Promise.withResolvers<void>();

  private constructor(connection: PeerConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    this.#askedMs = clock.monotonicMs();
    this.#stopBeats = clock.every(heartbeatMs, () => this.#beat());
  }

  /**
   * Shakes hands with the HAProxy at the other end, and asks a source for all that it has.
   *
   * @throws Error where it says something else, or nothing within `waitMs`; the connection is closed
   */
  static async open(
    connection: PeerConnection,
    end: 'source' | 'target',
    waitMs: number,
    clock: Clock,
  ): Promise<Relay> {
    const over = new AbortController();
    clock.sleep(waitMs, over.signal).then(
      () => connection.close(),
      () => undefined,
    );
    try {
      const rest = await readGreeting(connection);
      await connection.write(greetingTaken);
      if (end === 'source') await connection.write(lessonRequest);
      const relay = new Relay(connection, clock);
      void relay.#listen(end, rest);
      return relay;
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      over.abort();
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * The next piece of what a source says; waits, at most `waitMs`, while there is none.
   *
   * @throws Error where the relay has ended and all has been taken
   */
  async read(waitMs: number): Promise<RelayPiece> {
    await this.#until(() => this.#keptBytes > 0, waitMs);
    if (this.#keptBytes === 0 && this.#isClosed) throw ended();
    const taken: Buffer[] = [];
    let bytes = 0;
    for (const message of this.#kept) {
      if (bytes + message.length > relayPieceBytesMax) break;
      taken.push(message);
      bytes += message.length;
    }
    this.#kept = this.#kept.slice(taken.length);
    this.#keptBytes -= bytes;
    this.#tell();
    const isTaught = this.#isTaught && this.#keptBytes === 0;
    return { data: Buffer.concat(taken).toString('base64'), isTaught };
  }

  /**
   * Gives a target a piece; once the lesson has ended, waits, at most `waitMs`, until it is learned.
   *
   * @throws Error for a piece that ends inside a message, and where the relay has ended
   */
  async write(data: string, waitMs: number): Promise<RelayWritten> {
    this.#askedMs = this.#clock.monotonicMs();
    if (this.#isClosed) throw ended();
    const bytes = Buffer.from(data, 'base64');
    const messages = this.#given.push(bytes);
    if (!this.#given.isAtBoundary) {
      this.close();
      throw new Error('a piece that ends inside a message');
    }
    if (messages.some(({ kind }) => kind === 'lesson-end')) this.#isLessonGiven = true;
    if (bytes.length > 0) await this.#connection.write(bytes);
    if (this.#isLessonGiven) await this.#until(() => this.#isLearned, waitMs);
    return { isLearned: this.#isLearned };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopBeats();
    this.#connection.close();
    this.#tell();
  }

  async #listen(end: 'source' | 'target', first: Buffer): Promise<void> {
    const heard = new MessageCutter();
    try {
      let bytes: Uint8Array | null = first;
      while (bytes !== null && !this.#isClosed) {
        for (const message of heard.push(bytes)) await this.#take(end, message);
        while (this.#keptBytes >= keptBytesMax && !this.#isClosed) await this.#news.promise;
        bytes = await this.#connection.read();
      }
    } catch {
      // What is no message, or a HAProxy that has gone: the next request is told that it ended.
    } finally {
      this.close();
    }
  }

  async #take(end: 'source' | 'target', { kind, bytes }: Message): Promise<void> {
    if (end === 'target') {
      if (kind !== 'lesson-confirmation') return;
      this.#isLearned = true;
      this.#tell();
      return;
    }
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    if (kind === 'lesson-end') {
      this.#isTaught = true;
      // It sends no later changes before it has this.
      await this.#connection.write(lessonConfirmation);
    }
    this.#tell();
  }

  #beat(): void {
    if (this.#clock.monotonicMs() - this.#askedMs > idleMs) this.close();
    else this.#connection.write(heartbeat).catch(() => this.close());
  }

  /** Waits until the condition holds or the relay has closed, at most `waitMs`. */
  async #until(condition: () => boolean, waitMs: number): Promise<void> {
    this.#askedMs = this.#clock.monotonicMs();
    if (condition() || waitMs === 0) return;
    const over = new AbortController();
    const late = this.#clock.sleep(waitMs, over.signal).then(
      () => true,
      () => true,
    );
    while (!condition() && !this.#isClosed) {
      const isLate = await Promise.race([this.#news.promise.then(() => false), late]);
      if (isLate) break;
    }
    over.abort();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers<void>();
  }
}

async function readGreeting(connection: PeerConnection): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const length = greetingLength(bytes);
    if (length !== null) return bytes.subarray(length);
    const more = await connection.read();
    if (more === null) throw new Error('HAProxy ended the connection before it said who it is');
    bytes = Buffer.concat([bytes, more]);
  }
}

function ended(): Error {
  return new Error('the relay has ended: HAProxy closed its connection, or nobody asked for long');
}
