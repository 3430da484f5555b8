// The rules of the design over many seeds, and the proof that the simulation would notice.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { breakable } from '../../sim/breakable.ts';
import { runSeed } from '../../sim/seed.ts';

const program = resolve(import.meta.dirname, '../../sim/main.ts');
/** What continuous integration has the time for; 100,000 are run by hand. */
const seeds = process.env['BRIDGEHEAD_SIM_SEEDS'] ?? '1500';
const figures = z.object({ seeds: z.number(), breaches: z.number() });

/** Runs `npm run sim` as people do. @returns its exit code, its report, its figures where it got so far */
function simulate(...args: readonly string[]) {
  const options = { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], options);
  const last = stdout.trim().split('\n').at(-1) ?? '';
  const parsed = last.startsWith('{') ? figures.parse(JSON.parse(last)) : null;
  return { status, stdout, stderr, figures: parsed };
}

for (const part of breakable) {
  test(`without the ${part}, a rule is broken within 1,000 seeds, and the seed shows it again`, (context) => {
    const { status, stdout, stderr } = simulate('--seeds', '1000', '--without', part);
    assert.equal(status, 1, `nothing was noticed:\n${stdout}${stderr}`);
    const [, seed] = /BREACH in seed (\d+): (.*)/.exec(stdout) ?? [];
    assert.ok(seed !== undefined, stdout);
    const again = simulate('--seed', seed, '--without', part);
    const breach = (text: string) => /BREACH in seed .*/.exec(text)?.[0];
    context.diagnostic(breach(stdout) ?? '');
    assert.equal(again.status, 1);
    assert.equal(breach(again.stdout), breach(stdout));
    assert.equal(simulate('--seed', seed).status, 0, 'with that part in its place all holds');
  });
}

test('a seed is one run: the same story to the last line', async () => {
  let lines = 0;
  for (const seed of [1, 2, 3, 4, 5]) {
    const first = await runSeed(seed, null, true);
    assert.deepEqual(await runSeed(seed, null, true), first);
    lines += first.story.length;
  }
  assert.ok(lines > 100, `${lines} lines are no story`);
});

test(`all rules hold in ${seeds} seeds`, (context) => {
  const { status, stdout, stderr, figures: found } = simulate('--seeds', seeds);
  const lines = stdout.trim().split('\n');
  context.diagnostic(lines.at(-1) ?? '');
  assert.equal(status, 0, lines.slice(-120).join('\n') + stderr);
  assert.deepEqual([found?.seeds, found?.breaches], [Number(seeds), 0]);
});
