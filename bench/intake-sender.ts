// A sender of the intake bench, a process of its own: intake-sender.ts tcp|udp PORT COUNT PER_SECOND
// It has all messages ready, then sends them, by TCP as fast as they are taken. When it begins and
// when it is done it writes one line of JSON.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from './intake-messages.ts';

const connections = 4;
const chunkMessages = 200;
const tickMs = 5;
const [way, portText, countText, rateText] = process.argv.slice(2);
const port = Number(portText);
const count = Number(countText);
const perSecond = Number(rateText);
const nowMs = Date.now();

if (way === 'tcp') await byTcp();
else await byUdp();

function say(event: 'begins' | 'done'): void {
  console.log(JSON.stringify({ event, atMs: Date.now() }));
}

async function byTcp(): Promise<void> {
  const chunks: Buffer[] = [];
  for (let from = 0; from < count; from += chunkMessages) {
    const length = Math.min(chunkMessages, count - from);
    const lines = Array.from({ length }, (_, index) => `${messageOf(from + index, nowMs)}\n`);
    chunks.push(Buffer.from(lines.join('')));
  }
  const sockets = Array.from({ length: connections }, () => connect(port, '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  say('begins');
  await Promise.all(
    sockets.map(async (socket) => {
      for (let next = chunks.shift(); next !== undefined; next = chunks.shift()) {
        if (!socket.write(next)) await once(socket, 'drain');
      }
      socket.end();
      await once(socket, 'close');
    }),
  );
  say('done');
}

async function byUdp(): Promise<void> {
  const messages = Array.from({ length: count }, (_, index) =>
    Buffer.from(messageOf(index, nowMs)),
  );
  const socket = createSocket({ type: 'udp4', sendBufferSize: 4 * 1024 * 1024 });
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  say('begins');
  const fromMs = performance.now();
  let sent = 0;
  while (sent < count) {
    const due = Math.min(count, Math.ceil(((performance.now() - fromMs) / 1_000) * perSecond));
    const going = messages.slice(sent, due);
    await Promise.all(
      going.map((message) => new Promise<unknown>((done) => socket.send(message, done))),
    );
    sent = Math.max(sent, due);
    await wait(tickMs);
  }
  say('done');
  socket.close();
}
