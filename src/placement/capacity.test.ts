import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capacityOf, claimOf, shortageOf } from './capacity.ts';
import { facts, host } from './test-fleets.ts';

test('the spec decides what a host may carry, else its facts do, else it is not known', () => {
  const capacity = { instances: 3, memoryMib: 512, cpus: 1.5 };
  assert.deepEqual(capacityOf(host('h', { capacity })), capacity);
  assert.deepEqual(capacityOf(host('h', { capacity, facts: null })), capacity);
  assert.equal(capacityOf(host('h', { facts: null })), null);
  const small = { ...facts, cpus: 3, memoryMib: 1_001 };
  assert.deepEqual(capacityOf(host('h', { facts: small })), {
    instances: 1_000,
    memoryMib: 800,
    cpus: 12,
  });
});

test('claims are whole thousandths of a CPU, so that they add up in any order', () => {
  const claimed = (cpus: number): number =>
    claimOf({ memoryMib: 64, cpus, maxConnections: 10 }).milliCpus;
  assert.equal(claimed(1.005), 1_005);
  assert.equal(claimed(0.1) + claimed(0.2), claimed(0.3));
});

test('what just fits fits, and one more of anything does not', () => {
  const capacity = { instances: 2, memoryMib: 300, cpus: 0.3 };
  const used = { instances: 1, memoryMib: 200, milliCpus: 200 };
  const claim = { instances: 1, memoryMib: 100, milliCpus: 100 };
  assert.equal(shortageOf(capacity, used, claim), null);
  assert.equal(shortageOf(capacity, { ...used, instances: 2 }, claim), 'instances');
  assert.equal(shortageOf(capacity, used, { ...claim, memoryMib: 101 }), 'memory');
  assert.equal(shortageOf(capacity, used, { ...claim, milliCpus: 101 }), 'cpus');
});
