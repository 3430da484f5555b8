import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import type { Epoch, HostName, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import type { Instance, ObservedInstance, Pool } from '../domain/model.ts';
import { systemClock } from '../system/clock.ts';
import { migrate, readMigrationFiles } from './migrate.ts';
import { openStore } from './open-store.ts';
import type { Migration, Store } from './store.ts';
import { TestDatabases } from './test-database.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const host = 'host-1' as HostName;
const pool: Pool = {
  name: 'public' as PoolName,
  cidr: '198.18.10.0/24',
  range: { from: '198.18.10.10', to: '198.18.10.20' },
  prefix: 16,
  gateway: '198.18.0.1',
  bridge: 'br0',
  vlan: null,
};

function instance(number: number, ...addresses: string[]): Instance {
  const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` as InstanceId;
  return {
    id,
    spec: {
      name: `web-${number}` as InstanceName,
      owner: 'team',
      service: 'web',
      tier: 1,
      contact: 'a@example.com',
      notes: '',
      image: 'image:1',
      resources: { memoryMib: 64, cpus: 0.5, maxConnections: 100 },
      placement: { zones: [], racks: [], labels: { disk: 'fast' }, avoid: [] },
      addresses: addresses.map((address) => ({ pool: pool.name, address })),
      config: 'frontend f\n  bind :80\n',
    },
    addresses: addresses.map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
      pool: pool.name,
      prefix: 16,
      gateway: '198.18.0.1',
      bridge: 'br0',
      vlan: null,
    })),
    rendered: 'global\n',
    configHash: 'hash',
  };
}

async function seeded(): Promise<Store> {
  const store = await databases.fresh();
  await store.transact(async (tx) => {
    await tx.putPool(pool);
    await tx.putHost({ name: host, zone: 'z', rack: 'r', labels: { a: 'b' }, capacity: null });
    await tx.putInstance(instance(1, '198.18.10.10', '2001:db8::10'));
  });
  return store;
}

test('what is put comes back as it was', async () => {
  await using store = await seeded();
  const fleet = await store.transact((tx) => tx.fleet());
  assert.deepEqual(fleet.pools, [pool]);
  assert.deepEqual(fleet.instances, [instance(1, '198.18.10.10', '2001:db8::10')]);
  assert.deepEqual(fleet.hosts[0], {
    name: host,
    zone: 'z',
    rack: 'r',
    labels: { a: 'b' },
    capacity: null,
    cordonReason: null,
    state: 'joining',
    facts: null,
    lastSeenMs: null,
  });
});

test('an address has one holder, and the second is told who', async () => {
  await using store = await seeded();
  await assert.rejects(
    store.transact((tx) => tx.putInstance(instance(2, '198.18.10.10'))),
    (error) =>
      error instanceof BridgeheadError &&
      error.code === 'ADDRESS_TAKEN' &&
      error.message.includes('198.18.10.10 belongs to instance web-1'),
  );
});

test('two that take the same free address at once: one gets it, the other sees it taken', async () => {
  await using store = await seeded();
  const meeting = { count: 0 };
  const take = (number: number) =>
    store.transact(async (tx) => {
      const { instances } = await tx.fleet();
      const held = new Set(instances.flatMap((one) => one.addresses.map(({ address }) => address)));
      const free = ['198.18.10.11', '198.18.10.12'].find((address) => !held.has(address));
      meeting.count += 1;
      // Both have read before either writes, so that only the store can tell them apart.
      for (let waits = 0; meeting.count < 2 && waits < 200; waits += 1) await systemClock.sleep(5);
      await tx.putInstance(instance(number, free ?? '198.18.10.13'));
      return free;
    });
  const got = await Promise.all([take(2), take(3)]);
  assert.deepEqual(new Set(got), new Set(['198.18.10.11', '198.18.10.12']));
});

test('a failed transaction leaves nothing', async () => {
  await using store = await seeded();
  await assert.rejects(
    store.transact(async (tx) => {
      await tx.putSetting('a', 'b');
      throw new Error('no');
    }),
    /no/,
  );
  assert.equal(await store.transact((tx) => tx.setting('a')), null);
});

test('epochs only grow, also over the end of an assignment', async () => {
  await using store = await seeded();
  const { id } = instance(1);
  const assign = (epoch: number, granted: boolean) =>
    store.transact((tx) =>
      tx.putAssignment({ instanceId: id, host, epoch: epoch as Epoch, granted }),
    );
  await assign(3, true);
  await assign(2, false);
  assert.equal(await store.transact((tx) => tx.lastEpoch(id)), 3);
});

test('one unfinished migration an instance; the second is told of the first', async () => {
  await using store = await seeded();
  const first: Migration = {
    id: '10000000-0000-4000-8000-000000000001',
    instanceId: instance(1).id,
    source: host,
    target: 'host-2' as HostName,
    who: 'ann',
    reason: '',
    phase: 'prepare',
    switched: false,
    steps: [{ phase: 'prepare', startedMs: 1, endedMs: null, note: '' }],
    startedMs: 1_000,
    endedMs: null,
    outcome: null,
    error: null,
  };
  const second = { ...first, id: '10000000-0000-4000-8000-000000000002', who: 'bob' };
  await store.transact((tx) => tx.putMigration(first));
  await assert.rejects(
    store.transact((tx) => tx.putMigration(second)),
    (error) =>
      error instanceof BridgeheadError && error.code === 'BUSY' && /ann/.test(error.message),
  );
  assert.deepEqual(await store.transact((tx) => tx.unfinishedMigrations()), [first]);
  const ended = { ...first, endedMs: 2_000, outcome: 'done' as const };
  await store.transact((tx) => tx.putMigration(ended));
  await store.transact((tx) => tx.putMigration(second));
  assert.deepEqual(await store.transact((tx) => tx.migration(first.id)), ended);
});

test('a join token serves once', async () => {
  await using store = await databases.fresh();
  const token = { id: 'a', host, secretHash: 'b', expiresMs: 5 };
  await store.transact((tx) => tx.putJoinToken(token));
  const taken = await Promise.all(
    [1, 2, 3].map(() => store.transact((tx) => tx.takeJoinToken('a'))),
  );
  assert.deepEqual(
    taken.filter((one) => one !== null),
    [token],
  );
});

test('a pool and a host that are in use are not deleted', async () => {
  await using store = await seeded();
  await store.transact((tx) =>
    tx.putAssignment({ instanceId: instance(1).id, host, epoch: 1 as Epoch, granted: true }),
  );
  const isInUse = (error: unknown) => error instanceof BridgeheadError && error.code === 'IN_USE';
  await assert.rejects(
    store.transact((tx) => tx.deletePool(pool.name)),
    isInUse,
  );
  await assert.rejects(
    store.transact((tx) => tx.deleteHost(host)),
    isInUse,
  );
  await store.transact((tx) => tx.deleteInstance(instance(1).id));
  await store.transact((tx) => tx.deletePool(pool.name));
  await store.transact((tx) => tx.deleteHost(host));
});

test('a host that falls silent keeps its facts and the time it was last seen', async () => {
  await using store = await seeded();
  await store.transact((tx) => tx.setHostSeen(host, { state: 'ready', facts: null, atMs: 7 }));
  await store.transact((tx) => tx.setHostSeen(host, { state: 'suspect', facts: null, atMs: 9 }));
  const { hosts } = await store.transact((tx) => tx.fleet());
  assert.equal(hosts[0]?.state, 'suspect');
  assert.equal(hosts[0]?.lastSeenMs, 7);
});

test('observations: a part replaces a part, the whole replaces the whole', async () => {
  await using store = await seeded();
  const seen = (number: number): ObservedInstance => ({
    id: instance(number).id,
    name: instance(number).spec.name,
    phase: 'serving',
    epoch: 1 as Epoch,
    containerRunning: true,
    linkUp: true,
    mac: '02:00:00:00:00:01',
    addresses: [],
    configHash: null,
    problem: null,
  });
  const record = (complete: boolean, numbers: readonly number[], removed: readonly number[] = []) =>
    store.recordObserved(host, {
      complete,
      instances: numbers.map(seen),
      removed: removed.map((number) => instance(number).id),
      atMs: 1,
    });
  const names = async () => (await store.observations()).map((one) => one.instance.name).toSorted();
  await record(false, [1, 2]);
  await record(false, [3], [1]);
  assert.deepEqual(await names(), ['web-2', 'web-3']);
  await record(true, [1]);
  assert.deepEqual(await names(), ['web-1']);
});

test('events: the newest, in the order they happened, of one object, after an id', async () => {
  await using store = await databases.fresh();
  await store.transact(async (tx) => {
    for (const [at, object] of ['host/a', 'host/b', 'host/a', 'host/a'].entries()) {
      await tx.addEvent({ atMs: at, kind: 'k', object, message: `m${at}` });
    }
  });
  const messages = async (filter: Parameters<Store['events']>[0]) =>
    (await store.events(filter)).map(({ message }) => message);
  assert.deepEqual(await messages({ limit: 2 }), ['m2', 'm3']);
  assert.deepEqual(await messages({ limit: 9, object: 'host/a' }), ['m0', 'm2', 'm3']);
  const [, second] = await store.events({ limit: 9 });
  assert.deepEqual(await messages({ limit: 9, afterId: second?.id ?? 0 }), ['m2', 'm3']);
});

test('the same store on a server of yours, by URL', async () => {
  const databaseUrl = await databases.create();
  const options = {
    directory: '/nonexistent',
    clock: systemClock,
    random: Math.random,
    log: () => undefined,
    onOwnershipLost: () => undefined,
  };
  const { store, kind } = await openStore({ ...options, databaseUrl });
  await using opened = store;
  assert.equal(kind, 'external');
  await opened.transact((tx) => tx.putPool(pool));
  assert.deepEqual((await opened.transact((tx) => tx.fleet())).pools, [pool]);
  await assert.rejects(
    openStore({ ...options, databaseUrl }),
    (error) => error instanceof BridgeheadError && error.code === 'BUSY',
    'a second scheduler on the database is refused',
  );
});

test('a server that is not there is one clear error', async () => {
  await assert.rejects(
    openStore({
      databaseUrl: 'postgres://nobody@127.0.0.1:9/x',
      directory: '/nonexistent',
      clock: systemClock,
      random: Math.random,
      log: () => undefined,
      onOwnershipLost: () => undefined,
    }),
    (error) => error instanceof BridgeheadError && error.code === 'DATABASE_UNAVAILABLE',
  );
});

test('two migrators at once take turns; newer and changed schemas are refused', async () => {
  const blank = 'blank';
  const admin = await databases.connect('postgres');
  await admin.query(`create database ${blank}`);
  await admin.end();
  const files = await readMigrationFiles();
  const clients = await Promise.all([1, 2].map(() => databases.connect(blank)));
  await Promise.all(clients.map((client) => migrate(client, files)));
  const [client] = clients;
  assert.ok(client !== undefined);
  const { rows } = await client.query('select name from schema_migrations order by name');
  assert.deepEqual(
    rows.map(({ name }: { name: string }) => name),
    files.map(({ name }) => name),
  );
  await assert.rejects(migrate(client, files.slice(1)), /newer Bridgehead/);
  const changed = files.map((file) => ({ ...file, sql: `${file.sql}\n-- changed` }));
  await assert.rejects(migrate(client, changed), /was changed after/);
  await Promise.all(clients.map((one) => one.end()));
});
