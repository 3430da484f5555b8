import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import type { PoolName } from '../domain/ids.ts';
import type { Pool } from '../domain/model.ts';
import { systemClock } from '../system/clock.ts';
import { migrate, readMigrationFiles } from './migrate.ts';
import { openStore } from './open-store.ts';
import { storeContract } from './store-contract.ts';
import { TestDatabases, testKeys } from './test-database.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const pool: Pool = {
  name: 'public' as PoolName,
  cidr: '198.18.10.0/24',
  range: { from: '198.18.10.10', to: '198.18.10.20' },
  prefix: 16,
  gateway: '198.18.0.1',
  bridge: 'br0',
  vlan: null,
};

storeContract('PostgreSQL', () => databases.fresh());

test('the same store on a server of yours, by URL', async () => {
  const databaseUrl = await databases.create();
  const options = {
    directory: '/nonexistent',
    clock: systemClock,
    random: Math.random,
    log: () => undefined,
    keys: testKeys,
  };
  const { store, kind } = await openStore({ ...options, databaseUrl });
  await using opened = store;
  assert.equal(kind, 'external');
  await opened.transact((tx) => tx.putPool(pool));
  assert.deepEqual((await opened.transact((tx) => tx.fleet())).pools, [pool]);
  const second = await openStore({ ...options, databaseUrl });
  await using other = second.store;
  const { pools } = await other.transact((tx) => tx.fleet());
  assert.deepEqual(pools, [pool], 'a second scheduler shares the database');
});

test('a server that is not there is one clear error', async () => {
  await assert.rejects(
    openStore({
      databaseUrl: 'postgres://nobody@127.0.0.1:9/x',
      directory: '/nonexistent',
      clock: systemClock,
      random: Math.random,
      log: () => undefined,
      keys: testKeys,
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
