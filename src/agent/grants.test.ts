import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, InstanceId, InstanceName } from '../domain/ids.ts';
import { type Acceptance, acceptGrants, formatGrants, type Grants, readGrants } from './grants.ts';

const id = '11111111-1111-4111-8111-111111111111' as InstanceId;

function grant(epoch: number, role: 'active' | 'standby' = 'active'): DesiredInstance {
  return {
    id,
    name: 'web' as InstanceName,
    role,
    epoch: epoch as Epoch,
    released: true,
    waitMs: 0,
    image: 'image:1',
    resources: { memoryMib: 64, cpus: 1, maxConnections: 100 },
    mac: '02:00:00:00:00:01',
    addresses: [],
    config: '',
    configHash: 'hash',
  };
}

const nothing = readGrants(null, 'boot-1');

function accept(before: Grants, instances: readonly DesiredInstance[], revision = 1): Acceptance {
  return acceptGrants(before, { revision, digest: 'd', instances });
}

test('a newer epoch replaces an older one', () => {
  const first = accept(nothing, [grant(1)]).grants;
  const { grants, stale } = accept(first, [grant(2, 'standby')]);
  assert.deepEqual(stale, []);
  assert.equal(grants.desired[0]?.role, 'standby');
  assert.equal(grants.newest.get(id), 2);
});

test('an older epoch is refused, and what stood before stands on', () => {
  const before = accept(nothing, [grant(5, 'standby')]).grants;
  const { grants, stale } = accept(before, [grant(4, 'active')]);
  assert.equal(stale[0]?.newest, 5);
  assert.equal(grants.desired[0]?.role, 'standby');
});

test('the epoch of an instance that left is remembered', () => {
  const gone = accept(accept(nothing, [grant(7)]).grants, []).grants;
  assert.deepEqual(gone.desired, []);
  const { grants, stale } = accept(gone, [grant(6)]);
  assert.equal(stale.length, 1);
  assert.deepEqual(grants.desired, [], 'nothing stood before, so nothing stands now');
});

test('grants survive a restart of the agent but not a reboot of the host', () => {
  const text = formatGrants(accept(nothing, [grant(3)]).grants);
  const restarted = readGrants(text, 'boot-1');
  assert.deepEqual(restarted.desired, [grant(3)]);
  const rebooted = readGrants(text, 'boot-2');
  assert.deepEqual(rebooted.desired, []);
  assert.equal(rebooted.newest.get(id), 3);
});

test('a lower revision is void as a whole, the same one is taken again', () => {
  const before = accept(nothing, [grant(5)], 8).grants;
  const late = accept(before, [grant(6, 'standby')], 7);
  assert.equal(late.isOvertaken, true);
  assert.equal(late.grants, before);
  const again = accept(before, [], 8);
  assert.equal(again.isOvertaken, false);
  assert.deepEqual(again.grants.desired, []);
});

test('the revision outlives a restart and a reboot', () => {
  const text = formatGrants(accept(nothing, [grant(3)], 9).grants);
  for (const boot of ['boot-1', 'boot-2']) {
    const read = readGrants(text, boot);
    assert.equal(accept(read, [], 8).isOvertaken, true);
    assert.equal(accept(read, [], 9).isOvertaken, false);
  }
});

test('what has not changed stays the very same object', () => {
  const before = accept(nothing, [grant(3)], 1).grants;
  const after = accept(before, [grant(3)], 2).grants;
  assert.equal(after.desired[0], before.desired[0]);
  const changed = accept(after, [{ ...grant(3), configHash: 'other' }], 3).grants;
  assert.equal(changed.desired[0]?.configHash, 'other');
});

test('a file of version 1, without a revision, is read', () => {
  const old = { version: 1, bootId: 'boot-1', desired: [grant(3)], newest: [[id, 3]] };
  const read = readGrants(JSON.stringify(old), 'boot-1');
  assert.equal(read.revision, 0);
  assert.deepEqual(read.desired, [grant(3)]);
});

test('a damaged file is an error, not an empty host', () => {
  assert.throws(() => readGrants('{"version":1', 'boot-1'));
  assert.throws(() => readGrants('{"version":3,"bootId":"b","desired":[],"newest":[]}', 'boot-1'));
});
