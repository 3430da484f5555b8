import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostName } from '../domain/ids.ts';
import { fleet, host, instance } from '../placement/test-fleets.ts';
import { lossesOf, lossOf } from './what-if.ts';

const small = { instances: 2, memoryMib: 4_096, cpus: 8 };
const input = fleet({
  hosts: [
    host('h1', { capacity: small, zone: 'z', rack: 'r1' }),
    host('h2', { capacity: small, zone: 'z', rack: 'r1' }),
    host('h3', { capacity: small, zone: 'z', rack: 'r2' }),
  ],
  instances: [
    instance('web', { tier: 0 }),
    instance('api', { tier: 1 }),
    instance('shop', { tier: 3 }),
  ],
  assigned: [
    ['web', 'h1'],
    ['api', 'h1'],
    ['shop', 'h2'],
  ],
  standbys: [['web', 'h2']],
});
const state = { ...input, leaving: [], sheds: [] };

test('a standby answers, the rest is placed anew', () => {
  const loss = lossOf(state, ['h1' as HostName]);
  assert.deepEqual(
    { ...loss, stranded: loss.stranded.length },
    { hosts: ['h1'], instances: 2, promoted: 1, placed: 1, shed: [], stranded: 0 },
  );
});

test('what gives way on the hosts that are left is named, and to whom', () => {
  const loss = lossOf(state, ['h1', 'h3'] as HostName[]);
  assert.equal(loss.promoted, 1);
  assert.equal(loss.placed, 1);
  assert.deepEqual(loss.shed, [{ name: 'shop', tier: 3, for: 'api' }]);
  assert.deepEqual(loss.stranded, []);
});

test('what fits nowhere is named, with its tier and why', () => {
  const instances = state.instances.map((one) =>
    one.spec.name === 'shop' ? { ...one, spec: { ...one.spec, tier: 1 as const } } : one,
  );
  const loss = lossOf({ ...state, instances }, ['h1', 'h3'] as HostName[]);
  assert.deepEqual(
    loss.stranded.map(({ name, tier }) => [name, tier]),
    [['api', 1]],
  );
  assert.match(loss.stranded[0]?.why ?? '', /none of 3 hosts fits/);
  assert.deepEqual(loss.shed, []);
});

test('one that gives way, and has another give way in turn, is not lost', () => {
  const one = { instances: 1, memoryMib: 4_096, cpus: 8 };
  const hosts = ['h1', 'h2', 'h3'].map((name) => host(name, { capacity: one }));
  const chain = fleet({
    hosts,
    instances: [
      instance('web', { tier: 0, placement: { avoid: ['shop'] } }),
      instance('api', { tier: 1 }),
      instance('shop', { tier: 3 }),
    ],
    assigned: [
      ['web', 'h1'],
      ['api', 'h2'],
      ['shop', 'h3'],
    ],
  });
  const loss = lossOf({ ...chain, leaving: [], sheds: [] }, ['h1' as HostName]);
  assert.equal(loss.placed, 1);
  assert.deepEqual(loss.shed, [{ name: 'shop', tier: 3, for: 'api' }]);
  assert.deepEqual(loss.stranded, []);
});

test('each host in turn, and racks and zones of several hosts', () => {
  assert.deepEqual(
    lossesOf(state).map(({ kind, name, hosts }) => [kind, name, hosts.length]),
    [
      ['host', 'h1', 1],
      ['host', 'h2', 1],
      ['host', 'h3', 1],
      ['rack', 'z/r1', 2],
      ['zone', 'z', 3],
    ],
  );
});
