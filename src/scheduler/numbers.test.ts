// Numbers from the stream into the store and out again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Clock } from '../domain/clock.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import { numberFields, valueOf } from '../numbers/fields.ts';
import type { InstanceNumbers } from '../protocol/number-frames.ts';
import type { NumberStore } from '../store/number-store.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { history, latest } from './number-history.ts';
import { NumberIntake } from './number-intake.ts';
import { NumberUpkeep } from './number-upkeep.ts';

const instance = '11111111-1111-4111-8111-111111111111' as InstanceId;
const [host, other] = ['host-1', 'host-2'] as [HostName, HostName];
/** The beginning of an hour. */
const startMs = 1_800_000_000_000 - (1_800_000_000_000 % 3_600_000);

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

function row(sessions: number, open = 0): number[] {
  return numberFields.map(({ name }) =>
    name === 'sessions' ? sessions : name === 'openSessions' ? open : 0,
  );
}

function counted(sessions: number, change: Partial<InstanceNumbers> = {}): InstanceNumbers {
  const rows: InstanceNumbers['rows'] = [['frontend/web', row(sessions)]];
  return { instance, spanMs: 5_000, isWhole: true, omitted: 0, rows, ...change };
}

function scene(store: NumberStore) {
  const time = { nowMs: startMs };
  const clock: Clock = {
    ...{ wallMs: () => time.nowMs, monotonicMs: () => time.nowMs },
    ...{ sleep: () => Promise.resolve(), every: () => () => undefined },
  };
  const log = () => undefined;
  const intake = new NumberIntake({ store, clock, log });
  /** Points of five seconds each, one after the other. */
  const take = (count: number, sessions = 10) => {
    for (let at = 0; at < count; at += 1) {
      time.nowMs += 5_000;
      intake.take(host, [counted(sessions)]);
    }
  };
  const limits = { fineHours: 2, coarseDays: 1, bytesMax: 1e9 };
  const upkeep = (change: Partial<typeof limits> = {}) =>
    new NumberUpkeep({ store, clock, log, limits: { ...limits, ...change } }).run();
  const course = (stepMs: number | null, sinceMs = startMs) =>
    history(store, intake.tail(instance), {
      ...{ instance, sinceMs, untilMs: time.nowMs, stepMs, key: null },
    });
  const sum = async (stepMs: number | null, sinceMs?: number) => {
    const { points } = await course(stepMs, sinceMs);
    return points
      .map(({ rows }) => valueOf(rows.get('frontend/web') ?? [], 'sessions'))
      .reduce((total, one) => total + one, 0);
  };
  return { time, intake, take, upkeep, course, sum };
}

async function fresh(work: (store: PostgresStore) => Promise<void>): Promise<void> {
  const store = await databases.fresh();
  try {
    await work(store);
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

test('every point is found once, stored or not, at every step', () =>
  fresh(async ({ numbers: store }) => {
    const { intake, take, sum, course } = scene(store);
    take(30);
    assert.equal(await sum(5_000), 300);
    await intake.store();
    assert.equal(intake.counts.stored, 2);
    assert.equal(await sum(5_000), 300);
    assert.deepEqual((await course(5_000)).points.length, 30);
    assert.equal(await sum(60_000), 300);
    await intake.stop();
    assert.equal(await sum(5_000), 300);
    assert.equal(await sum(5_000, startMs + 60_000), 180);
  }));

test('a part adds to what was heard before; without that it says nothing', () =>
  fresh(async ({ numbers: store }) => {
    const { intake } = scene(store);
    intake.take(host, [counted(1, { isWhole: false })]);
    assert.equal(intake.all.size, 0);
    const rows: InstanceNumbers['rows'] = [
      ['frontend/web', row(5, 3)],
      ['backend/api', row(2)],
    ];
    intake.take(host, [counted(0, { rows })]);
    intake.take(host, [counted(0, { isWhole: false, rows: [['backend/api', row(4)]] })]);
    const heard = intake.all.get(instance);
    const web = heard?.point.rows.get('frontend/web') ?? [];
    assert.deepEqual([valueOf(web, 'sessions'), valueOf(web, 'openSessions')], [0, 3]);
    const totals = (key: string) => valueOf(heard?.totals.get(key) ?? [], 'sessions');
    assert.deepEqual([totals('frontend/web'), totals('backend/api')], [5, 6]);
    // Another host has not said what its part adds to.
    intake.take(other, [counted(9, { isWhole: false })]);
    assert.equal(intake.all.get(instance)?.host, host);
    intake.take(other, [counted(9)]);
    assert.equal(intake.all.get(instance)?.host, other);
    assert.equal(
      valueOf(intake.all.get(instance)?.totals.get('frontend/web') ?? [], 'sessions'),
      14,
    );
  }));

test('a store that is away holds nothing up, and gets later what still waits', () =>
  fresh(async ({ numbers: store }) => {
    let isAway = true;
    const unsteady: NumberStore = {
      append: (chunks) => (isAway ? Promise.reject(new Error('away')) : store.append(chunks)),
      read: (wanted) => store.read(wanted),
      unfolded: (...given) => store.unfolded(...given),
      prune: (...given) => store.prune(...given),
    };
    const { intake, take, sum } = scene(unsteady);
    take(24);
    await intake.store();
    assert.deepEqual([intake.counts.stored, intake.counts.waiting], [0, 2]);
    assert.equal(await sum(5_000), 240);
    isAway = false;
    await intake.store();
    assert.deepEqual([intake.counts.stored, intake.counts.waiting], [2, 0]);
    assert.equal(await sum(5_000), 240);
  }));

test('hours that are over are folded once, and what is old goes', () =>
  fresh(async ({ numbers: store }) => {
    const { time, intake, take, upkeep, course, sum } = scene(store);
    take(720);
    await intake.store();
    await upkeep();
    assert.equal((await store.unfolded(startMs, startMs + 3_600_000, 10)).length, 1);
    time.nowMs += 600_000;
    await upkeep();
    await upkeep();
    const wanted = { instance, sinceMs: startMs, untilMs: time.nowMs, limit: 100 };
    assert.equal((await store.read({ ...wanted, resolutionS: 60 })).length, 1);
    // Three hours later the points of 5 s are gone, and those of a minute say the same.
    time.nowMs += 3 * 3_600_000;
    await upkeep();
    assert.equal((await store.read({ ...wanted, resolutionS: 5 })).length, 0);
    assert.equal(await sum(60_000), 7_200);
    assert.equal((await course(null)).points.length > 10, true);
    time.nowMs += 30 * 3_600_000;
    await upkeep();
    assert.equal(await sum(60_000), 0);
  }));

test('of more bytes than may be kept the oldest go', () =>
  fresh(async ({ numbers: store }) => {
    const { time, intake, take, upkeep } = scene(store);
    take(120);
    await intake.store();
    const wanted = { instance, sinceMs: startMs, untilMs: time.nowMs, limit: 100 };
    const all = await store.read({ ...wanted, resolutionS: 5 });
    const bytes = all.map(({ data }) => data.length);
    assert.equal(all.length, 10);
    await upkeep({ bytesMax: bytes.slice(-3).reduce((total, one) => total + one, 0) });
    const left = await store.read({ ...wanted, resolutionS: 5 });
    assert.deepEqual(
      left.map(({ toMs }) => toMs),
      all.slice(-3).map(({ toMs }) => toMs),
    );
  }));

test('the last point, also of an instance that another scheduler hears', () =>
  fresh(async ({ numbers: store }) => {
    const { time, intake, take } = scene(store);
    take(12);
    await intake.store();
    const heard = intake.all.get(instance)?.point ?? null;
    assert.deepEqual((await latest(store, heard, instance, time.nowMs)).points, [heard]);
    const elsewhere = await latest(store, null, instance, time.nowMs);
    assert.deepEqual(
      elsewhere.points.map(({ atMs }) => atMs),
      [time.nowMs],
    );
    assert.equal((await latest(store, null, instance, time.nowMs + 600_000)).points.length, 0);
  }));
