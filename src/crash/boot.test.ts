import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootOf, bootsOfReports, type HostBoot, livedOn, mayEndBoot } from './boot.ts';

const dayMs = 86_400_000;
const daySeconds = 86_400;

function boot(bootId: string, startDay: number, lastDay: number): HostBoot {
  const [startedMs, lastSeenMs] = [startDay * dayMs, lastDay * dayMs];
  return {
    ...{ host: 'lb-1', bootId, startedMs, firstSeenMs: startedMs, lastSeenMs },
    ...{ ended: null, crashId: null },
  };
}

const boots = [boot('first', 0, 60), boot('second', 60.01, 90)];

test('a report is of the boot that ran when it came', () => {
  const at = (day: number, uptimeSeconds: number | null) =>
    bootOf(boots, { atMs: day * dayMs, uptimeSeconds, bootId: '' })?.boot.bootId;
  assert.equal(at(30, 30 * daySeconds), 'first');
  assert.equal(at(30, null), 'first');
  assert.equal(at(90, 30 * daySeconds), 'second');
  assert.equal(at(90, null), 'second');
  // The kernel's own clock was off by 40 s in 30 days.
  assert.equal(at(90, 29.99 * daySeconds + 40), 'second');
});

test('a report that a reboot brought to light is of the boot before', () => {
  const found = bootOf(boots, { atMs: 60.02 * dayMs, uptimeSeconds: 60 * daySeconds, bootId: '' });
  assert.equal(found?.boot.bootId, 'first');
  assert.equal(found.atMs, 60 * dayMs);
  assert.equal(
    bootOf([boots[1] as HostBoot], { atMs: 61 * dayMs, uptimeSeconds: 9e6, bootId: '' }),
    null,
  );
});

test('a report that names its boot is of that one, though the next one runs', () => {
  const at = (day: number, bootId: string, uptimeSeconds: number | null = null) => {
    const found = bootOf(boots, { atMs: day * dayMs, uptimeSeconds, bootId });
    return [found?.boot.bootId, (found?.atMs ?? 0) / dayMs];
  };
  assert.deepEqual(at(60.02, 'first'), ['first', 60.01]);
  assert.deepEqual(at(60.02, 'first', 60 * daySeconds), ['first', 60]);
  assert.deepEqual(at(59, 'first'), ['first', 59]);
  assert.deepEqual(at(80, 'second', 5), ['second', 80]);
  assert.deepEqual(at(80, 'third'), [undefined, 0]);
});

test('a kernel that died before its agent was heard is of no boot that is known', () => {
  assert.equal(bootOf(boots, { atMs: 91 * dayMs, uptimeSeconds: 20, bootId: '' }), null);
  assert.equal(bootOf([], { atMs: 1, uptimeSeconds: 20, bootId: '' }), null);
});

test('a host that is heard long after a report has lived on', () => {
  const [first] = boots as [HostBoot];
  assert.equal(livedOn(first, 60 * dayMs - 30_000), false);
  assert.equal(livedOn(first, 30 * dayMs), true);
});

test('what ends a boot: an oops or a panic, no warning that no panic follows', () => {
  assert.equal(mayEndBoot({ kind: 'null-dereference', lines: [] }), true);
  assert.equal(mayEndBoot({ kind: 'hung-task', lines: ['INFO: task x:1 blocked'] }), false);
  const lines = ['INFO: task x:1 blocked', 'Kernel panic - not syncing: hung_task: blocked tasks'];
  assert.equal(mayEndBoot({ kind: 'hung-task', lines }), true);
});

test('boots of a host without an agent are told apart by when its kernel started', () => {
  const report = (id: number, host: string, day: number, uptimeDays: number | null) => ({
    ...{ id, host, atMs: day * dayMs, bootId: '' },
    uptimeSeconds: uptimeDays === null ? null : uptimeDays * daySeconds,
  });
  const found = bootsOfReports(boots, [
    ...[report(1, 'lb-1', 30, 30), report(2, 'other', 10, 1), report(3, 'other', 12, 3)],
    ...[report(4, 'other', 20, 0.5), report(5, 'other', 21, null)],
  ]);
  assert.deepEqual(
    [...found].toSorted(([a], [b]) => a - b),
    [
      [1, 'first'],
      [2, 'since 1970-01-10T00:00Z'],
      [3, 'since 1970-01-10T00:00Z'],
      [4, 'since 1970-01-20T12:00Z'],
    ],
  );
});
