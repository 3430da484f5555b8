import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as check, jsonValue, property, string } from 'fast-check';
import { oneLine, printable, printableInPlace, printableValue } from './printable.ts';

// Every unit of text there is, control characters as often as all others.
const anyText = string({ unit: 'binary', maxLength: 40 });

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (code < 0x20 && code !== 9 && code !== 10) || (code >= 0x7f && code <= 0x9f);
}

test('no control character is left, and text without one is untouched', () => {
  check(
    property(anyText, (text) => {
      for (const shown of [printable(text), printableInPlace(text)])
        assert.ok(!Array.from(shown).some(isControl), JSON.stringify(shown));
      assert.equal(printableInPlace(text).length, text.length);
    }),
  );
  assert.equal(printable('für 日本\tx\ny 🙂'), 'für 日本\tx\ny 🙂');
});

test('what a control character was can be read', () => {
  assert.equal(printable('\u001b]0;owned\u0007'), '\\u001b]0;owned\\u0007');
  assert.equal(printable('a\u009b2Jb\u202ec'), 'a\\u009b2Jb\\u202ec');
});

test('a text is brought to one line, its other spaces kept', () => {
  assert.equal(oneLine('first  \n\t second  third\n'), 'first second  third');
  check(property(anyText, (text) => !oneLine(text).includes('\n')));
});

test('every text in a value is made printable, and nothing else is touched', () => {
  check(
    property(jsonValue(), (value) => {
      const text = JSON.stringify(printableValue(value));
      assert.equal(JSON.stringify(printableValue(JSON.parse(text))), text);
    }),
  );
  assert.deepEqual(printableValue({ a: [1, null, true, '\u0007'], b: { 'c\u0000': 'd' } }), {
    a: [1, null, true, '\\u0007'],
    b: { 'c\\u0000': 'd' },
  });
});
