import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, InstanceId, InstanceName } from '../domain/ids.ts';
import { acceptGrants, formatGrants, readGrants } from './grants.ts';

const id = '11111111-1111-4111-8111-111111111111' as InstanceId;

function grant(epoch: number, role: 'active' | 'standby' = 'active'): DesiredInstance {
  return {
    id,
    name: 'web' as InstanceName,
    role,
    epoch: epoch as Epoch,
    released: true,
    image: 'image:1',
    resources: { memoryMib: 64, cpus: 1, maxConnections: 100 },
    mac: '02:00:00:00:00:01',
    addresses: [],
    config: '',
    configHash: 'hash',
  };
}

const nothing = readGrants(null, 'boot-1');

test('a newer epoch replaces an older one', () => {
  const first = acceptGrants(nothing, [grant(1)]).grants;
  const { grants, stale } = acceptGrants(first, [grant(2, 'standby')]);
  assert.deepEqual(stale, []);
  assert.equal(grants.desired[0]?.role, 'standby');
  assert.equal(grants.newest.get(id), 2);
});

test('an older epoch is refused, and what stood before stands on', () => {
  const before = acceptGrants(nothing, [grant(5, 'standby')]).grants;
  const { grants, stale } = acceptGrants(before, [grant(4, 'active')]);
  assert.equal(stale[0]?.newest, 5);
  assert.equal(grants.desired[0]?.role, 'standby');
});

test('the epoch of an instance that left is remembered', () => {
  const gone = acceptGrants(acceptGrants(nothing, [grant(7)]).grants, []).grants;
  assert.deepEqual(gone.desired, []);
  const { grants, stale } = acceptGrants(gone, [grant(6)]);
  assert.equal(stale.length, 1);
  assert.deepEqual(grants.desired, [], 'nothing stood before, so nothing stands now');
});

test('grants survive a restart of the agent but not a reboot of the host', () => {
  const text = formatGrants(acceptGrants(nothing, [grant(3)]).grants);
  const restarted = readGrants(text, 'boot-1');
  assert.deepEqual(restarted.desired, [grant(3)]);
  const rebooted = readGrants(text, 'boot-2');
  assert.deepEqual(rebooted.desired, []);
  assert.equal(rebooted.newest.get(id), 3);
});

test('a damaged file is an error, not an empty host', () => {
  assert.throws(() => readGrants('{"version":1', 'boot-1'));
  assert.throws(() => readGrants('{"version":2,"bootId":"b","desired":[],"newest":[]}', 'boot-1'));
});
