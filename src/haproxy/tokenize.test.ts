import assert from 'node:assert/strict';
import test from 'node:test';
import * as fc from 'fast-check';
import { tokenizeLine } from './tokenize.ts';

const texts = (line: string) => tokenizeLine(line).map(({ text }) => text);

test('blanks of every kind separate words', () => {
  assert.deepEqual(texts(' \tbind\t:80\v name \r'), ['bind', ':80', 'name']);
});

test('a comment begins anywhere outside of quotes, even in a word', () => {
  assert.deepEqual(texts('listen a#b c'), ['listen', 'a']);
  assert.deepEqual(texts('# bind :80'), []);
  assert.deepEqual(texts('log-tag "a#b" \'c#d\' e\\#f # g'), ['log-tag', 'a#b', 'c#d', 'e#f']);
});

test('quotes join, escapes are resolved outside of single quotes', () => {
  assert.deepEqual(texts('"bi"nd \'a \\ b\' "a \\" b" c\\ d \\x41\\n \\q'), [
    'bind',
    'a \\ b',
    'a " b',
    'c d',
    'A\n',
    '\\q',
  ]);
});

test('only variables in double quotes are expanded', () => {
  const words = tokenizeLine('a$A \'$B\' "$C" "\\$D" \\$E');
  assert.deepEqual(
    words.map(({ text, expands }) => [text, expands]),
    [
      ['a$A', false],
      ['$B', false],
      ['$C', true],
      ['$D', false],
      ['\\$E', false],
    ],
  );
});

test('a quote left open reaches to the end', () => {
  assert.deepEqual(texts('bind ":80 # x'), ['bind', ':80 # x']);
});

test('words are where they say, apart, and cover all but blanks and the comment', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...' \t#"\'\\$ax4n:é'.split('')) }), (line) => {
      let end = 0;
      for (const word of tokenizeLine(line)) {
        assert.match(line.slice(end, word.start), /^[ \t]*$/);
        assert.ok(word.end > word.start && word.start >= end);
        assert.doesNotMatch(line.charAt(word.start), /[ \t#]/);
        end = word.end;
      }
      assert.match(line.slice(end), /^[ \t]*(?:#.*)?$/);
    }),
  );
});
