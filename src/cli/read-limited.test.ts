import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readLimited } from './read-limited.ts';

const chunks = (...texts: readonly string[]) =>
  Readable.from(texts.map((text) => Buffer.from(text)));

test('up to the limit all is read, a byte more is too much', async () => {
  assert.equal(await readLimited(chunks('ab', 'cd'), 4), 'abcd');
  assert.equal(await readLimited(chunks('ab', 'cd', 'e'), 4), null);
  assert.equal(await readLimited(chunks(), 4), '');
});

test('a character may be cut in two by the chunks', async () => {
  const bytes = Buffer.from('für');
  const cut = Readable.from([bytes.subarray(0, 2), bytes.subarray(2)]);
  assert.equal(await readLimited(cut, 4), 'für');
});
