// Pings many addresses over and over from one packet socket, and says of each when the first long time
// without an answer began and the last one ended. Run inside the client's namespace: many-client.ts PLAN-FILE

import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { internetChecksum } from '../src/agent/wire/checksum.ts';
import { PacketSocket } from '../src/agent/wire/libc.ts';

/** What the program is told. */
export interface ManyPlan {
  readonly mac: string;
  /** IPv4, as the targets'. */
  readonly address: string;
  readonly durationMs: number;
  readonly targets: readonly { readonly address: string; readonly mac: string }[];
}

/** What it says of one target, milliseconds from its start; null where it was never silent for long. */
export interface Silence {
  readonly fromMs: number;
  /** Null where it was silent at the end. */
  readonly toMs: number | null;
}

const etherTypeIpv4 = 0x0800;
/** Each target is asked once in so many turns, so every 100 ms. */
const turnsARound = 20;
const turnMs = 5;
/** Longer than two rounds take: one answer may get lost. */
const longMs = 250;
/** A longer time without a turn is this process's own silence. */
const stallMs = 20;
/** Answers that come late are waited for. */
const lateMs = 200;
const protocolIcmp = 1;
const echoRequest = 8;
const frameBytes = 14 + 20 + 8;

const plan = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as ManyPlan;
const identifier = process.pid & 0xffff;
const frames = plan.targets.map(({ address, mac }) => echoTo(address, mac));
const indexOf = new Map(plan.targets.map(({ address }, index) => [numberOf(address), index]));
const goodMs = plan.targets.map(() => 0);
/** Time in which this process had no turn, and how much of it there had been at each last answer. */
let lostMs = 0;
const lostAtGoodMs = plan.targets.map(() => 0);
let drainedMs = 0;
const silences: (Silence | null)[] = plan.targets.map(() => null);

using socket = new PacketSocket('/proc/self/ns/net', 'eth0', etherTypeIpv4);
const startMs = performance.now();
for (let turn = 0; performance.now() - startMs < plan.durationMs; turn += 1) {
  for (let at = turn % turnsARound; at < frames.length; at += turnsARound) {
    socket.send(frames[at] ?? Buffer.alloc(0));
  }
  drain();
  await wait(Math.max(0, startMs + (turn + 1) * turnMs - performance.now()));
  drain();
}
const endMs = performance.now() - startMs;
await wait(lateMs);
drain();
for (const index of silences.keys()) note(index, endMs, null);
console.log(JSON.stringify(silences));

/** It was silent until now, when an answer came, or the end. */
function note(index: number, nowMs: number, toMs: number | null): void {
  const fromMs = goodMs[index] ?? 0;
  if (nowMs - fromMs - (lostMs - (lostAtGoodMs[index] ?? 0)) < longMs) return;
  silences[index] = { fromMs: silences[index]?.fromMs ?? fromMs, toMs };
}

function drain(): void {
  const sinceMs = performance.now() - startMs - drainedMs;
  if (sinceMs > stallMs) lostMs += sinceMs;
  drainedMs += sinceMs;
  for (let frame = socket.receive(); frame !== null; frame = socket.receive()) {
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    const isAnswer =
      bytes.length >= frameBytes &&
      bytes[23] === protocolIcmp &&
      bytes[34] === 0 &&
      bytes.readUInt16BE(38) === identifier;
    const index = isAnswer ? indexOf.get(bytes.readUInt32BE(26)) : undefined;
    if (index === undefined) continue;
    const nowMs = performance.now() - startMs;
    note(index, nowMs, nowMs);
    goodMs[index] = nowMs;
    lostAtGoodMs[index] = lostMs;
  }
}

/** An Ethernet frame with an ICMP echo (RFC 792) in an IPv4 packet without options. */
function echoTo(address: string, mac: string): Buffer {
  const frame = Buffer.alloc(frameBytes);
  frame.set(octetsOf(mac), 0);
  frame.set(octetsOf(plan.mac), 6);
  frame.writeUInt16BE(etherTypeIpv4, 12);
  frame.set([0x45, 0, 0, frameBytes - 14, 0, 0, 0, 0, 64, protocolIcmp], 14);
  frame.writeUInt32BE(numberOf(plan.address), 26);
  frame.writeUInt32BE(numberOf(address), 30);
  frame.writeUInt16BE(internetChecksum(frame.subarray(14, 34)), 24);
  frame[34] = echoRequest;
  frame.writeUInt16BE(identifier, 38);
  frame.writeUInt16BE(internetChecksum(frame.subarray(34)), 36);
  return frame;
}

function octetsOf(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function numberOf(address: string): number {
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}
