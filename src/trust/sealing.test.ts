import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatSealingKey,
  keyOfSealed,
  newSealingKey,
  parseSealingKey,
  type SealedPlace,
  seal,
  unseal,
} from './sealing.ts';

const key = newSealingKey();
const place: SealedPlace = { table: 'certificates', name: 'shop.pem', version: 3 };

test('what is sealed opens at its place, and shows nothing of the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      const sealed = seal(key, place, text);
      assert.equal(unseal(key, place, sealed), text);
      assert.equal(keyOfSealed(sealed), key.id);
      assert.ok(text.length < 4 || !sealed.includes(text));
    }),
  );
});

test('the same text is sealed to something else each time', () => {
  assert.notEqual(seal(key, place, 'a'), seal(key, place, 'a'));
});

test('it opens at no other place, under no other version, with no other key', () => {
  const sealed = seal(key, place, 'a secret');
  for (const other of [
    { ...place, table: 'secrets' },
    { ...place, name: 'other.pem' },
    { ...place, version: 4 },
  ]) {
    assert.equal(unseal(key, other, sealed), null);
  }
  assert.equal(unseal(newSealingKey(), place, sealed), null);
  assert.equal(unseal({ ...newSealingKey(), id: key.id }, place, sealed), null);
});

test('a changed bit anywhere is noticed', () => {
  const sealed = seal(key, place, 'a secret');
  const [version, id, body = ''] = sealed.split('.');
  const bytes = Buffer.from(body, 'base64url');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const text = `${version}.${id}.${changed.toString('base64url')}`;
    assert.equal(unseal(key, place, text), null, `byte ${at}`);
  }
  for (const text of ['', 'a secret', `${version}.${id}.`, `${version}.${id}.AAAA`]) {
    assert.equal(unseal(key, place, text), null);
  }
});

test('a key is one word and back', () => {
  assert.deepEqual(parseSealingKey(formatSealingKey(key)), key);
  for (const text of ['', key.id, `${formatSealingKey(key)}x`, `x${formatSealingKey(key)}`]) {
    assert.equal(parseSealingKey(text), null);
  }
});
