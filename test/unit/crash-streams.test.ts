// Real reports, in what brings them: each has to be read as it is read bare. By default a part of
// them; all with CRASH_STREAMS=all. What the tests do without them, they do with reports of our own.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crashesIn } from '../../src/crash/cutter.ts';
import { randomOf } from '../../src/crash/test-mutation.ts';
import { samples } from '../../src/crash/test-reports.ts';
import { bareVerdict, Path, type Verdict, verdictOf } from './streams/path.ts';
import {
  extendedDatagrams,
  fileForms,
  journalForms,
  linesOf,
  plainDatagrams,
  syslogForms,
  withoutStamps,
} from './streams/wrapping.ts';

interface Case {
  readonly name: string;
  readonly text: string;
}

const corpus =
  process.env['CRASH_CORPUS'] ?? join(import.meta.dirname, '../../../shared/corpus/kernel-reports');
const own: readonly Case[] = samples;
const real = realCases();

function realCases(): readonly Case[] {
  if (!existsSync(corpus)) return [];
  const files = readdirSync(corpus).filter((name) => name.endsWith('.log'));
  const isAll = process.env['CRASH_STREAMS'] === 'all';
  const chosen = files
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .filter((_, index) => isAll || index % 8 === 0);
  return chosen.map((name) => ({ name, text: readFileSync(join(corpus, name), 'utf8').trimEnd() }));
}

const sets: readonly (readonly [string, readonly Case[]])[] = [
  ['own reports', own],
  ['real reports', real],
];

/** Runs `check` with each set, or says that it is not there. */
function testBoth(name: string, check: (cases: readonly Case[]) => Promise<void> | void): void {
  for (const [of, cases] of sets) {
    const skip = cases.length === 0 ? `no reports at ${corpus}` : false;
    test(`${of}: ${name}`, { skip }, () => check(cases));
  }
}

async function overPath(send: (path: Path) => void): Promise<Verdict | null> {
  const path = new Path();
  send(path);
  return verdictOf(await path.end());
}

for (const [form, wrap] of Object.entries(syslogForms)) {
  testBoth(`${form} by UDP and by TCP in both framings`, async (cases) => {
    for (const { name, text } of cases) {
      const wrapped = linesOf(text).map((line) => wrap(line, 'lb-1'));
      const bare = bareVerdict(text);
      const byUdp = await overPath((path) => {
        for (const line of wrapped) path.syslog(line);
      });
      assert.deepEqual(byUdp, bare, name);
      const counted = wrapped.map((line) => `${Buffer.byteLength(line)} ${line}`).join('');
      assert.deepEqual(await overPath((path) => path.stream(counted)), bare, name);
      const byLines = await overPath((path) => path.stream(`${wrapped.join('\n')}\n`));
      assert.deepEqual(byLines, bare, name);
    }
  });
}

for (const [form, wrap] of Object.entries(fileForms)) {
  testBoth(`in a file: ${form}`, (cases) => {
    for (const { name, text } of cases) {
      const wrapped = linesOf(text).map((line) => wrap(line, 'lb-1'));
      assert.deepEqual(bareVerdict(wrapped.join('\n')), bareVerdict(text), name);
    }
  });
}

for (const [form, wrap] of Object.entries(journalForms)) {
  testBoth(`journalctl -o ${form}`, (cases) => {
    for (const { name, text } of cases) {
      const wrapped = linesOf(text).map((line) => wrap(line, 'lb-1'));
      assert.deepEqual(bareVerdict(wrapped.join('\n')), bareVerdict(withoutStamps(text)), name);
    }
  });
}

testBoth('netconsole, plain and extended', async (cases) => {
  for (const { name, text } of cases) {
    const lines = linesOf(text);
    const bare = bareVerdict(text);
    for (const datagrams of [
      plainDatagrams(lines),
      extendedDatagrams(lines),
      extendedDatagrams(lines, true),
    ]) {
      const file = datagrams.flat().join('');
      if (!file.includes(',ncfrag=')) assert.deepEqual(bareVerdict(file), bare, name);
      const verdict = await overPath((path) => {
        for (const one of datagrams.flat()) path.netconsole(one);
      });
      assert.deepEqual(verdict, bare, `${name}: ${datagrams[0]?.[0] ?? ''}`);
    }
  }
});

testBoth('two hosts whose lines alternate', async (cases) => {
  for (const [index, left] of cases.entries()) {
    const right = cases[(index + 1) % cases.length] ?? left;
    const both = [left, right].map(({ text }) => linesOf(text));
    const bare = [left, right].map(({ text }) => bareVerdict(text));
    const length = Math.max(...both.map((lines) => lines.length));
    const wrap = syslogForms['RFC 3164'] ?? (() => '');
    const path = new Path();
    const byConsole = new Path();
    const consoles = both.map((lines) => extendedDatagrams(lines));
    for (let at = 0; at < length; at += 1) {
      for (const [side, lines] of both.entries()) {
        const line = lines[at];
        if (line === undefined) continue;
        // One relay sends for both.
        path.syslog(wrap(line, `lb-${side}`), '192.0.2.9');
        for (const one of consoles[side]?.[at] ?? []) byConsole.netconsole(one, `192.0.2.${side}`);
      }
    }
    for (const [of, hosts] of [
      [path, ['lb-0', 'lb-1']],
      [byConsole, ['192.0.2.0', '192.0.2.1']],
    ] as const) {
      const reports = await of.end();
      const seen = hosts.map((host) => verdictOf(reports.filter((one) => one.host === host)));
      assert.deepEqual(seen, bare, `${left.name} and ${right.name}`);
    }
  }
});

testBoth(
  'lines of syslog that overtake each other: a report is found all the same',
  async (cases) => {
    const random = randomOf(8);
    const wrap = syslogForms['RFC 3164'] ?? (() => '');
    let found = 0;
    for (const { text } of cases) {
      const shuffled = linesOf(text)
        .map((line, index) => ({ line, at: index + random() * 4 }))
        .toSorted((a, b) => a.at - b.at);
      const verdict = await overPath((path) => {
        for (const { line } of shuffled) path.syslog(wrap(line, 'lb-1'));
      });
      if ((verdict === null) === (bareVerdict(text) === null)) found += 1;
    }
    assert.ok(found >= 0.99 * cases.length, `${found} of ${cases.length}`);
  },
);

testBoth('datagrams that overtake each other within the window', async (cases) => {
  const random = randomOf(7);
  for (const { name, text } of cases) {
    const sent = extendedDatagrams(linesOf(text)).flat();
    const shuffled = sent
      .map((datagram, index) => ({ datagram, at: index + random() * 8 }))
      .toSorted((a, b) => a.at - b.at);
    const path = new Path();
    for (const { datagram } of shuffled) path.netconsole(datagram);
    assert.deepEqual(verdictOf(await path.end()), bareVerdict(text), name);
    assert.deepEqual(path.losses, [], name);
    // A capture in a file, which has no times.
    const file = shuffled.map(({ datagram }) => datagram.trimEnd()).join('\n');
    if (!file.includes(',ncfrag=')) assert.deepEqual(bareVerdict(file), bareVerdict(text), name);
  }
});

for (const share of [0.01, 0.05]) {
  testBoth(`${share * 100} % of the datagrams lost`, async (cases) => {
    const random = randomOf(share * 1_000);
    let bare = 0;
    const found = { extended: 0, plain: 0, syslog: 0 };
    for (const { text } of cases) {
      if (bareVerdict(text) === null) continue;
      const lines = linesOf(text);
      for (let run = 0; run < 4; run += 1) {
        bare += 1;
        const extended = extendedDatagrams(lines);
        const arrives = extended.map((all) => all.map(() => random() >= share));
        const path = new Path();
        for (const [index, all] of extended.entries())
          for (const [part, one] of all.entries())
            if (arrives[index]?.[part] === true) path.netconsole(one);
        if ((await path.end()).length > 0) found.extended += 1;
        // What lies between two that came is counted, to the last one.
        const whole = arrives.map((all) => all.some(Boolean));
        const inside = whole.slice(whole.indexOf(true), whole.lastIndexOf(true));
        const told = path.losses.map((loss) => Number(/^\d+/.exec(loss)?.[0] ?? 0));
        assert.equal(
          told.reduce((sum, count) => sum + count, 0),
          inside.filter((came) => !came).length,
        );
        const wrap = syslogForms['RFC 3164'] ?? (() => '');
        const bySyslog = await overPath((other) => {
          for (const line of lines) if (random() >= share) other.syslog(wrap(line, 'lb-1'));
        });
        if (bySyslog !== null) found.syslog += 1;
        const byPlain = await overPath((other) => {
          for (const one of plainDatagrams(lines).flat())
            if (random() >= share) other.netconsole(one);
        });
        if (byPlain !== null) found.plain += 1;
      }
    }
    for (const [way, count] of Object.entries(found)) {
      assert.ok(count >= 0.8 * bare, `${way}: ${count} of ${bare}`);
    }
  });
}

test('a report that lost a line says that it did, whichever it is', async () => {
  for (const { name, text } of own) {
    const sent = extendedDatagrams(linesOf(text)).flat();
    const [whole] = crashesIn(text);
    assert.ok(whole !== undefined);
    for (let lost = 1; lost < sent.length - 1; lost += 1) {
      const path = new Path();
      for (const one of sent.toSpliced(lost, 1)) path.netconsole(one);
      const [report] = await path.end();
      assert.ok(report?.doubts.includes('messages inside it were lost'), `${name}: line ${lost}`);
      assert.equal(path.losses.length, 1);
    }
  }
});

const headless = 'report whose first line is lost';

test('a report whose first line is lost is one all the same, where numbers tell of the loss', async () => {
  let found = 0;
  for (const { name, text } of own) {
    const lines = linesOf(text);
    if (lines.length < 4) continue;
    const before = linesOf('[    0.500000] br0: port 1(veth0) entered forwarding state')[0];
    assert.ok(before !== undefined);
    const sent = extendedDatagrams([before, ...lines]).flat();
    const path = new Path();
    for (const one of sent.toSpliced(1, 1)) path.netconsole(one);
    const [report] = await path.end();
    if (report === undefined) continue;
    found += 1;
    if (report.title === headless) assert.equal(report.corrupted, true, name);
    // The same lines without a loss between are a stack that somebody asked for.
    const whole = new Path();
    const stack = lines.slice(1).filter(({ text: words }) => !/Oops|Internal error/.test(words));
    for (const one of extendedDatagrams([before, ...stack]).flat()) whole.netconsole(one);
    assert.ok(!(await whole.end()).some(({ title }) => title === headless), name);
  }
  assert.ok(found >= 8, `${found}`);
});
