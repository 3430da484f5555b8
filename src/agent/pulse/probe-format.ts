// An ICMP echo request (RFC 792) that the probed host's kernel answers by itself, with a payload that
// its packet filter can tell from any other. Offsets in `lease-rules.ts` follow from this layout:
// 8 bytes ICMP header, 3 bytes "BHP" and version with flags in the fourth, 16 token, 8 nonce.

import { internetChecksum } from '../wire/checksum.ts';

const echoRequest = 8;
const echoReply = 0;
const headerBytes = 8;
const tokenBytes = 16;
const nonceBytes = 8;
const probeBytes = headerBytes + 4 + tokenBytes + nonceBytes;

/** First word of the payload: "BHP", version 1 in the high half-byte, then the flags. */
export const grantWord = 0x4248_5011;
export const plainWord = 0x4248_5010;
/** A grant for long, from a witness that will be away for a moment. */
export const longGrantWord = 0x4248_5012;

const words = { plain: plainWord, grant: grantWord, long: longGrantWord } as const;

export interface Probe {
  readonly identifier: number;
  /** 0 to 65535. */
  readonly sequence: number;
  readonly token: Uint8Array;
  /** 8 bytes nobody could have guessed: an answer with them belongs to this probe. */
  readonly nonce: Uint8Array;
  readonly kind: keyof typeof words;
}

export function encodeProbe(probe: Probe): Buffer {
  const bytes = Buffer.alloc(probeBytes);
  bytes[0] = echoRequest;
  bytes.writeUInt16BE(probe.identifier, 4);
  bytes.writeUInt16BE(probe.sequence, 6);
  bytes.writeUInt32BE(words[probe.kind], headerBytes);
  bytes.set(probe.token, headerBytes + 4);
  bytes.set(probe.nonce, headerBytes + 4 + tokenBytes);
  bytes.writeUInt16BE(internetChecksum(bytes), 2);
  return bytes;
}

/**
 * What an IPv4 packet, as a raw socket gives it, answers; null where it is no answer to a probe of
 * ours. The kernel has checked both checksums. The nonce is a view into the packet.
 */
export function decodeAnswer(
  packet: Buffer,
  identifier: number,
): { readonly sequence: number; readonly nonce: Buffer } | null {
  if (packet.length < 20) return null;
  const icmp = packet.subarray(((packet[0] ?? 0) & 0x0f) * 4);
  if (icmp.length !== probeBytes || icmp[0] !== echoReply) return null;
  if (icmp.readUInt16BE(4) !== identifier) return null;
  const word = icmp.readUInt32BE(headerBytes);
  if (word !== grantWord && word !== plainWord && word !== longGrantWord) return null;
  return { sequence: icmp.readUInt16BE(6), nonce: icmp.subarray(headerBytes + 4 + tokenBytes) };
}
