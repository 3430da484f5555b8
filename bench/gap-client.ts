// Asks one address over and over, each time by a new connection, and says when good answers came.
// Run inside the client's namespace: gap-client.ts ADDRESS LIMIT-MS. A line on its input says that
// the kill is over; from then on it stops by itself once a second of good answers lies behind it.
// Times are of CLOCK_MONOTONIC, which all processes of a machine share, in milliseconds.

import { connect } from 'node:net';

const [, , address = '', limit = '0'] = process.argv;
const everyMs = 5;
/** A connection attempt is given up long before its SYN would be sent again, 1 s (RFC 6298 2.1). */
const patienceMs = 80;
const calmMs = 1_000;
/** Of the answers that a calm second would have without any loss. */
const calmShare = 0.8;
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const endMs = nowMs() + Number(limit);
const good: number[] = [];
let sent = 0;
let killedMs: number | null = null;

process.stdin.once('data', () => {
  killedMs = nowMs();
});

function ask(): void {
  sent += 1;
  const socket = connect({ host: address, port: 80 });
  const giveUp = setTimeout(() => socket.destroy(), patienceMs);
  socket.on('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
  socket.once('data', (bytes: Buffer) => {
    if (bytes.subarray(9, 12).toString() === '200') good.push(nowMs());
    socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => clearTimeout(giveUp));
}

function isCalm(): boolean {
  const now = nowMs();
  if (killedMs === null || now - killedMs < calmMs * 1.5) return false;
  const lately = good.filter((ms) => now - ms < calmMs);
  return lately.length >= (calmMs / everyMs) * calmShare;
}

const asking = setInterval(ask, everyMs);
const looking = setInterval(() => {
  if (nowMs() < endMs && !isCalm()) return;
  clearInterval(asking);
  clearInterval(looking);
  setTimeout(tell, 2 * patienceMs);
}, 50);

function tell(): void {
  process.stdin.destroy();
  console.log(JSON.stringify({ sent, goodMs: good.map((ms) => Math.round(ms * 10) / 10) }));
}
