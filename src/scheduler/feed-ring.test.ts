import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { changesBetween, type FeedItem, FeedRing } from './feed-ring.ts';

const item = (name: string, json: string, owner = 'team'): FeedItem => ({
  ...{ kind: 'instance', name, owners: [owner], json },
});
const mapOf = (items: readonly FeedItem[]) => new Map(items.map((one) => [one.name, one]));
const anyFleet = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    json: fc.constantFrom('1', '2', '3'),
    owner: fc.constantFrom('x', 'y'),
  }),
  { selector: ({ name }) => name },
);

test('who applies the changes has what there is, whatever they may see', () => {
  fc.assert(
    fc.property(fc.array(anyFleet), fc.option(fc.constantFrom('x', 'y')), (fleets, owner) => {
      const maySee = (owners: readonly string[]) => owner === null || owners.includes(owner);
      const kept = new Map<string, string>();
      let now: ReadonlyMap<string, FeedItem> = new Map();
      for (const fleet of fleets) {
        const next = mapOf(fleet.map((one) => item(one.name, one.json, one.owner)));
        for (const { name, owners, json } of changesBetween(now, next)) {
          if (!maySee(owners)) continue;
          if (json === null) kept.delete(name);
          else kept.set(name, json);
        }
        now = next;
        const visible = [...next.values()].filter(({ owners }) => maySee(owners));
        assert.deepEqual(
          Object.fromEntries(kept),
          Object.fromEntries(visible.map(({ name, json }) => [name, json])),
        );
      }
    }),
  );
});

test('what has ended or happened is not gone because newer ones are looked at', () => {
  const gone = (kind: FeedItem['kind']) =>
    [...changesBetween(new Map([['k', { ...item('k', '1'), kind }]]), new Map())].length;
  assert.deepEqual(
    (['host', 'pool', 'instance', 'operation', 'incident', 'event'] as const).map(gone),
    [1, 1, 1, 0, 0, 0],
  );
});

test('the ring keeps within both limits, and knows what it reaches', () => {
  const ring = new FeedRing({ changes: 3, chars: 10 });
  assert.deepEqual([ring.reaches(0), ring.reaches(1)], [true, false]);
  for (const json of ['11', '22', '33', '44']) ring.add(item('a', json));
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((seq) => ring.at(seq)?.json),
    [undefined, undefined, '22', '33', '44'],
  );
  assert.deepEqual(
    [0, 1, 4, 5].map((seq) => ring.reaches(seq)),
    [false, true, true, false],
  );
  ring.add(item('a', '123456789'));
  assert.deepEqual(
    [3, 4, 5].map((seq) => ring.reaches(seq)),
    [false, true, true],
  );
  ring.add(item('a', 'longer than all that may be kept'));
  assert.equal(ring.at(6)?.json, 'longer than all that may be kept');
});

test('after a cut nobody goes on', () => {
  const ring = new FeedRing({ changes: 3, chars: 10 });
  ring.add(item('a', '1'));
  ring.cut();
  assert.deepEqual([ring.reaches(1), ring.at(1)], [false, undefined]);
  const at = ring.last;
  ring.add(item('a', '2'));
  assert.ok(ring.reaches(at));
  assert.equal(ring.at(ring.last)?.json, '2');
});
