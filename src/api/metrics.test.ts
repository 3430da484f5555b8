// /metrics as a scrape reads it, and the alert rules of examples/ held against it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { parse } from 'yaml';
import { numberFields } from '../numbers/fields.ts';
import { parseExposition } from '../numbers/test-exposition.ts';
import type { NumbersView, TopView } from '../protocol/number-views.ts';
import { CrashGroupsBook } from '../scheduler/crash-groups.ts';
import { FleetFeed } from '../scheduler/fleet-feed.ts';
import { NumberIntake } from '../scheduler/number-intake.ts';
import { testDesk } from '../scheduler/test-desk.ts';
import { Fleet } from '../scheduler/test-fleet.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { createApi } from './server.ts';
import { testAccess } from './test-access.ts';

let databases: TestDatabases;
let store: PostgresStore;
let fleet: Fleet;
let numbers: NumberIntake;
let api: FastifyInstance;
const headers = { authorization: 'Bearer right' };

before(async () => {
  databases = await TestDatabases.start();
  store = await databases.fresh();
  fleet = await Fleet.serving(store);
  const log = () => undefined;
  numbers = new NumberIntake({ store: store.numbers, clock: systemClock, log });
  api = await createApi({
    ...{ store, clock: systemClock, scheduler: fleet.scheduler, version: '1.2.3', log },
    ...{ storeKind: 'embedded', crashes: store.crashes, ...testAccess(store, 'right') },
    crashGroups: new CrashGroupsBook({ store, clock: systemClock }),
    feed: new FleetFeed({
      ...{
        store,
        marks: store.changes,
        scheduler: fleet.scheduler,
        clock: systemClock,
        run: 'run',
      },
      log: () => undefined,
    }),
    issues: [],
    ...testDesk(store, fleet.scheduler),
    crashesKept: () => new Map([['oops', 2]]),
    numbers: { store: store.numbers, intake: numbers },
    logs: {
      store: store.logs,
      counts: () => ({ received: 9, stored: 7, waiting: 1, dropped: 1, unread: 3 }),
      limits: { days: 1, messages: 1_000, bytes: 1e9 },
      kernelCounts: () => ({ received: 0, stored: 0, lostOnHosts: 0 }),
    },
    revokeHost: async () => undefined,
    newJoinToken: async () => ({ token: 'ticket', expiresMs: 1 }),
  });
  await api.ready();
  const { instances, assignments } = await store.transact((tx) => tx.fleet());
  const [instance] = instances;
  const host = assignments[0]?.host;
  assert.ok(instance !== undefined && host !== undefined);
  const row = numberFields.map(({ name }) => (name === 'status' ? 2 : 10));
  const rows = ['process', 'frontend/web', 'backend/api', 'server/api/s1'].map(
    (key): [string, number[]] => [key, row],
  );
  const one = { instance: instance.id, spanMs: 5_000, isWhole: true, omitted: 0, rows };
  numbers.take(host, [one]);
  numbers.take(host, [one]);
});

after(async () => {
  await api.close();
  await fleet[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

async function scrape() {
  const answer = await api.inject({ url: '/metrics', headers });
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  return parseExposition(answer.body);
}

test('a scrape finds the fleet and what its instances count', async () => {
  const families = await scrape();
  const value = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    families
      .get(name)
      ?.samples.find((one) =>
        Object.entries(labels).every(([key, text]) => one.labels[key] === text),
      )?.value;
  assert.equal(value('bridgehead_hosts', { state: 'ready' }), 3);
  assert.equal(value('bridgehead_instances', { phase: 'serving' }), 1);
  assert.equal(value('bridgehead_instance_serving', { instance_name: 'web' }), 1);
  assert.equal(value('bridgehead_operations_total', { kind: 'create', outcome: 'done' }), 1);
  assert.equal(value('bridgehead_failovers_total', { outcome: 'done' }), 0);
  assert.equal(value('bridgehead_failover_armed'), 1);
  assert.equal(value('bridgehead_log_messages_dropped_total'), 1);
  assert.equal(value('bridgehead_crash_reports_total', { kind: 'oops' }), 2);
  assert.equal(value('bridgehead_build_info', { version: '1.2.3' }), 1);
  // Two points of ten each.
  const web = { instance_name: 'web', proxy: 'web' };
  assert.equal(value('haproxy_frontend_sessions_total', web), 20);
  assert.equal(value('haproxy_frontend_current_sessions', web), 10);
  assert.equal(value('haproxy_server_status', { server: 's1', state: 'UP' }), 1);
  assert.ok((value('bridgehead_instance_numbers_age_seconds') ?? 1e9) < 60);
});

test('the same numbers by the routes for people', async () => {
  const top = (await api.inject({ url: '/v1/numbers', headers })).json<TopView>();
  assert.deepEqual(
    top.items.map(({ instance, requests }) => [instance, requests]),
    [['web', 2]],
  );
  const one = await api.inject({ url: '/v1/instances/web/numbers', headers });
  const { points } = one.json<NumbersView>();
  assert.equal(points[0]?.rows.length, 4);
  const since = Math.floor(systemClock.wallMs() - 600_000);
  const course = await api.inject({
    url: `/v1/instances/web/numbers?since=${since}&step=5&of=server/api/s1`,
    headers,
  });
  const rows = course.json<NumbersView>().points.flatMap((point) => point.rows);
  assert.deepEqual(new Set(rows.map(({ server }) => server)), new Set(['s1']));
  for (const [url, status] of [
    ['/v1/instances/none/numbers', 404],
    ['/v1/instances/web/numbers?of=listener/x', 400],
    ['/v1/instances/web/numbers?step=0', 400],
  ] as const) {
    assert.equal((await api.inject({ url, headers })).statusCode, status, url);
  }
});

test('every metric that the alert rules of examples/ name is one of these, with its labels', async () => {
  const families = await scrape();
  const path = join(import.meta.dirname, '../../examples/prometheus/bridgehead-alerts.yml');
  const { groups } = parse(await readFile(path, 'utf8')) as {
    groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  assert.ok(rules.length >= 10);
  for (const { alert, expr } of rules) {
    const names = [...expr.matchAll(/\b((?:bridgehead|haproxy)_\w+)(?:\{([^}]*)\})?/g)];
    assert.ok(names.length > 0, alert);
    for (const [, name = '', selector = ''] of names) {
      const family = families.get(name);
      assert.ok(family !== undefined, `${alert} asks for ${name}`);
      const isCounted = new RegExp(`(rate|increase)\\(${name}`).test(expr);
      assert.equal(family.type === 'counter', isCounted, `${alert}: ${name} is a ${family.type}`);
      const labels = new Set(family.samples.flatMap((sample) => Object.keys(sample.labels)));
      for (const [, label = ''] of selector.matchAll(/(\w+)=/g)) {
        assert.ok(labels.has(label), `${alert}: ${name} has no label ${label}`);
      }
      const by = /by \(([^)]*)\)/.exec(expr)?.[1]?.split(', ') ?? [];
      for (const label of by) assert.ok(labels.has(label), `${alert}: ${name} has no ${label}`);
    }
  }
});
