import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { BridgeheadError } from '../domain/errors.ts';
import { errorOf, operationId as id, migrationAfter, operation } from './test-records.ts';
import { type Answer, TestServer } from './test-server.ts';
import { nowMs, runLine, type Surroundings } from './test-terminal.ts';

const openPath = 'GET /v1/operations?limit=1000&open=true';
const allPath = 'GET /v1/operations?limit=1000';
const otherId = '5f0c1a53-0000-4a53-8f39-6f3a0a3b7c11';

const operations = [
  operation({ state: 'queued', id: otherId, holder: null, startedMs: null, token: 0 }),
  { ...migrationAfter(1), requestedMs: nowMs - 5_000, startedMs: nowMs - 4_000 },
  operation({
    id: '9a000000-2f0e-4a53-8f39-6f3a0a3b7c11',
    ...{ kind: 'create', title: 'create shop-api', state: 'failed', who: 'ci', holder: null },
    error: errorOf('NO_PLACE', 'no host fits', 'Look.'),
    ...{ requestedMs: nowMs - 90_000, startedMs: nowMs - 90_000, endedMs: nowMs - 84_000 },
  }),
];

async function ops(
  line: string,
  answers: Readonly<Record<string, Answer>>,
  around: Surroundings = {},
) {
  await using server = await TestServer.start(answers);
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const ran = await runLine(['ops', ...line.split(' ')], { ...around, env });
  return { ...ran, seen: server.seen };
}

test('ops list has the open ones, and with --all the ended ones too', async () => {
  const answers = {
    'GET /v1/operations?limit=100&open=true': () => ({ items: operations.slice(0, 2) }),
    'GET /v1/operations?limit=3&object=instance%2Fshop-web': () => ({ items: operations }),
  };
  const { code, out, err } = await ops('list', answers);
  assert.deepEqual([code, err], [0, '']);
  assert.equal(
    out,
    `ID        STATE             REQUESTED  TOOK   WHO    SCHEDULER    OPERATION
5f0c1a53  queued            50 ms ago  -      admin  -            migrate shop-web from host-1 to host-2
5f0c1a52  running, release  5.0 s ago  4.0 s  admin  scheduler-1  migrate shop-web from host-1 to host-2
`,
  );
  const all = await ops('list --all --object instance/shop-web --limit 3', answers);
  assert.match(
    all.out,
    /^9a000000 {2}failed, NO_PLACE {2}1 min 30 s ago {2}6\.0 s {2}ci {5}- {12}create shop-api$/m,
  );
  const json = await ops('list --all --object instance/shop-web --limit 3 -o json', answers);
  assert.deepEqual(JSON.parse(json.out), operations);
});

test('ops list says where there is nothing to list', async () => {
  const nothing = () => ({ items: [] });
  const open = await ops('list', { 'GET /v1/operations?limit=100&open=true': nothing });
  assert.equal(open.out, 'no open operations; with those that ended: --all\n');
  const all = await ops('list --all --object host/host-1', {
    'GET /v1/operations?limit=100&object=host%2Fhost-1': nothing,
  });
  assert.equal(all.out, 'no operations on host/host-1\n');
  assert.equal((await ops('list --limit 1001', {})).code, 2);
});

test('ids that begin alike are shown as long as tells them apart', async () => {
  const twin = { ...migrationAfter(1), id: '5f0c1a52-3f0e-4a53-8f39-6f3a0a3b7c11' };
  const { out } = await ops('list', {
    'GET /v1/operations?limit=100&open=true': () => ({ items: [migrationAfter(1), twin] }),
  });
  assert.match(out, /^5f0c1a52-2f0e {2}running.*\n5f0c1a52-3f0e {2}running/m);
});

test('ops show has the whole record, step by step', async () => {
  const view = {
    ...migrationAfter(1, 'undone'),
    ...{ cancelledBy: 'kim', parentId: otherId, requestedMs: nowMs - 1_000 },
  };
  const answers = { [`GET /v1/operations/${id}`]: () => view };
  const { code, out } = await ops(`show ${id}`, answers);
  assert.equal(code, 0);
  assert.equal(
    out,
    `Id         ${id}
Operation  migrate shop-web from host-1 to host-2
State      undone, OPERATION_FAILED
Error      host-2 did not get a standby ready (OPERATION_FAILED)
Next       See what is wrong there: bridgehead describe host host-2
Objects    instance/shop-web
Requested  2026-11-23 11:59:59Z by admin
Reason     new disk
Began      2026-11-23 12:00:00Z
Ended      2026-11-23 12:00:01Z
Took       1.2 s
Scheduler  none
Token      3
Cancelled  by kim
Undo       -
Part of    ${otherId}
Observed   host: host-1
           epoch: 7

BEGAN         TOOK   STEP     RESULT
12:00:00.000  40 ms  prepare  prepare is done
12:00:00.100  -      release  did not end
`,
  );
  const json = await ops(`show ${id} -o json`, answers);
  assert.deepEqual(JSON.parse(json.out), view);
});

test('a beginning of an id will do, where no other operation has it', async () => {
  const answers = {
    [openPath]: () => ({ items: operations.slice(0, 2) }),
    [allPath]: () => ({ items: operations }),
  };
  assert.match((await ops('show 9A00', answers)).out, /^Id {9}9a000000-2f0e/);
  assert.match((await ops('show 5f0c1a52', answers)).out, new RegExp(`^Id {9}${id}`));
  const two = await ops('show 5f0c', answers);
  assert.equal(two.code, 2);
  assert.match(
    two.err,
    /^error: 2 operations have an id that begins with 5f0c: 5f0c1a53-.*5f0c1a52/,
  );
  const none = await ops('cancel dddd', answers);
  assert.equal(none.code, 3);
  assert.match(none.err, /\(NOT_FOUND\)\nnext: See what there is: bridgehead ops list --all\n$/);
  for (const wrong of ['5f0', 'shop-web', `${id}0`]) {
    const ran = await ops(`show ${wrong}`, answers);
    assert.equal(ran.code, 2, wrong);
    assert.equal(ran.seen.length, 0, wrong);
  }
});

test('ops watch shows the steps that ended before, goes on to the end, and ends as it does', async () => {
  const polls = [migrationAfter(1), migrationAfter(2), migrationAfter(3, 'done')];
  const answers = { [`GET /v1/operations/${id}`]: () => polls.shift() };
  const { code, out } = await ops(`watch ${id}`, answers);
  assert.equal(code, 0);
  assert.deepEqual(
    out.split('\n').map((line) => line.split('  ')[1] ?? line),
    ['prepare', 'release', 'switch', 'done: shop-web is on host-2 after 1.2 s', ''],
  );
  const undone = await ops(`watch ${id}`, {
    [`GET /v1/operations/${id}`]: () => migrationAfter(1, 'undone'),
  });
  assert.equal(undone.code, 1);
  assert.match(undone.err, /was undone: host-2 did not get a standby ready \(OPERATION_FAILED\)/);
  const cancelled = await ops(`watch ${id}`, {
    [`GET /v1/operations/${id}`]: () =>
      operation({ state: 'cancelled', error: errorOf('CANCELLED', 'cancelled by kim', 'No.') }),
  });
  assert.equal(cancelled.code, 4);
  assert.equal(cancelled.err, 'error: cancelled by kim (CANCELLED)\nnext: No.\n');
});

test('ops cancel says whether it is over or being undone, or why it cannot be', async () => {
  const show = { [`GET /v1/operations/${id}`]: () => migrationAfter(1) };
  const running = await ops(`cancel ${id}`, {
    ...show,
    [`POST /v1/operations/${id}/cancel`]: () => ({ ...migrationAfter(1), cancelledBy: 'admin' }),
  });
  assert.equal(running.code, 0);
  assert.match(running.out, /is being cancelled: .*bridgehead ops watch 5f0c1a52-.*\n$/);
  const queued = await ops(`cancel ${id}`, {
    ...show,
    [`POST /v1/operations/${id}/cancel`]: () => operation({ state: 'cancelled', startedMs: null }),
  });
  assert.match(queued.out, /\(migrate shop-web .*\) is cancelled; it had not begun\n$/);
  const late = await ops(`cancel ${id}`, {
    ...show,
    [`POST /v1/operations/${id}/cancel`]: () =>
      new BridgeheadError('NOT_CANCELLABLE', 'it can only be completed', 'See.'),
  });
  assert.equal(late.code, 4);
  assert.equal(late.err, 'error: it can only be completed (NOT_CANCELLABLE)\nnext: See.\n');
});

test('states have colours on a terminal', async () => {
  const answers = { 'GET /v1/operations?limit=100': () => ({ items: operations }) };
  const { out } = await ops('list --all', answers, { isTty: true });
  assert.ok(out.includes('\u001B[31mfailed'));
  assert.ok(out.includes('\u001B[36mrunning'));
  assert.equal(stripVTControlCharacters(out), (await ops('list --all', answers)).out);
});
