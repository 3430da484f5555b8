import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { systemClock } from '../system/clock.ts';
import { formatSealingKey, newSealingKey } from '../trust/sealing.ts';
import { KeyFile, type KeySource } from './key-file.ts';
import { PostgresStore } from './postgres-store.ts';
import { TestDatabases } from './test-database.ts';
import { MemoryKeys } from './test-keys.ts';

let databases: TestDatabases;
let folder = '';
before(async () => {
  databases = await TestDatabases.start();
  folder = await mkdtemp(join(tmpdir(), 'bridgehead-keys-'));
});
after(async () => {
  await databases[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const isLocked = (error: unknown) =>
  error instanceof BridgeheadError && error.code === 'SECRETS_LOCKED';

function openWith(url: string, keys: KeySource): Promise<PostgresStore> {
  const connection = { connectionString: url };
  return PostgresStore.open({ connection, clock: systemClock, random: Math.random, keys });
}

/** What the database has, with everything that any of its tables of secrets holds. */
async function dump(url: string): Promise<string> {
  const client = await databases.connect(new URL(url).pathname.slice(1));
  try {
    const tables: unknown[] = [];
    for (const table of ['settings', 'secrets', 'secret_keys']) {
      tables.push((await client.query(`select * from ${table} order by 1`)).rows);
    }
    return JSON.stringify(tables);
  } finally {
    await client.end();
  }
}

async function run(url: string, sql: string): Promise<void> {
  const client = await databases.connect(new URL(url).pathname.slice(1));
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

test('a secret is read again as it was, and its text is not in the database', async () => {
  const url = await databases.create();
  const keys = new MemoryKeys();
  {
    await using store = await openWith(url, keys);
    assert.equal(await store.transact((tx) => tx.secret('a')), null);
    await store.transact((tx) => tx.putSecret('a', 'the first text'));
    await store.transact((tx) => tx.putSecret('a', 'the second text'));
  }
  await using again = await openWith(url, keys);
  assert.equal(await again.transact((tx) => tx.secret('a')), 'the second text');
  assert.doesNotMatch(await dump(url), /text/);
});

test('what was in clear before is sealed at the next start, and gone from where it was', async () => {
  const url = await databases.create();
  await run(
    url,
    `insert into settings values ('authority.key', 'clear'), ('pulse.secret', 'clear')`,
  );
  await using store = await openWith(url, new MemoryKeys());
  assert.equal(await store.transact((tx) => tx.secret('authority.key')), 'clear');
  assert.equal(await store.transact((tx) => tx.secret('pulse.secret')), 'clear');
  assert.doesNotMatch(await dump(url), /clear/);
});

test('without its keys a database is refused at the start, and no other keys are made', async () => {
  const url = await databases.create();
  {
    await using store = await openWith(url, new MemoryKeys());
    await store.transact((tx) => tx.putSecret('a', 'b'));
  }
  const path = join(folder, 'none.key');
  await assert.rejects(openWith(url, new KeyFile(path)), isLocked);
  await assert.rejects(stat(path), /ENOENT/);
  const others = new MemoryKeys();
  await others.create();
  await assert.rejects(openWith(url, others), /not in memory/);
});

test('rows that were swapped or changed by hand do not open', async () => {
  const url = await databases.create();
  await using store = await openWith(url, new MemoryKeys());
  await store.transact(async (tx) => {
    await tx.putSecret('a', 'one');
    await tx.putSecret('b', 'two');
  });
  await run(url, `update secrets set sealed = (select sealed from secrets where name = 'a')`);
  assert.equal(await store.transact((tx) => tx.secret('a')), 'one');
  await assert.rejects(
    store.transact((tx) => tx.secret('b')),
    /put in another place/,
  );
  await run(url, `update secrets set sealed = 'one'`);
  await assert.rejects(
    store.transact((tx) => tx.secret('a')),
    isLocked,
  );
});

test('rotation seals all anew and forgets the key before, for every scheduler at once', async () => {
  const url = await databases.create();
  const keys = new MemoryKeys();
  await using store = await openWith(url, keys);
  await using other = await openWith(url, keys);
  await store.transact((tx) => tx.putSecret('a', 'one'));
  const before = await dump(url);
  const [first] = JSON.parse(before).at(-1) as { readonly id: string }[];
  assert.ok(first !== undefined);
  assert.equal(await store.rotateSecrets(), 1);
  const afterwards = await dump(url);
  assert.ok(!afterwards.includes(first.id));
  assert.equal(await other.transact((tx) => tx.secret('a')), 'one');
  await other.transact((tx) => tx.putSecret('b', 'two'));
  assert.equal(await store.transact((tx) => tx.secret('b')), 'two');
});

test('a new first line of the key file seals from the next rotation on', async () => {
  const url = await databases.create();
  const path = join(folder, 'rotated.key');
  const file = new KeyFile(path);
  await using store = await openWith(url, file);
  await store.transact((tx) => tx.putSecret('a', 'one'));
  const old = (await file.read()) ?? [];
  const fresh = newSealingKey();
  await file.replace([fresh, ...old]);
  await store.rotateSecrets();
  await file.replace([fresh]);
  assert.equal(await store.transact((tx) => tx.secret('a')), 'one');
});

test('the key file is made once, for its owner only, and refused where others may read it', async () => {
  const path = join(folder, 'deep', 'secret.key');
  const [one, two] = await Promise.all([1, 2].map(() => new KeyFile(path).create()));
  assert.deepEqual(one, two);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await new KeyFile(path).read(), one);
  await chmod(path, 0o640);
  await assert.rejects(new KeyFile(path).read(), /chmod 600/);
  await chmod(path, 0o600);
  for (const text of ['', 'nonsense\n', `${formatSealingKey(newSealingKey())}\nnonsense\n`]) {
    await writeFile(path, text);
    await assert.rejects(new KeyFile(path).read(), isLocked);
  }
  assert.equal(await readFile(path, 'utf8').then((text) => text.includes('nonsense')), true);
});
