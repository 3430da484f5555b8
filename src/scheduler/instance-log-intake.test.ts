import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { HostName, InstanceName } from '../domain/ids.ts';
import { readQuery } from '../logs/query.ts';
import type { InstanceLogFrame } from '../protocol/instance-log-frames.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { instanceLogIntake } from './instance-log-intake.ts';

const host = 'lb-1' as HostName;

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

function frame(instance: string, ...texts: readonly string[]): InstanceLogFrame {
  const records = texts.map((text, index) => ({ sequence: 100 + index, saidMs: 5, text }));
  const container = instance === 'web' ? 'a'.repeat(64) : 'b'.repeat(64);
  return { type: 'instance-log', batch: 1, instance: instance as InstanceName, container, records };
}

test('what an instance prints is found by its name, once however often it was sent', async () => {
  await using store = await databases.fresh();
  const take = instanceLogIntake({
    ...{ store: store.logs, clock: systemClock, log: () => undefined },
  });
  const web = frame('web', '[WARNING]  (8) : Server api/s1 is DOWN', 'GET /a 503');
  assert.equal(await take(host, web), true);
  assert.equal(await take(host, web), true);
  await take(host, frame('api', 'GET /b 503'));
  await take(host, { ...web, records: [{ sequence: null, saidMs: 6, text: '', lost: 40 }] });
  const found = async (query: string) => {
    const limits = { sinceMs: null, untilMs: null, afterId: null, limit: 100 };
    const rows = await store.logs.search({ terms: readQuery(query), ...limits });
    return rows.map((one) => `${one.host} ${one.instance} ${one.severity} ${one.text}`);
  };
  assert.deepEqual(await found('instance:web 503'), ['lb-1 web 6 GET /a 503']);
  assert.deepEqual(await found('instance:web severity:warning DOWN'), [
    'lb-1 web 4 Server api/s1 is DOWN',
  ]);
  assert.deepEqual(await found('-instance:web 503'), ['lb-1 api 6 GET /b 503']);
  assert.match(
    (await found('instance:web dropped')).join(),
    /40 lines of this instance were dropped/,
  );
});

test('what the store does not take is sent again', async () => {
  const appendOnce = () => Promise.reject(new Error('away'));
  const parts = { store: { appendOnce }, clock: systemClock, log: () => undefined };
  assert.equal(await instanceLogIntake(parts)(host, frame('web', 'x')), false);
});
