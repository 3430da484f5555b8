import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { isRepeatable } from './call.ts';
import { sendToFirst } from './http.ts';
import { migrationAfter } from './test-records.ts';
import { type Answer, cut, TestServer } from './test-server.ts';
import { runLine } from './test-terminal.ts';

const begun = migrationAfter(3, 'done');
const away = new BridgeheadError('DATABASE_UNAVAILABLE', 'the database does not answer', 'Wait.');
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function migrate(replies: readonly unknown[], argv: readonly string[] = []) {
  const left = [...replies];
  await using server = await TestServer.start({
    'POST /v1/instances/shop-web/migrate': () => (left.length > 1 ? left.shift() : left[0]),
  });
  const ran = await runLine(['migrate', 'shop-web', '--to', 'host-2', ...argv], {
    env: { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' },
  });
  return { ...ran, seen: server.seen, err: ran.err.replaceAll(server.url, 'URL') };
}

test('a begin is sent again under its one key after a cut and while the database is away', async () => {
  const { code, err, seen } = await migrate([cut, away, begun]);
  assert.equal(code, 0);
  assert.equal(seen.length, 3);
  const keys = new Set(seen.map(({ key }) => key));
  assert.equal(keys.size, 1);
  assert.match([...keys][0] ?? '', uuid);
  assert.deepEqual(seen[1]?.body, seen[0]?.body);
  assert.equal(
    err,
    `the server at URL cannot be reached: the connection was cut; sent again in 1.0 s (1 of 3), under its key
the database does not answer; sent again in 2.0 s (2 of 3), under its key
`,
  );
});

test('after three repetitions the error is the end', async () => {
  const { code, err, seen } = await migrate([away]);
  assert.equal(code, 5);
  assert.equal(seen.length, 4);
  assert.match(err, /in 4\.0 s \(3 of 3\).*\nerror: the database does not answer \(DATABASE_UNAV/);
});

test('a refusal is not sent again', async () => {
  const { code, seen } = await migrate([new BridgeheadError('BUSY', 'held', 'Wait.')]);
  assert.equal(code, 4);
  assert.equal(seen.length, 1);
});

test('a key of one’s own is sent as it is; a new command has a new key', async () => {
  const own = await migrate([begun], ['--idempotency-key', 'build-17']);
  assert.equal(own.seen[0]?.key, 'build-17');
  const keys = [await migrate([begun]), await migrate([begun])].map(({ seen }) => seen[0]?.key);
  assert.notEqual(keys[0], keys[1]);
  for (const key of ['', 'two words', 'ü', 'x'.repeat(129)]) {
    const { code, seen } = await migrate([begun], ['--idempotency-key', key]);
    assert.equal(code, 2, key);
    assert.equal(seen.length, 0, key);
  }
});

test('what has no key is never sent twice', async () => {
  const answers: Readonly<Record<string, Answer>> = {
    'POST /v1/hosts/host-1/cordon': () => cut,
    'GET /v1/hosts': () => away,
  };
  await using server = await TestServer.start(answers);
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  assert.equal((await runLine(['cordon', 'host-1'], { env })).code, 5);
  assert.equal((await runLine(['get', 'hosts'], { env })).code, 5);
  assert.equal(server.seen.length, 2);
  assert.deepEqual(
    server.seen.map(({ key }) => key),
    [undefined, undefined],
  );
});

test('a connection that is refused is final at first, a restart later', async () => {
  const unreachable = async (url: string, timeoutMs: number) => {
    const request = { method: 'GET', path: '/', body: undefined, key: undefined } as const;
    const access = { url, token: null, from: 'test' };
    const error = await sendToFirst(access, { ...request, timeoutMs }).catch((one: unknown) => one);
    assert.ok(error instanceof BridgeheadError);
    return error;
  };
  const silent = await listening(createServer(() => undefined));
  const late = await unreachable(silent.url, 50);
  assert.match(late.message, /no answer within 0\.05 s$/);
  assert.equal(isRepeatable(late, 0), true);
  silent.server.closeAllConnections();
  await new Promise((resolve) => silent.server.close(resolve));
  const refused = await unreachable(silent.url, 5_000);
  assert.match(refused.message, /connection refused$/);
  assert.equal(isRepeatable(refused, 0), false);
  assert.equal(isRepeatable(refused, 1), true);
  const other = new BridgeheadError('SERVER_UNREACHABLE', 'not ours', 'Look.');
  assert.equal(isRepeatable(other, 1), false);
});

async function listening(server: Server): Promise<{ readonly server: Server; url: string }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}` };
}
