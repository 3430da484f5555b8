import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { events, hosts } from './test-records.ts';
import { type Answer, TestServer } from './test-server.ts';
import { nowMs, runLine, type Surroundings } from './test-terminal.ts';

async function ask(
  argv: readonly string[],
  answers: Readonly<Record<string, Answer>>,
  around: Surroundings = {},
) {
  await using server = await TestServer.start(answers);
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  return { ...(await runLine(argv, { ...around, env })), seen: server.seen };
}

test('explain lists the best host first and every refusal', async () => {
  const view = {
    instance: 'shop-web',
    host: 'host-1',
    choice: 'host-3',
    shed: null,
    candidates: [
      {
        host: 'host-2',
        fits: false,
        refusals: ['cordoned: new disk', 'no room'],
        score: 0,
        parts: [],
      },
      {
        host: 'host-1',
        fits: true,
        refusals: [],
        score: 1.25,
        parts: [
          { name: 'room', value: 1.5, why: 'half is free' },
          { name: 'tie', value: -0.25, why: '' },
        ],
      },
      {
        host: 'host-3',
        fits: true,
        refusals: [],
        score: 2,
        parts: [{ name: 'room', value: 2, why: 'empty' }],
      },
    ],
  };
  const answers = { 'GET /v1/instances/shop-web/explain': () => view };
  const { out } = await ask(['explain', 'shop-web'], answers);
  assert.equal(
    out,
    `instance shop-web is on host-1; best host for it: host-3

HOST    FITS  SCORE  NOW   WHY
host-3  yes       2        +2 room: empty
host-1  yes    1.25  here  +1.5 room: half is free
                           -0.25 tie
host-2  no        -        cordoned: new disk
                           no room
`,
  );
  const json = await ask(['explain', 'shop-web', '-o', 'json'], answers);
  assert.deepEqual(JSON.parse(json.out), view);
});

test('cordon and uncordon ask for just that', async () => {
  const cordoned = await ask(['cordon', 'host-1', '--reason', 'new disk'], {
    'POST /v1/hosts/host-1/cordon': () => hosts[0],
  });
  assert.equal(
    cordoned.out,
    'host host-1 is cordoned: nothing new is placed there; 2 on it stay until they are migrated\n',
  );
  assert.deepEqual(cordoned.seen[0]?.body, { reason: 'new disk' });
  const lifted = await ask(['uncordon', 'host-1'], {
    'POST /v1/hosts/host-1/uncordon': () => hosts[0],
  });
  assert.equal(lifted.out, 'host host-1 takes instances again\n');
  assert.equal(lifted.seen[0]?.body, undefined);
});

test('failover shows what the witnesses say, is disarmed and armed, and takes a word for a host', async () => {
  const view = {
    disarmed: 'new switch',
    hosts: hosts.map(({ name, state, verdict }) => ({ name, state, verdict })),
  };
  const disarmed = await ask(['failover', 'disarm', '--reason', 'new switch'], {
    'POST /v1/failover/disarm': () => view,
  });
  assert.deepEqual(disarmed.seen[0]?.body, { reason: 'new switch' });
  assert.match(
    disarmed.out,
    /^failover is DISARMED: new switch\nArm it again: bridgehead failover arm/,
  );
  assert.match(disarmed.out, /host-1 +ready +alive +host-2 hears it/);
  const armed = await ask(['failover', 'arm'], {
    'POST /v1/failover/arm': () => ({ ...view, disarmed: null }),
  });
  assert.match(armed.out, /^failover is armed\n/);
  const careless = await ask(['failover', 'confirm', 'host-2'], {});
  assert.equal(careless.code, 2);
  assert.match(careless.err, /--powered-off/);
});

test('token create asks for seconds and says what to type on the host', async () => {
  const answers = {
    'POST /v1/join-tokens': () => ({ token: 'T0KEN', host: 'host-4', expiresMs: nowMs + 900_000 }),
  };
  const { out, seen } = await ask(['token', 'create', '--host', 'host-4', '--ttl', '15m'], answers);
  assert.deepEqual(seen[0]?.body, { host: 'host-4', ttlS: 900 });
  assert.match(out, /^T0KEN\n\nGood once, for host host-4, until 2026-11-23 12:15:00Z/);
  assert.match(out, /bridgehead agent --server SCHEDULER:7443 --join-token T0KEN\n$/);
  for (const ttl of ['8d', '0s', 'soon']) {
    const ran = await ask(['token', 'create', '--host', 'host-4', '--ttl', ttl], answers);
    assert.equal(ran.code, 2, ttl);
    assert.equal(ran.seen.length, 0);
  }
});

test('status shows the schedulers, and each reconciler with its last result', async () => {
  const view = {
    version: '0.1.0',
    uptimeS: 3_700,
    store: 'embedded',
    scheduler: 'scheduler-1',
    schedulers: ['scheduler-1', 'scheduler-2'],
    hosts: { ready: 2, heard: 2, total: 3 },
    instances: { serving: 3, total: 3 },
    reconcilers: [
      {
        name: 'placement',
        lastRunMs: nowMs - 1_000,
        tookMs: 12,
        result: 'nothing to place',
        error: null,
      },
      { name: 'certificates', lastRunMs: null, tookMs: null, result: '', error: null },
      { name: 'operations', lastRunMs: nowMs - 500, tookMs: 3, result: '', error: 'no word' },
    ],
  };
  const { out } = await ask(['status'], { 'GET /v1/status': () => view });
  assert.equal(
    out,
    `Version     0.1.0
Schedulers  scheduler-1 (answers), scheduler-2
Up          1 h 1 min
Store       embedded PostgreSQL
Hosts       2 of 3 ready
Instances   3 of 3 serving

RECONCILER    LAST RUN    TOOK   RESULT
placement     1.0 s ago   12 ms  nothing to place
certificates  never       -      -
operations    500 ms ago  3 ms   failed: no word
`,
  );
  const alone = { ...view, schedulers: ['scheduler-2'] };
  assert.match(
    (await ask(['status'], { 'GET /v1/status': () => alone })).out,
    /^Schedulers {2}scheduler-1 \(answers, without a lease\), scheduler-2$/m,
  );
});

test('events asks for the object and the number wanted', async () => {
  const path = 'GET /v1/events?limit=2&object=instance%2Fshop-web';
  const argv = ['events', '--object', 'instance/shop-web', '--limit', '2'];
  const { out } = await ask(argv, { [path]: () => ({ items: events }) });
  assert.equal(out.split('\n').length, 4);
  for (const limit of ['0', '1001', 'x', '1.5'])
    assert.equal((await ask(['events', '--limit', limit], {})).code, 2, limit);
});

test('events --follow goes on behind the last one, outlasts a restart, ends with 0', async () => {
  const away = new BridgeheadError('DATABASE_UNAVAILABLE', 'the database does not answer', 'Wait.');
  const later = { ...events[0], id: 50, message: 'later' };
  const polls: unknown[] = [away, away, { items: [later] }];
  const { code, out, err, seen } = await ask(
    ['events', '--follow', '-o', 'json'],
    {
      'GET /v1/events?limit=100': () => ({ items: events }),
      'GET /v1/events?limit=1000&after=42': () => polls.shift(),
      'GET /v1/events?limit=1000&after=50': () => ({ items: [] }),
    },
    { onSleep: (count) => count === 6 },
  );
  assert.equal(code, 0);
  const lines = out.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { readonly id: number }).id),
    [41, 42, 50],
  );
  assert.equal(err, 'the database does not answer; trying again\n');
  assert.equal(seen.length, 6);
});
