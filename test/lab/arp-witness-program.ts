// Asks who has an address, again and again, on the interface of a namespace, until its standard
// input ends, it gets SIGTERM, or its limits are reached; then prints what came of it as JSON.
// A process of its own, so that nothing else keeps it from asking in time.
// Usage: arp-witness-program.ts JSON

import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { etherTypeArp } from '../../src/agent/wire/frames.ts';
import { PacketSocket } from '../../src/agent/wire/libc.ts';
import { ArpTally, numberedQuestion, questionMax, readFrame } from './arp-tally.ts';

/** What the program is told. */
export interface ArpWitnessPlan {
  /** Path of the namespace, and the interface in it. */
  readonly namespace: string;
  readonly name: string;
  /** IPv4. */
  readonly address: string;
  readonly periodMs: number;
  readonly durationMsMax: number;
  readonly requestsMax: number;
}

/** How long answers to the last questions are waited for. */
const lateMs = 250;

const plan = JSON.parse(process.argv[2] ?? '') as ArpWitnessPlan;
const requestsMax = Math.min(plan.requestsMax, questionMax);
const stop = new AbortController();
process.stdin.on('end', () => stop.abort()).resume();
process.on('SIGTERM', () => stop.abort());

using socket = new PacketSocket(plan.namespace, plan.name, etherTypeArp);
const startMs = performance.now();
const nowMs = () => performance.now() - startMs;
const tally = new ArpTally(Date.now());
process.stdout.write(`${JSON.stringify({ listening: true })}\n`);
while (!stop.signal.aborted && nowMs() < plan.durationMsMax && tally.next < requestsMax) {
  const question = numberedQuestion(plan.address, tally.next);
  tally.asked(nowMs());
  socket.send(question);
  await wait(plan.periodMs);
  drain();
}
const endedMs = nowMs();
await wait(lateMs);
drain();
process.stdout.write(`${JSON.stringify({ summary: tally.summary(endedMs) })}\n`);
process.stdin.destroy();

function drain(): void {
  for (let frame = socket.receive(); frame !== null; frame = socket.receive()) {
    const heard = readFrame(frame, plan.address);
    if (heard !== null) tally.heard(heard, nowMs());
  }
}
