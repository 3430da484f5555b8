import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Host, Instance } from '../domain/model.ts';
import type { PlacementInput } from './input.ts';
import {
  activesOf,
  areFoes,
  limitsOf,
  memoryOf,
  milliCpusOf,
  naivePlace,
  occupantsOf,
} from './naive-place.ts';
import { type PlacementPlan, place } from './place.ts';
import { anyFleet, fleet, host, instance, shuffled } from './test-fleets.ts';

const runs = { numRuns: 500 };
const noRoom = { instances: 0, memoryMib: 100, cpus: 1 };

/** Where each decision went, by instance. */
function choices(plan: PlacementPlan): Record<string, string | null> {
  return Object.fromEntries(plan.decisions.map((decision) => [decision.instance, decision.host]));
}

/** The fleet once the plan is carried out. */
function carriedOut(input: PlacementInput, plan: PlacementPlan): PlacementInput {
  const added = plan.decisions.flatMap(({ instanceId, host }) =>
    host === null ? [] : [{ instanceId, host, epoch: 1 as never, granted: true }],
  );
  return { ...input, assignments: [...input.assignments, ...added] };
}

/** Hosts that the plan put something on, and what. */
function changed(input: PlacementInput, plan: PlacementPlan): [Host, Instance[]][] {
  return input.hosts.flatMap((host): [Host, Instance[]][] => {
    const placed = plan.decisions.filter((decision) => decision.host === host.name);
    const instances = input.instances.filter(({ id }) =>
      placed.some(({ instanceId }) => instanceId === id),
    );
    return instances.length === 0 ? [] : [[host, instances]];
  });
}

test('it decides as a naive placement does', () => {
  fc.assert(
    fc.property(anyFleet, (input) => {
      assert.deepEqual(choices(place(input)), Object.fromEntries(naivePlace(input)));
    }),
    runs,
  );
});

test('no plan breaks the capacity of a host', () => {
  fc.assert(
    fc.property(anyFleet, (input) => {
      const plan = place(input);
      const after = carriedOut(input, plan);
      for (const [host] of changed(input, plan)) {
        const limits = limitsOf(host);
        assert.ok(occupantsOf(after, host).length <= limits.instances);
        assert.ok(memoryOf(occupantsOf(after, host)) <= limits.memory);
        assert.ok(milliCpusOf(activesOf(after, host)) <= limits.milliCpus);
      }
    }),
    runs,
  );
});

test('no plan brings two together of which one avoids the other', () => {
  fc.assert(
    fc.property(anyFleet, (input) => {
      const plan = place(input);
      const after = carriedOut(input, plan);
      for (const [host, placed] of changed(input, plan)) {
        for (const one of placed) {
          for (const other of occupantsOf(after, host)) assert.ok(!areFoes(one, other));
        }
      }
    }),
    runs,
  );
});

test('what is assigned is not decided anew, and everything else is, once, by tier and name', () => {
  fc.assert(
    fc.property(anyFleet, (input) => {
      const assigned = new Set(input.assignments.map(({ instanceId }) => instanceId));
      const expected = input.instances
        .filter(({ id }) => !assigned.has(id))
        .map(({ spec }) => `${spec.tier} ${spec.name}`)
        .toSorted();
      const tierOf = new Map(input.instances.map(({ spec }) => [spec.name, spec.tier]));
      const decided = place(input).decisions.map(
        ({ instance }) => `${tierOf.get(instance)} ${instance}`,
      );
      assert.deepEqual(decided, expected);
    }),
    runs,
  );
});

test('the plan does not depend on the order of the snapshot', () => {
  fc.assert(
    fc.property(
      anyFleet.chain((input) => fc.tuple(fc.constant(input), shuffled(input))),
      ([input, other]) => assert.deepEqual(place(other), place(input)),
    ),
    runs,
  );
});

test('a plan that was carried out leaves nothing to place but what fits nowhere', () => {
  fc.assert(
    fc.property(anyFleet, (input) => {
      const plan = place(input);
      const left = plan.decisions.filter((decision) => decision.host === null);
      const again = place(carriedOut(input, plan));
      assert.deepEqual(
        again.decisions.map(({ instance, host }) => ({ instance, host })),
        left.map(({ instance, host }) => ({ instance, host })),
      );
    }),
    runs,
  );
});

test('a service spreads over zones, then racks, then hosts', () => {
  const hosts = [
    host('n1', { zone: 'north', rack: 'r1' }),
    host('n2', { zone: 'north', rack: 'r1' }),
    host('n3', { zone: 'north', rack: 'r2' }),
    host('s1', { zone: 'south', rack: 'r1' }),
  ];
  const others = ['b', 'c', 'd'].map((name) => instance(name, { tier: 2 }));
  const input = fleet({ hosts, instances: [instance('a'), ...others], assigned: [['a', 'n1']] });
  assert.deepEqual(choices(place(input)), { b: 's1', c: 'n3', d: 'n2' });
});

test('services do not mind each other, and the emptier host wins', () => {
  const input = fleet({
    hosts: [host('big', { capacity: { instances: 9, memoryMib: 1_000, cpus: 8 } }), host('h')],
    instances: [
      instance('a', { service: 'mail', resources: { memoryMib: 500 } }),
      instance('b', { service: 'shop' }),
    ],
    assigned: [['a', 'big']],
  });
  assert.deepEqual(choices(place(input)), { b: 'h' });
});

test('a low tier goes where fewer of tier 0 are', () => {
  const front = (name: string) =>
    instance(name, { tier: 0, service: name, resources: { memoryMib: 100 } });
  const back = (name: string) =>
    instance(name, { tier: 1, service: name, resources: { memoryMib: 100 } });
  const fleetWith = (tier: 0 | 3) =>
    fleet({
      hosts: [host('crowded'), host('quiet')],
      instances: [front('a'), front('b'), back('c'), back('d'), back('e'), instance('x', { tier })],
      assigned: [
        ['a', 'crowded'],
        ['b', 'crowded'],
        ['c', 'quiet'],
        ['d', 'quiet'],
        ['e', 'quiet'],
      ],
    });
  assert.deepEqual(choices(place(fleetWith(3))), { x: 'quiet' });
  assert.deepEqual(choices(place(fleetWith(0))), { x: 'crowded' });
});

test('a warm standby takes over, and claims its room only once', () => {
  const capacity = { instances: 1, memoryMib: 100, cpus: 1 };
  const input = fleet({
    hosts: [host('warm', { capacity }), host('empty')],
    instances: [instance('a')],
    standbys: [['a', 'warm']],
  });
  assert.deepEqual(choices(place(input)), { a: 'warm' });
});

test('a standby of another instance takes memory and a place', () => {
  const capacity = { instances: 2, memoryMib: 150, cpus: 1 };
  const input = fleet({
    hosts: [host('h', { capacity })],
    instances: [instance('a'), instance('b')],
    assigned: [['b', 'elsewhere']],
    standbys: [['b', 'h']],
  });
  const [decision] = place(input).decisions;
  assert.equal(decision?.host, null);
  assert.match(decision?.explanation ?? '', /h has 100 of 150 MiB claimed/);
});

test('equal hosts fill evenly, and not in the order of their names', () => {
  const hosts = Array.from({ length: 10 }, (_, number) => host(`host-${number}`));
  const instances = Array.from({ length: 1_000 }, (_, number) =>
    instance(`i-${number}`, { service: `s-${number}` }),
  );
  // One at a time, each into an empty fleet, so that only the hash decides.
  const counts = new Map<string, number>();
  for (const one of instances) {
    const { host: chosen } = place(fleet({ hosts, instances: [one] })).decisions[0] ?? {};
    counts.set(chosen ?? 'none', (counts.get(chosen ?? 'none') ?? 0) + 1);
  }
  // 100 expected, standard deviation 9.5: this is more than five of them on either side.
  assert.equal(counts.size, 10);
  for (const [name, count] of counts) {
    assert.ok(count > 50 && count < 150, `${name} got ${count}`);
  }
});

test('the explanation of a choice names the numbers behind it', () => {
  const input = fleet({
    hosts: [host('h1'), host('h2'), host('h3', { cordonReason: 'new kernel' })],
    instances: [instance('a'), instance('b')],
    assigned: [['a', 'h1']],
  });
  assert.deepEqual(place(input).decisions, [
    {
      instanceId: 'id-b',
      instance: 'b',
      host: 'h2',
      explanation:
        'best of 2 that fit, of 3 hosts; score -2009: ' +
        'zone spread -1000 (1 other instance of service shop in zone north), ' +
        'rack spread -1000 (1 other instance of service shop in rack r1), ' +
        'load -9 (with it, 1 % of memory and 2 % of CPUs are claimed)',
    },
  ]);
});

test('instances with the same demand that fit nowhere get the same counts', () => {
  const input = fleet({
    hosts: [host('h1', { cordonReason: 'new kernel' }), host('h2', { capacity: noRoom })],
    instances: ['a', 'b', 'c'].map((name) => instance(name)),
  });
  for (const { explanation } of place(input).decisions) {
    assert.equal(
      explanation,
      'none of 2 hosts fits: 1 cordoned (h1 is cordoned: new kernel); ' +
        '1 without room (h2 carries 0 instances of 0)',
    );
  }
});

test('the explanation of no choice counts the hosts by reason, each with an example', () => {
  const input = fleet({
    hosts: [
      host('h1', { cordonReason: 'new kernel' }),
      host('h2', { cordonReason: '' }),
      host('h3', { capacity: noRoom }),
    ],
    instances: [instance('a')],
  });
  assert.equal(
    place(input).decisions[0]?.explanation,
    'none of 3 hosts fits: 2 cordoned (h1 is cordoned: new kernel); ' +
      '1 without room (h3 carries 0 instances of 0)',
  );
  assert.equal(
    place(fleet({ hosts: [], instances: [instance('a')] })).decisions[0]?.explanation,
    'the fleet has no host',
  );
});
