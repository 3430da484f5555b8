import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { type DiffLine, diffLines } from './line-diff.ts';

const letters = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 14 });
const side = (lines: readonly DiffLine[], not: DiffLine['kind']) =>
  lines.filter(({ kind }) => kind !== not).map(({ text }) => text);

/** Length of a longest common subsequence, by the textbook's table. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  const table = [Array<number>(b.length + 1).fill(0)];
  for (const [i, left] of a.entries()) {
    const row = [0];
    for (const [j, right] of b.entries()) {
      const kept = Math.max(table[i]?.[j + 1] ?? 0, row[j] ?? 0);
      row.push(left === right ? (table[i]?.[j] ?? 0) + 1 : kept);
    }
    table.push(row);
  }
  return table.at(-1)?.at(-1) ?? 0;
}

test('a diff holds both texts, and keeps as many lines as can be kept', () => {
  fc.assert(
    fc.property(letters, letters, (before, after) => {
      const lines = diffLines(before, after);
      assert.deepEqual(side(lines, 'new'), before);
      assert.deepEqual(side(lines, 'old'), after);
      const kept = lines.filter(({ kind }) => kind === 'same').length;
      assert.equal(kept, commonLength(before, after));
    }),
    { numRuns: 500 },
  );
});

test('texts that differ in more than the limit are replaced between what they share', () => {
  const before = Array.from({ length: 20_000 }, (_, index) => `old ${index}`);
  const after = Array.from({ length: 20_000 }, (_, index) => `new ${index}`);
  const lines = diffLines(['head', ...before, 'tail'], ['head', ...after, 'tail']);
  assert.equal(lines.length, 40_002);
  assert.deepEqual(side(lines, 'old'), ['head', ...after, 'tail']);
  assert.equal(lines[1]?.kind, 'old');
  assert.equal(lines[40_000]?.kind, 'new');
});
