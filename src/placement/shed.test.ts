import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { HostName, InstanceId } from '../domain/ids.ts';
import { refusalsFor } from './candidates.ts';
import type { PlacementInput } from './input.ts';
import { place } from './place.ts';
import { planShedding, type Shedding, type ShedLimits } from './shed.ts';
import { planStandbys } from './standbys.ts';
import { anyFleet, fleet, host, instance, shuffled } from './test-fleets.ts';

const runs = { numRuns: 500 };
const anyTime: ShedLimits = {
  busy: new Set(),
  isHeard: () => true,
  hasWaited: () => true,
};
const atOnce: ShedLimits = { ...anyTime, hasWaited: () => false };
const room = (instances: number, memoryMib = 10_000) => ({ instances, memoryMib, cpus: 100 });

/** Each shedding in a few words. */
function words(plan: readonly Shedding[]): string[] {
  return plan.map(
    ({ instance, host, victims }) =>
      `${instance.spec.name} on ${host}: ` +
      victims.map(({ instance, role }) => `${role} ${instance.spec.name}`).join(', '),
  );
}

/** The fleet once these have given way and, unless told otherwise, the instance has its room. */
function carriedOut(input: PlacementInput, one: Shedding, isPlaced = true): PlacementInput {
  const { instance, host, victims } = one;
  const isGone = (role: string) => (at: { instanceId: InstanceId; host: HostName }) =>
    at.host === host && victims.some((v) => v.role === role && v.instance.id === at.instanceId);
  const isActiveGone = isGone('active');
  const isStandbyGone = isGone('standby');
  const own = { instanceId: instance.id, host, epoch: 1 as never, granted: true };
  return {
    ...input,
    assignments: [
      ...input.assignments.filter((at) => !isActiveGone(at)),
      ...(isPlaced ? [own] : []),
    ],
    standbys: input.standbys.filter((at) => !isStandbyGone(at)),
  };
}

/** The fleet with all placed that fits without anybody's loss: what placement's turn leaves. */
function settled(input: PlacementInput): PlacementInput {
  const added = place(input).decisions.flatMap(({ instanceId, host }) =>
    host === null ? [] : [{ instanceId, host, epoch: 1 as never, granted: true }],
  );
  const assignments = [...input.assignments, ...added];
  const homes = new Set(assignments.map(({ instanceId, host }) => `${instanceId} ${host}`));
  // Nothing stands by where it runs: the upkeep of standbys takes that away.
  const standbys = input.standbys.filter(
    ({ instanceId, host }) => !homes.has(`${instanceId} ${host}`),
  );
  return { ...input, assignments, standbys };
}

/** Fleets where what matters less was there first: the rest often finds no room. */
const crowded = anyFleet.map((input): PlacementInput => {
  const last = new Set(input.instances.flatMap(({ id, spec }) => (spec.tier < 2 ? id : [])));
  const first = settled({
    ...input,
    instances: input.instances.filter(({ id }) => !last.has(id)),
    assignments: input.assignments.filter(({ instanceId }) => !last.has(instanceId)),
  });
  return { ...input, assignments: first.assignments, standbys: first.standbys };
});

/** Turn by turn, the first shedding of each plan with the fleet it is made for. */
function* steps(input: PlacementInput, limits = anyTime): Generator<[PlacementInput, Shedding]> {
  let now = settled(input);
  for (let turn = 0; turn < 5; turn += 1) {
    const [one] = planShedding(now, limits);
    if (one === undefined) return;
    yield [now, one];
    now = settled(carriedOut(now, one));
  }
}

test('only what matters less gives way, never tier 0, and never what an operation holds', () => {
  let sheddings = 0;
  fc.assert(
    fc.property(crowded, (input) => {
      const busy = new Set(input.instances.slice(0, 3).map(({ id }) => id));
      for (const [, { instance, victims }] of steps(input, { ...anyTime, busy })) {
        sheddings += 1;
        assert.ok(victims.length > 0);
        assert.ok(!busy.has(instance.id));
        for (const { instance: victim, role } of victims) {
          const isLess = victim.spec.tier > instance.spec.tier;
          assert.ok(isLess || (role === 'standby' && victim.spec.tier === instance.spec.tier));
          assert.ok(victim.spec.tier > 0);
          assert.ok(!busy.has(victim.id));
        }
      }
    }),
    runs,
  );
  assert.ok(sheddings > 100, `${sheddings} sheddings say something`);
});

test('the instance fits afterwards, did not before, and would not if one victim less gave way', () => {
  fc.assert(
    fc.property(crowded, (input) => {
      for (const [before, one] of steps(input)) {
        const { instance, host, victims } = one;
        assert.ok(
          before.hosts.every(({ name }) => refusalsFor(before, instance, name).length > 0),
          `${instance.spec.name} fits without`,
        );
        assert.deepEqual(refusalsFor(carriedOut(before, one, false), instance, host), []);
        for (const spared of victims) {
          const fewer = { ...one, victims: victims.filter((other) => other !== spared) };
          const after = carriedOut(before, fewer, false);
          assert.notDeepEqual(refusalsFor(after, instance, host), [], spared.instance.spec.name);
        }
      }
    }),
    runs,
  );
});

test('one gives way only where all that matters less, and all standbys, would not do', () => {
  fc.assert(
    fc.property(crowded, (input) => {
      for (const [before, one] of steps(input)) {
        const { instance, host, victims } = one;
        const tiers = victims.flatMap((v) => (v.role === 'active' ? v.instance.spec.tier : []));
        if (tiers.length === 0) continue;
        const dearest = Math.min(...tiers);
        const tierOf = new Map(before.instances.map(({ id, spec }) => [id, spec.tier]));
        const isLess = (id: InstanceId, tier: number) => (tierOf.get(id) ?? 0) > tier;
        const emptied: PlacementInput = {
          ...before,
          assignments: before.assignments.filter(
            (at) => at.host !== host || !isLess(at.instanceId, dearest),
          ),
          standbys: before.standbys.filter(
            (at) =>
              at.host !== host ||
              at.instanceId === instance.id ||
              !isLess(at.instanceId, Math.max(0, instance.spec.tier - 1)),
          ),
        };
        assert.notDeepEqual(refusalsFor(emptied, instance, host), []);
      }
    }),
    runs,
  );
});

test('the plan depends on the content of the snapshot alone, not on its order', () => {
  fc.assert(
    fc.property(
      crowded.chain((input) => fc.tuple(fc.constant(input), shuffled(input))),
      ([input, other]) => {
        assert.deepEqual(words(planShedding(input, atOnce)), words(planShedding(other, atOnce)));
      },
    ),
    runs,
  );
});

test('nobody gives way on a host that is not heard', () => {
  fc.assert(
    fc.property(crowded, (input) => {
      assert.deepEqual(planShedding(input, { ...anyTime, isHeard: () => false }), []);
    }),
    runs,
  );
});

test('the host where the least is lost: a standby, else tier 3, else 2, else 1', () => {
  const state = fleet({
    hosts: ['h1', 'h2', 'h3', 'h4', 'h5'].map((name) => host(name, { capacity: room(1) })),
    instances: [
      instance('one', { tier: 1 }),
      instance('two', { tier: 2 }),
      instance('three', { tier: 3 }),
      instance('copied', { tier: 3 }),
      instance('a', { tier: 0 }),
      instance('b', { tier: 0 }),
      instance('c', { tier: 0 }),
      instance('d', { tier: 0 }),
      instance('e', { tier: 0 }),
      instance('f', { tier: 0 }),
    ],
    assigned: [
      ['one', 'h1'],
      ['two', 'h2'],
      ['three', 'h3'],
      ['copied', 'h4'],
    ],
    standbys: [['copied', 'h5']],
  });
  const plan = words(planShedding(state, atOnce));
  assert.equal(plan[0], 'a on h5: standby copied');
  // Those two lose alike: which goes first is settled by the score.
  assert.deepEqual(
    plan
      .slice(1, 3)
      .map((text) => text.slice(2))
      .toSorted(),
    ['on h3: active three', 'on h4: active copied'],
  );
  assert.deepEqual(plan.slice(3), ['d on h2: active two', 'e on h1: active one']);
});

test('a standby gives way to what matters as much, and never one of tier 0', () => {
  for (const [tier, count] of [
    [0, 0],
    [2, 1],
  ] as const) {
    const state = fleet({
      hosts: [host('h1', { capacity: room(1) }), host('h2', { capacity: room(1) })],
      instances: [instance('shop', { tier, standbys: 1 }), instance('mail', { tier })],
      assigned: [['shop', 'h1']],
      standbys: [['shop', 'h2']],
    });
    assert.equal(planShedding(state, atOnce).length, count);
  }
});

test('of several that would do, the smallest one that makes room enough', () => {
  const small = instance('small', { tier: 3, resources: { memoryMib: 50 } });
  const state = fleet({
    hosts: [host('h1', { capacity: room(9, 850) })],
    instances: [
      small,
      instance('middle', { tier: 3, resources: { memoryMib: 300 } }),
      instance('large', { tier: 3, resources: { memoryMib: 500 } }),
      instance('vital', { tier: 0, resources: { memoryMib: 250 } }),
    ],
    assigned: [
      ['small', 'h1'],
      ['middle', 'h1'],
      ['large', 'h1'],
    ],
  });
  assert.deepEqual(words(planShedding(state, atOnce)), ['vital on h1: active middle']);
});

test('where tier 3 alone makes no room, what it would have given in vain stays', () => {
  const state = fleet({
    hosts: [host('h1', { capacity: room(9, 600) })],
    instances: [
      instance('small', { tier: 3, resources: { memoryMib: 100 } }),
      instance('large', { tier: 2, resources: { memoryMib: 500 } }),
      instance('vital', { tier: 0, resources: { memoryMib: 500 } }),
    ],
    assigned: [
      ['small', 'h1'],
      ['large', 'h1'],
    ],
  });
  assert.deepEqual(words(planShedding(state, atOnce)), ['vital on h1: active large']);
});

test('what keeps an instance off for other reasons than room is no reason to shed', () => {
  const full = (name: string, more = {}) => host(name, { capacity: room(1), ...more });
  for (const [needy, hosts] of [
    [instance('vital', { tier: 0, image: 'haproxy:9' }), [full('h1')]],
    [instance('vital', { tier: 0, placement: { zones: ['south'] } }), [full('h1')]],
    [instance('vital', { tier: 0, resources: { memoryMib: 20_000 } }), [full('h1')]],
    [instance('vital', { tier: 0, placement: { avoid: ['shop'] } }), [full('h1')]],
    [instance('vital', { tier: 0 }), [full('h1', { cordonReason: 'new kernel' })]],
    [instance('vital', { tier: 0 }), [full('h1', { state: 'suspect' })]],
  ] as const) {
    const instances = [instance('shop', { tier: 3 }), needy];
    const state = fleet({ hosts, instances, assigned: [['shop', 'h1']] });
    assert.deepEqual(planShedding(state, anyTime), []);
  }
});

test('an instance that has a host, if only a suspect one, makes nobody give way', () => {
  const state = fleet({
    hosts: [host('h1', { capacity: room(1) }), host('h2', { state: 'suspect' })],
    instances: [instance('shop', { tier: 3 }), instance('vital', { tier: 0 })],
    assigned: [
      ['shop', 'h1'],
      ['vital', 'h2'],
    ],
  });
  assert.deepEqual(planShedding(state, anyTime), []);
});

test('a host with room that is suspect or cordoned is waited for, by as many as it can take', () => {
  for (const away of [{ state: 'suspect' }, { cordonReason: 'new kernel' }] as const) {
    const state = fleet({
      hosts: [host('h1', { capacity: room(2) }), host('h2', { capacity: room(1), ...away })],
      instances: [
        instance('shop', { tier: 3 }),
        instance('mail', { tier: 3 }),
        instance('a', { tier: 0 }),
        instance('b', { tier: 1 }),
      ],
      assigned: [
        ['shop', 'h1'],
        ['mail', 'h1'],
      ],
    });
    assert.equal(planShedding(state, anyTime).length, 2);
    assert.deepEqual(
      planShedding(state, atOnce).map(({ instance }) => instance.spec.name),
      ['b'],
    );
  }
});

test('room that is being made goes to nobody less important, and to no standby', () => {
  const state = fleet({
    hosts: [host('h1', { capacity: room(2) }), host('h2', { capacity: room(1) })],
    instances: [
      instance('shop', { tier: 3 }),
      instance('mail', { tier: 1, standbys: 1 }),
      instance('vital', { tier: 0, resources: { memoryMib: 20_000 } }),
    ],
    assigned: [['mail', 'h2']],
  });
  const kept = [{ host: 'h1' as HostName, instance: 'vital' as never, tier: 0 as const }];
  const hostOf = (input: PlacementInput) =>
    place(input).decisions.find(({ instance }) => instance === 'shop');
  assert.equal(hostOf(state)?.host, 'h1');
  assert.equal(hostOf({ ...state, kept })?.host, null);
  assert.match(
    hostOf({ ...state, kept })?.explanation ?? '',
    /h1 is making room for vital, tier 0/,
  );
  assert.equal(planStandbys(state, new Set()).add.length, 1);
  assert.equal(planStandbys({ ...state, kept }, new Set()).add.length, 0);
});
