// People at the command line, with a server and its database behind it.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type pg from 'pg';
import { testAccess } from '../api/test-access.ts';
import { testApi } from '../api/test-api.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { type Ran, runLine } from './test-terminal.ts';

let databases: TestDatabases;
let store: PostgresStore;
let database: string;
let api: FastifyInstance;
let url: string;
let home: string;
const password = 'plum kettle orbit sand';

before(async () => {
  databases = await TestDatabases.start();
  database = new URL(await databases.create()).pathname.slice(1);
  store = await databases.open(database);
  const log = () => undefined;
  const parts = { store, clock: systemClock, name: 's', newId: () => 'id', log };
  api = await testApi(store, new Scheduler(parts));
  url = await api.listen({ host: '127.0.0.1', port: 0 });
  home = await mkdtemp(join(tmpdir(), 'bridgehead-access-'));
});
after(async () => {
  await api.close();
  await store[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const run = (words: string, input = ''): Promise<Ran> =>
  runLine(words.split(' '), { env: { HOME: home }, input });
const asFile = (words: string) =>
  runLine([...words.split(' '), '--server', url, '--token', 'right'], { env: { HOME: home } });
const wordOf = ({ out }: Ran) => /bh[ais]\.[\w.-]+/.exec(out)?.[0] ?? '';

test('from the printed invitation to a token that ends', async () => {
  const first = await testAccess(store, 'right').access.inviteFirst();
  const weak = await run(`login --server ${url} --invitation ${first?.word} --user ann`, 'short\n');
  assert.deepEqual([weak.code, weak.err.includes('PASSWORD_WEAK')], [2, true]);
  const login = `login --server ${url} --invitation ${first?.word} --user ann`;
  const ann = await run(login, `${password}\n`);
  assert.equal(ann.code, 0, ann.err);
  assert.match(ann.out, /^Name +ann\nRole +admin\nOwners +all\n/);
  const context = join(home, '.config/bridgehead/context.json');
  assert.equal((await stat(context)).mode & 0o777, 0o600);
  assert.doesNotMatch(ann.out + ann.err, /bhs\./);

  const bob = await run('user add bob --role operator --owner shop');
  assert.equal(bob.code, 0, bob.err);
  const file = join(home, 'password');
  await writeFile(file, `${password}\n`);
  const other = { env: { HOME: join(home, 'bob') } };
  const inviting = ['login', '--server', url, '--invitation', wordOf(bob), '--password-file', file];
  assert.equal((await runLine(inviting, other)).code, 0);
  assert.match((await runLine(['whoami'], other)).out, /Role +operator\nOwners +shop\n/);
  assert.match((await run('user list')).out, /^bob +operator +shop +active/m);

  const made = await runLine(
    ['token', 'create', 'ci', '--owner', 'shop', '--expires', '1h'],
    other,
  );
  assert.match(made.out, /^bha\.\S+\n\nci: viewer, owners: shop, until /);
  const ci = ['whoami', '--server', url, '--token', wordOf(made)];
  assert.match((await runLine(ci, other)).out, /^Name +token:ci\n/);
  const more = await runLine(['token', 'create', 'all', '--role', 'operator'], other);
  assert.deepEqual([more.code, more.err.includes('FORBIDDEN')], [4, true]);
  assert.match((await run('token list')).out, /^ci +viewer +shop +bob/m);
  assert.equal((await run('token revoke ci')).code, 0);
  assert.equal((await runLine(ci, other)).code, 4);

  assert.equal((await run('user disable bob')).code, 0);
  assert.equal((await runLine(['whoami'], other)).code, 4);
  assert.equal((await run('logout')).code, 0);
  assert.deepEqual(JSON.parse(await readFile(context, 'utf8')), { url });
  const late = await run('whoami');
  assert.match(late.err, /UNAUTHORIZED/);
});

test('a token wants a name or a host, a login somebody', async () => {
  for (const words of ['token create', 'token create ci --host host-1', 'login']) {
    assert.equal((await asFile(words)).code, 2, words);
  }
});

test('the audit log names who did what, holds no secret, and shows what was done to it', async () => {
  const file = join(home, 'audit.jsonl');
  const exported = await asFile('audit export');
  await writeFile(file, exported.out);
  const rows = exported.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Row);
  const added = rows.find(({ entry }) => entry.route === 'POST /v1/users');
  assert.deepEqual(
    [added?.entry.who, added?.entry.result, added?.entry.details],
    ['ann', 'asked', { name: 'bob', role: 'operator', owners: '["shop"]' }],
  );
  const end = rows.find(({ entry }) => entry.of === added?.id);
  assert.deepEqual([end?.entry.result, end?.entry.status], ['done', 200]);
  const refused = rows.filter(({ entry }) => entry.result === 'refused');
  assert.ok(refused.some(({ entry }) => entry.code === 'PASSWORD_WEAK'));
  assert.ok(refused.some(({ entry }) => entry.code === 'UNAUTHORIZED' && entry.who === 'nobody'));
  assert.doesNotMatch(exported.out, /bh[ais]\.|kettle/);

  const whole = await asFile('audit verify');
  assert.match(whole.out, new RegExp(`^${rows.length} rows, each follows the one before it`));
  const mark = /--after (\S+)/.exec(whole.out)?.[1] ?? '';
  assert.equal((await asFile(`audit verify --after ${mark}`)).code, 0);
  assert.equal((await run(`audit verify --file ${file} --after ${mark}`)).code, 0);
  assert.match((await asFile('audit list --limit 5')).out, /^ID +TIME/);

  await using broken = await connect();
  const refusal = /only added to/;
  await assert.rejects(broken.client.query('delete from audit'), refusal);
  await assert.rejects(broken.client.query(`update audit set at_ms = 0`), refusal);
  await assert.rejects(broken.client.query('truncate audit'), refusal);
  // What only the owner of the database can do.
  await broken.client.query('alter table audit disable trigger all');
  const verified = async (options = '') => (await asFile(`audit verify${options}`)).err;
  await broken.client.query(
    `update audit set entry = jsonb_set(entry, '{who}', '"bob"') where id = 3`,
  );
  assert.match(await verified(), /row 3 was changed after it was written.*\(AUDIT_BROKEN\)/);
  assert.match(
    await verified(` --after ${mark}`),
    /^$/,
    'what is behind the mark was checked before',
  );
  await broken.client.query(
    `update audit set entry = jsonb_set(entry, '{who}', '"ann"') where id = 3`,
  );
  const { rows: last } = await broken.client.query<{ id: string }>(
    'delete from audit where id = (select max(id) from audit) returning id',
  );
  await broken.client.query(`delete from audit where id >= ${rows.length}`);
  assert.match(await verified(` --after ${mark}`), /row \d+ is missing|another hash/);
  assert.ok(Number(last[0]?.id) >= rows.length);
  await broken.client.query('delete from audit where id = 2');
  assert.match(await verified(), /row 2 is missing/);
});

interface Row {
  readonly id: number;
  readonly entry: {
    readonly who: string;
    readonly result: string;
    readonly of: number | null;
    readonly route: string;
    readonly status: number | null;
    readonly code: string | null;
    readonly details: Readonly<Record<string, string>>;
  };
}

async function connect(): Promise<{ readonly client: pg.Client } & AsyncDisposable> {
  const client = await databases.connect(database);
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
