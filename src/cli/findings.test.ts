import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, nat, property } from 'fast-check';
import { findingText } from './findings.ts';
import { plain } from './terminal.ts';

test('the caret stands under the column that was named, in lines of any length', () => {
  // A mark that occurs once, anywhere in a line: the caret has to point at it.
  check(
    property(nat(400), nat(400), (before, after) => {
      const source = `first\n${'.'.repeat(before)}X${'.'.repeat(after)}`;
      const finding = { line: 2, column: before + 1, message: 'here' };
      const [head, shown = '', caret = ''] = findingText(
        'f',
        source,
        finding,
        'error',
        plain,
      ).split('\n');
      assert.equal(head, `f:2:${before + 1}: here`);
      assert.equal(shown[caret.indexOf('^')], 'X');
      assert.ok(shown.length <= 128);
    }),
  );
});

test('a column behind the end of the line is shown at its end', () => {
  const text = findingText('f', 'ab', { line: 1, column: 9, message: 'm' }, 'error', plain);
  assert.equal(text, 'f:1:9: m\n  ab\n    ^');
});
