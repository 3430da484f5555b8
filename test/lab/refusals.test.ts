// Bad input: one clear error at the right place, and nothing that runs is touched.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { commandOutput } from '../../src/system/command.ts';
import { bridgehead, exampleFile, LabUnderTest } from './lab-under-test.ts';

let lab: LabUnderTest;
let example: string;
let untouched: unknown;

before(async () => {
  example = await readFile(exampleFile, 'utf8');
  lab = await LabUnderTest.up('r', 7183);
});
after(() => lab?.[Symbol.asyncDispose]());

/** Everything that must stay as it is: records, and containers with their start times. */
async function picture(): Promise<unknown> {
  const containers = await Promise.all(
    ['host-1', 'host-2', 'host-3'].map((host) =>
      lab.docker(host, 'ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.CreatedAt}}'),
    ),
  );
  return { instances: await lab.instances(), containers };
}

beforeEach(async () => {
  untouched = await picture();
});

async function refused(text: string, pattern: RegExp, code = 2): Promise<void> {
  const result = await lab.apply(text);
  assert.match(result.stderr, pattern);
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, /next: /);
  assert.deepEqual(await picture(), untouched, 'something was touched');
}

const lineOf = (text: string, needle: string) =>
  text.slice(0, text.indexOf(needle)).split('\n').length;

test('YAML that is not YAML', () => refused('apiVersion: bridgehead/v1\npools: [', /:2:\d+: /));

test('an unknown field, with its place and what was probably meant', async () => {
  const text = example.replace('    tier: 0', '    teir: 0');
  await refused(text, new RegExp(`spec\\.yaml:${lineOf(text, 'teir')}:5: .*teir.*tier`));
});

test('pools that overlap', async () => {
  const text = example.replace(
    'hosts:',
    '  - name: second\n    cidr: 198.18.10.128/25\n    bridge: br0\nhosts:',
  );
  await refused(text, /overlap/);
});

test('an address outside its pool', async () => {
  const text = example.replace('address: 198.18.10.10', 'address: 198.18.11.10');
  await refused(text, new RegExp(`:${lineOf(text, '198.18.11.10')}:\\d+: .*198\\.18\\.11\\.10`));
});

test('a configuration that HAProxy refuses, at its line and column of the spec', async () => {
  const text = example.replace('balance roundrobin', 'balance roundrobbin');
  const line = lineOf(text, 'roundrobbin');
  await refused(text, new RegExp(`spec\\.yaml:${line}:\\d+: [\\s\\S]*CONFIG_REFUSED`));
});

test('a directive that Bridgehead manages', async () => {
  const text = example.replace(
    '      defaults\n',
    '      global\n        daemon\n      defaults\n',
  );
  await refused(text, new RegExp(`:${lineOf(text, 'daemon')}:\\d+: .*daemon`));
});

test("a bind to an address that is not the instance's", async () => {
  const text = example.replace('        bind :80\n', '        bind 198.18.10.200:80\n');
  await refused(text, /198\.18\.10\.200/);
});

test('an image that no host holds', () =>
  refused(example.replaceAll('haproxy:2.6', 'haproxy:9.9'), /haproxy:9\.9[\s\S]*IMAGE_MISSING/, 4));

test('an address that another instance holds', () =>
  refused(
    `apiVersion: bridgehead/v1
instances:
  - name: thief
    owner: t
    service: t
    image: bridgehead/haproxy:2.6
    addresses: [{ pool: public-v4, address: 198.18.10.10 }]
    config: |
      frontend f
        bind :80
`,
    /198\.18\.10\.10[\s\S]*shop-web[\s\S]*ADDRESS_TAKEN/,
    4,
  ));

test('a wrong token, and none', async () => {
  const wrong = await bridgehead([
    'get',
    'hosts',
    '--server',
    `http://127.0.0.1:${lab.port}`,
    '--token',
    'wrong',
  ]);
  assert.match(wrong.stderr, /UNAUTHORIZED/);
  assert.equal(wrong.code, 4);
});

test('a join token that is none', async () => {
  const folder = `${lab.folder}/agent`;
  const args = [
    'agent',
    '--server',
    '198.18.0.3:7443',
    '--data-dir',
    folder,
    '--join-token',
    'nonsense',
  ];
  const result = await bridgehead(args);
  assert.match(result.stderr, /JOIN_REFUSED/);
  assert.notEqual(result.code, 0);
});

test('all Docker Engines down: the configuration cannot be judged, so it is not taken', async () => {
  for (const host of ['host-1', 'host-2', 'host-3']) {
    await lab.lab('kill', `dockerd:${host}`, '--signal', 'SIGKILL');
  }
  const before = await lab.instances();
  const result = await lab.apply(example.replace('all systems go', 'unjudged'));
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /ENGINE_DOWN|VALIDATION_UNAVAILABLE|IMAGE_MISSING/);
  assert.deepEqual(
    (await lab.instances()).map(({ configHash }) => configHash),
    before.map(({ configHash }) => configHash),
  );
  assert.equal((await lab.bringUp()).code, 0);
  await lab.allServing();
});

test('lab up: a port in use, somebody who is not root', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(7184, '127.0.0.1', done));
  const other = await LabUnderTest.named('p', 7184);
  try {
    const busy = await other.bringUp();
    assert.notEqual(busy.code, 0);
    assert.match(busy.stderr, /7184[\s\S]*--port/);
  } finally {
    server.close();
    await other[Symbol.asyncDispose]();
  }
  const namespaces = await commandOutput(['ip', 'netns', 'list']);
  assert.ok(!namespaces.includes(other.name), 'nothing was made');
});
