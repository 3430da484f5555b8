import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import { isOnTheWire, nextStep, type Seen, type Step } from './plan.ts';

const fingerprint = 'f1';
const mac = '02:00:00:00:00:01';

function wish(role: 'active' | 'standby', epoch = 3): DesiredInstance {
  return {
    id: '11111111-1111-4111-8111-111111111111' as InstanceId,
    name: 'web' as InstanceName,
    role,
    epoch: epoch as Epoch,
    released: false,
    waitMs: 0,
    image: 'image:1',
    resources: { memoryMib: 128, cpus: 1, maxConnections: 100 },
    mac,
    addresses: ['198.18.10.1', '198.18.10.2'].map((address) => ({
      address,
      family: 4,
      pool: 'p' as PoolName,
      prefix: 16,
      gateway: null,
      bridge: 'br0',
      vlan: null,
    })),
    config: '',
    configHash: 'hash-new',
  };
}

const anySeen: fc.Arbitrary<Seen> = fc.record({
  container: fc.option(
    fc.record({
      running: fc.boolean(),
      fingerprint: fc.constantFrom('f1', 'f0'),
      memoryMib: fc.constantFrom(128, 64),
      cpus: fc.constantFrom(1, 2),
    }),
    { nil: null },
  ),
  port: fc.option(
    fc.record(
      { up: fc.boolean(), bridge: fc.constantFrom(null, 'br0', 'br1') },
      { noNullPrototype: true },
    ),
    { nil: null },
  ),
  interior: fc.option(
    fc.record({
      mac: fc.constantFrom(mac, '02:00:00:00:00:02'),
      addresses: fc.subarray(['198.18.10.1', '198.18.10.2', '198.18.10.9']),
    }),
    { nil: null },
  ),
  loadedHash: fc.constantFrom(null, 'hash-old', 'hash-new'),
  heldEpoch: fc.constantFrom(null, 0, 2, 3) as fc.Arbitrary<Epoch | null>,
  announcing: fc.boolean(),
});

/** What a host looks like after a step that did what it is for. */
function after(step: Step, desired: DesiredInstance | null, seen: Seen): Seen {
  const addresses = desired?.addresses.map(({ address }) => address) ?? [];
  const noPort = { port: null, interior: null };
  switch (step) {
    case 'release': {
      const port = seen.port === null ? null : { up: false, bridge: null };
      const interior = seen.interior === null ? null : { ...seen.interior, addresses: [] };
      return { ...seen, port, interior, heldEpoch: 0 as Epoch, announcing: false };
    }
    case 'remove-container':
      return { ...seen, ...noPort, container: null, loadedHash: null, announcing: false };
    case 'remove-port':
      return { ...seen, ...noPort };
    case 'create-container': {
      const container = { running: true, fingerprint, memoryMib: 128, cpus: 1 };
      return { ...seen, ...noPort, container, loadedHash: desired?.configHash ?? null };
    }
    case 'create-port':
      return { ...seen, port: { up: false, bridge: null }, interior: { mac, addresses: [] } };
    case 'set-limits':
      return {
        ...seen,
        container: { running: true, fingerprint, memoryMib: 128, cpus: 1 },
      };
    case 'load-config':
      return { ...seen, loadedHash: desired?.configHash ?? null };
    case 'take':
      return {
        ...seen,
        port: { up: true, bridge: 'br0' },
        interior: {
          mac,
          addresses: [...new Set([...(seen.interior?.addresses ?? []), ...addresses])],
        },
        heldEpoch: desired?.epoch ?? null,
        announcing: true,
      };
    case 'remove-strangers': {
      const left = (seen.interior?.addresses ?? []).filter((one) => addresses.includes(one));
      return { ...seen, interior: { mac: seen.interior?.mac ?? '', addresses: left } };
    }
    case 'announce':
      return { ...seen, announcing: true };
  }
}

function run(desired: DesiredInstance | null, start: Seen): { steps: Step[]; end: Seen } {
  const steps: Step[] = [];
  let seen = start;
  for (let step = nextStep(desired, seen, fingerprint); step !== null; ) {
    steps.push(step);
    assert.ok(steps.length <= 12, `no end: ${steps.join(', ')}`);
    seen = after(step, desired, seen);
    step = nextStep(desired, seen, fingerprint);
  }
  return { steps, end: seen };
}

test('from any state an active instance ends on the wire with just its addresses', () => {
  fc.assert(
    fc.property(anySeen, (start) => {
      const { end } = run(wish('active'), start);
      assert.deepEqual(end.port, { up: true, bridge: 'br0' });
      assert.deepEqual(end.interior?.addresses.toSorted(), ['198.18.10.1', '198.18.10.2']);
      assert.equal(end.loadedHash, 'hash-new');
      assert.equal(end.heldEpoch, 3);
    }),
  );
});

test('from any state a standby ends with its container up and nothing on the wire', () => {
  fc.assert(
    fc.property(anySeen, (start) => {
      const { steps, end } = run(wish('standby'), start);
      assert.equal(isOnTheWire(end), false);
      assert.equal(end.container?.running, true);
      assert.ok(!steps.includes('take') && !steps.includes('announce'));
    }),
  );
});

test('from any state an unwanted instance leaves nothing', () => {
  fc.assert(
    fc.property(anySeen, (start) => {
      const { end } = run(null, start);
      assert.equal(end.container, null);
      assert.equal(end.port, null);
    }),
  );
});

test('whatever may not speak is silenced before anything else is done', () => {
  fc.assert(
    fc.property(anySeen, fc.constantFrom(null, wish('standby')), (start, desired) => {
      fc.pre(isOnTheWire(start));
      assert.equal(nextStep(desired, start, fingerprint), 'release');
    }),
  );
});

test('an address that was not given goes before anything is built', () => {
  const stranger = '198.18.10.9';
  fc.assert(
    fc.property(anySeen, (start) => {
      fc.pre(start.interior?.addresses.includes(stranger) === true);
      assert.equal(nextStep(wish('active'), start, fingerprint), 'remove-strangers');
    }),
  );
});

test('what is right is left alone', () => {
  const right: Seen = {
    container: { running: true, fingerprint, memoryMib: 128, cpus: 1 },
    port: { up: true, bridge: 'br0' },
    interior: { mac, addresses: ['198.18.10.1', '198.18.10.2'] },
    loadedHash: 'hash-new',
    heldEpoch: 3 as Epoch,
    announcing: true,
  };
  assert.equal(nextStep(wish('active'), right, fingerprint), null);
  assert.equal(
    nextStep(wish('active', 4), right, fingerprint),
    'take',
    'a new epoch is taken anew',
  );
});
