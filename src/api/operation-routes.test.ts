import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { HostView, InstanceView, OperationView } from '../protocol/api.ts';
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
const agents = ['host-1', 'host-2'].map((name) => new ModelAgent(name));
const headers = { authorization: 'Bearer right' };
const spec = (config = 'bind :80') => `apiVersion: bridgehead/v1
pools: [{ name: public, cidr: 198.18.10.0/24, bridge: br0 }]
instances:
  - name: web
    owner: team
    service: web
    image: image:1
    addresses: [{ pool: public }]
    config: |
      frontend f
        ${config}
`;

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
    ...testAccess(store, 'right'),
    revokeHost: async () => undefined,
    newJoinToken: async () => ({ token: 'ticket', expiresMs: 1 }),
    log: () => undefined,
  });
  await api.ready();
  for (const agent of agents) {
    await store.transact((tx) =>
      tx.putHost({ name: agent.host, zone: 'z', rack: 'r', labels: {}, capacity: null }),
    );
    scheduler.attach(agent);
    agent.hello();
  }
  await until('both hosts are ready', async () => {
    const { items } = await get<{ items: readonly HostView[] }>('/v1/hosts');
    return items.length === 2 && items.every(({ state }) => state === 'ready') ? items : null;
  });
});

after(async () => {
  await api.close();
  await scheduler[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

function post(url: string, payload: object, key: string | null = null) {
  const keyed = key === null ? headers : { ...headers, 'idempotency-key': key };
  return api.inject({ method: 'POST', url, headers: keyed, payload });
}

async function get<Body>(url: string): Promise<Body> {
  return (await api.inject({ url, headers })).json<Body>();
}

const list = async (query: string) =>
  (await get<{ items: readonly OperationView[] }>(`/v1/operations${query}`)).items;

async function until<Value>(what: string, look: () => Promise<Value | null>): Promise<Value> {
  for (let looks = 0; looks < 1_000; looks += 1) {
    const value = await look();
    if (value !== null) return value;
    await systemClock.sleep(20);
  }
  throw new Error(`it does not come to this: ${what}`);
}

const endOf = (id: string): Promise<OperationView> =>
  until(`operation ${id} has ended`, async () => {
    const view = await get<OperationView>(`/v1/operations/${id}`);
    return view.endedMs === null ? null : view;
  });

/** Has `web` serve on one host, be nowhere else, and nothing begun; answers where it could go. */
async function settled(): Promise<{ readonly host: string; readonly other: string }> {
  const applied = await post('/v1/apply', { text: spec() });
  assert.equal(applied.statusCode, 200, applied.body);
  for (const { id } of await list('?open=true')) await endOf(id);
  return until('web serves on its host alone', async () => {
    const { host, epoch } = await get<InstanceView>('/v1/instances/web');
    const shown = agents.flatMap((agent) =>
      [...agent.shown.values()].map((one) => ({ ...one, host: agent.host })),
    );
    const isAlone = shown.length === 1 && shown[0]?.host === host;
    if (!isAlone || shown[0]?.phase !== 'serving' || shown[0].epoch !== epoch) return null;
    return { host, other: host === 'host-1' ? 'host-2' : 'host-1' };
  });
}

/** Has migrations away from a host stay at its release until the returned function is called. */
function holdAt(host: string): () => void {
  const agent = agents.find((one) => one.host === host);
  assert.ok(agent !== undefined);
  agent.fault = 'never-release';
  return () => {
    agent.fault = null;
  };
}

const codeOf = (answer: { json: () => unknown }) =>
  (answer.json() as { readonly error: { readonly code: string } }).error.code;

test('an operation is begun, listed while it is open and after, and shown with its steps', async () => {
  const { host, other } = await settled();
  const answer = await post('/v1/instances/web/migrate', { to: other, reason: 'fan' });
  assert.equal(answer.statusCode, 202, answer.body);
  const begun = answer.json<OperationView>();
  assert.equal(begun.title, `migrate web from ${host} to ${other}`);
  assert.deepEqual(
    [begun.state, begun.holder, begun.who, begun.reason, begun.objects],
    ['running', 'scheduler-1', 'admin', 'fan', ['instance/web']],
  );
  const ended = await endOf(begun.id);
  assert.deepEqual([ended.state, ended.holder, ended.error], ['done', null, null]);
  assert.deepEqual(
    ended.steps.map(({ name }) => name),
    ['prepare', 'quiesce', 'release', 'switch', 'verify', 'remove'],
  );
  assert.deepEqual(await list('?open=true'), []);
  const [newest, ...older] = await list('?object=instance/web');
  assert.deepEqual(newest, ended);
  assert.ok(older.length > 0 && older.every(({ kind }) => kind !== 'migrate'));
  assert.deepEqual(await list('?limit=1'), [ended]);
  assert.deepEqual(await list('?object=host/host-1'), []);
  assert.ok((await list('?open=false')).some(({ id }) => id === begun.id));
});

test('one that runs holds its instance: others are refused or get in line, and both can end', async () => {
  const { host, other } = await settled();
  const letGo = holdAt(host);
  const begun = (await post('/v1/instances/web/migrate', { to: other })).json<OperationView>();
  const { operation } = await get<{ operation: string }>('/v1/instances/web');
  assert.equal(operation, begun.id);
  const refused = await post('/v1/instances/web/migrate', { to: other });
  assert.deepEqual([refused.statusCode, codeOf(refused)], [409, 'BUSY']);
  assert.match(refused.body, new RegExp(begun.id));
  const changed = await post('/v1/apply', { text: spec('bind :81') });
  assert.deepEqual([changed.statusCode, codeOf(changed)], [409, 'BUSY']);

  const queued = await post('/v1/instances/web/migrate', { to: other, wait: true });
  assert.equal(queued.statusCode, 202, queued.body);
  const waiting = queued.json<OperationView>();
  assert.deepEqual([waiting.state, waiting.holder, waiting.startedMs], ['queued', null, null]);
  assert.deepEqual(
    (await list('?open=true&object=instance/web')).map(({ id }) => id),
    [waiting.id, begun.id],
  );
  const left = await post(`/v1/operations/${waiting.id}/cancel`, {});
  assert.equal(left.statusCode, 200, left.body);
  const { state, cancelledBy, endedMs } = left.json<OperationView>();
  assert.deepEqual([state, cancelledBy, endedMs !== null], ['cancelled', 'admin', true]);

  await post(`/v1/operations/${begun.id}/cancel`, {});
  const ended = await endOf(begun.id);
  assert.deepEqual([ended.state, ended.error?.code], ['cancelled', 'CANCELLED']);
  const instance = await get<{ host: string; operation: null }>('/v1/instances/web');
  assert.deepEqual([instance.host, instance.operation], [host, null]);
  const again = await post(`/v1/operations/${begun.id}/cancel`, {});
  assert.deepEqual([again.statusCode, codeOf(again)], [409, 'NOT_CANCELLABLE']);
  letGo();
});

test('the same key twice is one operation, with another body it is refused', async () => {
  const { host, other } = await settled();
  const key = randomUUID();
  const url = '/v1/instances/web/migrate';
  const both = await Promise.all([
    post(url, { to: other, reason: 'once' }, key),
    post(url, { to: other, reason: 'once' }, key),
  ]);
  const ids = new Set(both.map((answer) => answer.json<OperationView>().id));
  assert.deepEqual([ids.size, both[0]?.statusCode, both[1]?.statusCode], [1, 202, 202]);
  const [id = ''] = ids;
  assert.equal((await endOf(id)).state, 'done');
  const late = await post(url, { to: other, reason: 'once' }, key);
  assert.deepEqual([late.json<OperationView>().id, late.statusCode], [id, 202]);
  const onceOnly = (await list('?object=instance/web')).filter(({ reason }) => reason === 'once');
  assert.equal(onceOnly.length, 1);
  for (const answer of [
    await post(url, { to: other, reason: 'twice' }, key),
    await post(url, { to: host, reason: 'once' }, key),
    await post('/v1/hosts/host-1/drain', {}, key),
    await post('/v1/apply', { text: spec() }, key),
  ]) {
    assert.deepEqual([answer.statusCode, codeOf(answer)], [422, 'IDEMPOTENCY_MISMATCH']);
  }
});

test('a refusal is not kept: the same key may be tried again', async () => {
  const { host } = await settled();
  const key = randomUUID();
  const refused = await post('/v1/instances/web/migrate', { to: host }, key);
  assert.deepEqual([refused.statusCode, codeOf(refused)], [409, 'ALREADY_THERE']);
  const begun = await post('/v1/hosts/host-1/drain', { reason: 'later' }, key);
  assert.equal(begun.statusCode, 202, begun.body);
  await endOf(begun.json<OperationView>().id);
  await post('/v1/hosts/host-1/uncordon', {});
});

test('an apply that is repeated under its key is answered as the first time', async () => {
  await settled();
  const key = randomUUID();
  const text = spec('bind :8080');
  const first = await post('/v1/apply', { text }, key);
  const { operations } = first.json<{ operations: readonly { id: string; kind: string }[] }>();
  assert.deepEqual(
    operations.map(({ kind }) => kind),
    ['configure'],
  );
  assert.equal((await endOf(operations[0]?.id ?? '')).state, 'done');
  const second = await post('/v1/apply', { text }, key);
  assert.deepEqual(second.json(), first.json());
  const other = await post('/v1/apply', { text, prune: true }, key);
  assert.deepEqual([other.statusCode, codeOf(other)], [422, 'IDEMPOTENCY_MISMATCH']);
});

test('a drain empties the host by migrations of its own, and leaves it cordoned', async () => {
  const { host, other } = await settled();
  const answer = await post(`/v1/hosts/${host}/drain`, { reason: 'kernel' });
  assert.equal(answer.statusCode, 202, answer.body);
  const ended = await endOf(answer.json<OperationView>().id);
  assert.equal(ended.state, 'done', JSON.stringify(ended.error));
  const [move] = (await list('?object=instance/web')).filter(
    ({ parentId }) => parentId === ended.id,
  );
  assert.ok(move !== undefined);
  assert.deepEqual([move.kind, move.state, move.args['target']], ['migrate', 'done', other]);
  assert.match(ended.steps.at(-1)?.note ?? '', new RegExp(move.id));
  const left = await get<{ cordonReason: string; instances: object[] }>(`/v1/hosts/${host}`);
  assert.deepEqual(left.instances, []);
  assert.notEqual(left.cordonReason, null);
  await post(`/v1/hosts/${host}/uncordon`, {});
});

test('what is no operation is not found, and what is no id is no request', async () => {
  for (const [method, path] of [
    ['GET', ''],
    ['POST', '/cancel'],
  ] as const) {
    const none = await api.inject({
      method,
      url: `/v1/operations/${randomUUID()}${path}`,
      headers,
    });
    assert.deepEqual([none.statusCode, codeOf(none)], [404, 'NOT_FOUND']);
    const wrong = await api.inject({ method, url: `/v1/operations/7${path}`, headers });
    assert.deepEqual([wrong.statusCode, codeOf(wrong)], [400, 'REQUEST_INVALID']);
  }
  for (const query of ['?limit=0', '?limit=1001', '?open=perhaps']) {
    const wrong = await api.inject({ url: `/v1/operations${query}`, headers });
    assert.deepEqual([wrong.statusCode, codeOf(wrong)], [400, 'REQUEST_INVALID'], query);
  }
  const long = await post('/v1/hosts/host-1/drain', {}, 'x'.repeat(129));
  assert.deepEqual([long.statusCode, codeOf(long)], [400, 'REQUEST_INVALID']);
});
