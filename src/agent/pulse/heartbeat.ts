// The question to an agent's main loop, and its answer, in one UDP datagram each. The answer is bound
// to the question's nonce: an old one proves nothing, and neither end keeps a counter.

import { createHmac, timingSafeEqual } from 'node:crypto';

/** UDP port on which every agent answers. */
export const heartbeatPort = 7_946;

const magic = 0x4248_4231;
const nonceAt = 8;
const nonceBytes = 16;
const awayAt = nonceAt + nonceBytes;
const macAt = awayAt + 4;
const macBytes = 32;
const datagramBytes = macAt + macBytes;

type Kind = 'ask' | 'answer';
const kinds: Readonly<Record<Kind, number>> = { ask: 1, answer: 2 };

/**
 * @param nonce 16 bytes, never used before
 * @param awayMs how long its agent will be away now, in an answer; else 0
 */
export function encodeHeartbeat(
  kind: Kind,
  nonce: Uint8Array,
  awayMs: number,
  key: Uint8Array,
): Buffer {
  const bytes = Buffer.alloc(datagramBytes);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt32BE(kinds[kind], 4);
  bytes.set(nonce, nonceAt);
  bytes.writeUInt32BE(awayMs, awayAt);
  bytes.set(macOf(bytes, key), macAt);
  return bytes;
}

/** What a datagram says that whoever holds `key` made; null for any other. */
export function decodeHeartbeat(
  kind: Kind,
  bytes: Buffer,
  key: Uint8Array,
): { readonly nonce: Buffer; readonly awayMs: number } | null {
  if (bytes.length !== datagramBytes || bytes.readUInt32BE(0) !== magic) return null;
  if (bytes.readUInt32BE(4) !== kinds[kind]) return null;
  if (!timingSafeEqual(bytes.subarray(macAt), macOf(bytes, key))) return null;
  return { nonce: bytes.subarray(nonceAt, awayAt), awayMs: bytes.readUInt32BE(awayAt) };
}

/**
 * What to answer a datagram with; null where whoever sent it is none of those whose keys are given.
 * Then it is left unanswered, so that nobody learns who holds which key.
 */
export function answerHeartbeat(
  bytes: Buffer,
  keys: readonly Uint8Array[],
  awayMs: number,
): Buffer | null {
  for (const key of keys) {
    const asked = decodeHeartbeat('ask', bytes, key);
    if (asked !== null) return encodeHeartbeat('answer', asked.nonce, awayMs, key);
  }
  return null;
}

function macOf(bytes: Buffer, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(bytes.subarray(0, macAt)).digest();
}
