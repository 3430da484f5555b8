import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import { explain } from './explain.ts';
import { place } from './place.ts';
import { anyFleet, fleet, host, instance, shuffled } from './test-fleets.ts';

const anyFleetWithInstance = anyFleet.chain((input) =>
  fc.record({
    input: fc.constant(input),
    name: fc.constantFrom(...input.instances.map(({ spec }) => spec.name)),
  }),
);

test('parts add up to the score, of whole numbers', () => {
  fc.assert(
    fc.property(anyFleetWithInstance, ({ input, name }) => {
      for (const { parts, score } of explain(input, name).candidates) {
        assert.equal(
          parts.reduce((sum, { value }) => sum + value, 0),
          score,
        );
        for (const { value } of parts) assert.ok(Number.isSafeInteger(value));
        for (const { why } of parts) assert.notEqual(why, '');
      }
    }),
  );
});

test('every host is a candidate, those that fit first and by falling score', () => {
  fc.assert(
    fc.property(anyFleetWithInstance, ({ input, name }) => {
      const { candidates, choice } = explain(input, name);
      assert.deepEqual(
        candidates.map(({ host }) => host).toSorted(),
        input.hosts.map(({ name }) => name).toSorted(),
      );
      for (const { fits, refusals } of candidates) assert.equal(fits, refusals.length === 0);
      const fitting = candidates.filter(({ fits }) => fits);
      assert.deepEqual(candidates.slice(0, fitting.length), fitting);
      for (const [index, { score }] of fitting.entries()) {
        assert.ok(score <= (fitting[index - 1]?.score ?? Number.POSITIVE_INFINITY));
      }
      assert.equal(choice, fitting[0]?.host ?? null);
    }),
  );
});

test('the choice is what placement would choose if the instance had no host', () => {
  fc.assert(
    fc.property(anyFleetWithInstance, ({ input, name }) => {
      const one = input.instances.find(({ spec }) => spec.name === name);
      assert.ok(one !== undefined);
      const assignments = input.assignments.filter(({ instanceId }) => instanceId !== one.id);
      // Nothing else may be waiting before it: the others that are, are taken for not there.
      const assigned = new Set(input.assignments.map(({ instanceId }) => instanceId));
      const instances = input.instances.filter(({ id }) => id === one.id || assigned.has(id));
      const known = new Set(instances.map(({ id }) => id));
      const standbys = input.standbys.filter(({ instanceId }) => known.has(instanceId));
      const reduced = { ...input, instances, standbys };
      const [decision] = place({ ...reduced, assignments }).decisions;
      assert.equal(explain(reduced, name).choice, decision?.host);
    }),
    { numRuns: 300 },
  );
});

test('it does not depend on the order of the snapshot', () => {
  fc.assert(
    fc.property(
      anyFleetWithInstance.chain(({ input, name }) =>
        fc.record({ input: fc.constant(input), name: fc.constant(name), other: shuffled(input) }),
      ),
      ({ input, name, other }) => assert.deepEqual(explain(other, name), explain(input, name)),
    ),
  );
});

test('the host it is on fits as if it were not there, and is named', () => {
  const input = fleet({
    hosts: [host('h1', { capacity: { instances: 1, memoryMib: 100, cpus: 0.5 } }), host('h2')],
    instances: [instance('a')],
    assigned: [['a', 'h1']],
  });
  const { host: current, choice, candidates } = explain(input, 'a' as InstanceName);
  assert.equal(current, 'h1');
  assert.equal(choice, 'h2');
  assert.deepEqual(
    candidates.map(({ host, fits, score }) => ({ host, fits, score })),
    [
      { host: 'h2', fits: true, score: -9 },
      { host: 'h1', fits: true, score: -600 },
    ],
  );
});

test('all refusals of a host are told, not only the first', () => {
  const input = fleet({
    hosts: [host('h1', { cordonReason: 'new kernel', state: 'suspect', zone: 'south' })],
    instances: [instance('a', { image: 'haproxy:9', placement: { zones: ['north', 'west'] } })],
  });
  assert.deepEqual(explain(input, 'a' as InstanceName).candidates[0]?.refusals, [
    'h1 is suspect: its agent fell silent',
    'h1 is cordoned: new kernel',
    'h1 does not hold image haproxy:9',
    'h1 is in zone south, not in north or west',
  ]);
});

test('an unknown instance is not found', () => {
  assert.throws(
    () => explain(fleet({ hosts: [], instances: [] }), 'nobody' as InstanceName),
    (error) => error instanceof BridgeheadError && error.code === 'NOT_FOUND',
  );
});
