// HAProxy's peers protocol, version 2, as far as a relay of its messages has to know it: described
// in doc/peers-v2.0.txt of HAProxy's sources, and tried with 2.6.12.

/** The answer to a greeting that is taken (status 200: "handshake succeeded"). */
export const greetingTaken = Buffer.from('200\n');
/** Asks HAProxy to teach all that is in its tables, whomever it was learned from. */
export const lessonRequest = Buffer.from([0, 0]);
/** Tells HAProxy that its lesson has been learned. */
export const lessonConfirmation = Buffer.from([0, 3]);
/** Says that the peer is there: HAProxy drops one that says nothing for 5 seconds. */
export const heartbeat = Buffer.from([0, 4]);

/** What a message means to the relay. */
export type MessageKind = 'lesson-end' | 'lesson-confirmation' | 'other';

/** A whole message, with its header. */
export interface Message {
  readonly kind: MessageKind;
  readonly bytes: Buffer;
}

const greetingBytesMax = 1_024;
/** Longest message; HAProxy's own are no longer than its buffer of 16 KiB (tune.bufsize). */
const messageBytesMax = 128 * 1_024;
const controlClass = 0;
const shortTypesEnd = 128;

/**
 * Length of the greeting that HAProxy begins with, three lines: protocol and version, the peer that
 * it takes us for, its own name; null while it is not all there.
 *
 * @throws Error for what is no greeting of version 2
 */
export function greetingLength(bytes: Buffer): number | null {
  let end = 0;
  for (let line = 0; line < 3; line += 1) {
    const next = bytes.indexOf(0x0a, end);
    if (next < 0) {
      if (bytes.length > greetingBytesMax) throw new Error('a greeting without an end');
      return null;
    }
    end = next + 1;
  }
  const first = bytes.subarray(0, bytes.indexOf(0x0a)).toString('latin1');
  if (!/^HAProxyS 2\.\d+$/.test(first)) throw new Error(`not a greeting of a peer: ${first}`);
  return end;
}

/** Cuts a stream into messages. */
export class MessageCutter {
  #rest: Buffer = Buffer.alloc(0);

  /** True where the last bytes were the end of a message. */
  get isAtBoundary(): boolean {
    return this.#rest.length === 0;
  }

  /** The messages that are whole with these bytes. @throws Error for one that is too long */
  push(bytes: Uint8Array): readonly Message[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const messages: Message[] = [];
    let at = 0;
    for (;;) {
      const length = messageLength(this.#rest, at);
      if (length === null || at + length > this.#rest.length) break;
      const whole = this.#rest.subarray(at, at + length);
      messages.push({ kind: kindOf(whole), bytes: whole });
      at += length;
    }
    this.#rest = this.#rest.subarray(at);
    return messages;
  }
}

function kindOf(message: Buffer): MessageKind {
  if (message[0] !== controlClass) return 'other';
  // 1: finished; 2: partial, from one that may not have everything itself.
  if (message[1] === 1 || message[1] === 2) return 'lesson-end';
  return message[1] === 3 ? 'lesson-confirmation' : 'other';
}

/** Length of the message at `at`, header included; null while that much of it is not there. */
function messageLength(bytes: Buffer, at: number): number | null {
  const type = bytes[at + 1];
  if (type === undefined) return null;
  if (type < shortTypesEnd) return 2;
  let position = at + 2;
  let next = bytes[position];
  if (next === undefined) return null;
  let length = next;
  // The protocol's own integers: 4 bits of the first byte, then 7 of each, added up.
  for (let shift = 4; length >= 240 && (shift === 4 || next >= 128); shift += 7) {
    position += 1;
    next = bytes[position];
    if (next === undefined) return null;
    length += next * 2 ** shift;
    if (length > messageBytesMax) throw new Error(`a message of ${length} bytes`);
  }
  return position + 1 - at + length;
}
