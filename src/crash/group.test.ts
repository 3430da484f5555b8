import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { alike } from './alike.ts';
import { crashesIn } from './cutter.ts';
import { type CrashGroups, group, groupLimits, noGroups, rateOf, type Sighting } from './group.ts';
import type { CrashReport } from './report.ts';

const dayMs = 86_400_000;
const from = Date.UTC(2026, 0, 1);

function reportIn(fault: string, callers: readonly string[], release = '6.1.90'): CrashReport {
  const text = [
    '[ 8812.000001] BUG: kernel NULL pointer dereference, address: 0000000000000048',
    `[ 8812.000002] CPU: 3 PID: 812 Comm: haproxy Not tainted ${release} #1`,
    `[ 8812.000003] RIP: 0010:${fault}+0x58/0x1c0`,
    '[ 8812.000004] Call Trace:',
    ...callers.map((name, at) => `[ 8812.00001${at}]  ${name}+0x1${at}/0x90`),
    '[ 8812.000030] ---[ end trace 0000000000000000 ]---',
  ].join('\n');
  const [report] = crashesIn(text);
  assert.ok(report !== undefined);
  return report;
}

function seen(
  id: string,
  report: CrashReport,
  host: string,
  day: number,
  boot: string | null = null,
): Sighting {
  return { id, report, host, bootId: boot, atMs: from + day * dayMs };
}

const inPoll = reportIn('nic_poll', ['net_rx_action', 'do_softirq']);
const inPollElsewhere = reportIn('nic_poll.isra.0', ['net_rx_action', 'do_softirq'], '5.10.3');
const inForward = reportIn('br_forward', ['br_handle_frame', 'net_rx_action']);

test('groups by fingerprint over hosts, boots and builds, and keeps when and where', () => {
  const { groups } = group(noGroups, [
    seen('1', inPoll, 'lb-1', 0, 'a'),
    seen('2', inPollElsewhere, 'lb-2', 10, 'b'),
    seen('3', inForward, 'lb-1', 5, 'a'),
    seen('4', inPoll, 'lb-1', 2, 'a'),
  ]);
  assert.equal(groups.size, 2);
  const poll = groups.get(inPoll.fingerprint.id);
  assert.ok(poll !== undefined);
  assert.equal(poll.count, 3);
  assert.deepEqual(Object.fromEntries(poll.hosts), { 'lb-1': 2, 'lb-2': 1 });
  assert.deepEqual([...poll.boots].toSorted(), ['lb-1 a', 'lb-2 b']);
  assert.deepEqual(Object.fromEntries(poll.releases), { '6.1.90': 2, '5.10.3': 1 });
  assert.equal(poll.firstSeenMs, from);
  assert.equal(poll.lastSeenMs, from + 10 * dayMs);
  assert.deepEqual(poll.because, inPoll.fingerprint.parts);
  assert.match(poll.id, /^v1-/);
  const rate = rateOf(poll, from + 30 * dayMs, 25);
  assert.equal(rate.perDay, 3 / 30);
  assert.equal(rate.lastPerDay, 1 / 25);
});

test('the same sighting told twice counts once', () => {
  const once = group(noGroups, [seen('1', inPoll, 'lb-1', 0)]);
  assert.deepEqual(group(once, [seen('1', inPoll, 'lb-1', 0)]), once);
});

test('folding at once, in parts and in another order gives the same groups', () => {
  const reports = [inPoll, inPollElsewhere, inForward];
  const sighting = fc.record({
    id: fc.integer({ min: 0, max: 30 }),
    which: fc.integer({ min: 0, max: 2 }),
    host: fc.integer({ min: 0, max: 4 }),
  });
  fc.assert(
    fc.property(
      fc.array(sighting, { maxLength: 40 }),
      fc.integer({ min: 0, max: 40 }),
      (all, cut) => {
        // What an id stands for does not change, and no two are at the same time.
        const sightings = all
          .filter((one, at) => all.findIndex(({ id }) => id === one.id) === at)
          .map(({ id, which, host }) =>
            seen(String(id), reports[which] ?? inPoll, `lb-${host}`, id, 'b'),
          );
        const atOnce = group(noGroups, sightings);
        const inParts = group(group(noGroups, sightings.slice(0, cut)), sightings.slice(cut));
        const backwards = group(noGroups, sightings.toReversed());
        assert.deepEqual(inParts, atOnce);
        assert.deepEqual(plain(backwards), plain(atOnce));
      },
    ),
  );
});

function plain({ groups, uncounted }: CrashGroups): unknown {
  const sorted = <K, V>(map: ReadonlyMap<K, V>) =>
    [...map].toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
  return {
    uncounted,
    groups: sorted(groups).map(([id, one]) => [
      id,
      {
        ...one,
        hosts: sorted(one.hosts),
        boots: [...one.boots].toSorted(),
        releases: sorted(one.releases),
        days: sorted(one.days),
      },
    ]),
  };
}

test('people merge, split and override, and the group says so', () => {
  const { id: poll } = inPoll.fingerprint;
  const { id: forward } = inForward.fingerprint;
  const sightings = [
    seen('1', inPoll, 'lb-1', 0),
    seen('2', inPollElsewhere, 'lb-2', 1),
    seen('3', inForward, 'lb-3', 2),
  ];
  const merged = group(noGroups, sightings, {
    merges: [{ from: forward, into: poll, why: 'one patch' }],
  });
  assert.deepEqual([...merged.groups.keys()], [poll]);
  assert.ok(merged.groups.get(poll)?.because.includes(`merged from ${forward}: one patch`));
  const split = group(noGroups, sightings, {
    splits: [{ group: poll, by: 'release', why: 'two faults' }],
  });
  assert.deepEqual(
    [...split.groups.keys()].toSorted(),
    [`${poll}/release=5.10.3`, `${poll}/release=6.1.90`, forward].toSorted(),
  );
  const moved = group(noGroups, sightings, {
    overrides: [{ sighting: '3', into: poll, why: 'seen at the console' }],
  });
  assert.equal(moved.groups.get(poll)?.count, 3);
  assert.ok(moved.groups.get(poll)?.because.includes('put here by hand: seen at the console'));
});

test('merges that go round in a circle end', () => {
  const [a, b] = [inPoll.fingerprint.id, inForward.fingerprint.id];
  const merges = [
    { from: a, into: b, why: 'x' },
    { from: b, into: a, why: 'y' },
  ];
  assert.equal(
    group(noGroups, [seen('1', inPoll, 'lb-1', 0), seen('2', inForward, 'lb-1', 1)], { merges })
      .seen.size,
    2,
  );
});

test('what is beyond the bounds is counted', () => {
  const many = Array.from({ length: groupLimits.hosts + 5 }, (_, at) =>
    seen(String(at), inPoll, `lb-${at}`, 0),
  );
  const one = group(noGroups, many).groups.get(inPoll.fingerprint.id);
  assert.equal(one?.count, many.length);
  assert.equal(one.hosts.size, groupLimits.hosts);
});

test('groups whose functions may be inlined into each other are shown to a person', () => {
  const inner = reportIn('nic_clean_rx', ['nic_poll', 'net_rx_action', 'do_softirq']);
  const groups = group(noGroups, [
    seen('1', inPoll, 'lb-1', 0),
    seen('2', inner, 'lb-2', 1),
    seen('3', inForward, 'lb-3', 1),
  ]);
  const [pair, ...more] = alike(groups);
  assert.deepEqual(pair?.groups, [inPoll.fingerprint.id, inner.fingerprint.id]);
  assert.match(pair.why, /may be inlined/);
  assert.deepEqual(more, []);
});
