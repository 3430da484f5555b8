import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planStandbys } from './standbys.ts';
import { fleet, host, instance } from './test-fleets.ts';

const room = (instances: number) => ({ instances, memoryMib: 10_000, cpus: 100 });

test('no host gets more than it has room for, counting those that lack a standby themselves', () => {
  const state = fleet({
    hosts: [
      host('h1', { capacity: room(1) }),
      host('h2', { capacity: room(1) }),
      host('h3', { capacity: room(1) }),
    ],
    instances: [
      instance('web', { tier: 0, standbys: 1 }),
      instance('api', { tier: 1, standbys: 1 }),
    ],
    assigned: [
      ['web', 'h1'],
      ['api', 'h2'],
    ],
  });
  const { add } = planStandbys(state, new Set());
  assert.deepEqual(add, [{ instanceId: 'id-web', host: 'h3' }]);
});

test('a standby is on another rack than its instance, where there is one', () => {
  for (const [first, second] of [
    ['r1', 'r2'],
    ['r2', 'r1'],
  ] as const) {
    const state = fleet({
      hosts: [
        host('h1', { rack: 'r1' }),
        host('h2', { rack: first }),
        host('h3', { rack: second }),
      ],
      instances: [instance('web', { standbys: 1 })],
      assigned: [['web', 'h1']],
    });
    const { add } = planStandbys(state, new Set());
    assert.deepEqual(add, [{ instanceId: 'id-web', host: first === 'r2' ? 'h2' : 'h3' }]);
  }
});

test('what is left over or on a dead host goes, and what is busy is left alone', () => {
  const web = instance('web', { standbys: 1 });
  const state = fleet({
    hosts: [host('h1'), host('h2', { state: 'dead' }), host('h3'), host('h4')],
    instances: [web],
    assigned: [['web', 'h1']],
    standbys: [
      ['web', 'h2'],
      ['web', 'h3'],
      ['web', 'h4'],
    ],
  });
  const plan = planStandbys(state, new Set());
  assert.deepEqual(
    plan.remove.map((one) => one.host),
    ['h2', 'h4'],
  );
  assert.deepEqual(plan.add, []);
  assert.deepEqual(planStandbys(state, new Set([web.id])), { add: [], remove: [] });
});
