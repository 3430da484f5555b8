// The prober's thread. Its loop is its own: it sleeps in ppoll(2), not in Node's event loop, so that
// nothing but probes, answers and the main thread's words ever runs here.

import { randomFillSync } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import {
  ProbeSocket,
  runRealTime,
  settleWakeUp,
  socketAddress,
  Waiter,
} from '../wire/probe-sockets.ts';
import { decodeHeartbeat, heartbeatPort } from './heartbeat.ts';
import { decodeAnswer } from './probe-format.ts';
import { Prober, type ProbeWire } from './prober.ts';
import type { FromProber, ProberData, Promises, ToProber } from './prober-messages.ts';

const { port, wakeFd, priority, promises, promisesFile, bootId } = workerData as ProberData;

/** Datagrams read in one turn: what else is on the wire must not keep probes from leaving. */
const readsMax = 512;

function run(): void {
  if (priority !== null) askForPriority(priority);
  using icmp = new ProbeSocket('icmp');
  using udp = new ProbeSocket('udp');
  const wire: ProbeWire = {
    sendProbe: (bytes, address) => icmp.send(bytes, socketAddress(address, 0)),
    sendHeartbeat: (bytes, address) => udp.send(bytes, socketAddress(address, heartbeatPort)),
    random: (bytes) => randomFillSync(Buffer.alloc(bytes)),
    monotonicMs,
    keep,
  };
  const prober = new Prober(wire, promises);
  const waiter = new Waiter([wakeFd, icmp.fd, udp.fd]);
  for (;;) {
    settleWakeUp(wakeFd);
    // Read first, judge after: what came while this thread slept counts.
    const readMs = monotonicMs();
    readAnswers(icmp, prober);
    readHeartbeats(udp, prober);
    if (!obey(prober, readMs)) return;
    const report = prober.turn(readMs);
    if (report !== null) tell(report);
    const leftMs = prober.nextTurnMs - monotonicMs();
    if (leftMs > 0) waiter.wait(leftMs);
  }
}

function readAnswers(socket: ProbeSocket, prober: Prober): void {
  for (let reads = 0; reads < readsMax; reads += 1) {
    const packet = socket.receive();
    if (packet === null) return;
    const answer = decodeAnswer(packet, prober.identifier);
    if (answer !== null) prober.heardProbe(answer);
  }
}

function readHeartbeats(socket: ProbeSocket, prober: Prober): void {
  for (let reads = 0; reads < readsMax; reads += 1) {
    const bytes = socket.receive();
    if (bytes === null) return;
    prober.heardHeartbeat((key) => decodeHeartbeat('answer', bytes, key));
  }
}

/** False when it is time to end. */
function obey(prober: Prober, nowMs: number): boolean {
  for (;;) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) return true;
    const message = received.message as ToProber;
    switch (message.kind) {
      case 'end':
        prober.leave(message.lastGrantMs);
        return false;
      case 'assign':
        prober.assign(message.assignment);
        break;
      case 'sessions':
        prober.reach(message.sessions);
        break;
      case 'promise':
        prober.promise(message);
        break;
      case 'resume':
        prober.resume(message);
        break;
      case 'hurry':
        prober.hurry(message.host, nowMs);
        break;
    }
  }
}

// Not forced to the disk: a restarted agent reads it from the page cache, and after a restart of the
// host it is void anyway. It has to be fast: the next probe waits for it.
function keep(kept: Promises): void {
  const beside = `${promisesFile}.new`;
  writeFileSync(beside, JSON.stringify({ bootId, promises: kept }), { mode: 0o600 });
  renameSync(beside, promisesFile);
}

function askForPriority(wanted: number): void {
  const refused = runRealTime(wanted);
  if (refused === null) return;
  const message = `the prober got no real-time priority (${refused}): a busy machine may look like a silent neighbour`;
  tell({ kind: 'warning', message });
}

/** CLOCK_MONOTONIC, which is one for all threads. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function tell(message: FromProber): void {
  port.postMessage(message);
}

try {
  run();
} finally {
  port.close();
}
