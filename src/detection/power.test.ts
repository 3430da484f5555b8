import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostName } from '../domain/ids.ts';
import { hostsToPowerOff, type PowerSituation, powerOffAfterMs } from './power.ts';

const [a, b, c] = ['a', 'b', 'c'] as HostName[] as [HostName, HostName, HostName];
const situation: PowerSituation = {
  suspects: [{ name: a, forMs: powerOffAfterMs, heardBy: [] }],
  ...{ dead: 0, enrolled: 4, disarmed: null, holdShare: 0.5 },
};

test('a host that nobody has heard for long is powered off', () => {
  assert.deepEqual(hostsToPowerOff(situation), [a]);
});

test('not one that is heard, or was heard a moment ago', () => {
  const suspects = [
    { name: a, forMs: powerOffAfterMs, heardBy: [c] },
    { name: b, forMs: powerOffAfterMs - 1, heardBy: [] },
  ];
  assert.deepEqual(hostsToPowerOff({ ...situation, suspects }), []);
});

test('none where failover is disarmed, or above the share that a person decides on', () => {
  assert.deepEqual(hostsToPowerOff({ ...situation, disarmed: 'maintenance' }), []);
  const suspects = [a, b].map((name) => ({ name, forMs: powerOffAfterMs, heardBy: [] }));
  assert.deepEqual(hostsToPowerOff({ ...situation, suspects }), [a, b]);
  assert.deepEqual(hostsToPowerOff({ ...situation, suspects, dead: 1 }), []);
  assert.deepEqual(hostsToPowerOff({ ...situation, suspects, enrolled: 3 }), []);
});
