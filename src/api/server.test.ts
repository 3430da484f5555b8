import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { ruleOf } from '../access/rules.ts';
import type { LogsView } from '../protocol/log-views.ts';
import { logStatusView } from '../protocol/log-views.ts';
import { CrashGroupsBook } from '../scheduler/crash-groups.ts';
import { FleetFeed } from '../scheduler/fleet-feed.ts';
import { LogIntake } from '../scheduler/log-intake.ts';
import { ModelAgent } from '../scheduler/model-agent.ts';
import { NumberIntake } from '../scheduler/number-intake.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { testDesk } from '../scheduler/test-desk.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { createApi } from './server.ts';
import { testAccess } from './test-access.ts';

let databases: TestDatabases;
let store: PostgresStore;
let intake: LogIntake;
let scheduler: Scheduler;
let api: FastifyInstance;
const token = 'right';
const authorization = `Bearer ${token}`;

before(async () => {
  databases = await TestDatabases.start();
  store = await databases.fresh();
  scheduler = new Scheduler({
    store,
    clock: systemClock,
    name: 'scheduler-1',
    newId: randomUUID,
    log: () => undefined,
  });
  await scheduler.start();
  intake = new LogIntake({
    store: store.logs,
    clock: systemClock,
    limits: { days: 1, messages: 1_000, bytes: 1e9 },
    hostOf: (address, name) => scheduler.detection.hostOf(address, name),
    bootOf: (host) => scheduler.agents.bootOf(host),
    log: () => undefined,
  });
  const numbers = new NumberIntake({
    store: store.numbers,
    clock: systemClock,
    log: () => undefined,
  });
  api = await createApi({
    store,
    clock: systemClock,
    crashes: store.crashes,
    crashGroups: new CrashGroupsBook({ store, clock: systemClock }),
    crashesKept: () => new Map(),
    numbers: { store: store.numbers, intake: numbers },
    feed: new FleetFeed({
      ...{ store, marks: store.changes, scheduler, clock: systemClock, run: 'run' },
      log: () => undefined,
    }),
    issues: [],
    ...testDesk(store, scheduler),
    logs: {
      ...{ store: store.logs, counts: () => intake.counts },
      limits: { days: 1, messages: 1_000, bytes: 1e9 },
      kernelCounts: () => ({ received: 0, stored: 0, lostOnHosts: 0 }),
    },
    storeKind: 'embedded',
    scheduler,
    version: '0.0.0',
    ...testAccess(store, token),
    revokeHost: async () => undefined,
    newJoinToken: async () => ({ token: 'ticket', expiresMs: 1 }),
    log: () => undefined,
  });
  await api.ready();
  const agent = new ModelAgent('host-1');
  await store.transact((tx) =>
    tx.putHost({ name: agent.host, zone: 'z', rack: 'r', labels: {}, capacity: null }),
  );
  scheduler.attach(agent);
  agent.hello();
  // What an agent says is written after it was heard.
  for (let looks = 0; looks < 500; looks += 1) {
    const { hosts } = await store.transact((tx) => tx.fleet());
    if (hosts[0]?.state === 'ready') return;
    await systemClock.sleep(20);
  }
  throw new Error('host-1 does not become ready');
});

after(async () => {
  await api.close();
  await scheduler[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { summary?: string }>>>>;
}

async function operations(): Promise<readonly (readonly [method: string, path: string])[]> {
  const answer = await api.inject({ url: '/v1/openapi.json' });
  const document = answer.json<Document>();
  assert.equal(document.openapi, '3.1.0');
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
}

test('every operation of the description wants a token, and takes no other', async () => {
  const all = await operations();
  assert.ok(all.length >= 14, `only ${all.length} operations`);
  for (const [method, path] of all) {
    if (ruleOf(method, path.replaceAll(/\{(\w+)\}/g, ':$1')).role === null) continue;
    const url = path.replaceAll(/\{\w+\}/g, 'x');
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: 'Basic right' },
    ]) {
      const answer = await api.inject({ method: method as 'GET', url, headers });
      assert.equal(answer.statusCode, 401, `${method} ${path}`);
      assert.equal(answer.json<{ error: { code: string } }>().error.code, 'UNAUTHORIZED');
    }
  }
});

test('every operation is described', async () => {
  const document = (await api.inject({ url: '/v1/openapi.json' })).json<Document>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { summary }] of Object.entries(methods)) {
      assert.ok(summary !== undefined && summary !== '', `${method} ${path} has no summary`);
    }
  }
});

for (const [what, request, status, code] of [
  ['an unknown path', { method: 'GET', url: '/v1/nothing' }, 404, 'NOT_FOUND'],
  ['an unknown host', { method: 'GET', url: '/v1/hosts/nobody' }, 404, 'NOT_FOUND'],
  [
    'a name that cannot be one',
    { method: 'GET', url: '/v1/hosts/No..Body' },
    400,
    'REQUEST_INVALID',
  ],
  [
    'a body that is not JSON',
    { method: 'POST', url: '/v1/apply', payload: '{' },
    400,
    'REQUEST_INVALID',
  ],
  [
    'a body of the wrong form',
    { method: 'POST', url: '/v1/apply', payload: '{"text":1}' },
    400,
    'REQUEST_INVALID',
  ],
  [
    'a limit that is too high',
    { method: 'GET', url: '/v1/events?limit=9999' },
    400,
    'REQUEST_INVALID',
  ],
  [
    'a spec with a fault',
    { method: 'POST', url: '/v1/apply', payload: '{"text":"a: 1"}' },
    422,
    'SPEC_INVALID',
  ],
  [
    'a migration of nothing',
    { method: 'POST', url: '/v1/instances/web/migrate', payload: '{"to":"host-1"}' },
    404,
    'NOT_FOUND',
  ],
] as const) {
  test(`${what} is answered with ${status} ${code} and a next step`, async () => {
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await api.inject({ ...request, headers });
    const { error } = answer.json<{ error: { code: string; message: string; next: string } }>();
    assert.deepEqual([answer.statusCode, error.code], [status, code], answer.body);
    assert.ok(error.message !== '' && error.next !== '');
  });
}

test('a spec goes in and comes out as instances, hosts, pools and events', async () => {
  const text = `apiVersion: bridgehead/v1
pools: [{ name: public, cidr: 198.18.10.0/24, bridge: br0 }]
instances:
  - name: web
    owner: team
    service: web
    image: image:1
    addresses: [{ pool: public }]
    config: |
      frontend f
        bind :80
`;
  const post = (url: string, payload: object) =>
    api.inject({ method: 'POST', url, headers: { authorization }, payload });
  const get = async <Body>(url: string) =>
    (await api.inject({ url, headers: { authorization } })).json<Body>();
  const applied = await post('/v1/apply', { source: 's.yaml', text });
  assert.equal(applied.statusCode, 200, applied.body);
  let phase = '';
  for (let tries = 0; phase !== 'serving' && tries < 200; tries += 1) {
    ({ phase } = await get<{ phase: string }>('/v1/instances/web'));
    if (phase !== 'serving') await systemClock.sleep(20);
  }
  assert.equal(phase, 'serving');
  const pool = await get<{ used: object[] }>('/v1/pools/public');
  assert.deepEqual(pool.used, [{ address: '198.18.10.1', instance: 'web' }]);
  const host = await get<{ instances: object[] }>('/v1/hosts/host-1');
  assert.deepEqual(host.instances, [{ name: 'web', role: 'active' }]);
  const events = await get<{ items: { kind: string }[] }>('/v1/events?object=instance/web');
  assert.deepEqual(
    events.items.map(({ kind }) => kind),
    ['instance.created', 'instance.placed'],
  );
  const status = await get<{ instances: object; hosts: object }>('/v1/status');
  assert.deepEqual(
    [status.instances, status.hosts],
    [
      { serving: 1, total: 1 },
      { ready: 1, heard: 1, total: 1 },
    ],
  );
  const cordoned = await post('/v1/hosts/host-1/cordon', { reason: 'fan' });
  assert.equal(cordoned.json<{ cordonReason: string }>().cordonReason, 'fan');
  const open = await post('/v1/hosts/host-1/uncordon', {});
  assert.equal(open.json<{ cordonReason: null }>().cordonReason, null);
});

test('logs are searched, and what a message has around it', async () => {
  for (const text of [
    '<3>Jan  1 00:00:00 host-1 kernel: BUG: bad page',
    '<6>veth up',
    '<6>veth down',
  ]) {
    intake.take(Buffer.from(text), '198.51.100.1', null);
  }
  await intake.store();
  const get = async (url: string) => {
    const answer = await api.inject({ url, headers: { authorization: `Bearer ${token}` } });
    return {
      status: answer.statusCode,
      body: answer.json<LogsView & { error: { message: string } }>(),
    };
  };
  const found = await get(`/v1/logs?query=${encodeURIComponent('"bad page" host:host-1')}`);
  assert.deepEqual(
    found.body.items.map(({ text, host }) => [text, host]),
    [['BUG: bad page', 'host-1']],
  );
  assert.equal(found.body.intake.stored, 3);
  const status: unknown = (await get('/v1/log-status')).body;
  const { messages, limits, kernels } = logStatusView.parse(status);
  assert.deepEqual(
    [messages, limits, kernels],
    [3, { days: 1, messages: 1_000, bytes: 1e9 }, { received: 0, stored: 0, lostOnHosts: 0 }],
  );
  const around = await get(`/v1/logs/${(found.body.items[0]?.id ?? 0) + 1}/around?lines=1`);
  assert.deepEqual(
    around.body.items.map(({ text }) => text),
    ['veth up', 'veth down'],
  );
  const bad = await get(`/v1/logs?query=${encodeURIComponent('"open')}`);
  assert.equal(bad.status, 400);
  assert.match(bad.body.error.message, /a quote is not closed/);
  assert.equal((await get('/v1/logs/999999/around')).status, 404);
});
