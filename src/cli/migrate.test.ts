import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { BridgeheadError } from '../domain/errors.ts';
import { errorOf, operationId as id, migrationAfter, operation } from './test-records.ts';
import { type Answer, TestServer } from './test-server.ts';
import { runLine, type Surroundings } from './test-terminal.ts';

const openPath = 'GET /v1/operations?limit=1000&open=true';

interface World extends Surroundings {
  readonly begin?: Answer;
  readonly open?: Answer;
}

async function migrate(argv: readonly string[], poll: readonly unknown[], world: World = {}) {
  const left = [...poll];
  await using server = await TestServer.start({
    'POST /v1/instances/shop-web/migrate': world.begin ?? (() => migrationAfter(0)),
    [`GET /v1/operations/${id}`]: () => (left.length > 1 ? left.shift() : left[0]),
    [openPath]: world.open ?? (() => ({ items: [] })),
  });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const line = ['migrate', 'shop-web', '--to', 'host-2', ...argv];
  const ran = await runLine(line, { ...world, env });
  return { ...ran, seen: server.seen };
}

test('steps are printed once each as they end, and done ends with 0', async () => {
  const polls = [
    migrationAfter(1),
    migrationAfter(1),
    migrationAfter(2),
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
  assert.deepEqual(seen[0]?.body, { to: 'host-2', reason: 'new disk', wait: false });
  assert.equal(seen.length, 5);
});

test('undone ends with 1 and says why and what next', async () => {
  const { code, err } = await migrate([], [migrationAfter(1, 'undone')]);
  assert.equal(code, 1);
  assert.equal(
    err,
    'error: migrate shop-web from host-1 to host-2 was undone: host-2 did not get a standby ready (OPERATION_FAILED)\n' +
      'next: See what is wrong there: bridgehead describe host host-2\n',
  );
});

test('refused and cancelled end with the error of the operation', async () => {
  const error = errorOf('NO_CAPACITY', 'host-2 is full', 'Name another.');
  const refused = await migrate([], [operation({ state: 'refused', error })]);
  assert.equal(refused.code, 4);
  assert.equal(refused.err, 'error: host-2 is full (NO_CAPACITY)\nnext: Name another.\n');
  const cancelled = await migrate([], [operation({ state: 'cancelled', cancelledBy: 'admin' })]);
  assert.equal(cancelled.code, 4);
  assert.match(cancelled.err, /was cancelled by admin \(CANCELLED\)\nnext: .*ops show 5f0c1a52-/);
});

test('what went wrong past the point of no return is told with the good end', async () => {
  const error = errorOf('HOST_NOT_READY', 'host-1 is silent', 'Look.');
  const { code, out } = await migrate([], [{ ...migrationAfter(3, 'done'), error }]);
  assert.equal(code, 0);
  assert.match(out, /done: shop-web is on host-2 after 1\.2 s, but host-1 is silent\n$/);
});

test('--no-wait returns at once', async () => {
  const { code, out, seen } = await migrate(['--no-wait'], []);
  assert.equal(code, 0);
  assert.equal(
    out,
    `operation ${id} (migrate shop-web from host-1 to host-2) began; watch it with: bridgehead ops watch ${id}\n`,
  );
  assert.equal(seen.length, 1);
});

test('--wait gets in line, and says who is in front when that changes', async () => {
  const queued = operation({ state: 'queued', holder: null, token: 0, startedMs: null });
  const other = (name: string, state: 'queued' | 'running') =>
    operation({ id: `${name}-2f0e-4a53-8f39-6f3a0a3b7c11`, state, title: `configure ${name}` });
  const elsewhere = { ...other('eeeeeeee', 'running'), objects: ['instance/shop-api'] };
  const lists = [
    [queued, other('bbbbbbbb', 'queued'), other('aaaaaaaa', 'running'), elsewhere],
    [queued, other('bbbbbbbb', 'queued'), elsewhere],
    [other('cccccccc', 'queued'), queued, elsewhere],
  ];
  const polls = [queued, queued, queued, migrationAfter(1), migrationAfter(3, 'done')];
  const { code, out, seen } = await migrate(['--wait'], polls, {
    begin: () => queued,
    open: () => ({ items: lists.shift() }),
  });
  assert.equal(code, 0);
  assert.deepEqual(seen[0]?.body, { to: 'host-2', reason: '', wait: true });
  assert.equal(
    out.split('12:00')[0],
    `queued behind aaaaaaaa (configure aaaaaaaa, running), which admin asked for; to leave the line, cancel it
queued behind bbbbbbbb (configure bbbbbbbb, queued), which admin asked for; to leave the line, cancel it
`,
  );
});

test('on a terminal a last line names the step under way, and is erased before anything else', async () => {
  const polls = [migrationAfter(0), migrationAfter(1), migrationAfter(3, 'done')];
  const { out } = await migrate([], polls, { isTty: true });
  const erase = '\r\u001B[K';
  const lines = stripVTControlCharacters(out.replaceAll(erase, '<')).split('\n');
  assert.deepEqual(
    lines.map((line) => line.replace(/ +\d.*/, '')),
    ['<… prepare<12:00:00.000  prepare', '<… release<12:00:00.100  release'].concat([
      '12:00:00.200  switch',
      'done: shop-web is on host-2 after',
      '',
    ]),
  );
  const onSleep = (count: number) => count === 2;
  const ran = await migrate([], [migrationAfter(1)], { isTty: true, onSleep });
  assert.ok(ran.out.endsWith(`… release\u001B[22m${erase}`), JSON.stringify(ran.out));
  assert.match(ran.err, /^interrupted; /);
});

test('another scheduler that takes over is named', async () => {
  const taken = { ...migrationAfter(2), token: 9, holder: 'scheduler-2' };
  const { out } = await migrate([], [migrationAfter(1), taken, migrationAfter(3, 'done')]);
  assert.match(out, /prepare is done\ntaken over by scheduler scheduler-2\n.*release is done\n/);
});

test('-o json prints the ended operation only, undone too', async () => {
  const done = migrationAfter(3, 'done');
  const { out } = await migrate(['-o', 'json'], [migrationAfter(1), done]);
  assert.deepEqual(JSON.parse(out), done);
  const undone = migrationAfter(1, 'undone');
  const ran = await migrate(['-o', 'json'], [undone]);
  assert.equal(ran.code, 1);
  assert.deepEqual(JSON.parse(ran.out), undone);
  assert.match(ran.err, /"code":"OPERATION_FAILED"/);
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
  const busy = new BridgeheadError('BUSY', 'instance/shop-web: operation 1 has it', 'Wait.');
  const { code, err, seen } = await migrate([], [], { begin: () => busy });
  assert.equal(code, 4);
  assert.equal(err, 'error: instance/shop-web: operation 1 has it (BUSY)\nnext: Wait.\n');
  assert.equal(seen.length, 1);
});

test('an interrupted watch ends with 130 and says that the operation goes on', async () => {
  const onSleep = (count: number) => count === 3;
  const { code, err } = await migrate([], [migrationAfter(1)], { onSleep });
  assert.equal(code, 130);
  assert.equal(
    err,
    `interrupted; operation ${id} goes on without this command; watch it with: bridgehead ops watch ${id}, end it with: bridgehead ops cancel ${id}\n`,
  );
});

test('drain shows each move with the migration that makes it', async () => {
  const move = (name: string, note: string) => ({
    ...{ name: `move ${name}`, note },
    ...{ startedMs: Date.UTC(2026, 10, 23, 12), endedMs: Date.UTC(2026, 10, 23, 12) + 900 },
  });
  const begun = operation({
    ...{ kind: 'drain', title: 'drain host-1', objects: ['host/host-1'], args: { host: 'host-1' } },
  });
  const steps = [move('shop-web', 'to host-2 (1b2c)'), move('shop-api', 'failed: no room (2c3d)')];
  const error = errorOf('OPERATION_FAILED', 'host host-1 is not empty', 'Mend it.');
  const ends = [
    { ...begun, steps: steps.slice(0, 1), state: 'done', endedMs: (begun.startedMs ?? 0) + 2_000 },
    { ...begun, steps, state: 'failed', error },
  ] as const;
  const runs = await Promise.all(
    ends.map(async (end) => {
      await using server = await TestServer.start({
        'POST /v1/hosts/host-1/drain': () => begun,
        [`GET /v1/operations/${id}`]: () => end,
      });
      const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
      const ran = await runLine(['drain', 'host-1', '--reason', 'fan'], { env });
      assert.deepEqual(server.seen[0]?.body, { reason: 'fan', wait: false });
      return ran;
    }),
  );
  assert.equal(runs[0]?.code, 0);
  assert.equal(
    runs[0].out,
    `12:00:00.000  move shop-web              900 ms  to host-2 (1b2c)
done: host-1 is empty and stays cordoned after 2.0 s
`,
  );
  assert.equal(runs[1]?.code, 1);
  assert.match(runs[1].out, /move shop-api {14}900 ms {2}failed: no room \(2c3d\)\n$/);
  assert.match(runs[1].err, /^error: drain host-1 failed: host host-1 is not empty \(OPER/);
});

test('rebalance shows its plan without beginning, or begins with its budget', async () => {
  const moves = [
    { instance: 'shop-api', from: 'host-1', to: 'host-3', explanation: 'host-1 has 90 % claimed' },
  ];
  const begun = operation({
    kind: 'rebalance',
    title: 'rebalance balance',
    objects: ['fleet/balance'],
  });
  await using server = await TestServer.start({
    'GET /v1/rebalance?movesMax=4': () => ({ moves }),
    'GET /v1/rebalance?movesMax=10': () => ({ moves: [] }),
    'POST /v1/rebalance': () => begun,
  });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const plan = await runLine(['rebalance', '--dry-run', '--max-moves', '4'], { env });
  assert.match(plan.out, /^INSTANCE +FROM +TO +WHY\nshop-api +host-1 +host-3 +host-1 has 90 %/);
  const even = await runLine(['rebalance', '--dry-run'], { env });
  assert.equal(even.out, 'nothing need be moved\n');
  const run = await runLine(['rebalance', '--max-moves', '2', '--no-wait'], { env });
  assert.equal(run.code, 0, run.err);
  assert.deepEqual(server.seen.at(-1)?.body, { movesMax: 2, reason: '', wait: false });
});
