import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { HostName } from '../domain/ids.ts';
import type { Host, Instance } from '../domain/model.ts';
import { refusalsFor } from './candidates.ts';
import { explain } from './explain.ts';
import type { Refusal } from './input.ts';
import { anyFleet, facts, fleet, host, instance, pool } from './test-fleets.ts';

/** Refusals of one instance on one host, alone in a fleet with the pools `public` and `vlan`. */
function refusalsAlone(one: Instance, there: Host): readonly Refusal[] {
  const pools = [pool('public'), pool('vlan', { bridge: 'br0', vlan: 7 })];
  return refusalsFor(fleet({ hosts: [there], instances: [one], pools }), one, there.name);
}

const cases: readonly {
  readonly name: string;
  readonly instance?: Instance;
  readonly host?: Host;
  readonly refusals: readonly Refusal[];
}[] = [
  { name: 'a host in order', refusals: [] },
  {
    name: 'a host that is joining, without facts',
    host: host('h', { state: 'joining', facts: null }),
    refusals: [
      { code: 'HOST_NOT_READY', message: 'h is joining: its agent was never connected' },
      { code: 'HOST_NOT_READY', message: 'h has not told its facts yet' },
    ],
  },
  {
    name: 'a silent host',
    host: host('h', { state: 'suspect' }),
    refusals: [{ code: 'HOST_NOT_READY', message: 'h is suspect: its agent fell silent' }],
  },
  {
    name: 'a cordoned host',
    host: host('h', { cordonReason: 'new kernel' }),
    refusals: [{ code: 'HOST_CORDONED', message: 'h is cordoned: new kernel' }],
  },
  {
    name: 'a host cordoned without a reason',
    host: host('h', { cordonReason: ' ' }),
    refusals: [{ code: 'HOST_CORDONED', message: 'h is cordoned: no reason was given' }],
  },
  {
    name: 'a host without the image',
    instance: instance('a', { image: 'haproxy:9' }),
    refusals: [{ code: 'IMAGE_MISSING', message: 'h does not hold image haproxy:9' }],
  },
  {
    name: 'a host without the bridge',
    host: host('h', { facts: { ...facts, bridges: [] } }),
    refusals: [{ code: 'NO_PLACE', message: 'h has no bridge br0, which pool public is on' }],
  },
  {
    name: 'a bridge that is not VLAN-aware',
    instance: instance('a', { pools: ['public', 'vlan'] }),
    refusals: [
      {
        code: 'NO_PLACE',
        message: 'bridge br0 of h is not VLAN-aware, and pool vlan is on VLAN 7',
      },
    ],
  },
  {
    name: 'an unknown pool',
    instance: instance('a', { pools: ['nowhere'] }),
    refusals: [{ code: 'NO_PLACE', message: 'pool nowhere does not exist' }],
  },
  {
    name: 'another zone and another rack',
    instance: instance('a', { placement: { zones: ['south'], racks: ['r7', 'r8'] } }),
    refusals: [
      { code: 'NO_PLACE', message: 'h is in zone north, not in south' },
      { code: 'NO_PLACE', message: 'h is in rack r1, not in r7 or r8' },
    ],
  },
  {
    name: 'a missing label',
    instance: instance('a', { placement: { labels: { disk: 'ssd' } } }),
    refusals: [{ code: 'NO_PLACE', message: 'h has no label disk, wanted is disk=ssd' }],
  },
  {
    name: 'a label that every object has by birth',
    instance: instance('a', { placement: { labels: { toString: 'x' } } }),
    refusals: [{ code: 'NO_PLACE', message: 'h has no label toString, wanted is toString=x' }],
  },
  {
    name: 'another label',
    instance: instance('a', { placement: { labels: { disk: 'ssd' } } }),
    host: host('h', { labels: { disk: 'hdd' } }),
    refusals: [{ code: 'NO_PLACE', message: 'h has label disk=hdd, wanted is disk=ssd' }],
  },
  {
    name: 'too little memory',
    host: host('h', { capacity: { instances: 9, memoryMib: 99, cpus: 9 } }),
    refusals: [
      { code: 'NO_CAPACITY', message: 'h has 0 of 99 MiB claimed, wanted are 100 MiB more' },
    ],
  },
  {
    name: 'too few CPUs',
    host: host('h', { capacity: { instances: 9, memoryMib: 999, cpus: 0.25 } }),
    refusals: [
      { code: 'NO_CAPACITY', message: 'h has 0 of 0.25 CPUs claimed, wanted are 0.5 more' },
    ],
  },
  {
    name: 'too many instances',
    host: host('h', { capacity: { instances: 0, memoryMib: 999, cpus: 9 } }),
    refusals: [{ code: 'NO_CAPACITY', message: 'h carries 0 instances of 0' }],
  },
];

for (const { name, instance: one = instance('a'), host: there = host('h'), refusals } of cases) {
  test(`refusals: ${name}`, () => {
    assert.deepEqual(refusalsAlone(one, there), refusals);
  });
}

test('two do not share a host where either avoids the other, standbys included', () => {
  const shy = instance('shy', { placement: { avoid: ['loud'] } });
  const loud = instance('loud');
  const hosts = [host('h1'), host('h2')];
  const refusal = (who: string, other: string): Refusal => ({
    code: 'NO_PLACE',
    message: `h1 has ${other}, which must not share a host with ${who}`,
  });
  const h1 = 'h1' as HostName;
  const loudIsThere = fleet({ hosts, instances: [shy, loud], assigned: [['loud', 'h1']] });
  assert.deepEqual(refusalsFor(loudIsThere, shy, h1), [refusal('shy', 'loud')]);
  assert.deepEqual(refusalsFor(loudIsThere, shy, 'h2' as HostName), []);
  const shyIsThere = fleet({ hosts, instances: [shy, loud], standbys: [['shy', 'h1']] });
  assert.deepEqual(refusalsFor(shyIsThere, loud, h1), [refusal('loud', 'shy')]);
});

test('an instance does not avoid itself', () => {
  const one = instance('a', { placement: { avoid: ['a'] } });
  const input = fleet({ hosts: [host('h')], instances: [one], standbys: [['a', 'h']] });
  assert.deepEqual(refusalsFor(input, one, 'h' as HostName), []);
});

test('the host where the instance is already is not refused for what it takes there', () => {
  const tight = host('h', { capacity: { instances: 1, memoryMib: 100, cpus: 0.5 } });
  const one = instance('a');
  const input = fleet({ hosts: [tight], instances: [one], assigned: [['a', 'h']] });
  assert.deepEqual(refusalsFor(input, one, tight.name), []);
});

test('a host that is not in the fleet is not found', () => {
  const one = instance('a');
  assert.deepEqual(refusalsFor(fleet({ hosts: [], instances: [one] }), one, 'gone' as HostName), [
    { code: 'NOT_FOUND', message: 'host gone does not exist' },
  ]);
});

test('refusals are those that explain tells', () => {
  fc.assert(
    fc.property(anyFleet, (input) => {
      for (const one of input.instances.slice(0, 3)) {
        for (const { host, refusals } of explain(input, one.spec.name).candidates) {
          assert.deepEqual(
            refusalsFor(input, one, host).map(({ message }) => message),
            refusals,
          );
        }
      }
    }),
    { numRuns: 50 },
  );
});
