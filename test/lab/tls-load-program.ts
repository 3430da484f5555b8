// Makes one new TLS connection after the other, each with one request, until its standard input ends;
// then prints what came of them as JSON, and which serials were shown, in the order of their coming.
// Usage: tls-load-program.ts ADDRESS PORT

import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'node:tls';

const [, , host = '', port = ''] = process.argv;
const periodMs = 5;
const patienceMs = 5_000;
const durationMsMax = 120_000;

const serials: string[] = [];
const faults: string[] = [];
let made = 0;
const over = new AbortController();
process.stdin.on('end', () => over.abort());
process.stdin.resume();

/** @returns the serial that was shown */
function once(): Promise<string> {
  return new Promise((resolve, reject) => {
    // Each a whole handshake: no session is offered again.
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
    let answer = '';
    let serial = '';
    socket.setTimeout(patienceMs, () => socket.destroy(new Error('no answer in time')));
    socket.once('secureConnect', () => {
      serial = socket.getPeerX509Certificate()?.serialNumber ?? '';
      socket.write('GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n');
    });
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.once('error', reject);
    socket.once('close', () => {
      if (answer.startsWith('HTTP/1.1 200')) resolve(serial);
      else reject(new Error(`answered: ${answer.slice(0, 40)}`));
    });
  });
}

const endMs = performance.now() + durationMsMax;
while (!over.signal.aborted && performance.now() < endMs) {
  made += 1;
  try {
    const serial = await once();
    if (serials.at(-1) !== serial) {
      serials.push(serial);
      process.stdout.write(`${serial}\n`);
    }
  } catch (error) {
    faults.push(String(error));
  }
  await wait(periodMs);
}
process.stdout.write(
  `${JSON.stringify({ made, failed: faults.length, faults: faults.slice(0, 3), serials })}\n`,
);
process.exit(0);
