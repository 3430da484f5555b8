import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashMsOf, exposuresOf, hostRecordsOf, survivalOf, type WatchedBoot } from './fleet.ts';

const dayMs = 86_400_000;

interface Given {
  readonly host: string;
  readonly start: number;
  readonly seen?: number;
  readonly last: number;
  readonly by?: string;
  readonly kernel?: string;
  readonly groups?: readonly (readonly [string, number])[];
}

function boot({
  host,
  start,
  seen = start,
  last,
  by,
  kernel = '3.16',
  groups = [],
}: Given): WatchedBoot {
  return {
    ...{ host, startedMs: start * dayMs, firstSeenMs: seen * dayMs, lastSeenMs: last * dayMs },
    ended: by === undefined ? null : { atMs: last * dayMs, by },
    groups: groups.map(([id, day]) => ({ id, atMs: day * dayMs })),
    facts: { kernel },
  };
}

const all = { group: null, unknownCrashed: false };

// The story: three hosts crash after 60, 30 and 7 days, and are quiet with another kernel.
const story = [
  boot({ host: 'lb-1', start: 0, last: 60, by: 'crash' }),
  boot({ host: 'lb-2', start: 30, last: 60, by: 'crash' }),
  boot({ host: 'lb-3', start: 53, last: 60, by: 'crash' }),
  ...['lb-1', 'lb-2', 'lb-3'].map((host) => boot({ host, start: 61, last: 101, kernel: '3.18' })),
];

test('the story gives its 97 host-days with three crashes, and 120 without', () => {
  const since = exposuresOf(story, all, { sinceMs: 61 * dayMs, fact: null });
  assert.deepEqual([since.before.crashes, since.before.hostDays], [3, 97]);
  assert.deepEqual([since.after.crashes, since.after.hostDays], [0, 120]);
  assert.deepEqual(since.before.crashesByHost, { 'lb-1': 1, 'lb-2': 1, 'lb-3': 1 });
  const fact = { name: 'kernel', value: '3.18' };
  assert.deepEqual(exposuresOf(story, all, { sinceMs: null, fact }), since);
});

test('a boot that runs through the date is before it and after it; an unchanged one is left out', () => {
  const boots = [
    boot({ host: 'a', start: 0, seen: 4, last: 20, by: 'crash' }),
    boot({ host: 'b', start: 0, last: 14 }),
    boot({ host: 'c', start: 12, last: 15, kernel: '3.18' }),
  ];
  const date = exposuresOf(boots, all, { sinceMs: 10 * dayMs, fact: null });
  assert.deepEqual([date.before.crashes, date.before.hostDays], [0, 16]);
  assert.deepEqual([date.after.crashes, date.after.hostDays], [1, 17]);
  const fact = { name: 'kernel', value: '3.18' };
  const both = exposuresOf(boots, all, { sinceMs: 10 * dayMs, fact });
  assert.deepEqual([both.before.hostDays, both.after.hostDays, both.leftOutDays], [16, 3, 14]);
  assert.equal(both.after.crashes, 0);
});

test('what was not watched counts nothing, and planned reboots and what is up are no crashes', () => {
  const late = boot({ host: 'a', start: 0, seen: 30, last: 75, by: 'crash' });
  assert.deepEqual(survivalOf(late, all), { fromDays: 30, untilDays: 75, crashed: true });
  const planned = boot({ host: 'a', start: 0, last: 9, by: 'planned' });
  assert.deepEqual(survivalOf(planned, all), { fromDays: 0, untilDays: 9, crashed: false });
  assert.equal(survivalOf(boot({ host: 'a', start: 0, last: 9 }), all)?.crashed, false);
  const unknown = boot({ host: 'a', start: 0, last: 9, by: 'unknown' });
  assert.equal(crashMsOf(unknown, all), null);
  assert.equal(crashMsOf(unknown, { ...all, unknownCrashed: true }), 9 * dayMs);
  assert.equal(survivalOf(boot({ host: 'a', start: 0, seen: 9, last: 9, by: 'crash' }), all), null);
});

test('of a group a boot counts once, and is watched to its first report only', () => {
  const warned = boot({ host: 'a', start: 0, last: 50, groups: [['v1-w', 20]] });
  const group = { group: 'v1-w', unknownCrashed: false };
  assert.deepEqual(survivalOf(warned, group), { fromDays: 0, untilDays: 20, crashed: true });
  assert.equal(survivalOf(warned, all)?.crashed, false);
  assert.equal(survivalOf(warned, { ...group, group: 'v1-x' })?.untilDays, 50);
  const { before } = exposuresOf([warned], group, { sinceMs: 30 * dayMs, fact: null });
  assert.deepEqual([before.crashes, before.hostDays], [1, 20]);
});

test('a host is one record, with the facts of the boot that crashed, else of its newest', () => {
  assert.deepEqual(hostRecordsOf([...story, boot({ host: 'lb-4', start: 0, last: 9 })], all), [
    ...['lb-1', 'lb-2', 'lb-3'].map((host) => ({ host, crashed: true, facts: { kernel: '3.16' } })),
    { host: 'lb-4', crashed: false, facts: { kernel: '3.16' } },
  ]);
  const lived = [
    boot({ host: 'a', start: 5, last: 9, kernel: 'new' }),
    boot({ host: 'a', start: 0, last: 4, by: 'planned', kernel: 'old' }),
  ];
  assert.deepEqual(hostRecordsOf(lived, all), [
    { host: 'a', crashed: false, facts: { kernel: 'new' } },
  ]);
});
