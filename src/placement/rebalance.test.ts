import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HostName, InstanceId } from '../domain/ids.ts';
import { explain } from './explain.ts';
import { planRebalance } from './rebalance.ts';
import { anyFleet, fleet, host, instance, shuffled } from './test-fleets.ts';

const room = { instances: 50, memoryMib: 100_000, cpus: 10 };
const hosts = ['h1', 'h2', 'h3'].map((name) => host(name, { capacity: room, rack: name }));
const none = new Set<InstanceId>();

/** Instances of services of their own, one CPU each, all on one host. */
function crowd(count: number) {
  const instances = Array.from({ length: count }, (_, index) =>
    instance(`i${index}`, {
      ...{ service: `s${index}`, tier: (index % 4) as 0 | 1 | 2 | 3 },
      resources: { cpus: 1 },
    }),
  );
  return fleet({ hosts, instances, assigned: instances.map(({ spec }) => [spec.name, 'h1']) });
}

test('a crowd on one host is spread over the others, the least important first', () => {
  const moves = planRebalance(crowd(9), 100, none);
  assert.equal(moves.length, 6);
  assert.equal(moves.filter(({ to }) => to === 'h2').length, 3);
  assert.equal(moves.filter(({ to }) => to === 'h3').length, 3);
  assert.deepEqual(
    moves.map(({ instance: name }) => name),
    ['i3', 'i7', 'i2', 'i6', 'i1', 'i5'],
  );
  assert.match(moves[0]?.explanation ?? '', /^h1 has 90 % .* claimed, h2 0 %, and 10 % with it$/);
});

test('the budget is kept, and what is even or held is left alone', () => {
  assert.equal(planRebalance(crowd(9), 2, none).length, 2);
  assert.deepEqual(planRebalance(crowd(1), 5, none), []);
  const held = new Set(crowd(9).instances.map(({ id }) => id));
  assert.deepEqual(planRebalance(crowd(9), 5, held), []);
});

test('nothing goes to a cordoned host, nor together with another of its service', () => {
  const cordoned = hosts.map((one) => ({ ...one, cordonReason: one.name === 'h3' ? 'fan' : null }));
  const moves = planRebalance({ ...crowd(9), hosts: cordoned }, 100, none);
  assert.ok(moves.length > 0 && moves.every(({ to }) => to === 'h2'));
  const pair = ['a', 'b'].map((name) =>
    instance(name, { service: 'pair', resources: { cpus: 4 } }),
  );
  const apart = fleet({
    hosts: hosts.slice(0, 2),
    instances: [...pair, instance('big', { service: 'big', resources: { cpus: 4 } })],
    assigned: [
      ['a', 'h1'],
      ['b', 'h2'],
      ['big', 'h1'],
    ],
  });
  assert.deepEqual(planRebalance(apart, 5, none), [], 'a would meet b, and big gains nothing');
});

test('every plan evens out, keeps the constraints, and does not depend on the order of the fleet', () => {
  fc.assert(
    fc.property(
      anyFleet.chain((input) => fc.tuple(fc.constant(input), shuffled(input))),
      ([input, other]) => {
        const moves = planRebalance(input, 4, none);
        assert.deepEqual(planRebalance(other, 4, none), moves);
        assert.ok(moves.length <= 4);
        assert.equal(new Set(moves.map(({ instanceId }) => instanceId)).size, moves.length);
        let now = input;
        for (const { instanceId, instance: name, from, to } of moves) {
          const { candidates } = explain(now, name);
          assert.ok(
            candidates.some(({ host: at, fits }) => at === to && fits),
            `${name} to ${to}`,
          );
          const holder = now.assignments.find((one) => one.instanceId === instanceId);
          assert.equal(holder?.host, from);
          const stays = (one: { instanceId: InstanceId; host: HostName }) =>
            one.instanceId !== instanceId || one.host !== to;
          now = {
            ...now,
            assignments: now.assignments.map((one) =>
              one === holder ? { ...one, host: to } : one,
            ),
            standbys: now.standbys.filter(stays),
          };
        }
      },
    ),
    { numRuns: 150 },
  );
});
