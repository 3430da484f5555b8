import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Epoch, HostName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { host, instance } from '../placement/test-fleets.ts';
import type { FleetState } from '../store/store.ts';
import { desiredStates } from './desired-state.ts';

const [one, two, three] = ['host-1', 'host-2', 'host-3'] as HostName[] as [
  HostName,
  HostName,
  HostName,
];

test('each host is told what it has and what it stands by for, in the order of the fleet', () => {
  const [web, mail, idle] = [instance('web'), instance('mail'), instance('idle')];
  const fleet: FleetState = {
    ...{ hosts: [], pools: [], instances: [web, mail, idle] },
    assignments: [
      { instanceId: mail.id, host: one, epoch: 3 as Epoch, granted: true },
      { instanceId: web.id, host: two, epoch: 5 as Epoch, granted: false },
    ],
    leaving: [],
    sheds: [],
    standbys: [
      { instanceId: web.id, host: one },
      { instanceId: mail.id, host: one },
    ],
  };
  const desired = desiredStates([one, two, three], fleet, new Map([[web.id, 40]]));
  const told = (host: HostName) =>
    desired
      .get(host)
      ?.map(
        ({ name, role, epoch, released, waitMs }) =>
          `${name} ${role} ${epoch} ${released} ${waitMs}`,
      );
  assert.deepEqual(told(one), ['web standby 5 true 40', 'mail active 3 false 0']);
  assert.deepEqual(told(two), ['web standby 5 true 40']);
  assert.deepEqual(told(three), []);
  const dead = { ...host(one), state: 'dead' as const };
  const after = desiredStates([one], { ...fleet, hosts: [dead] }, new Map());
  assert.deepEqual(after.get(one), [], 'a dead host is told nothing');
});

test('a host is told of what matters most first', () => {
  const tiers = [2, 0, 3, 0, 1] as const;
  const instances = tiers.map((tier, index) => instance(`t${tier}-${index}`, { tier }));
  const fleet: FleetState = {
    ...{ hosts: [], pools: [], instances, leaving: [], standbys: [], sheds: [] },
    assignments: instances.map(({ id }) => ({
      ...{ instanceId: id, host: one, epoch: 1 as Epoch, granted: true },
    })),
  };
  const told = desiredStates([one], fleet, new Map()).get(one);
  assert.deepEqual(
    told?.map(({ name }) => name),
    ['t0-1', 't0-3', 't1-4', 't2-0', 't3-2'],
  );
});

test('the fleet is gone through once, not once for each host', () => {
  let reads = 0;
  const hosts = Array.from({ length: 100 }, (_, at) => `host-${at}` as HostName);
  const instances = Array.from({ length: 1_000 }, (_, at): Instance => {
    const { id, ...rest } = instance(`i-${at}`);
    return {
      ...rest,
      get id() {
        reads += 1;
        return id;
      },
    };
  });
  const assignments = instances.map(({ id: instanceId }, at) => ({
    ...{ instanceId, epoch: 1 as Epoch, granted: true },
    host: hosts[at % 100] as HostName,
  }));
  reads = 0;
  const fleet = {
    hosts: [],
    pools: [],
    instances,
    assignments,
    leaving: [],
    standbys: [],
    sheds: [],
  };
  const desired = desiredStates(hosts, fleet, new Map());
  assert.ok([...desired.values()].every(({ length }) => length === 10));
  assert.ok(reads <= 5 * instances.length, `${reads} reads`);
});
