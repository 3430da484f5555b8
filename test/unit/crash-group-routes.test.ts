import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FastifyInstance, fastify } from 'fastify';
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { crashGroupRoutes } from '../../src/api/crash-group-routes.ts';
import { problemOf } from '../../src/api/problem.ts';
import type { ApiParts } from '../../src/api/server.ts';
import { asAdministrator } from '../../src/api/test-access.ts';
import { crashesIn } from '../../src/crash/cutter.ts';
import { BridgeheadError } from '../../src/domain/errors.ts';
import type { CrashDecisionView, CrashGroupDetail } from '../../src/protocol/crash-group-views.ts';
import { CrashGroupsBook } from '../../src/scheduler/crash-groups.ts';
import type { PostgresStore } from '../../src/store/postgres-store.ts';
import { TestDatabases } from '../../src/store/test-database.ts';
import { systemClock } from '../../src/system/clock.ts';

let databases: TestDatabases;
let store: PostgresStore;
let api: FastifyInstance;

before(async () => {
  databases = await TestDatabases.start();
  store = await databases.fresh();
  api = fastify();
  api.setValidatorCompiler(validatorCompiler);
  api.setSerializerCompiler(serializerCompiler);
  api.setErrorHandler((error, _, reply) => {
    const known = BridgeheadError.wrap(error);
    return reply.status(known.status).send(problemOf(known));
  });
  asAdministrator(api);
  const crashGroups = new CrashGroupsBook({ store, clock: systemClock });
  crashGroupRoutes(api.withTypeProvider<ZodTypeProvider>(), { crashGroups } as ApiParts);
  await api.ready();
});

after(async () => {
  await api.close();
  await store[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

test('a group whose id has a slash is found by its path, and a split is undone', async () => {
  const text = `[   12.000001] BUG: kernel NULL pointer dereference, address: 0000000000000048
[   12.000002] CPU: 3 PID: 812 Comm: haproxy Not tainted 6.1.90 #1
[   12.000003] RIP: 0010:nic_poll+0x58/0x1c0
[   12.000004] Call Trace:
[   12.000005]  net_rx_action+0x10/0x90
[   12.000006] ---[ end trace 0000000000000000 ]---`;
  const [report] = crashesIn(text);
  assert.ok(report !== undefined);
  await store.crashes.add({ atMs: 1e12, host: 'lb-1', source: '198.18.0.11', boot: '', report });
  const group = report.fingerprint.id;
  const ask = { kind: 'split', group, by: 'host', reason: 'one host is odd' };
  const made = await api.inject({ method: 'POST', url: '/v1/crash-decisions', payload: ask });
  assert.equal(made.statusCode, 200, made.body);
  const { id, who } = made.json<CrashDecisionView>();
  assert.equal(who, 'admin');
  const path = `/v1/crash-groups/${encodeURIComponent(`${group}/host=lb-1`)}`;
  const shown = await api.inject({ url: path });
  assert.equal(shown.statusCode, 200, shown.body);
  const detail = shown.json<CrashGroupDetail>();
  assert.equal(detail.reports, 1);
  assert.equal(detail.latest.host, 'lb-1');
  assert.match(detail.because.at(-1) ?? '', /split by host, lb-1: one host is odd \(admin\)/);
  const none = { method: 'POST', url: `/v1/crash-decisions/${id}/undo` } as const;
  const undone = await api.inject({ ...none, payload: { reason: 'it is not' } });
  assert.equal(undone.json<CrashDecisionView>().undone?.reason, 'it is not');
  assert.equal((await api.inject({ url: path })).statusCode, 404);
  const all = await api.inject({ url: '/v1/crash-decisions?all=true' });
  assert.equal(all.json<{ items: unknown[] }>().items.length, 1);
  const standing = await api.inject({ url: '/v1/crash-decisions' });
  assert.equal(standing.json<{ items: unknown[] }>().items.length, 0);
});
