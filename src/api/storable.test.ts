import assert from 'node:assert/strict';
import test from 'node:test';
import { unstorable } from './storable.ts';

const apart = new Set(['text']);

test('text that PostgreSQL cannot keep is found wherever it stands', () => {
  assert.equal(unstorable({ text: '\0', reason: 'é😀', list: [1, null, true, 'a'] }, apart), null);
  assert.deepEqual(unstorable({ files: { 'a.map': 'x\0' } }, apart), {
    place: 'files.a.map',
    what: 'holds a NUL character',
  });
  assert.deepEqual(unstorable([{ text: '\ud800' }], apart), {
    place: '0.text',
    what: 'holds half of a surrogate pair',
  });
  assert.equal(unstorable({ a: { 'b\0': 1 } }, apart)?.place, 'a name in a');
  assert.equal(unstorable('\0', apart)?.place, '');
});

test('what nests without end is refused, not followed', () => {
  const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
  assert.match(unstorable(deep, apart)?.what ?? '', /nests deeper/);
});
