import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from './test-server.ts';
import { nowMs, runLine } from './test-terminal.ts';

async function ask(line: string, answer: unknown) {
  await using server = await TestServer.start(
    new Proxy({}, { get: () => () => answer, has: () => true }),
  );
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const ran = await runLine(line.split(' '), { env });
  return { ...ran, asked: server.seen.map(({ method, path, body }) => ({ method, path, body })) };
}

const text = { text: 'server api/s1: drain' };

test('a server is set with what was given, and nothing else', async () => {
  const { out, asked } = await ask('servers set shop-web api/s1 --state drain --reason disk', text);
  assert.equal(out, 'server api/s1: drain\n');
  assert.deepEqual(asked, [
    {
      ...{ method: 'POST', path: '/v1/instances/shop-web/servers/api/s1' },
      body: { state: 'drain', keep: false, reason: 'disk' },
    },
  ]);
  const more = await ask('servers set w b/s --weight 0 --address ::1 --port 80 --keep', text);
  assert.deepEqual(more.asked[0]?.body, {
    ...{ address: '::1', weight: 0, port: 80, keep: true, reason: '' },
  });
});

test('what cannot be meant never reaches the server', async () => {
  for (const line of [
    'servers set w b/s --state gone',
    'servers set w b --state drain',
    'servers set w b/s/t --state drain',
    'servers set w b/s --weight 257',
    'servers set w b/s --port x',
  ]) {
    const { code, asked } = await ask(line, text);
    assert.deepEqual([code, asked], [2, []], line);
  }
});

test('maps, ACLs, tables and what is kept', async () => {
  for (const [line, path, body] of [
    ['map set w /f.map k v --keep', 'maps', { value: 'v', keep: true }],
    ['map delete w /f.map k', 'maps', { value: null, keep: false }],
    ['acl add w /f.lst k', 'acls', { isPresent: true, keep: false }],
    ['acl delete w /f.lst k', 'acls', { isPresent: false, keep: false }],
  ] as const) {
    const { asked } = await ask(line, text);
    const file = path === 'maps' ? '/f.map' : '/f.lst';
    assert.deepEqual(asked[0]?.path, `/v1/instances/w/${path}`, line);
    assert.deepEqual(asked[0]?.body, { file, key: 'k', reason: '', ...body }, line);
  }
  const cleared = await ask('table clear w callers --key 192.0.2.1', text);
  assert.deepEqual(cleared.asked[0]?.body, { key: '192.0.2.1', reason: '' });
  const removed = await ask('override remove w server api/s1 --reason done', text);
  assert.deepEqual(removed.asked[0]?.body, { what: 'server api/s1', reason: 'done' });
});

test('lists show what differs from the configuration, and what is kept', async () => {
  const server = {
    ...{ backend: 'api', server: 's1', state: 'drain', isUp: true, weight: 50, sinceS: 9 },
    ...{ configuredWeight: 10, address: '2001:db8::5', port: 80, kept: 'drain, weight 50' },
  };
  const { out } = await ask('servers list w', { items: [server] });
  assert.match(
    out,
    /\napi\/s1 +drain +up +50 \(configured 10\) +\[2001:db8::5\]:80 +9\.0 s +drain, weight 50\n$/,
  );
  const entry = { key: '192.0.2.1', use: 0, expiresMs: 60_000, data: { conn_cur: '1' } };
  const table = await ask('table show w callers', { isCut: true, items: [entry] });
  assert.match(table.out, /\n192\.0\.2\.1 +1 min 0 s +conn_cur=1\nand more/);
  const kept = {
    ...{ what: 'map /f.map k', text: 'v', who: 'ann', reason: '', atMs: nowMs },
    override: { kind: 'map', file: '/f.map', key: 'k', value: 'v' },
  };
  const list = await ask('override list w', { items: [kept] });
  assert.match(list.out, /\nmap \/f\.map k +v +ann +2026-11-23 12:00:00Z +-\n$/);
  assert.equal((await ask('map list w', { items: [] })).out, 'no map is read from a file\n');
});
