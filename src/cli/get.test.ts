import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { parse } from 'yaml';
import {
  events,
  hosts,
  instances,
  migrationAfter,
  operation,
  operationId,
  pools,
} from './test-records.ts';
import { type Answer, TestServer } from './test-server.ts';
import { type Ran, runLine, type Surroundings } from './test-terminal.ts';

const answers: Readonly<Record<string, Answer>> = {
  'GET /v1/hosts': () => ({ items: hosts }),
  'GET /v1/hosts/host-1': () => hosts[0],
  'GET /v1/pools': () => ({ items: pools }),
  'GET /v1/pools/public-v4': () => pools[0],
  'GET /v1/instances': () => ({ items: instances }),
  'GET /v1/instances/shop-web': () => instances[0],
  'GET /v1/events?limit=100': () => ({ items: events }),
  'GET /v1/events?limit=10&object=instance%2Fshop-web': () => ({ items: events }),
  'GET /v1/events?limit=10&object=pool%2Fpublic-v4': () => ({ items: [] }),
};

async function ask(line: string, around: Surroundings = {}): Promise<Ran> {
  await using server = await TestServer.start(answers);
  const ran = await runLine(line.split(' '), {
    ...around,
    env: { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret', ...around.env },
  });
  return { ...ran, err: ran.err.replaceAll(server.url, 'URL') };
}

test('get hosts prints a table', async () => {
  assert.deepEqual(await ask('get hosts'), {
    code: 0,
    err: '',
    out: [
      'NAME    STATE              ZONE   RACK  ACTIVE  STANDBY  KERNEL        LAST SEEN',
      'host-1  ready              north  r1         1        1  6.12.9-amd64  400 ms ago',
      'host-2  joining, cordoned  -      -          0        0  -             never',
      '',
    ].join('\n'),
  });
});

test('get instances and pools print tables', async () => {
  const { out } = await ask('get instances');
  assert.equal(
    out,
    [
      'NAME      PHASE                    HOST    TIER  OWNER      SERVICE  ADDRESSES',
      'shop-web  serving, CONFIG_REFUSED  host-1     0  team-shop  shop     198.18.10.10 2001:db8:0:10::10',
      '',
    ].join('\n'),
  );
  assert.equal(
    (await ask('get pools')).out,
    [
      'NAME       CIDR            RANGE                       GATEWAY     BRIDGE  VLAN  USED',
      'public-v4  198.18.10.0/24  198.18.10.10-198.18.10.200  198.18.0.1  br0     -        1',
      '',
    ].join('\n'),
  );
});

test('a list of several pages is read to its end', async () => {
  const { out: whole } = await ask('get hosts');
  const [first, ...rest] = hosts;
  await using server = await TestServer.start({
    'GET /v1/hosts': () => ({ items: [first], next: 'bW9yZQ' }),
    'GET /v1/hosts?cursor=bW9yZQ': () => ({ items: rest, next: null }),
  });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  assert.equal((await runLine(['get', 'hosts'], { env })).out, whole);
});

test('-o json is an array for a list and an object for one, with the fields of the API', async () => {
  assert.deepEqual(JSON.parse((await ask('get hosts -o json')).out), hosts);
  assert.deepEqual(JSON.parse((await ask('get host host-1 -o json')).out), hosts[0]);
  assert.deepEqual(JSON.parse((await ask('get events -o json')).out), events);
  assert.deepEqual(JSON.parse((await ask('-o json get pools')).out), pools);
});

test('-o yaml holds the same', async () => {
  assert.deepEqual(parse((await ask('get instances -o yaml')).out), instances);
  const { out } = await ask('get pool public-v4 -o yaml');
  assert.ok(
    out.startsWith('name: public-v4\ncidr: 198.18.10.0/24\nrange:\n  from: 198.18.10.10\n'),
  );
});

test('describe instance shows its record and last events', async () => {
  const { out, code } = await ask('describe instance shop-web');
  assert.equal(code, 0);
  assert.equal(
    out,
    `Name       shop-web
Phase      serving, CONFIG_REFUSED
Problem    HAProxy refuses the configuration (CONFIG_REFUSED)
Owner      team-shop
Service    shop
Tier       0
Contact    shop-oncall@example.com
Notes      Front door.
Addresses  198.18.10.10 (public-v4)
           2001:db8:0:10::10 (public-v6)
MAC        02:bb:0b:6f:4f:3a
Host       host-1
Epoch      7
Standbys   none
Operation  none
Image      bridgehead/haproxy:2.6
Resources  128 MiB, 0.5 CPUs, 2000 connections
Config     aaaaaaaaaaaa wanted, bbbbbbbbbbbb loaded
Attached   hosts.map (12 bytes, cafecafecafe, called /etc/haproxy/hosts.map)
Kept       server api/s1: drain
Id         0b6f4f3a-58d5-4cbe-9e0e-1d1f3a2b4c5d

Last events:
  TIME                  KIND                     OBJECT             MESSAGE
  2026-11-23 11:59:00Z  instance.created         instance/shop-web  created by admin
  2026-11-23 11:59:30Z  instance.migration-done  instance/shop-web  migrated from host-2 to host-1
`,
  );
});

test('describe adds the events as a field for programs', async () => {
  const { out } = await ask('describe instance shop-web -o json');
  assert.deepEqual(JSON.parse(out), { ...instances[0], events });
});

test('describe pool lists who holds each address', async () => {
  const { out } = await ask('describe pool public-v4');
  assert.match(out, /^ADDRESS {7}INSTANCE\n198\.18\.10\.10 {2}shop-web$/m);
  assert.match(out, /Last events: none\n$/);
});

test('what does not exist ends with 3 and two lines', async () => {
  assert.deepEqual(await ask('get host host-9'), {
    code: 3,
    out: '',
    err: 'error: there is no /v1/hosts/host-9 (NOT_FOUND)\nnext: See what there is.\n',
  });
});

test('with -o json an error is one object on standard error', async () => {
  const { code, out, err } = await ask('get host host-9 -o json');
  assert.equal(code, 3);
  assert.equal(out, '');
  assert.deepEqual(JSON.parse(err), {
    error: {
      code: 'NOT_FOUND',
      message: 'there is no /v1/hosts/host-9',
      next: 'See what there is.',
    },
  });
});

test('colours are for terminals, and NO_COLOR turns them off', async () => {
  const escape = '\u001B[';
  assert.ok((await ask('get hosts', { isTty: true })).out.includes(`${escape}32mready`));
  assert.ok(
    !(await ask('get hosts', { isTty: true, env: { NO_COLOR: '1' } })).out.includes(escape),
  );
  assert.ok(!(await ask('get hosts')).out.includes(escape));
});

test('columns are as wide as what is seen, not as the colours', async () => {
  const coloured = (await ask('get hosts', { isTty: true })).out;
  const bare = stripVTControlCharacters(coloured);
  assert.equal(bare, (await ask('get hosts')).out);
});

test('an unknown kind or format is wrong usage', async () => {
  const kind = await ask('get things');
  assert.equal(kind.code, 2);
  assert.match(kind.err, /"things" is no kind of object.*\nnext: Choose one of hosts, pools/);
  assert.equal((await ask('get hosts -o xml')).code, 2);
});

test('a narrow terminal has the last column below itself, a pipe never', async () => {
  const { out } = await ask('get instances', { isTty: true, columns: 95 });
  assert.equal(
    stripVTControlCharacters(out),
    [
      'NAME      PHASE                    HOST    TIER  OWNER      SERVICE  ADDRESSES',
      'shop-web  serving, CONFIG_REFUSED  host-1     0  team-shop  shop     198.18.10.10',
      `${' '.repeat(69)}2001:db8:0:10::10`,
      '',
    ].join('\n'),
  );
});

test('what others wrote cannot break a table or move the cursor, and JSON has it as it is', async () => {
  const event = { ...events[0], message: 'first\nsecond \u001b]0;owned\u0007\u009b2J' };
  await using server = await TestServer.start({
    'GET /v1/events?limit=100': () => ({ items: [event] }),
  });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const { out } = await runLine(['events'], { env });
  assert.equal(out.split('\n').length, 3);
  assert.match(out, / {2}first second \\u001b\]0;owned\\u0007\\u009b2J\n$/);
  assert.deepEqual(JSON.parse((await runLine(['events', '-o', 'json'], { env })).out), [event]);
});

test('what an operation holds is marked, and described with those that wait', async () => {
  const held = { ...instances[0], operation: operationId };
  const waiting = operation({
    ...{ id: '9a000000-2f0e-4a53-8f39-6f3a0a3b7c11', title: 'configure shop-web' },
    ...{ state: 'queued', holder: null, startedMs: null, who: 'ci' },
  });
  const items = [waiting, migrationAfter(1)];
  const incident = {
    ...{ id: 7, host: 'host-1', state: 'open', firstMs: 0, servedMs: null, isDead: false },
    ...{ instances: 1, sheds: 0, title: 'panic in f', release: null, fingerprint: null },
  };
  await using server = await TestServer.start({
    'GET /v1/instances': () => ({ items: [held] }),
    'GET /v1/instances/shop-web': () => held,
    'GET /v1/hosts/host-1': () => hosts[0],
    'GET /v1/operations?limit=1000&open=true&object=instance%2Fshop-web': () => ({ items }),
    'GET /v1/operations?limit=1000&open=true&object=host%2Fhost-1': () => ({ items: [] }),
    'GET /v1/events?limit=10&object=instance%2Fshop-web': () => ({ items: [] }),
    'GET /v1/events?limit=10&object=host%2Fhost-1': () => ({ items: [] }),
    'GET /v1/incidents?limit=5&host=host-1&state=open': () => ({ items: [incident] }),
  });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const run = async (line: string) => (await runLine(line.split(' '), { env })).out;
  assert.match(await run('get instances'), /^shop-web {2}serving, held by 5f0c1a52 {2}host-1/m);
  const described = await run('describe instance shop-web');
  assert.equal(
    described.slice(described.indexOf('Operation'), described.indexOf('Image')),
    `Operation  5f0c1a52 (migrate shop-web from host-1 to host-2): running, release, asked for by admin 50 ms ago, run by scheduler-1
           9a000000 (configure shop-web): queued, asked for by ci 50 ms ago
`,
  );
  const host = await run('describe host host-1');
  assert.match(host, /^Operation {2}none$/m);
  assert.match(host, /^Incident {3}7: panic in f$/m);
  const json = JSON.parse(await run('describe instance shop-web -o json')) as object;
  assert.deepEqual(json, { ...held, events: [] });
});
