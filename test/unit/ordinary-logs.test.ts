// Nothing crashed: there must be no report, in whatever brings the lines.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crashesIn } from '../../src/crash/cutter.ts';
import { lastWordsIn } from '../../src/crash/last-words.ts';
import { randomOf } from '../../src/crash/test-mutation.ts';
import { samples } from '../../src/crash/test-reports.ts';
import { type OrdinaryLine, ordinaryLog } from './streams/ordinary.ts';
import { Path } from './streams/path.ts';

const seed = 11;
const log = ordinaryLog(Number(process.env['ORDINARY_LINES'] ?? 5_000), randomOf(seed));

function tagOf({ app, pid }: OrdinaryLine): string {
  return pid === null ? app : `${app}[${pid}]`;
}

function stamped(text: string, index: number): string {
  return `[${(index / 10).toFixed(6).padStart(12)}] ${text}`;
}

// Kernels stamp their lines; what a program sends has no stamp.
function textOf(line: OrdinaryLine, index: number): string {
  return line.facility === 0 ? stamped(line.text, index) : line.text;
}

const bsd = 'Nov 23 01:02:03';
const iso = '2026-11-23T01:02:03.123456+01:00';
type Wrap = (line: OrdinaryLine, index: number) => string;

const onTheWire: Readonly<Record<string, Wrap>> = {
  'RFC 3164': (line, at) =>
    `<${line.facility * 8 + 4}>${bsd} lb-1 ${tagOf(line)}: ${textOf(line, at)}`,
  'RFC 3164 without a host': (line, at) =>
    `<${line.facility * 8 + 4}>${bsd} ${tagOf(line)}: ${textOf(line, at)}`,
  'RFC 5424': (line, at) =>
    `<${line.facility * 8 + 4}>1 ${iso} lb-1 ${line.app} ${line.pid ?? '-'} - - ${textOf(line, at)}`,
};

const inFiles: Readonly<Record<string, Wrap>> = {
  ...onTheWire,
  '/var/log/syslog': (line, at) => `${bsd} lb-1 ${tagOf(line)}: ${textOf(line, at)}`,
  '/var/log/syslog, ISO time': (line, at) => `${iso} lb-1 ${tagOf(line)}: ${textOf(line, at)}`,
  'journalctl -o short': (line) => `${bsd} lb-1 ${tagOf(line)}: ${line.text}`,
  'journalctl -o short-iso': (line) => `2026-11-23T01:02:03+0100 lb-1 ${tagOf(line)}: ${line.text}`,
  'journalctl -o short-full': (line) =>
    `Mon 2026-11-23 01:02:03 UTC lb-1 ${tagOf(line)}: ${line.text}`,
  'journalctl -o short-unix': (line) => `1795395723.123456 lb-1 ${tagOf(line)}: ${line.text}`,
  'journalctl -o short-monotonic': (line) => `[  901.000001] lb-1 ${tagOf(line)}: ${line.text}`,
  'journalctl -o export': (line) =>
    [
      ...[
        '__CURSOR=s=1;i=2',
        `MESSAGE=${line.text}`,
        '_HOSTNAME=lb-1',
        `SYSLOG_IDENTIFIER=${line.app}`,
      ],
      ...[`_TRANSPORT=${line.facility === 0 ? 'kernel' : 'stdout'}`, ''],
    ].join('\n'),
  'journalctl -o json': (line) =>
    JSON.stringify({
      ...{ MESSAGE: line.text, _HOSTNAME: 'lb-1', SYSLOG_IDENTIFIER: line.app },
      _TRANSPORT: line.facility === 0 ? 'kernel' : 'syslog',
    }),
};

for (const [form, wrap] of Object.entries(inFiles)) {
  test(`an ordinary log has no report: ${form}`, () => {
    assert.deepEqual(titlesIn(log.map(wrap).join('\n')), []);
  });
}

for (const [form, wrap] of Object.entries(onTheWire)) {
  test(`an ordinary log has no report, over the wire: ${form}`, async () => {
    const path = new Path();
    for (const [at, line] of log.entries()) path.syslog(wrap(line, at));
    assert.deepEqual(await path.end(), []);
  });
}

test('what an ordinary console prints has no report: bare, and by netconsole', async () => {
  const kernels = log.filter(({ facility }) => facility === 0);
  assert.deepEqual(titlesIn(kernels.map(({ text }, at) => stamped(text, at)).join('\n')), []);
  assert.deepEqual(titlesIn(kernels.map(({ text }) => text).join('\n')), []);
  const path = new Path();
  for (const [at, { text }] of kernels.entries()) {
    path.netconsole(`${stamped(text, at)}\n`, '192.0.2.1');
    path.netconsole(`6,${at},${at * 1_000},-;${text}\n`, '192.0.2.2');
  }
  assert.deepEqual(await path.end(), []);
  // A serial console has the words of programs between those of the kernel.
  const mixed = log.map((line, at) =>
    line.facility === 0 ? stamped(line.text, at) : `${tagOf(line)}: ${line.text}`,
  );
  assert.deepEqual(titlesIn(mixed.join('\n')), []);
});

test('a program that prints a whole report is not the kernel', async () => {
  for (const { name, text } of samples) {
    const lines = text.split('\n');
    const says = (wrap: Wrap, app = 'app') =>
      lines.map((line, at) => wrap({ facility: 1, app, pid: 7, text: line }, at));
    for (const [form, wrap] of Object.entries(inFiles)) {
      assert.deepEqual(titlesIn(says(wrap).join('\n')), [], `${name}: ${form}`);
    }
    const path = new Path();
    for (const wrap of Object.values(onTheWire)) {
      for (const one of says(wrap)) path.syslog(one);
      // Whoever calls himself the kernel is not it, where the facility says otherwise.
      for (const one of says(wrap, 'kernel')) path.syslog(one);
    }
    // By /dev/kmsg, whose console knows the facility of what was written to it.
    for (const [at, line] of lines.entries()) path.netconsole(`12,${at},${at},-;${line}\n`);
    assert.deepEqual(await path.end(), [], name);
  }
  assert.equal(lastWordsIn('12,1,2,-;Kernel panic - not syncing: no'), null);
});

function titlesIn(text: string): readonly string[] {
  return [...new Set(crashesIn(text).map(({ title }) => title))];
}
