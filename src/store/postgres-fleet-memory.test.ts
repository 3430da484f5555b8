import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Epoch } from '../domain/ids.ts';
import type { ObservedInstance } from '../domain/model.ts';
import { FleetMemory, type FleetMoment } from './fleet-memory.ts';
import type { PostgresStore } from './postgres-store.ts';
import { host, instance, seeded } from './store-contract-rows.ts';
import { TestDatabases } from './test-database.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const other = { name: 'host-2' as typeof host, zone: 'z', rack: 'r', labels: {}, capacity: null };

/** In an order of their own: of some lists the store gives no order. */
function sorted({ fleet, observations }: FleetMoment): unknown {
  const lists = { ...fleet, observations };
  return Object.fromEntries(
    Object.entries(lists).map(([name, rows]) => [
      name,
      [...rows].map((row) => JSON.stringify(row, Object.keys(flat(row)).toSorted())).toSorted(),
    ]),
  );
}

// Names of all keys at any depth, which `JSON.stringify` takes as its order.
function flat(value: unknown): Record<string, true> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => [[key, true], ...Object.entries(flat(one))]),
  );
}

async function anew(store: PostgresStore): Promise<FleetMoment> {
  const fleet = await store.transact((tx) => tx.fleet(), 'snapshot');
  return { fleet, observations: await store.observations() };
}

function seen(number: number): ObservedInstance {
  const { id, spec } = instance(number);
  return {
    ...{ id, name: spec.name, phase: 'serving', epoch: 1 as Epoch, containerRunning: true },
    ...{ linkUp: true, mac: '02:00:00:00:00:01', addresses: [], configHash: null, problem: null },
  };
}

/** A transaction that has written an instance and stays open until what is returned is called. */
async function writing(store: PostgresStore): Promise<() => Promise<void>> {
  const [written, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const end = store.transact(async (tx) => {
    await tx.putInstance(instance(2));
    written.resolve();
    await go.promise;
  }, 'rows');
  await written.promise;
  return async () => {
    go.resolve();
    await end;
  };
}

test('what is read again is what is read anew, whatever was written between', async () => {
  const store = await databases.fresh();
  await using _ = await seeded(store);
  const memory = new FleetMemory();
  const again = async () => (await store.changes.moment(memory, async () => null))[0];
  const one = instance(1).id;
  const steps: (() => Promise<unknown>)[] = [
    async () => undefined,
    () => store.transact((tx) => tx.putHost(other)),
    () => store.transact((tx) => tx.putInstance(instance(2, '198.18.10.11'))),
    () => store.transact((tx) => tx.putInstance(instance(1, '2001:db8::10', '198.18.10.12'))),
    () =>
      store.transact((tx) =>
        tx.putAssignment({ instanceId: one, host, epoch: 1 as Epoch, granted: true }),
      ),
    () => store.transact((tx) => tx.putStandby({ instanceId: one, host: other.name })),
    () =>
      store.recordObserved(host, {
        ...{ complete: false, instances: [seen(1), seen(2)], removed: [], atMs: 1 },
      }),
    () =>
      store.recordObserved(host, { complete: true, instances: [seen(2)], removed: [], atMs: 2 }),
    () =>
      store.transact(async (tx) => {
        await tx.putLeaving({ instanceId: one, address: '198.18.10.19', epoch: 1 as Epoch });
        const forInstance = instance(1).spec.name;
        const instanceId = instance(2).id;
        await tx.putShed({ instanceId, host, forInstance, forTier: 0, atMs: 5 });
      }),
    () =>
      store.transact(async (tx) => {
        await tx.deleteLeaving(one, 1 as Epoch);
        await tx.deleteShed(instance(2).id);
      }),
    () => store.transact((tx) => tx.setCordon(host, 'why')),
    () => store.transact((tx) => tx.putFence({ host, atMs: 1, reasons: [] })),
    () => store.transact((tx) => tx.deleteStandby({ instanceId: one, host: other.name })),
    // One comes and one goes, so that there are as many as before.
    () =>
      store.transact(async (tx) => {
        await tx.deleteInstance(instance(2).id);
        await tx.putInstance(instance(3, '198.18.10.11'));
      }),
    () => store.transact((tx) => tx.deleteHost(other.name)),
    () => store.transact((tx) => tx.deleteAssignment(one)),
  ];
  for (const [index, step] of steps.entries()) {
    await step();
    assert.deepEqual(sorted(await again()), sorted(await anew(store)), `after step ${index}`);
  }
});

test('what is the same is the same object, also while others write', async () => {
  const store = await databases.fresh();
  await using _ = await seeded(store);
  const memory = new FleetMemory();
  const again = async () => (await store.changes.moment(memory, async () => null))[0].fleet;
  // All that is written from here on may have been missed, so it is read each time.
  const commit = await writing(store);
  await store.transact(async (tx) => {
    await tx.putInstance(instance(3, '198.18.10.11'));
    await tx.putHost(other);
  });
  const [before, now] = [await again(), await again()];
  assert.equal(now.instances, before.instances);
  assert.deepEqual(
    now.hosts.map((one, index) => one === before.hosts[index]),
    [true, true],
  );
  await commit();
});

test('a transaction that ends behind a later one is not missed', async () => {
  const store = await databases.fresh();
  await using _ = await seeded(store);
  const memory = new FleetMemory();
  const names = async () => {
    const [{ fleet }] = await store.changes.moment(memory, async () => null);
    return fleet.instances.map(({ spec }) => spec.name);
  };
  const commit = await writing(store);
  await store.transact((tx) => tx.putInstance(instance(3)));
  assert.deepEqual(await names(), ['web-1', 'web-3']);
  assert.deepEqual(await names(), ['web-1', 'web-3']);
  await commit();
  assert.deepEqual(await names(), ['web-1', 'web-2', 'web-3']);
});
