import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findAccess } from './context.ts';
import { hosts } from './test-records.ts';
import { TestServer } from './test-server.ts';
import { runLine } from './test-terminal.ts';

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-cli-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function writeContext(path: string, content: unknown): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
}

test('options win over the environment, that over the own context, that over the lab', async (t) => {
  const folder = await folderFor(t);
  const own = join(folder, 'config/bridgehead/context.json');
  const lab = join(folder, 'labs/lab/context.json');
  const second = join(folder, 'labs/second/context.json');
  const env: Record<string, string> = {
    XDG_CONFIG_HOME: join(folder, 'config'),
    BRIDGEHEAD_LAB_DIR: join(folder, 'labs'),
  };
  await assert.rejects(findAccess({}, env), {
    code: 'REQUEST_INVALID',
    message: 'no server is known',
    next: new RegExp(`--server URL, or BRIDGEHEAD_SERVER.*${own}.*bridgehead lab up`),
  });
  await writeContext(lab, { url: 'http://lab:1', token: 'of-lab' });
  await writeContext(second, { url: 'http://second:1', token: 'of-second' });
  assert.deepEqual(await findAccess({}, env), { url: 'http://lab:1', token: 'of-lab', from: lab });
  await writeContext(own, { url: 'http://own:1', token: 'of-own' });
  assert.deepEqual(await findAccess({}, env), { url: 'http://own:1', token: 'of-own', from: own });
  // A token in the environment goes with any server; one of a file with its own server only.
  env['BRIDGEHEAD_TOKEN'] = 'of-env';
  assert.equal((await findAccess({}, env)).token, 'of-env');
  delete env['BRIDGEHEAD_TOKEN'];
  env['BRIDGEHEAD_SERVER'] = 'http://env:1';
  assert.deepEqual(await findAccess({}, env), {
    url: 'http://env:1',
    token: null,
    from: 'BRIDGEHEAD_SERVER',
  });
  assert.equal((await findAccess({ lab: 'second' }, env)).url, 'http://second:1');
  assert.equal((await findAccess({ server: 'unix:/x', lab: 'second' }, env)).url, 'unix:/x');
});

test('a token file is read, and must hold a token', async (t) => {
  const folder = await folderFor(t);
  const tokenFile = join(folder, 'admin.token');
  await writeFile(tokenFile, 'secret\n');
  assert.equal((await findAccess({ server: 'http://x:1', tokenFile }, {})).token, 'secret');
  await writeFile(tokenFile, '\n');
  await assert.rejects(findAccess({ server: 'http://x:1', tokenFile }, {}), {
    code: 'REQUEST_INVALID',
  });
});

test('of several servers in a context, the first that takes a connection is asked, for a change too', async (t) => {
  const folder = await folderFor(t);
  const gone = await TestServer.start({});
  await gone[Symbol.asyncDispose]();
  const answers = {
    'GET /v1/hosts': () => ({ items: hosts }),
    'POST /v1/hosts/host-1/cordon': () => hosts[0],
  };
  await using second = await TestServer.start(answers);
  await using third = await TestServer.start(answers);
  const urls = [gone.url, second.url, third.url];
  const context = { url: 'http://unused:1', urls, token: 'secret' };
  await writeContext(join(folder, 'bridgehead/context.json'), context);
  const env = { XDG_CONFIG_HOME: folder };
  const got = await runLine(['get', 'hosts', '-o', 'json'], { env });
  assert.equal(got.code, 0, got.err);
  assert.deepEqual(JSON.parse(got.out), hosts);
  const changed = await runLine(['cordon', 'host-1'], { env });
  assert.equal(changed.code, 0, changed.err);
  assert.deepEqual(
    second.seen.map(({ method }) => method),
    ['GET', 'POST'],
  );
  assert.equal(third.seen.length, 0);
  await second[Symbol.asyncDispose]();
  assert.equal((await runLine(['get', 'hosts'], { env })).code, 0);
  await third[Symbol.asyncDispose]();
  const none = await runLine(['get', 'hosts'], { env });
  assert.equal(none.code, 5);
  assert.match(none.err, /cannot be reached: connection refused/);
});

test('a server that heard a request is the only one that gets it', async (t) => {
  const folder = await folderFor(t);
  const cutting = createServer((socket) => socket.destroy());
  await new Promise<void>((done) => {
    cutting.listen(0, '127.0.0.1', done);
  });
  const address = cutting.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await using second = await TestServer.start({});
  const urls = [`http://127.0.0.1:${port}`, second.url];
  await writeContext(join(folder, 'bridgehead/context.json'), { urls, token: 'secret' });
  const { code } = await runLine(['cordon', 'host-1'], { env: { XDG_CONFIG_HOME: folder } });
  cutting.close();
  assert.equal(code, 5);
  assert.equal(second.seen.length, 0);
});

test('a context file that is broken, or a lab that is not there, is named', async (t) => {
  const folder = await folderFor(t);
  const env = { XDG_CONFIG_HOME: folder, BRIDGEHEAD_LAB_DIR: folder };
  const own = join(folder, 'bridgehead/context.json');
  for (const content of [
    '{',
    '[]',
    'null',
    { url: 1 },
    { urls: [] },
    { url: 'http://x:1', token: 5 },
  ]) {
    await writeContext(own, content);
    await assert.rejects(findAccess({}, env), {
      code: 'REQUEST_INVALID',
      message: new RegExp(own),
    });
  }
  await assert.rejects(findAccess({ lab: 'gone' }, env), { message: /lab gone is not there/ });
  await assert.rejects(findAccess({ lab: '../etc' }, env), { message: /cannot be a lab's name/ });
});

test('a server on a unix socket is reached', async (t) => {
  const socket = join(await folderFor(t), 'api.sock');
  await using server = await TestServer.start(
    { 'GET /v1/hosts': () => ({ items: hosts }) },
    { socket },
  );
  const argv = ['get', 'hosts', '-o', 'json', '--server', server.url, '--token', 'secret'];
  const { code, out } = await runLine(argv);
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), hosts);
  assert.equal(server.seen[0]?.authorization, 'Bearer secret');
});

test('a wrong token ends with 4', async () => {
  await using server = await TestServer.start({});
  const { code, err } = await runLine(['status', '--server', server.url, '--token', 'wrong']);
  assert.equal(code, 4);
  assert.match(
    err,
    /^error: the token is not one of this scheduler \(UNAUTHORIZED\)\nnext: Give it\.\n$/,
  );
});

test('a server that is gone ends with 5, names the address and where it came from', async () => {
  const server = await TestServer.start({});
  await server[Symbol.asyncDispose]();
  const { code, err } = await runLine(['status'], { env: { BRIDGEHEAD_SERVER: server.url } });
  assert.equal(code, 5);
  const [first, second] = err.split('\n');
  assert.equal(
    first,
    `error: the server at ${server.url} cannot be reached: connection refused (SERVER_UNREACHABLE)`,
  );
  assert.match(second ?? '', /^next: Check that it runs .* BRIDGEHEAD_SERVER is right\.$/);
});

test('a socket that is not there ends with 5', async () => {
  const { code, err } = await runLine(['status', '--server', 'unix:/nonexistent/api.sock']);
  assert.equal(code, 5);
  assert.match(err, /unix:\/nonexistent\/api\.sock cannot be reached: there is no such socket/);
});

test('a server that cuts the connection ends with 5', async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { code, err } = await runLine(['status', '--server', `http://127.0.0.1:${port}`]);
  server.close();
  assert.equal(code, 5);
  assert.match(err, /the connection was cut|socket hang up/);
});

test('answers of another form or another program are told apart from a bug', async () => {
  await using server = await TestServer.start({
    'GET /v1/hosts': () => '<html>hello</html>',
    'GET /v1/pools': () => ({ items: [{ name: 'public-v4' }] }),
  });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  for (const kind of ['hosts', 'pools']) {
    const { code, err } = await runLine(['get', kind], { env });
    assert.equal(code, 5);
    assert.match(err, /does not speak the API of this version/);
  }
});

test('an address that is none is wrong usage', async () => {
  for (const url of ['nonsense', 'ftp://x', 'http://x/path', 'unix:relative.sock']) {
    const { code, err } = await runLine(['status', '--server', url]);
    assert.equal(code, 2, url);
    assert.match(err, /is no address of a server/);
  }
});

test('--wait-server waits for a server that starts later, and for that one only', async (t) => {
  const socket = join(await folderFor(t), 'api.sock');
  const argv = ['get', 'hosts', '-o', 'json', '--server', `unix:${socket}`, '--token', 'secret'];
  assert.equal((await runLine(argv)).code, 5);
  let started: Promise<TestServer> | undefined;
  let slept = 0;
  // The clock of the test waits for nobody; the listening socket has to be there when it moves on.
  const onSleepAsync = async (count: number) => {
    slept = count;
    if (count === 3)
      started = TestServer.start({ 'GET /v1/hosts': () => ({ items: hosts }) }, { socket });
    await started;
  };
  const { code, out } = await runLine([...argv, '--wait-server'], { onSleepAsync });
  await using server = await started;
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), hosts);
  assert.equal(slept, 3);
  assert.equal(server?.seen.length, 1);
});

test('--wait-server gives up, and never sends again what changes something without a key', async () => {
  const server = await TestServer.start({});
  await server[Symbol.asyncDispose]();
  let sleeps = 0;
  const onSleep = (count: number) => {
    sleeps = count;
    return false;
  };
  const argv = ['--server', server.url, '--wait-server'];
  assert.equal((await runLine(['status', ...argv], { onSleep })).code, 5);
  assert.ok(sleeps > 10 && sleeps < 100, String(sleeps));
  sleeps = 0;
  assert.equal((await runLine(['cordon', 'host-1', ...argv], { onSleep })).code, 5);
  assert.equal(sleeps, 0);
  assert.equal((await runLine(['drain', 'host-1', ...argv], { onSleep })).code, 5);
  assert.ok(sleeps > 10 && sleeps < 100, String(sleeps));
});
