import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { unifiedDiff } from './unified-diff.ts';

test('three lines of context, and distant changes in hunks of their own', () => {
  const before = Array.from({ length: 30 }, (_, index) => `line ${index + 1}\n`);
  const after = [...before];
  after[9] = 'changed\n';
  after.splice(25, 1);
  assert.equal(
    unifiedDiff(before.join(''), after.join('')),
    `@@ -7,7 +7,7 @@
 line 7
 line 8
 line 9
-line 10
+changed
 line 11
 line 12
 line 13
@@ -23,7 +23,6 @@
 line 23
 line 24
 line 25
-line 26
 line 27
 line 28
 line 29`,
  );
});

test('hunks that touch are one', () => {
  const of = (gap: number) => {
    const between = 'same\n'.repeat(gap);
    return unifiedDiff(`a\n${between}b\n`, `c\n${between}d\n`).match(/^@@ .*/gm);
  };
  assert.deepEqual(of(6), ['@@ -1,8 +1,8 @@']);
  assert.deepEqual(of(7), ['@@ -1,4 +1,4 @@', '@@ -6,4 +6,4 @@']);
});

test('from and to nothing, and a line feed that comes or goes', () => {
  assert.equal(unifiedDiff('a\n', 'a\n'), '');
  assert.equal(unifiedDiff('', 'a\nb\n'), '@@ -0,0 +1,2 @@\n+a\n+b');
  assert.equal(unifiedDiff('a\n', ''), '@@ -1 +0,0 @@\n-a');
  assert.equal(
    unifiedDiff('a\nb', 'a\nb\n'),
    '@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b',
  );
});

/** Applies a diff as patch(1) does, checking each line that it takes away or keeps. */
function patched(before: string, diff: string): string {
  const old = before.match(/.*\n|.+$/g) ?? [];
  const fresh: string[] = [];
  let at = 0;
  const hunks = diff.split(/^(?=@@ )/m).filter((hunk) => hunk !== '');
  for (const hunk of hunks) {
    const [, start, length] = /^@@ -(\d+)(?:,(\d+))? /.exec(hunk) ?? [];
    const from = Number(start) - (length === '0' ? 0 : 1);
    fresh.push(...old.slice(at, from));
    at = from;
    const body = hunk.replace(/^.*\n/, '').replace(/\n$/, '');
    for (const line of `${body}\n`
      .replaceAll('\n\\ No newline at end of file\n', '')
      .match(/.*\n|.+$/g) ?? []) {
      const text = line.slice(1);
      if (line.startsWith('+')) fresh.push(text);
      else {
        assert.equal(text, old[at]);
        at += 1;
        if (line.startsWith(' ')) fresh.push(text);
      }
    }
  }
  return [...fresh, ...old.slice(at)].join('');
}

test('a diff turns the old text into the new one', () => {
  const text = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', ''), { maxLength: 30 }), fc.boolean())
    .map(([lines, ends]) =>
      ends || lines.at(-1) === '' ? lines.map((line) => `${line}\n`).join('') : lines.join('\n'),
    );
  const missing = '\\ No newline';
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = unifiedDiff(before, after);
      // A missing line feed in mid-hunk glues two lines of the diff together in `patched`.
      fc.pre(!diff.includes(missing) || diff.endsWith(`${missing} at end of file`));
      fc.pre(diff.split(missing).length <= 2);
      assert.equal(patched(before, diff), after);
    }),
    { numRuns: 500 },
  );
});
