// Numbers of the HAProxy that is installed, over a reload. Left out where there is none.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FieldName, statusWords, valueOf } from '../../src/numbers/fields.ts';
import { rowsBetween } from '../../src/numbers/point.ts';
import { type Reading, readingCommand, readReading } from '../../src/numbers/reading.ts';
import { LiveHaproxy, liveVersion } from './live-haproxy.ts';

const skip = (await liveVersion()) === null ? 'no haproxy on the PATH' : false;
let haproxy: LiveHaproxy;
before(async () => {
  if (skip === false) haproxy = await LiveHaproxy.start();
});
after(async () => {
  if (skip === false) await haproxy.stop();
});

async function read(): Promise<Reading> {
  const reading = readReading(await haproxy.ask(readingCommand));
  assert.ok(reading !== null);
  return reading;
}

const between = (before: Reading, now: Reading, key: string, name: FieldName) =>
  valueOf(rowsBetween(before, now).get(key) ?? [], name);

test('each request is counted once, at the frontend, the backend and a server', {
  skip,
}, async () => {
  const before = await read();
  await haproxy.request(6);
  const now = await read();
  for (const key of ['frontend/web', 'backend/api']) {
    assert.equal(between(before, now, key, 'requests'), 6, key);
    assert.equal(between(before, now, key, 'http2xx'), 6, key);
  }
  const servers = ['server/api/s1', 'server/api/s2'];
  const sum = servers.reduce((total, key) => total + between(before, now, key, 'sessions'), 0);
  assert.equal(sum, 6);
  assert.ok(between(before, now, 'frontend/web', 'bytesIn') > 0);
  assert.ok(between(before, now, 'process', 'requests') >= 6);
  for (const key of servers) {
    assert.ok(
      ['up', 'no check'].includes(statusWords[valueOf(now.rows.get(key) ?? [], 'status')] ?? ''),
    );
  }
  assert.equal(valueOf(now.rows.get('frontend/web') ?? [], 'sessionLimit'), 200);
});

test('after a reload what the new worker has counted is what came since', { skip }, async () => {
  await haproxy.request(10);
  const before = await read();
  await haproxy.reload();
  await haproxy.request(3);
  const now = await read();
  assert.notEqual(now.process, before.process);
  assert.equal(between(before, now, 'frontend/web', 'requests'), 3);
});
