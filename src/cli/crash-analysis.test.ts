import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Difference } from '../statistics/differences.ts';
import type { Soak } from '../statistics/soak.ts';
import { runLine } from './test-terminal.ts';

const soakArgs = ['crash', 'soak', '--before', '3', '--before-days', '97'] as const;

function jsonLines(records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('\n');
}

test('the story: how long three hosts have to be quiet', async () => {
  const quiet = ['--after', '0', '--after-days', '120', '--hosts', '3'];
  const { code, out } = await runLine([...soakArgs, ...quiet]);
  assert.equal(code, 0);
  assert.match(out, /If nothing changed +as quiet as this in 8\.9 %/);
  assert.match(out, /Fewer than before +not shown at 95 %/);
  assert.match(out, /Still to watch +115 host-days, 38 days of 3 hosts, without another crash/);
  const long = await runLine([...soakArgs, '--after', '0', '--after-days', '236', '-o', 'json']);
  const result = JSON.parse(long.out) as Soak & { readonly missingHostDays: number };
  assert.equal(result.isShown, true);
  assert.equal(result.missingHostDays, 0);
});

test('a soak that cannot be reckoned is refused or says what it lacks', async () => {
  const none = ['crash', 'soak', '--before', '0', '--before-days', '97', '--after', '0'];
  assert.match(
    (await runLine([...none, '--after-days', '9'])).out,
    /Not enough data: no crash was seen before/,
  );
  const { code, err } = await runLine([...none, '--after-days', '-3']);
  assert.equal(code, 2);
  assert.match(err, /--after-days -3 is no number/);
  const sure = await runLine([
    ...soakArgs,
    '--after',
    '0',
    '--after-days',
    '9',
    '--confidence',
    '100',
  ]);
  assert.match(sure.err, /--confidence 100 is no number from 50 to 99\.9/);
});

test('curves of two kernels, and whether they differ', async () => {
  const boots = [7, 9, 11, 30, 31].flatMap((days) => [
    { group: 'old', untilDays: days, crashed: true },
    { group: 'new', untilDays: days + 60, crashed: false },
  ]);
  const { code, out } = await runLine(['crash', 'survival', '-'], { input: jsonLines(boots) });
  assert.equal(code, 0);
  assert.match(out, /^old +7 +5 +1 +0\.800/m);
  assert.match(out, /^new +5 +0 +3\./m);
  assert.match(out, /Log-rank: a difference as large comes by chance with p = 0\.00/);
  const few = await runLine(['crash', 'survival', '-'], { input: jsonLines(boots.slice(0, 4)) });
  assert.match(few.out, /Not enough data: 2 crashes are too few/);
});

test('a record that is none is named by its line', async () => {
  const bad = `${JSON.stringify({ untilDays: 3, crashed: true })}\n{"untilDays":"x"}\n`;
  const { code, err } = await runLine(['crash', 'survival', '-'], { input: bad });
  assert.equal(code, 2);
  assert.match(err, /-:2 cannot be read: untilDays: /);
  const backwards = jsonLines([{ fromDays: 9, untilDays: 3, crashed: true }]);
  const late = await runLine(['crash', 'survival', '-'], { input: backwards });
  assert.match(late.err, /untilDays is not after fromDays/);
});

test('what crashes together with a fact comes first, with what cannot be told from it', async () => {
  const hosts = Array.from({ length: 12 }, (_, index) => ({
    host: `lb-${index}`,
    crashed: index < 5,
    facts: {
      kernel: index < 6 ? '3.16' : '3.18',
      site: index < 6 ? 'north' : 'south',
      docker: index % 2 === 0 ? '1.9' : '1.10',
      arch: 'x86_64',
      serial: String(index),
    },
  }));
  const { out } = await runLine(['crash', 'compare', '-', '-o', 'json'], {
    input: jsonLines(hosts),
  });
  const { differences } = JSON.parse(out) as { readonly differences: readonly Difference[] };
  assert.deepEqual(
    differences.map(({ fact, value }) => `${fact}=${value}`),
    ['kernel=3.16', 'kernel=3.18', 'docker=1.9', 'docker=1.10'],
  );
  const [first] = differences;
  assert.deepEqual([first?.havingCrashed, first?.having, first?.othersCrashed], [5, 6, 0]);
  assert.deepEqual(first?.alike, ['site=north']);
  // 2 x C(6,5) C(6,0) / C(12,5)
  assert.ok(Math.abs((first?.p ?? 0) - 12 / 792) < 1e-9, String(first?.p));
  assert.ok((first?.adjusted ?? 0) > (first?.p ?? 1) * 3);
  const table = await runLine(['crash', 'compare', '-'], { input: jsonLines(hosts) });
  assert.match(table.out, /5 of 12 hosts crashed; 4 questions were asked/);
  assert.match(table.out, /kernel=3\.16 +5 of 6 +0 of 6 +∞ \(1\.7 to ∞\) +0\.015 /);
});
