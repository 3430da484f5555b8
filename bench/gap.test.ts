import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gapOf } from './gap.ts';
import { quantile } from './quantile.ts';

const kill = { startMs: 100, endMs: 110 };

test('the gap of a kill is the longest that began while it went on', () => {
  assert.deepEqual(gapOf([90, 95, 104, 400, 405], kill), { lastMs: 104, nextMs: 400 });
  const [before, after] = [
    [0, 80, 96, 101, 300, 305],
    [96, 101, 150, 155, 160, 900],
  ];
  assert.deepEqual(gapOf(before, kill), { lastMs: 101, nextMs: 300 }, 'one before it was longer');
  assert.deepEqual(gapOf(after, kill), { lastMs: 101, nextMs: 150 }, 'one after it is not counted');
});

test('without an answer on both sides there is no gap', () => {
  assert.equal(gapOf([], kill), null);
  assert.equal(gapOf([90, 99], kill), null);
  assert.equal(gapOf([90, 99, 104, 109], kill), null, 'read after the cut, and nothing since');
  assert.equal(gapOf([200, 205], kill), null);
});

test('quantiles are of nearest rank', () => {
  const values = Array.from({ length: 200 }, (_, index) => index + 1);
  assert.equal(quantile(values, 0.99), 198);
  assert.equal(quantile(values, 0.5), 100);
  assert.equal(quantile(values, 0), 1);
  assert.equal(quantile([3, 1, 2], 1), 3);
});
