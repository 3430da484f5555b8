// Asks one address over and over, each time by a new connection, and says how long the longest time
// without a good answer was. Run inside the client's namespace: gap-client.ts ADDRESS DURATION-MS

import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';

const [, , address = '', duration = '0'] = process.argv;
const everyMs = 5;
/** A connection attempt is given up long before its SYN would be sent again, 1 s (RFC 6298 2.1). */
const patienceMs = 80;
const endMs = performance.now() + Number(duration);
const good: number[] = [];
let sent = 0;

function ask(): void {
  sent += 1;
  const socket = connect({ host: address, port: 80 });
  const giveUp = setTimeout(() => socket.destroy(), patienceMs);
  socket.on('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
  socket.once('data', (bytes: Buffer) => {
    if (bytes.subarray(9, 12).toString() === '200') good.push(performance.now());
    socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => clearTimeout(giveUp));
}

const timer = setInterval(() => {
  if (performance.now() < endMs) return ask();
  clearInterval(timer);
  setTimeout(tell, 2 * patienceMs);
}, everyMs);

function tell(): void {
  const gaps = good.slice(1).map((ms, index) => ms - (good[index] ?? ms));
  const isBack = good.length > 0 && (good.at(-1) ?? 0) > endMs - 500;
  console.log(JSON.stringify({ sent, good: good.length, isBack, gapMs: Math.max(0, ...gaps) }));
}
