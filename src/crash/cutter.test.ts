import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cutter, crashesIn, cutterLimits } from './cutter.ts';
import { samples } from './test-reports.ts';

const envelopes: readonly [string, (line: string) => string][] = [
  ['RFC 3164', (line) => `<4>Nov 23 01:02:03 lb-1 kernel: ${line}`],
  ['RFC 5424', (line) => `<4>1 2026-11-23T01:02:03.000000Z lb-1 kernel - - - ${line}`],
  ['journald', (line) => `Nov 23 01:02:03 lb-1 kernel: ${line}`],
];

for (const sample of samples) {
  test(`reads a report: ${sample.name}`, () => {
    const [report, ...more] = crashesIn(sample.text);
    assert.equal(report?.title, sample.title);
    assert.equal(report.kind, sample.kind);
    assert.equal(report.corrupted, false, report.doubts.join());
    if (sample.release !== null) assert.equal(report.release, sample.release);
    assert.deepEqual(more, []);
  });
  for (const [name, wrap] of envelopes) {
    test(`reads it the same in ${name}: ${sample.name}`, () => {
      const bare = crashesIn(sample.text)[0];
      const wrapped = crashesIn(sample.text.split('\n').map(wrap).join('\n'))[0];
      assert.equal(wrapped?.title, bare?.title);
      assert.deepEqual(wrapped?.fingerprint, bare?.fingerprint);
      assert.equal(wrapped?.host, 'lb-1');
    });
  }
}

test('reports of two hosts whose lines alternate are kept apart', () => {
  const [first, second] = [samples[0], samples[3]];
  assert.ok(first !== undefined && second !== undefined);
  const left = first.text.split('\n').map((line) => `Nov 23 01:02:03 lb-1 kernel: ${line}`);
  const right = second.text.split('\n').map((line) => `Nov 23 01:02:03 lb-2 kernel: ${line}`);
  const both = left.flatMap((line, index) => [line, right[index] ?? '']);
  const found = crashesIn([...both, ...right.slice(left.length)].join('\n'));
  assert.deepEqual(
    found.map(({ title, host, corrupted }) => [title, host, corrupted]),
    [
      [first.title, 'lb-1', false],
      [second.title, 'lb-2', false],
    ],
  );
});

test('lines of another task inside a report with caller ids are left out', () => {
  const sample = samples[1];
  assert.ok(sample !== undefined);
  const lines = sample.text.split('\n');
  lines.splice(7, 0, '[  901.000007][   T99]  other_task_function+0x1/0x2');
  const [report] = crashesIn(lines.join('\n'));
  assert.equal(report?.title, sample.title);
  assert.ok(!report.frames.some((frame) => frame.function === 'other_task_function'));
});

test('a report whose trace is cut off is said to be corrupted', () => {
  const text = samples[0]?.text.split('\n').slice(0, 4).join('\n') ?? '';
  const [report] = crashesIn(text);
  assert.equal(report?.corrupted, true);
  assert.ok(report.doubts.includes('no call trace'));
});

test('ordinary lines are no reports', () => {
  const lines = [
    '[    1.0] WARNING: the mand mount option is being deprecated',
    '[   36.852785] traps: app[3615] general protection fault ip:7feb96eb56a1 sp:20000fd0 error:0',
    '[   95.445015] INFO: NMI handler (perf_event_nmi_handler) took too long to run: 1.356 msecs',
    'aufs test_add:283:docker: uid/gid/perm /var/lib/docker 0/0/0700, 0/0/0755',
    '[   12.000001] docker0: port 1(veth1) entered disabled state',
  ];
  assert.deepEqual(crashesIn(lines.join('\n')), []);
});

test('the fingerprint holds over addresses, offsets, processes, and compiler suffixes', () => {
  const sample = samples[3];
  assert.ok(sample !== undefined);
  const other = sample.text
    .replaceAll('nic_poll.isra.0+0x58/0x1c0', 'nic_poll.constprop.2+0x61/0x1d8')
    .replace('PID: 19 Comm: ksoftirqd/2', 'PID: 812 Comm: haproxy')
    .replace('ffff800011223344', 'ffff800055667788');
  const ids = [sample.text, other].map((text) => crashesIn(text)[0]?.fingerprint.id);
  assert.equal(ids[0], ids[1]);
  assert.match(ids[0] ?? '', /^v1-[0-9a-f]{16}$/);
});

test('only the first report of a boot says that it is', () => {
  const text = samples[0]?.text ?? '';
  const again = `${text}\n[    0.000000] Linux version 3.16.0-4-amd64\n${text}`;
  assert.deepEqual(
    crashesIn(`${text}\n${again}`).map(({ firstInBoot }) => firstInBoot),
    [true, false, true],
  );
});

test('a report without an end is cut at a bound', () => {
  const cutter = new Cutter();
  const first = samples[0]?.text.split('\n').slice(0, 14) ?? [];
  for (const line of first) cutter.push(line);
  let found = 0;
  for (let n = 0; n < cutterLimits.linesPerReport * 2; n++) {
    found += cutter.push(`[5184014.000000]  [<ffffffff81514ba9>] again+0x69/0x90`).length;
  }
  assert.equal(found, 1);
});
