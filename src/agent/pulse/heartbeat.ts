// The question to an agent's main loop, and its answer, in one UDP datagram each. The answer is bound
// to the question's nonce: an old one proves nothing, and neither end keeps a counter.

import { createHmac, timingSafeEqual } from 'node:crypto';

const magic = 0x4248_4231;
const nonceAt = 8;
const nonceBytes = 16;
const macAt = nonceAt + nonceBytes;
const macBytes = 32;
const datagramBytes = macAt + macBytes;

type Kind = 'ask' | 'answer';
const kinds: Readonly<Record<Kind, number>> = { ask: 1, answer: 2 };

/** `nonce`: 16 bytes, never used before. */
export function encodeHeartbeat(kind: Kind, nonce: Uint8Array, key: Uint8Array): Buffer {
  const bytes = Buffer.alloc(datagramBytes);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt32BE(kinds[kind], 4);
  bytes.set(nonce, nonceAt);
  bytes.set(macOf(bytes, key), macAt);
  return bytes;
}

/** The nonce of a datagram that whoever holds `key` made; null for any other. */
export function decodeHeartbeat(kind: Kind, bytes: Buffer, key: Uint8Array): Buffer | null {
  if (bytes.length !== datagramBytes || bytes.readUInt32BE(0) !== magic) return null;
  if (bytes.readUInt32BE(4) !== kinds[kind]) return null;
  if (!timingSafeEqual(bytes.subarray(macAt), macOf(bytes, key))) return null;
  return bytes.subarray(nonceAt, macAt);
}

function macOf(bytes: Buffer, key: Uint8Array): Buffer {
  return createHmac('sha256', key).update(bytes.subarray(0, macAt)).digest();
}
