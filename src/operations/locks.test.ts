import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Operation } from '../domain/operation.ts';
import { blockerOf, startable } from './locks.ts';

function operation(
  id: string,
  state: 'queued' | 'running',
  objects: readonly string[],
  onRead: () => void = () => undefined,
): Operation {
  return {
    ...{ id, kind: 'migrate', args: {}, who: 'ann', reason: '', state, observed: null },
    ...{ steps: [], isForward: false, session: null, token: 0, cancelledBy: null },
    ...{ parentId: null, requestedMs: 0, startedMs: null, endedMs: null, error: null },
    get objects() {
      onRead();
      return objects;
    },
  };
}

test('who waits may begin when nobody earlier and nobody running has any of its objects', () => {
  const line = fc.array(
    fc.record({
      state: fc.constantFrom('queued', 'running'),
      objects: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 }),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(line, (rows) => {
      const open = rows.map(({ state, objects }, at) => operation(`${at}`, state, objects));
      const expected = open.filter((one, at) => {
        const rest = open.filter((other, index) => index < at || other.state === 'running');
        return one.state === 'queued' && blockerOf(one.objects, rest) === null;
      });
      assert.deepEqual(startable(open), expected);
    }),
  );
});

test('a line of 5,000 is gone through once, not once for each who waits', () => {
  let reads = 0;
  const count = 5_000;
  const open = Array.from({ length: count }, (_, at) =>
    operation(`${at}`, at % 50 === 0 ? 'running' : 'queued', [`instance/${at % 500}`], () => {
      reads += 1;
    }),
  );
  assert.equal(startable(open).length, 490);
  assert.ok(reads <= 3 * count, `${reads} reads`);
});
