// Live control of the HAProxy that is installed. Left out where there is none.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { applyOverrides, changeLive, showLive } from '../../src/agent/live.ts';
import type { MachineHaproxy } from '../../src/agent/machine.ts';
import { BridgeheadError } from '../../src/domain/errors.ts';
import type { InstanceId } from '../../src/domain/ids.ts';
import type { LiveChange, Override, ServerOverride } from '../../src/domain/live.ts';
import {
  serverStates,
  serverStatesFile,
  withServerStates,
} from '../../src/haproxy/kept-servers.ts';
import {
  readEntries,
  readPatternFiles,
  readServers,
  readTableEntries,
  readTables,
} from '../../src/haproxy/live-commands.ts';
import { LiveHaproxy, liveVersion } from './live-haproxy.ts';

const skip = (await liveVersion()) === null ? 'no haproxy on the PATH' : false;
const id = '11111111-1111-4111-8111-111111111111' as InstanceId;
let haproxy: LiveHaproxy;
let machine: MachineHaproxy;
before(async () => {
  if (skip !== false) return;
  haproxy = await LiveHaproxy.start();
  machine = {
    command: (_, text) => haproxy.ask(text),
  } as Partial<MachineHaproxy> as MachineHaproxy;
});
after(async () => {
  if (skip === false) await haproxy.stop();
});

const server = (name: string, change: Partial<ServerOverride>): ServerOverride => ({
  ...{ kind: 'server', backend: 'api', server: name },
  ...{ state: null, weight: null, address: null, port: null, ...change },
});
const change = (one: LiveChange) => changeLive(machine, id, one);
const servers = async () => readServers(await showLive(machine, id, { what: 'servers' }));
const sessionsOf = async (name: string) => {
  const text = await haproxy.ask('show stat api 4 -1');
  const [header = '', ...lines] = text.split('\n').map((line) => line.split(','));
  const line = lines.find((cells) => cells[1] === name) ?? [];
  return Number(line[(header as string[]).indexOf('stot')]);
};

async function refusal(one: LiveChange): Promise<string> {
  try {
    await change(one);
  } catch (error) {
    assert.ok(error instanceof BridgeheadError, String(error));
    return error.code;
  }
  return 'taken';
}

test('a server that is drained gets no request more, until it is ready again', {
  skip,
}, async () => {
  await change(server('s1', { state: 'drain' }));
  const before = await sessionsOf('s1');
  assert.deepEqual(await haproxy.request(20), { 200: 20 });
  assert.equal(await sessionsOf('s1'), before);
  assert.equal((await servers()).find((one) => one.server === 's1')?.state, 'drain');
  await change(server('s1', { state: 'maint' }));
  assert.equal((await servers()).find((one) => one.server === 's1')?.state, 'maint');
  await change(server('s1', { state: 'ready' }));
  await haproxy.request(20);
  assert.ok((await sessionsOf('s1')) > before);
});

test('weight, address and port are set, and read back', { skip }, async () => {
  await change(server('s2', { weight: 50 }));
  const [, was] = await servers();
  assert.deepEqual([was?.weight, was?.configuredWeight], [50, 10]);
  await change(server('s2', { address: '127.0.0.9', port: 4_711 }));
  const [, now] = await servers();
  assert.deepEqual([now?.address, now?.port], ['127.0.0.9', 4_711]);
  await change(server('s2', { address: '127.0.0.1', port: was?.port ?? 0, weight: 10 }));
  assert.deepEqual(await haproxy.request(10), { 200: 10 });
});

test('maps and ACLs that are read from files are changed as often as wanted', {
  skip,
}, async () => {
  const [map] = readPatternFiles(await showLive(machine, id, { what: 'maps' }));
  const file = map?.file ?? '';
  assert.match(file, /codes\.map$/);
  const entries = async () => readEntries(await showLive(machine, id, { what: 'map', of: file }));
  await change({ kind: 'map', file, key: '/a', value: '/b' });
  await change({ kind: 'map', file, key: '/a', value: '/c' });
  assert.deepEqual(await entries(), [
    { key: '/old', value: '/new' },
    { key: '/a', value: '/c' },
  ]);
  await change({ kind: 'map', file, key: '/a', value: null });
  await change({ kind: 'map', file, key: '/a', value: null });
  assert.deepEqual(
    (await entries()).map(({ key }) => key),
    ['/old'],
  );
  const acls = readPatternFiles(await showLive(machine, id, { what: 'acls' }));
  const acl = acls.find((one) => one.file.endsWith('blocked.lst'))?.file ?? '';
  const keys = async () =>
    readEntries(await showLive(machine, id, { what: 'acl', of: acl })).map(({ key }) => key);
  for (let twice = 0; twice < 2; twice += 1) {
    await change({ kind: 'acl', file: acl, key: '/x', isPresent: true });
    assert.deepEqual(await keys(), ['/secret', '/x']);
  }
  await change({ kind: 'acl', file: acl, key: '/x', isPresent: false });
  assert.deepEqual(await keys(), ['/secret']);
});

test('stick tables are shown and cleared', { skip }, async () => {
  await haproxy.request(3);
  const tables = readTables(await showLive(machine, id, { what: 'tables' }));
  assert.deepEqual(
    tables.map(({ name, used }) => [name, used]),
    [['callers', 1]],
  );
  const show = async () =>
    readTableEntries(await showLive(machine, id, { what: 'table', of: 'callers', key: null }));
  const [entry] = await show();
  assert.equal(entry?.key, '127.0.0.1');
  assert.ok(Number(entry?.data['http_req_cnt']) >= 3);
  await change({ kind: 'table', table: 'callers', key: '127.0.0.9' });
  assert.equal((await show()).length, 1);
  await change({ kind: 'table', table: 'callers', key: null });
  assert.deepEqual(await show(), []);
});

test('what HAProxy does not know is not found, what it does not do is refused', {
  skip,
}, async () => {
  const results = [
    await refusal(server('none', { state: 'drain' })),
    await refusal({ ...server('s1', { state: 'drain' }), backend: 'none' }),
    await refusal({ kind: 'map', file: '/none.map', key: '/a', value: '/b' }),
    await refusal({ kind: 'acl', file: '/none.lst', key: '/a', isPresent: true }),
    await refusal({ kind: 'table', table: 'none', key: null }),
    await refusal(server('s1', { weight: 300 })),
  ];
  assert.deepEqual(results, [...Array<string>(5).fill('NOT_FOUND'), 'LIVE_REFUSED']);
});

test('what is kept comes back after a reload; what is gone from it does not stop the rest', {
  skip,
}, async () => {
  const kept: readonly Override[] = [
    server('gone', { state: 'drain' }),
    server('s1', { state: 'maint', weight: 77 }),
  ];
  await haproxy.reload();
  assert.equal((await servers())[0]?.state, 'ready');
  const faults = await applyOverrides(machine, id, kept);
  assert.equal(faults.length, 1);
  assert.match(faults[0] ?? '', /HAProxy knows no server api\/gone/);
  const [first] = await servers();
  assert.deepEqual([first?.state, first?.weight], ['maint', 77]);
});

test('a kept server never sees a request of a new worker, with nobody to tell the worker so', {
  skip,
}, async () => {
  await haproxy.reload();
  const kept = [server('s1', { state: 'drain' }), server('s2', { weight: 20 })];
  const shown = await showLive(machine, id, { what: 'servers' });
  await haproxy.rewrite(serverStatesFile, (text) => serverStates(shown, kept, text));
  await haproxy.rewrite('haproxy.cfg', (text) =>
    withServerStates(text, kept).replace('/run/haproxy', haproxy.folder),
  );
  await haproxy.reload();
  assert.deepEqual(
    (await servers()).map(({ state, weight }) => [state, weight]),
    [
      ['drain', 10],
      ['ready', 20],
    ],
  );
  assert.deepEqual(await haproxy.request(20), { 200: 20 });
  assert.equal(await sessionsOf('s1'), 0);
});
