import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldIncident, settleMs, storyBegun } from './fold.ts';
import type { Story } from './incident.ts';
import {
  create,
  event,
  facts,
  failover,
  held,
  instance,
  readReports,
  shed,
  startMs,
} from './test-facts.ts';

const nothing = storyBegun(startMs, null, []);
const texts = ({ timeLine }: Story) => timeLine.map(({ text }) => text);

test('a death: from the last sign of life to the last instance that answers, in order', () => {
  const story = foldIncident(
    nothing,
    facts({
      failover: { operation: failover(), held: [held('a', 'b-1', 180), held('b', null, null)] },
      operations: [create('b', 300, 2_500)],
      instances: [instance('a', 'host-2'), instance('b', 'host-3')],
      events: [
        event(-90_000, 'host.ready', 'of a time before'),
        event(-40, 'host.last-words', 'said from 198.18.0.11: Kernel panic - not syncing'),
        event(60_000, 'host.returned', 'is back'),
      ],
    }),
  );
  assert.equal(story.firstMs, startMs - 40);
  assert.equal(story.servedMs, startMs + 2_500);
  assert.equal(story.returnedMs, startMs + 60_000);
  assert.match(story.lastWords ?? '', /Kernel panic/);
  assert.deepEqual(story.verdict?.reasons, ['x does not hear it', 'y does not hear it']);
  assert.deepEqual(
    story.moves.map(({ instance: name, how, to, servedMs }) => [name, how, to, servedMs]),
    [
      ['a', 'standby', 'host-2', startMs + 180],
      ['b', 'placed', 'host-3', startMs + 2_500],
    ],
  );
  assert.deepEqual(texts(story), [
    'host.last-words: said from 198.18.0.11: Kernel panic - not syncing',
    'last sign of life of host-1',
    'host-1 is held for dead: 1 instances go to their standbys, 1 are placed anew',
    'the last lease of host-1 has run out: it can answer for nothing',
    'failover: promote begins',
    'a answers on host-2',
    'failover: promote: a on host-2 after 30 ms',
    'failover: done',
    'b answers on host-3',
    'all that it held is served',
    'host.returned: is back',
  ]);
});

test('it is not over while an instance is nowhere, does not answer, or the failover goes on', () => {
  const one = { failover: { operation: failover(), held: [held('a', 'host-2', 180)] } };
  const servedMs = (more: Parameters<typeof facts>[0]) =>
    foldIncident(nothing, facts({ ...one, ...more })).servedMs;
  assert.equal(servedMs({ instances: [instance('a', null)] }), null);
  assert.equal(servedMs({ instances: [instance('a', 'host-2', false)] }), null);
  const running = failover({ state: 'running', endedMs: null });
  const instances = [instance('a', 'host-2')];
  assert.equal(servedMs({ instances, failover: { ...one.failover, operation: running } }), null);
  assert.equal(servedMs({ instances }), startMs + 180);
  assert.equal(servedMs({ instances: [] }), startMs + 100, 'nobody wants it any more');
});

test('a standby that serves late is known from the look that saw it, and from then on', () => {
  const late = { operation: failover({ state: 'failed' }), held: [held('a', 'host-2', null)] };
  const before = foldIncident(
    nothing,
    facts({ failover: late, instances: [instance('a', 'host-2', false)] }),
  );
  assert.equal(before.servedMs, null);
  const instances = [instance('a', 'host-2')];
  const seen = foldIncident(before, facts({ failover: late, nowMs: startMs + 9_000, instances }));
  assert.equal(seen.moves[0]?.servedMs, startMs + 9_000);
  const later = foldIncident(seen, facts({ failover: late, nowMs: startMs + 99_000, instances }));
  assert.deepEqual([later.moves[0]?.servedMs, later.servedMs], [startMs + 9_000, startMs + 9_000]);
});

test('what gave way belongs to it, also in turn, and it is over when that is back', () => {
  const given = {
    failover: { operation: failover(), held: [held('a', null, null)] },
    operations: [
      shed('c', 'a', 200, 400),
      shed('d', 'c', 500, 700),
      shed('e', 'stranger', 200, 400),
      create('a', 450, 900),
    ],
  };
  const placed = [instance('a', 'host-2'), instance('c', 'host-3'), instance('e', null)];
  const open = foldIncident(
    nothing,
    facts({ ...given, instances: [...placed, instance('d', null, false)] }),
  );
  assert.deepEqual(
    open.sheds.map((one) => [one.instance, one.forInstance, one.to]),
    [
      ['c', 'a', 'host-3'],
      ['d', 'c', null],
    ],
  );
  assert.equal(open.servedMs, null);
  const operations = [...given.operations, create('c', 800, 1_000), create('d', 8_000, 9_500)];
  const instances = [...placed, instance('d', 'host-4')];
  const over = foldIncident(open, facts({ ...given, operations, instances }));
  assert.equal(over.servedMs, startMs + 9_500);
  assert.ok(texts(over).includes('d is back on host-4'));
});

test('a report that comes later joins, and moves the first symptom', () => {
  const [report] = readReports();
  assert.ok(report !== undefined);
  const crash = { id: 5, firstMs: startMs - 3_000, atMs: startMs - 2_900, report };
  const story = foldIncident(nothing, facts({ crashes: [crash] }));
  assert.equal(story.firstMs, startMs - 3_000);
  assert.equal(story.reports[0]?.release, report.release);
  assert.equal(texts(story)[0], report.lines[0]);
  assert.match(texts(story)[1] ?? '', /^crash report 5 is whole: .*NULL pointer dereference/);
});

test('a host that lives on after a report is well once it has for a minute, and serves', () => {
  const [report] = readReports();
  assert.ok(report !== undefined);
  const running = storyBegun(startMs, null, [instance('a', 'host-1')]);
  const crashes = [{ id: 5, firstMs: startMs, atMs: startMs, report }];
  const servedMs = (more: Parameters<typeof facts>[0]) =>
    foldIncident(running, facts({ crashes, instances: [instance('a', 'host-1')], ...more }))
      .servedMs;
  const nowMs = startMs + settleMs;
  assert.equal(servedMs({ nowMs: nowMs - 1 }), null);
  assert.equal(servedMs({ nowMs, isHostReady: false }), null);
  assert.equal(servedMs({ nowMs, instances: [instance('a', 'host-1', false)] }), null);
  assert.equal(servedMs({ nowMs }), nowMs);
});
