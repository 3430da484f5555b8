import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runLine } from '../../src/cli/test-terminal.ts';
import type { CrashPrecursorsView } from '../../src/protocol/crash-precursor-views.ts';

const folder = fileURLToPath(new URL('../../examples/origin-story/', import.meta.url));
const logs = readdirSync(folder)
  .filter((name) => name.endsWith('.log'))
  .toSorted()
  .map((name) => join(folder, name));

const healthy = readdirSync(join(folder, 'healthy'))
  .toSorted()
  .map((name) => join(folder, 'healthy', name));

interface Explained {
  readonly host: string;
  readonly fingerprint: string;
  readonly died: string;
  readonly known: readonly {
    readonly id: string;
    readonly certainty: string;
    readonly verdict: Readonly<Record<string, unknown>>;
  }[];
  readonly queries: readonly string[];
}

test('the origin story: one fault on three hosts, named, with the release that has the fix', async () => {
  const { code, out, err } = await runLine(['crash', 'explain', '-o', 'json', ...logs]);
  assert.equal(err, '');
  assert.equal(code, 0);
  const { reports, lines } = JSON.parse(out) as {
    reports: readonly Explained[];
    lines: readonly { id: string; kind: string; count: number }[];
  };
  assert.deepEqual(
    reports.map(({ host }) => host),
    ['lb-1', 'lb-2', '198.18.0.13'],
  );
  assert.equal(new Set(reports.map(({ fingerprint }) => fingerprint)).size, 1);
  assert.deepEqual(
    reports.map(({ died }) => /up for (\d+ days)/.exec(died)?.[1]),
    ['60 days', '30 days', '7 days'],
  );
  for (const { known, queries } of reports) {
    const [first, ...more] = known;
    assert.deepEqual(more, []);
    assert.equal(first?.id, 'sched-task-group-race');
    assert.equal(first.certainty, 'likely');
    assert.equal(first.verdict['affected'], 'yes');
    assert.equal(first.verdict['neverOnBranch'], true);
    assert.equal(first.verdict['fixedInMainline'], '3.18');
    assert.match(String(first.verdict['upgrade']), /4\.9 from jessie-backports/);
    assert.ok(queries.length > 0);
    for (const query of queries) assert.doesNotMatch(query, /\+0x|lb-|veth|ffffffff81/);
  }
  const dirperm1 = lines.find(({ id }) => id === 'aufs-dirperm1');
  assert.equal(dirperm1?.kind, 'noise');
  assert.equal(dirperm1.count, 30);
  assert.ok(lines.every(({ kind }) => kind === 'noise'));
});

test('the origin story in words', async () => {
  const { out } = await runLine(['crash', 'explain', ...logs]);
  assert.match(out, /Known as +sched: Fix race between task_group and sched_task_group/);
  assert.match(out, /mainline since 3\.18; .*never in Debian 3\.16; SLES 3\.12 since 3\.12\.53/);
  assert.match(out, /has the fault: the fix was never backported to Debian 3\.16/);
  assert.match(out, /Noise +30 × aufs: dirperm1/);
  assert.match(out, /GROUP +REPORTS +HOSTS +TITLE\nv1-\w+ +3 +3 /);
  // What is said of one is not said again of the others.
  assert.equal(out.match(/advice/g)?.length, 1);
});

test('crash parse has the known issue beside the report', async () => {
  const { out } = await runLine(['crash', 'parse', '-o', 'json', ...logs]);
  const reports = JSON.parse(out) as readonly Explained[];
  assert.deepEqual(
    reports.map(({ known }) => known.map(({ id }) => id)),
    [['sched-task-group-race'], ['sched-task-group-race'], ['sched-task-group-race']],
  );
  const text = (await runLine(['crash', 'parse', ...logs])).out;
  assert.match(text, /Known as +sched-task-group-race: .*this kernel: yes/);
});

test('the dirperm1 line is noise by the numbers too: healthy hosts print it as often', async () => {
  const argv = ['crash', 'compare', '--logs', ...logs, '--healthy', ...healthy];
  const { code, out, err } = await runLine([...argv, '-o', 'json']);
  assert.equal(err, '');
  assert.equal(code, 0);
  const result = JSON.parse(out) as CrashPrecursorsView;
  assert.deepEqual([result.crashes, result.healthyWindows, result.lack], [3, 3, null]);
  const dirperm1 = result.items.find(({ example }) => example.includes('dirperm1'));
  assert.equal(dirperm1?.verdict, 'noise');
  assert.deepEqual([dirperm1.crashed, dirperm1.healthy, dirperm1.lift], [3, 3, 1]);
  assert.ok(result.items.every(({ verdict }) => verdict === 'noise'));
  // Nothing of the report itself is taken for a sign of it.
  assert.ok(result.items.every(({ example }) => !/BUG|RIP|Call Trace|Oops/.test(example)));
  const text = (await runLine(argv)).out;
  assert.match(text, /noise: healthy hosts print it as often .*kernel: aufs .*dirperm<\*> breaks/);
  assert.match(text, /Not enough data to show anything|1 questions/);
  // Without healthy hosts nobody can say so.
  const alone = (await runLine(argv.slice(0, -healthy.length - 1))).out;
  assert.match(alone, /Not enough data: no healthy host has lines of the same time/);
});
