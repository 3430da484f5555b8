import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { TestDatabases } from './test-database.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const shop = {
  ...{ name: 'shop.pem', owner: 'web', chain: 'CHAIN', notAfterMs: 5, addedBy: 'ann', addedMs: 1 },
};

test('a certificate has a version that only grows, also after it was taken out', async () => {
  await using store = await databases.fresh();
  const { certificates } = store;
  const first = await certificates.put(shop, 'KEY 1');
  const second = await certificates.put({ ...shop, owner: '' }, 'KEY 2');
  assert.ok(second > first);
  assert.deepEqual(await certificates.list(), [{ ...shop, owner: '', version: second }]);
  assert.deepEqual(await certificates.withKeys(['shop.pem', 'none.pem']), [
    { name: 'shop.pem', version: second, chain: 'CHAIN', key: 'KEY 2' },
  ]);
  assert.equal(await certificates.remove('shop.pem'), true);
  assert.equal(await certificates.remove('shop.pem'), false);
  assert.deepEqual(await certificates.withKeys(['shop.pem']), []);
  const third = await certificates.put(shop, 'KEY 3');
  assert.ok(third > second);
  assert.deepEqual(await certificates.versions(), new Map([['shop.pem', third]]));
});

test('a key is not in the table in clear, survives a rotation, and opens under no other name', async () => {
  const url = await databases.create();
  const database = new URL(url).pathname.slice(1);
  await using store = await databases.open(database);
  await store.certificates.put(shop, 'KEY one');
  await store.certificates.put({ ...shop, name: 'other.pem' }, 'KEY two');
  assert.equal(await store.rotateSecrets(), 2);
  const client = await databases.connect(database);
  try {
    const { rows } = await client.query('select * from certificates');
    assert.doesNotMatch(JSON.stringify(rows), /KEY/);
    const [one] = await store.certificates.withKeys(['shop.pem']);
    assert.equal(one?.key, 'KEY one');
    await client.query(
      `update certificates set sealed_key = (select sealed_key from certificates where name = 'other.pem')`,
    );
    await assert.rejects(
      store.certificates.withKeys(['shop.pem']),
      (error) => error instanceof BridgeheadError && error.code === 'SECRETS_LOCKED',
    );
  } finally {
    await client.end();
  }
});

test('of several who would tell that it expires one does, and again when fewer days are left', async () => {
  await using store = await databases.fresh();
  const { certificates } = store;
  const version = await certificates.put(shop, 'KEY');
  const told = await Promise.all(
    [1, 2, 3].map(() => certificates.noteWarned('shop.pem', version, 14)),
  );
  assert.equal(told.filter(Boolean).length, 1);
  assert.equal(await certificates.noteWarned('shop.pem', version, 30), false);
  assert.equal(await certificates.noteWarned('shop.pem', version, 7), true);
  const next = await certificates.put(shop, 'KEY');
  assert.equal(await certificates.noteWarned('shop.pem', version, 1), false);
  assert.equal(await certificates.noteWarned('shop.pem', next, 30), true);
});
