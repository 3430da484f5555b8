import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashesIn } from '../crash/cutter.ts';
import type { KnownIssue, Signature } from './entry.ts';
import { findKnown, isRuledOut, LineTallies } from './find.ts';
import { matchReport } from './match.ts';

const text = `[17884800.100000] BUG: kernel NULL pointer dereference, address: 0000000000000048
[17884800.100001] CPU: 3 PID: 0 Comm: swapper/3 Not tainted 5.10.40 #1
[17884800.100002] RIP: 0010:our_forward.isra.0+0x58/0x1c0 [ours]
[17884800.100003] Call Trace:
[17884800.100004]  <IRQ>
[17884800.100005]  br_forward+0x10/0x80 [bridge]
[17884800.100006]  br_handle_frame+0x10/0x80 [bridge]
[17884800.100007] ---[ end trace 0000000000000000 ]---`;
const [report] = crashesIn(text);
assert.ok(report !== undefined);

function issueWith(signatures: readonly Signature[], more: Partial<KnownIssue> = {}): KnownIssue {
  return {
    id: 'example',
    title: 'Example',
    kind: 'bug',
    what: 'x',
    signatures,
    releases: [{ of: 'mainline', introduced: '5.4', fixed: '5.11' }],
    sources: [{ url: 'https://example.org/', says: 'x' }],
    advice: 'x',
    examples: [['x']],
    ...more,
  };
}

const fitting: readonly Signature[] = [
  { functions: ['our_forward'] },
  { kinds: ['null-dereference', 'bug'], functions: ['our_forward'], modules: ['ours'] },
  { frames: ['br_forward', 'br_handle_frame'] },
  // The function at fault counts as one that was called, and so does where the pointer stood.
  { frames: ['our_forward', 'br_forward'] },
  { messages: ['address: 0000000000000048'] },
  { title: 'NULL pointer dereference in our_{name}' },
  { line: 'kernel NULL pointer dereference' },
];
const missing: readonly Signature[] = [
  { functions: ['our_forward.isra.0'] },
  { kinds: ['bug'], functions: ['our_forward'] },
  { functions: ['our_forward'], modules: ['theirs'] },
  { frames: ['br_forward', 'br_flood'] },
  { functions: ['our_forward'], messages: ['address: 0000000000000078'] },
  { title: 'NULL pointer dereference in br_{name}' },
];

for (const signature of fitting)
  test(`fits ${JSON.stringify(signature)}`, () => {
    const [match] = matchReport([issueWith([signature])], report);
    assert.ok((match?.because.length ?? 0) > 0);
  });
for (const signature of missing)
  test(`does not fit ${JSON.stringify(signature)}`, () => {
    assert.deepEqual(matchReport([issueWith([signature])], report), []);
  });

test('the surest signature of an entry counts, and bugs come before symptoms', () => {
  const sure = issueWith([
    { certainty: 'possible', functions: ['our_forward'] },
    { frames: ['br_forward'] },
  ]);
  const symptom = issueWith([{ functions: ['our_forward'] }], { id: 'symptom', kind: 'symptom' });
  const found = matchReport([symptom, sure], report);
  assert.deepEqual(
    found.map(({ issue, certainty }) => [issue.id, certainty]),
    [
      ['example', 'likely'],
      ['symptom', 'likely'],
    ],
  );
});

test('what the kernel or the uptime rules out comes last, and says so', () => {
  const fixed = issueWith([{ functions: ['our_forward'] }], {
    id: 'fixed',
    releases: [{ of: 'mainline', fixed: '5.4' }],
  });
  const early = issueWith([{ functions: ['our_forward'] }], {
    id: 'early',
    conditions: [{ about: 'uptime', says: 'After 300 days.', uptimeDaysMin: 300 }],
  });
  const late = issueWith([{ certainty: 'possible', functions: ['our_forward'] }], {
    id: 'late',
    conditions: [{ about: 'uptime', says: 'After 200 days.', uptimeDaysMin: 200 }],
  });
  const known = findKnown([fixed, early, late], report);
  assert.deepEqual(
    known.map((one) => [one.id, isRuledOut(one)]),
    [
      ['late', false],
      ['fixed', true],
      ['early', true],
    ],
  );
  assert.deepEqual(known[0]?.conditions, [{ says: 'After 200 days.', holds: true }]);
});

test('lines of noise are counted as they come', () => {
  const tallies = new LineTallies([
    issueWith([{ line: 'port {number}({name}) entered' }], { id: 'noise', kind: 'noise' }),
    issueWith([{ functions: ['our_forward'] }]),
  ]);
  for (const line of [
    'br0: port 1(veth0) entered disabled state',
    'something else',
    'br0: port 2(veth1) entered blocking state',
  ])
    tallies.push(line);
  assert.deepEqual(
    tallies.found().map(({ issue, count, first }) => [issue.id, count, first]),
    [['noise', 2, 'br0: port 1(veth0) entered disabled state']],
  );
});
