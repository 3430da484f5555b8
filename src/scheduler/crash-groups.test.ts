import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { crashesIn } from '../crash/cutter.ts';
import type { CrashReport } from '../crash/report.ts';
import type { HostFacts } from '../domain/model.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { CrashGroupsBook } from './crash-groups.ts';

const dayMs = 86_400_000;
const from = Date.UTC(2026, 0, 1);
const now = from + 60 * dayMs;
const clock = { ...systemClock, wallMs: () => now };

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

function reportIn(
  fault: string,
  callers: readonly string[],
  release = '6.1.90',
  uptime = 8812,
): CrashReport {
  const [report] = crashesIn(
    [
      `[${uptime}.000001] BUG: kernel NULL pointer dereference, address: 0000000000000048`,
      `[${uptime}.000002] CPU: 3 PID: 812 Comm: haproxy Not tainted ${release} #1`,
      `[${uptime}.000003] RIP: 0010:${fault}+0x58/0x1c0`,
      `[${uptime}.000004] Call Trace:`,
      ...callers.map((name, at) => `[${uptime}.00001${at}]  ${name}+0x1${at}/0x90`),
      `[${uptime}.000030] ---[ end trace 0000000000000000 ]---`,
    ].join('\n'),
  );
  assert.ok(report !== undefined);
  return report;
}

const poll = reportIn('nic_poll', ['net_rx_action', 'do_softirq']);
const pollElsewhere = reportIn('nic_poll', ['net_rx_action', 'do_softirq'], '5.10.3');
const inlined = reportIn('nic_clean_rx', ['nic_poll', 'net_rx_action', 'do_softirq']);

async function scene(store: PostgresStore) {
  const add = (report: CrashReport, host: string, day: number) =>
    store.crashes.add({ atMs: from + day * dayMs, host, source: '198.18.0.1', boot: '', report });
  const ids = [
    ...[await add(poll, 'lb-1', 0), await add(poll, 'lb-2', 20)],
    ...[await add(pollElsewhere, 'lb-2', 40), await add(inlined, 'lb-3', 50)],
  ].map((id) => id ?? 0);
  const book = new CrashGroupsBook({ store, clock });
  return { book, ids, [0]: poll.fingerprint.id, [1]: inlined.fingerprint.id };
}

const sizes = async (book: CrashGroupsBook) =>
  Object.fromEntries((await book.list()).map(({ id, reports }) => [id, reports]));

test('groups over hosts and releases, the latest first, and what one is made of', async () => {
  await using store = await databases.fresh();
  const { book, ids, 0: a, 1: b } = await scene(store);
  const facts = { bootId: 'boot-a', uptimeS: 8812 } as HostFacts;
  await store.boots.heard('lb-1', facts, from);
  const groups = await book.list();
  assert.deepEqual(
    groups.map(({ id, reports }) => [id, reports]),
    [
      [b, 1],
      [a, 3],
    ],
  );
  const group = await book.show(a);
  assert.deepEqual(group.hosts, [
    { name: 'lb-2', reports: 2 },
    { name: 'lb-1', reports: 1 },
  ]);
  assert.deepEqual(group.releases, [
    { name: '6.1.90', reports: 2 },
    { name: '5.10.3', reports: 1 },
  ]);
  assert.deepEqual([group.firstSeenMs, group.lastSeenMs], [from, from + 40 * dayMs]);
  assert.deepEqual([group.perDay, group.lastPerDay], [3 / 60, 1 / 30]);
  assert.deepEqual(group.because, poll.fingerprint.parts);
  assert.equal(group.boots, 3);
  assert.deepEqual(
    group.members.map(({ id, host, boot }) => [id, host, boot]),
    [
      [ids[2], 'lb-2', 'since 2026-02-09T21:33Z'],
      [ids[1], 'lb-2', 'since 2026-01-20T21:33Z'],
      [ids[0], 'lb-1', 'boot-a'],
    ],
  );
  assert.deepEqual(
    group.alike.map(({ id }) => id),
    [b],
  );
  assert.match(group.alike[0]?.why ?? '', /may be inlined/);
  // Registers and the middle of a report do not travel; its first line does.
  assert.deepEqual(group.latest.report.lines, [poll.lines[0]]);
  assert.deepEqual(group.latest.report.registers, {});
});

test('a merge, a split and an assignment are kept with who and why, and taken back', async () => {
  await using store = await databases.fresh();
  const { book, ids, 0: a, 1: b } = await scene(store);
  const merge = await book.decide({ kind: 'merge', group: b, into: a, reason: 'inlined' }, 'eva');
  assert.deepEqual(await sizes(book), { [a]: 4 });
  const merged = await book.show(a);
  assert.ok(merged.because.includes(`merged from ${b}: inlined (eva)`));
  assert.equal(merged.members[0]?.because, `merged from ${b}: inlined (eva)`);
  assert.deepEqual(merged.decisions, [merge]);
  await assert.rejects(book.show(b), /there is no group/);
  await assert.rejects(
    book.decide({ kind: 'merge', group: a, into: b, reason: 'no' }, 'eva'),
    /there is no group/,
  );
  const undone = await book.undo(merge.id, 'two faults', 'tom');
  assert.deepEqual(undone.undone, { atMs: now, who: 'tom', reason: 'two faults' });
  assert.deepEqual(await sizes(book), { [a]: 3, [b]: 1 });
  await assert.rejects(book.undo(merge.id, 'again', 'tom'), /taken back already by tom/);
  await assert.rejects(book.undo(999, 'why', 'tom'), /decision 999 does not exist/);

  const split = await book.decide({ kind: 'split', group: a, by: 'release', reason: 'new' }, 'eva');
  assert.deepEqual(await sizes(book), {
    [`${a}/release=6.1.90`]: 2,
    [`${a}/release=5.10.3`]: 1,
    [b]: 1,
  });
  assert.deepEqual((await book.show(`${a}/release=5.10.3`)).decisions, [split]);
  // One half is given to the other group; what is merged into its own part would go in a circle.
  await book.decide({ kind: 'merge', group: `${a}/release=5.10.3`, into: b, reason: 'x' }, 'eva');
  assert.deepEqual(await sizes(book), { [`${a}/release=6.1.90`]: 2, [b]: 2 });
  await assert.rejects(
    book.decide({ kind: 'merge', group: b, into: b, reason: 'x' }, 'eva'),
    /leads back to itself/,
  );
  const report = ids[3] ?? 0;
  const into = `${a}/release=6.1.90`;
  await book.decide({ kind: 'assign', report, into, reason: 'console' }, 'eva');
  assert.deepEqual(await sizes(book), { [into]: 3, [b]: 1 });
  await assert.rejects(
    book.decide({ kind: 'assign', report, into, reason: 'console' }, 'eva'),
    /is in v1-\w+\/release=6\.1\.90 already/,
  );
  await assert.rejects(
    book.decide({ kind: 'assign', report, into: b, reason: 'back' }, 'eva'),
    /decision \d+ stands already/,
  );
  assert.equal((await book.decisions(true)).length, 4);
  assert.equal((await book.decisions(false)).length, 3);
});
