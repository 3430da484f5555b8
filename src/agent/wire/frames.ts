// Ethernet frames that speak for an address, built and read byte by byte.

import { addressNumber, canonicalAddress, familyOf } from '../../domain/address.ts';
import { internetChecksum } from './checksum.ts';

/** EtherTypes (IEEE 802 numbers): ARP and IPv6. */
export const etherTypeArp = 0x0806;
export const etherTypeIpv6 = 0x86dd;

const broadcastMac = 'ff:ff:ff:ff:ff:ff';
const zeroMac = '00:00:00:00:00:00';
const arpRequest = 1;
const arpReply = 2;
const icmpv6 = 58;
const neighbourSolicitation = 135;
const neighbourAdvertisement = 136;
const allNodes = 'ff02::1';
/** Override flag of a neighbour advertisement: replace what the cache holds (RFC 4861 4.4). */
const overrideFlag = 0x2000_0000;
/** Shortest frame without its checksum (IEEE 802.3): shorter ones are padded. */
const frameBytesMin = 60;

/**
 * The frames that make every neighbour learn that `address` is at `mac`: for IPv4 a gratuitous ARP
 * as a request and as a reply (some stacks and switches heed only one of them), and a request to
 * the gateway in the address's name; for IPv6 an unsolicited neighbour advertisement.
 */
export function announcement(
  address: string,
  mac: string,
  gateway: string | null,
): readonly Uint8Array[] {
  if (familyOf(address) === 6) return [advertisement(address, mac)];
  const gratuitous = [
    arp({ op: arpRequest, senderMac: mac, sender: address, targetMac: zeroMac, target: address }),
    arp({ op: arpReply, senderMac: mac, sender: address, targetMac: mac, target: address }),
  ];
  if (gateway === null) return gratuitous;
  const directed = { op: arpRequest, senderMac: mac, sender: address, targetMac: zeroMac };
  return [...gratuitous, arp({ ...directed, target: gateway })];
}

/**
 * The question "does anybody hold this address?", asked without claiming it: an ARP probe
 * (RFC 5227 1.1) or a neighbour solicitation from the unspecified address (RFC 4862 5.4.2).
 */
export function duplicateQuestion(address: string, mac: string): Uint8Array {
  return familyOf(address) === 6
    ? solicitation(address, mac, '::')
    : arp({
        op: arpRequest,
        senderMac: mac,
        sender: '0.0.0.0',
        targetMac: zeroMac,
        target: address,
      });
}

/** The question "who has this address?" in the name of `own`, of the same family. */
export function resolveQuestion(address: string, mac: string, own: string): Uint8Array {
  return familyOf(address) === 6
    ? solicitation(address, mac, own)
    : arp({ op: arpRequest, senderMac: mac, sender: own, targetMac: zeroMac, target: address });
}

/**
 * MAC of whoever says in this frame that it holds `address`, or null where the frame says nothing
 * of the kind. A probe by somebody else for the same address counts too: two are about to take it.
 */
export function claimant(frame: Uint8Array, address: string, ownMac: string): string | null {
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const mac = familyOf(address) === 6 ? claimantIpv6(view, address) : claimantArp(view, address);
  return mac === ownMac ? null : mac;
}

/** Who speaks in this ARP frame, and in the name of which address; null where it is none, or a probe. */
export function arpSpeaker(
  bytes: Uint8Array,
): { readonly mac: string; readonly address: string } | null {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (frame.length < 42 || frame.readUInt16BE(12) !== etherTypeArp) return null;
  const sender = frame.subarray(28, 32);
  if (sender.every((byte) => byte === 0)) return null;
  return { mac: macText(frame.subarray(22, 28)), address: [...sender].join('.') };
}

/** Who says in this frame that it holds which IPv6 address; null where it says nothing of the kind. */
export function advertiser(
  bytes: Uint8Array,
): { readonly mac: string; readonly address: string } | null {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isNeighbour = frame.length >= 78 && frame.readUInt16BE(12) === etherTypeIpv6;
  if (!isNeighbour || frame[20] !== icmpv6 || frame[54] !== neighbourAdvertisement) return null;
  const groups = frame.subarray(62, 78).toString('hex').match(/.{4}/g) ?? [];
  const address = canonicalAddress(groups.join(':'));
  return address === null ? null : { mac: macText(frame.subarray(6, 12)), address };
}

function claimantArp(frame: Buffer, address: string): string | null {
  if (frame.length < 42 || frame.readUInt16BE(12) !== etherTypeArp) return null;
  const wanted = addressBytes(address);
  const sender = frame.subarray(28, 32);
  const target = frame.subarray(38, 42);
  const isProbe = sender.every((byte) => byte === 0) && target.equals(wanted);
  return sender.equals(wanted) || isProbe ? macText(frame.subarray(22, 28)) : null;
}

function claimantIpv6(frame: Buffer, address: string): string | null {
  const isNeighbour = frame.length >= 78 && frame.readUInt16BE(12) === etherTypeIpv6;
  if (!isNeighbour || frame[20] !== icmpv6) return null;
  const type = frame[54];
  if (!frame.subarray(62, 78).equals(addressBytes(address))) return null;
  const isFromNobody = frame.subarray(22, 38).every((byte) => byte === 0);
  const claims =
    type === neighbourAdvertisement || (type === neighbourSolicitation && isFromNobody);
  return claims ? macText(frame.subarray(6, 12)) : null;
}

interface ArpFields {
  readonly op: number;
  readonly senderMac: string;
  readonly sender: string;
  readonly targetMac: string;
  readonly target: string;
}

/** RFC 826, Ethernet and IPv4. */
function arp(fields: ArpFields): Uint8Array {
  const body = Buffer.alloc(28);
  body.writeUInt16BE(1, 0);
  body.writeUInt16BE(0x0800, 2);
  body[4] = 6;
  body[5] = 4;
  body.writeUInt16BE(fields.op, 6);
  macBytes(fields.senderMac).copy(body, 8);
  addressBytes(fields.sender).copy(body, 14);
  macBytes(fields.targetMac).copy(body, 18);
  addressBytes(fields.target).copy(body, 24);
  return ethernet(broadcastMac, fields.senderMac, etherTypeArp, body);
}

/** RFC 4861 4.4, unsolicited (7.2.6): to all nodes, override set, with the target's MAC. */
function advertisement(address: string, mac: string): Uint8Array {
  const body = Buffer.alloc(32);
  body[0] = neighbourAdvertisement;
  body.writeUInt32BE(overrideFlag, 4);
  addressBytes(address).copy(body, 8);
  body[24] = 2;
  body[25] = 1;
  macBytes(mac).copy(body, 26);
  return ipv6(address, allNodes, mac, body);
}

/** RFC 4861 4.3. A source of `::` makes it the duplicate question, which carries no own MAC. */
function solicitation(address: string, mac: string, source: string): Uint8Array {
  const isDuplicateQuestion = source === '::';
  const body = Buffer.alloc(isDuplicateQuestion ? 24 : 32);
  body[0] = neighbourSolicitation;
  addressBytes(address).copy(body, 8);
  if (!isDuplicateQuestion) {
    body[24] = 1;
    body[25] = 1;
    macBytes(mac).copy(body, 26);
  }
  return ipv6(source, solicitedNode(address), mac, body);
}

function ipv6(source: string, destination: string, mac: string, body: Buffer): Uint8Array {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(body.length, 4);
  header[6] = icmpv6;
  // A neighbour message that crossed a router is refused by everyone (RFC 4861 7.1).
  header[7] = 255;
  addressBytes(source).copy(header, 8);
  addressBytes(destination).copy(header, 24);
  body.writeUInt16BE(checksum(header, body), 2);
  const multicastMac = `33:33:${macText(addressBytes(destination).subarray(12, 16))}`;
  return ethernet(multicastMac, mac, etherTypeIpv6, Buffer.concat([header, body]));
}

/** Internet checksum over the pseudo-header (RFC 8200 8.1) and the message. */
function checksum(header: Buffer, body: Buffer): number {
  const length = Buffer.from([0, 0, body.length >> 8, body.length & 0xff, 0, 0, 0, icmpv6]);
  const all = Buffer.concat([header.subarray(8, 40), length, body]);
  return internetChecksum(all);
}

/** Solicited-node multicast address: ff02::1:ff and the last three octets (RFC 4291 2.7.1). */
function solicitedNode(address: string): string {
  const last = addressBytes(address).subarray(13, 16);
  return `ff02::1:ff${hex(last[0])}:${hex(last[1])}${hex(last[2])}`;
}

function ethernet(destination: string, source: string, type: number, body: Buffer): Uint8Array {
  const frame = Buffer.alloc(Math.max(frameBytesMin, 14 + body.length));
  macBytes(destination).copy(frame, 0);
  macBytes(source).copy(frame, 6);
  frame.writeUInt16BE(type, 12);
  body.copy(frame, 14);
  return frame;
}

function addressBytes(address: string): Buffer {
  const bytes = familyOf(address) === 6 ? 16 : 4;
  return Buffer.from(
    addressNumber(address)
      .toString(16)
      .padStart(bytes * 2, '0'),
    'hex',
  );
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function macText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => hex(byte)).join(':');
}

function hex(byte = 0): string {
  return byte.toString(16).padStart(2, '0');
}
