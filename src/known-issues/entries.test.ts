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
