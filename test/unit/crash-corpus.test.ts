import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crashesIn } from '../../src/crash/cutter.ts';

interface Answer {
  readonly title: string | null;
  readonly alternatives: readonly string[];
  readonly corrupted: boolean;
}

// Real reports with what a careful reader makes of each; kept beside the repository, not in it.
const folder = join(import.meta.dirname, '../../../shared/corpus/kernel-reports');
const isThere = existsSync(join(folder, 'expected.json'));
const plain = (title: string) => title.toLowerCase().replace(/\s+/g, ' ').trim();
const kindOf = (title: string) => plain(title).replace(/ in [^ ]+$/, '');

test('reads a corpus of real reports', { skip: !isThere && 'the corpus is not there' }, () => {
  const answers: Record<string, Answer> = JSON.parse(
    readFileSync(join(folder, 'expected.json'), 'utf8'),
  );
  const right = { detection: 0, kind: 0, title: 0, corrupted: 0 };
  let crashes = 0;
  for (const [name, answer] of Object.entries(answers)) {
    const report = crashesIn(readFileSync(join(folder, `${name}.log`), 'utf8'))[0];
    if ((report !== undefined) === (answer.title !== null)) right.detection++;
    if (answer.title === null) continue;
    crashes++;
    if (report === undefined) continue;
    const titles = [answer.title, ...answer.alternatives];
    if (titles.some((title) => kindOf(title) === kindOf(report.title))) right.kind++;
    if (titles.some((title) => plain(title) === plain(report.title))) right.title++;
    if (report.corrupted === answer.corrupted) right.corrupted++;
  }
  assert.ok(right.detection >= 0.99 * Object.keys(answers).length, JSON.stringify(right));
  for (const one of ['kind', 'title', 'corrupted'] as const) {
    assert.ok(right[one] >= 0.99 * crashes, JSON.stringify(right));
  }
});
