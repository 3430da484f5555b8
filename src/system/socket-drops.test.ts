import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { udpDrops } from './socket-drops.ts';

test('what the kernel drops at a full socket is counted', async () => {
  const heard = createSocket({ type: 'udp4', recvBufferSize: 4_096 });
  heard.bind(0, '127.0.0.1');
  await once(heard, 'listening');
  const { port } = heard.address();
  assert.equal(await udpDrops(port), 0);
  let received = 0;
  heard.on('message', () => {
    received += 1;
  });
  const sender = createSocket('udp4');
  const count = 500;
  await Promise.all(
    Array.from(
      { length: count },
      () => new Promise((done) => sender.send('x'.repeat(500), port, '127.0.0.1', done)),
    ),
  );
  let drops = 0;
  for (let looks = 0; looks < 500 && drops + received < count; looks += 1) {
    drops = await udpDrops(port);
  }
  sender.close();
  heard.close();
  assert.equal(drops + received, count);
  assert.ok(drops > 0, `${received} were received`);
});
