import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { InstanceId } from './ids.ts';
import { macOfInstance, portOfInstance } from './mac.ts';

const anyId = fc.uuid().map((id) => id as InstanceId);

test('a MAC is six octets, unicast and locally administered', () => {
  fc.assert(
    fc.property(anyId, (id) => {
      const mac = macOfInstance(id);
      assert.match(mac, /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
      const first = Number.parseInt(mac.slice(0, 2), 16);
      assert.equal(first & 1, 0);
      assert.equal(first & 2, 2);
    }),
  );
});

test('a port name is one that the kernel takes', () => {
  fc.assert(fc.property(anyId, (id) => assert.match(portOfInstance(id), /^bh[0-9a-f]{12}$/)));
});

// Instances keep their MAC and port over an upgrade: these values may never change.
test('MAC and port of an instance are the same for ever', () => {
  const id = '3f8e4a52-7c1d-4b69-9a0e-5d2c1b7f6a83' as InstanceId;
  assert.equal(macOfInstance(id), '8a:bb:07:75:40:4c');
  assert.equal(portOfInstance(id), 'bh1fee642a7534');
});

test('a large fleet gets a different MAC and port for each instance', () => {
  const ids = Array.from(
    { length: 50_000 },
    (_, number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as InstanceId,
  );
  assert.equal(new Set(ids.map(macOfInstance)).size, ids.length);
  assert.equal(new Set(ids.map(portOfInstance)).size, ids.length);
});
