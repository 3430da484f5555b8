import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { CrashReport } from '../crash/report.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { Incident } from '../incidents/incident.ts';
import { readReports } from '../incidents/test-facts.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { IncidentKeeper } from './incident-keeper.ts';
import { Fleet, refusal } from './test-fleet.ts';

let databases: TestDatabases;
let report: CrashReport;
before(async () => {
  databases = await TestDatabases.start();
  const [first] = readReports();
  assert.ok(first !== undefined);
  report = first;
});
after(() => databases[Symbol.asyncDispose]());

async function crash(store: PostgresStore, host: string, atMs = systemClock.wallMs()) {
  const from = { host, source: '198.18.0.11', boot: '' };
  const id = await store.crashes.add({ ...from, firstMs: atMs - 800, atMs, report });
  assert.ok(id !== null);
  return id;
}

async function settled(fleet: Fleet, is: (incident: Incident) => boolean): Promise<Incident> {
  let found: Incident | undefined;
  await fleet.until(async () => {
    found = (await fleet.scheduler.incidents.list({ limit: 10 })).find(is);
    return found !== undefined;
  });
  assert.ok(found !== undefined);
  return found;
}

async function eventsOf(fleet: Fleet, kind: string) {
  return (await fleet.store.events({ limit: 1_000 })).filter((event) => event.kind === kind);
}

test('a death is one incident: its report joins it late, its host comes back, people have the last word', async () => {
  const store = await databases.fresh();
  await using fleet = await Fleet.serving(store);
  const { source } = fleet.places();
  source.disconnect();
  await fleet.until(async () => (await fleet.hosts()).some(({ state }) => state === 'suspect'));
  await fleet.scheduler.detection.confirmDead(source.host, 'ann', 'no light');
  source.shown.clear();
  const recovered = await settled(fleet, ({ state }) => state === 'recovered');
  assert.equal(recovered.host, source.host);
  assert.match(recovered.story.verdict?.reasons.join() ?? '', /ann says that it is off: no light/);
  const [move] = recovered.story.moves;
  assert.deepEqual(
    [move?.instance, move?.how, move?.to, recovered.story.servedMs],
    ['web', 'placed', fleet.owners()[0], move?.servedMs],
  );
  assert.equal(recovered.story.facts?.kernel, (await fleet.hosts())[0]?.facts?.kernel);

  const crashId = await crash(store, source.host);
  const joined = await settled(fleet, (one) => one.story.reports.length > 0);
  assert.deepEqual([joined.id, joined.story.reports[0]?.id], [recovered.id, crashId]);
  fleet.scheduler.attach(source);
  source.hello();
  await fleet.until(async () => (await eventsOf(fleet, 'host.returned')).length === 1);

  const { incidents } = fleet.scheduler;
  await incidents.note(joined.id, 'a cable', 'ben');
  await incidents.resolve(joined.id, 'kernel 3.18', 'ann');
  await assert.rejects(
    incidents.resolve(joined.id, '', 'ben'),
    refusal('INCIDENT_RESOLVED', /ann/),
  );
  await assert.rejects(
    incidents.note(999, 'x', 'ben'),
    (error) => error instanceof BridgeheadError && error.code === 'NOT_FOUND',
  );
  const { incident, earlier, together } = await incidents.file(joined.id);
  assert.deepEqual([incident.state, incident.notes[0]?.text], ['resolved', 'a cable']);
  assert.deepEqual([earlier, together], [[], []]);
  assert.equal((await incidents.list({ limit: 10 })).length, 1);
  for (const kind of ['incident.opened', 'incident.recovered', 'incident.resolved']) {
    const [event, ...more] = await eventsOf(fleet, kind);
    assert.deepEqual([event?.object, more], [`host/${source.host}`, []], kind);
  }
});

test('a crash of a host that lives on stays open for a while; one at the same time, and earlier ones, are named', async () => {
  const store = await databases.fresh();
  await using fleet = await Fleet.serving(store);
  const nowMs = systemClock.wallMs();
  const hourMs = 3_600_000;
  await crash(store, 'host-1', nowMs - hourMs);
  await settled(fleet, ({ host }) => host === 'host-1');
  await crash(store, 'host-1', nowMs);
  await crash(store, 'host-2', nowMs);
  await crash(store, 'unknown-to-us', nowMs);
  const [owner] = fleet.owners();
  const other = await settled(fleet, ({ host }) => host === 'host-2');
  await fleet.until(async () => (await fleet.scheduler.incidents.list({ limit: 9 })).length === 3);
  const [newest] = await fleet.scheduler.incidents.list({ host: 'host-1', limit: 1 });
  assert.ok(newest !== undefined);
  await settled(fleet, ({ id, story: { reports } }) => id === newest.id && reports.length === 1);
  const { incident, earlier, together } = await fleet.scheduler.incidents.file(newest.id);
  assert.equal(incident.state, 'open');
  assert.equal(incident.story.firstMs, nowMs - 800);
  assert.equal(incident.story.moves.length, owner === 'host-1' ? 1 : 0);
  assert.deepEqual(
    together.map(({ id }) => id),
    [other.id],
  );
  assert.equal(earlier.length, 1);
  const alike = { fingerprint: report.fingerprint.id, limit: 9 };
  await fleet.until(async () => (await fleet.scheduler.incidents.list(alike)).length === 3);
});

test('schedulers that see the same causes at once open one incident for each', async () => {
  const store = await databases.fresh();
  await using fleet = await Fleet.start(store);
  const { sessions } = await store.transact(async (tx) => ({ sessions: await tx.sessions() }));
  const parts = { store, clock: systemClock, agents: fleet.scheduler.agents };
  const keepers = Array.from(
    { length: 4 },
    () => new IncidentKeeper({ ...parts, session: () => sessions[0]?.id ?? '' }),
  );
  await crash(store, 'host-1');
  await Promise.all(keepers.map((keeper) => keeper.sync()));
  await crash(store, 'host-2');
  await Promise.all(keepers.map((keeper) => keeper.sync()));
  // A death joins no incident that has one, so only the claim tells the second keeper.
  const failover = { kind: 'failover' as const, host: 'host-3', promoted: '', stranded: '' };
  const { kind, ...args } = failover;
  await store.transact((tx) =>
    tx.putOperation({
      ...{ id: randomUUID(), kind, objects: [], args: { ...args, waitMs: 0 }, who: 'scheduler' },
      ...{ reason: '', state: 'done', observed: {}, steps: [], isForward: true, session: null },
      ...{ token: 1, cancelledBy: null, parentId: null, requestedMs: systemClock.wallMs() },
      ...{ startedMs: 1, endedMs: 2, error: null },
    }),
  );
  await Promise.all(keepers.map((keeper) => keeper.sync()));
  const hosts = (await fleet.scheduler.incidents.list({ limit: 9 })).map(({ host }) => host);
  assert.deepEqual(hosts, ['host-3', 'host-2', 'host-1']);
  assert.equal((await eventsOf(fleet, 'incident.opened')).length, 3);
});
