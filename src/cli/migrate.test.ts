import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { migrationAfter } from './test-records.ts';
import { type Answer, TestServer } from './test-server.ts';
import { runLine, type Surroundings } from './test-terminal.ts';

const { id } = migrationAfter(0, null);

async function migrate(
  argv: readonly string[],
  poll: readonly unknown[],
  around: Surroundings = {},
  begin: Answer = () => migrationAfter(0, null),
) {
  const left = [...poll];
  await using server = await TestServer.start({
    'POST /v1/instances/shop-web/migrate': begin,
    [`GET /v1/migrations/${id}`]: () => (left.length > 1 ? left.shift() : left[0]),
  });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const line = ['migrate', 'shop-web', '--to', 'host-2', ...argv];
  const ran = await runLine(line, { ...around, env });
  return { ...ran, seen: server.seen };
}

test('steps are printed once each as they end, and done ends with 0', async () => {
  const polls = [
    migrationAfter(1, null),
    migrationAfter(1, null),
    migrationAfter(2, null),
    migrationAfter(3, 'done'),
  ];
  const { code, out, err, seen } = await migrate(['--reason', 'new disk'], polls);
  assert.equal(err, '');
  assert.equal(code, 0);
  assert.equal(
    out,
    `12:00:00.000  prepare     40 ms  prepare is done
12:00:00.100  release     40 ms  release is done
12:00:00.200  switch      40 ms  switch is done
done: shop-web is on host-2 after 1.2 s
`,
  );
  assert.deepEqual(seen[0]?.body, { to: 'host-2', reason: 'new disk' });
  assert.equal(seen.length, 5);
});

test('undone ends with 1 and says why', async () => {
  const { code, err } = await migrate([], [migrationAfter(1, 'undone')]);
  assert.equal(code, 1);
  assert.match(
    err,
    /^error: the migration of shop-web from host-1 to host-2 was undone: host-2 did not get a standby ready \(MIGRATION_FAILED\)\nnext: shop-web is still on host-1/,
  );
});

test('--no-wait returns at once', async () => {
  const { code, out, seen } = await migrate(['--no-wait'], []);
  assert.equal(code, 0);
  assert.match(out, new RegExp(`^migration ${id} of shop-web from host-1 to host-2 began`));
  assert.equal(seen.length, 1);
});

test('-o json prints the ended migration only, undone too', async () => {
  const done = migrationAfter(3, 'done');
  const { out } = await migrate(['-o', 'json'], [migrationAfter(1, null), done]);
  assert.deepEqual(JSON.parse(out), done);
  const undone = migrationAfter(1, 'undone');
  const ran = await migrate(['-o', 'json'], [undone]);
  assert.equal(ran.code, 1);
  assert.deepEqual(JSON.parse(ran.out), undone);
  assert.match(ran.err, /"code":"MIGRATION_FAILED"/);
});

test('a scheduler that is away for a while is waited for, but not for ever', async () => {
  const away = new BridgeheadError('DATABASE_UNAVAILABLE', 'the database does not answer', 'Wait.');
  const back = await migrate([], [away, away, migrationAfter(3, 'done')]);
  assert.equal(back.code, 0);
  const gone = await migrate([], [away]);
  assert.equal(gone.code, 5);
  assert.ok(gone.seen.length > 100);
});

test('a refusal ends with its own code', async () => {
  const busy = new BridgeheadError('BUSY', 'instance shop-web is being migrated', 'Wait.');
  const { code, err } = await migrate([], [], {}, () => busy);
  assert.equal(code, 4);
  assert.match(err, /^error: instance shop-web is being migrated \(BUSY\)\nnext: Wait\.\n$/);
});

test('an interrupted watch ends with 130 and says that the migration goes on', async () => {
  const onSleep = (count: number) => count === 3;
  const { code, err } = await migrate([], [migrationAfter(1, null)], { onSleep });
  assert.equal(code, 130);
  assert.equal(err, `interrupted; migration ${id} goes on without this command\n`);
});
