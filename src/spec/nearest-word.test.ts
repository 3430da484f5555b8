import assert from 'node:assert/strict';
import test from 'node:test';
import { editDistance, nearestWord } from './nearest-word.ts';

test('one edit is a letter more, less or other, or two that changed places', () => {
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('owner', 'ownr'), 1);
  assert.equal(editDistance('owner', 'onwer'), 1);
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('same', 'same'), 0);
});

test('the nearest word is offered where it is near', () => {
  const fields = ['owner', 'service', 'tier', 'config'];
  assert.equal(nearestWord('Onwer', fields), 'owner');
  assert.equal(nearestWord('services', fields), 'service');
  assert.equal(nearestWord('replicas', fields), null);
  assert.equal(nearestWord('p6', ['p4', 'p5']), null);
  assert.equal(nearestWord('x'.repeat(100), fields), null);
});
