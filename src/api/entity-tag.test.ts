import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { changedSince, entityTagOf, isListed } from './entity-tag.ts';

const anyView = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.jsonValue(), {
  minKeys: 1,
  noNullPrototype: true,
});

test('a tag is the same for the same object in another order, and names what has changed', () => {
  fc.assert(
    fc.property(anyView, anyView, (view, other) => {
      const tag = entityTagOf(view);
      const turned = Object.fromEntries(Object.entries(view).toReversed());
      assert.equal(entityTagOf(turned), tag);
      const [name = ''] = Object.keys(view);
      const next = { ...view, [name]: other };
      const isSame = JSON.stringify(view[name]) === JSON.stringify(other);
      assert.deepEqual(changedSince(tag, next), isSame ? [] : [name]);
      assert.equal(isListed(`"x", W/${tag}`, tag), true);
    }),
  );
});

test('what changes by the clock alone is no change', () => {
  const at = (lastSeenMs: number, uptimeS: number) => ({ lastSeenMs, facts: { uptimeS, cpus: 2 } });
  assert.equal(entityTagOf(at(1, 2)), entityTagOf(at(3, 4)));
  assert.deepEqual(changedSince(entityTagOf(at(1, 2)), { ...at(1, 2), facts: null }), ['facts']);
});

for (const tag of ['', '"', '"x"', 'x', '*', '"AAAAAAAA","AAAAAAAA"', '"ÿ"']) {
  test(`a tag that is none tells nothing: ${tag}`, () => {
    assert.equal(changedSince(tag, { a: 1 }), null);
  });
}
