import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type FastifyInstance, fastify } from 'fastify';
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { BridgeheadError } from '../domain/errors.ts';
import { opened } from '../incidents/advance.ts';
import { foldIncident } from '../incidents/fold.ts';
import { readReports } from '../incidents/test-facts.ts';
import type { KnownIssueFile } from '../known-issues/entry.ts';
import type { IncidentView } from '../protocol/incident-views.ts';
import { IncidentDesk } from '../scheduler/incident-desk.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { incidentRoutes } from './incident-routes.ts';
import { problemOf } from './problem.ts';
import type { ApiParts } from './server.ts';
import { asAdministrator } from './test-access.ts';

const fileOf = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

let databases: TestDatabases;
let store: PostgresStore;
let api: FastifyInstance;
before(async () => {
  databases = await TestDatabases.start();
  store = await databases.fresh();
  const { issues } = JSON.parse(fileOf('known-issues/scheduler.json')) as KnownIssueFile;
  api = fastify();
  api.setValidatorCompiler(validatorCompiler);
  api.setSerializerCompiler(serializerCompiler);
  api.setErrorHandler((error, _, reply) => {
    const known =
      error instanceof BridgeheadError ? error : new BridgeheadError('REQUEST_INVALID', '', '');
    return reply.status(known.status).send(problemOf(known));
  });
  asAdministrator(api);
  const scheduler = { incidents: new IncidentDesk({ store, clock: systemClock }) };
  const parts = { scheduler, crashes: store.crashes, issues } as unknown as ApiParts;
  incidentRoutes(api.withTypeProvider<ZodTypeProvider>(), parts);
  await api.ready();
});
after(async () => {
  await api.close();
  await store[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

test('an incident as the API has it: listed, read with what is known of its report, noted, closed once', async () => {
  const [report] = readReports();
  assert.ok(report !== undefined);
  const from = { host: 'lb-1', source: '198.18.0.11', boot: '' };
  const crashId = await store.crashes.add({ ...from, atMs: 9_000, firstMs: 8_000, report });
  assert.ok(crashId !== null);
  const fresh = opened('lb-1', { nowMs: 9_500, atMs: 9_000, facts: null, running: [] });
  const facts = {
    ...{ nowMs: 9_500, host: 'lb-1', failover: null, operations: [], events: [], instances: [] },
    ...{ crashes: [{ id: crashId, firstMs: 8_000, atMs: 9_000, report }], isHostReady: true },
  };
  const id = await store.transact((tx) =>
    tx.addIncident({ ...fresh, story: foldIncident(fresh.story, facts) }),
  );

  const list = await api.inject({ url: '/v1/incidents?state=open&host=lb-1' });
  assert.deepEqual(list.json(), {
    items: [
      {
        ...{ id, host: 'lb-1', state: 'open', firstMs: 8_000, servedMs: null, isDead: false },
        ...{ instances: 0, sheds: 0, title: report.title, release: report.release },
        fingerprint: report.fingerprint.id,
      },
    ],
    next: null,
  });
  assert.deepEqual((await api.inject({ url: '/v1/incidents?state=resolved' })).json(), {
    items: [],
    next: null,
  });

  const read = (await api.inject({ url: `/v1/incidents/${id}` })).json<IncidentView>();
  const [reading] = read.readings;
  assert.deepEqual(reading?.lines, report.lines);
  const [known] = reading?.known ?? [];
  assert.equal(known?.id, 'sched-task-group-race');
  assert.deepEqual(
    [known.verdict.affected, known.verdict.neverOnBranch, known.verdict.fixedInMainline],
    ['yes', true, '3.18'],
  );
  assert.match(known.sources[0] ?? '', /^https:/);
  assert.ok(reading !== undefined && reading.queries.length > 0);
  for (const query of reading.queries) assert.doesNotMatch(query, /\+0x|ffffffff81/);

  const post = (path: string, payload: object) =>
    api.inject({ method: 'POST', url: `/v1/incidents/${id}/${path}`, payload });
  assert.equal((await post('notes', { text: ' ' })).statusCode, 400);
  assert.equal((await post('notes', { text: 'seen' })).json<IncidentView>().notes[0]?.text, 'seen');
  const closed = (await post('resolve', { note: '3.18' })).json<IncidentView>();
  assert.deepEqual([closed.state, closed.resolved?.text], ['resolved', '3.18']);
  assert.equal((await post('resolve', {})).statusCode, 409);
  assert.equal((await api.inject({ url: '/v1/incidents/999' })).statusCode, 404);
});
