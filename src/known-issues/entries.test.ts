import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { crashesIn } from '../crash/cutter.ts';
import { samples } from '../crash/test-reports.ts';
import { lint } from './lint.ts';
import { matchReport } from './match.ts';
import { parseRelease } from './release.ts';
import { verdictOn } from './verdict.ts';

const folder = new URL('../../known-issues/', import.meta.url);
const texts = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((file) => ({
    file,
    value: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as unknown,
  }));
const { issues, faults } = lint(texts);

test('the entries that come with the program pass the lint', () => {
  assert.deepEqual(faults, []);
});

test('a report of something else fits no entry of a bug', () => {
  for (const sample of samples) {
    for (const report of crashesIn(sample.text)) {
      // The origin story's own report is among them.
      if (report.function === 'check_preempt_wakeup') continue;
      const bugs = matchReport(issues, report).filter(({ issue }) => issue.kind === 'bug');
      assert.deepEqual(
        bugs.map(({ issue }) => issue.id),
        [],
        sample.name,
      );
    }
  }
});

test('the race of the origin story: in mainline since 3.18, in SLE 3.12.53, never in Debian 3.16', () => {
  const issue = issues.find(({ id }) => id === 'sched-task-group-race');
  assert.ok(issue !== undefined);
  const on = (release: string, banner = '') => verdictOn(issue, parseRelease(release, banner));
  const debian = on('3.16.0-4-amd64', '#1 SMP Debian 3.16.7-ckt20-1+deb8u3');
  assert.equal(debian.affected, 'yes');
  assert.equal(debian.neverOnBranch, true);
  assert.equal(debian.fixedInMainline, '3.18');
  assert.match(debian.upgrade ?? '', /4\.9/);
  assert.equal(on('3.12.49-11-default').affected, 'yes');
  assert.equal(on('3.12.53-60.30-default').affected, 'no');
  assert.equal(on('3.12.53-60.30-default').fixedOnBranch, '3.12.53');
  assert.equal(on('4.9.0-0.bpo.6-amd64', 'Debian 4.9.88-1+deb9u1~bpo8+1').affected, 'no');
  assert.equal(on('3.10.0-514.el7.x86_64').affected, 'unknown');
});

const sack: readonly (readonly [release: string, banner: string, affected: string])[] = [
  ['4.14.126', '', 'yes'],
  ['4.14.127', '', 'no'],
  ['4.9.0-9-amd64', '#1 SMP Debian 4.9.168-1+deb9u2', 'yes'],
  // Debian took the fix into a release older than stable's first with it.
  ['4.9.0-9-amd64', '#1 SMP Debian 4.9.168-1+deb9u3 (2019-06-16)', 'no'],
  ['4.15.0-51-generic', '#55-Ubuntu', 'yes'],
  ['4.15.0-52-generic', '#56-Ubuntu', 'no'],
  ['3.10.0-957.12.2.el7.x86_64', '', 'yes'],
  ['3.10.0-957.21.3.el7.x86_64', '', 'no'],
  ['3.10.0-1062.el7.x86_64', '', 'no'],
  ['4.14.121-109.96.amzn2.x86_64', '', 'yes'],
  ['4.14.123-111.109.amzn2.x86_64', '', 'no'],
  ['4.12.14-122.37-default', '', 'unknown'],
  ['5.10.46', '', 'no'],
];
for (const [release, banner, affected] of sack) {
  test(`SACK panic on ${release} ${banner}: ${affected}`, () => {
    const issue = issues.find(({ id }) => id === 'tcp-sack-panic');
    assert.ok(issue !== undefined);
    const verdict = verdictOn(issue, parseRelease(release, banner));
    assert.equal(verdict.affected, affected, verdict.why);
  });
}

test('there are at least 60 entries, and each bug names a commit or a thread', () => {
  assert.ok(issues.length >= 60);
  for (const { id, kind, commits, sources } of issues) {
    const isThread = sources.some(({ url }) =>
      /issues|pull|bug|lore|marc|opencve|support|solutions/.test(url),
    );
    assert.ok(kind !== 'bug' || commits !== undefined || isThread, id);
  }
});
