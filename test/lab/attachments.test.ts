// A map, an error page and a Lua program that come with an instance serve as they say, a changed map
// arrives by a reload, the live verbs know it by its name, and a migration brings all of it along.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { labHosts } from './holders.ts';
import { LabClient } from './lab-client.ts';
import { eventually, LabUnderTest } from './lab-under-test.ts';

const name = 'web';
const address = '198.18.10.10';
const page = 'HTTP/1.0 503 Gone\r\nContent-Type: text/plain\r\n\r\nthe page of ours';
const program = `local words = require("words")
core.register_service("greet", "http", function(applet)
  applet:set_status(200)
  applet:add_header("content-length", tostring(#words.greeting))
  applet:start_response()
  applet:send(words.greeting)
end)
`;
const spec = `apiVersion: bridgehead/v1
pools:
  - { name: public-v4, cidr: 198.18.10.0/24, prefix: 16, gateway: 198.18.0.1, bridge: br0 }
hosts: [{ name: host-1 }, { name: host-2 }, { name: host-3 }]
instances:
  - name: ${name}
    owner: team
    service: web
    image: bridgehead/haproxy:2.6
    addresses: [{ pool: public-v4, address: ${address} }]
    attachments:
      hosts.map: { file: hosts.map }
      503.http: { file: gone.http, path: /etc/haproxy/errors/503.http }
      greet.lua: { file: greet.lua }
      words.lua: { text: 'return { greeting = "hello from Lua" }' }
      20-gone.cfg: { file: gone.cfg, include: true }
    config: |
      global
        lua-load greet.lua
      defaults
        mode http
        timeout connect 2s
        timeout client 30s
        timeout server 30s
      frontend web
        bind :80
        errorfile 503 /etc/haproxy/errors/503.http
        http-request use-service lua.greet if { path /greet }
        http-request return status 200 content-type text/plain lf-string "%[path,map(hosts.map,nothing)]" unless { path /gone }
        default_backend gone
`;

let lab: LabUnderTest;
let client: LabClient;
before(async () => {
  lab = await LabUnderTest.up('n', 7213, '--no-example');
  client = await LabClient.of(lab.name);
});
after(() => lab?.[Symbol.asyncDispose]());

async function apply(map: string): Promise<void> {
  const files = {
    'spec.yaml': spec,
    'hosts.map': map,
    'gone.http': page,
    'greet.lua': program,
    'gone.cfg': 'backend gone\n  mode http\n',
  };
  for (const [file, text] of Object.entries(files)) await writeFile(join(lab.folder, file), text);
  const done = await lab.api('apply', '-f', join(lab.folder, 'spec.yaml'), '--wait');
  assert.equal(done.code, 0, done.stdout + done.stderr);
}

/** Body of what the instance answers the client with, whatever the status. */
async function get(path: string): Promise<string> {
  const script = `fetch('http://${address}${path}').then((r) => r.text()).then((t) => process.stdout.write(t))`;
  return (await lab.inside('client', process.execPath, '-e', script)).stdout;
}

/** What the path is answered with, by request after request, for so long. */
async function answersOf(path: string, forMs: number): Promise<readonly string[]> {
  const script = `
    const seen = new Set();
    for (const end = Date.now() + ${forMs}; Date.now() < end; )
      seen.add(await fetch('http://${address}${path}').then((r) => r.text()));
    process.stdout.write(JSON.stringify([...seen]));`;
  const { stdout } = await lab.inside(
    ...['client', process.execPath, '--input-type=module', '-e', script],
  );
  return JSON.parse(stdout);
}

async function serves(mapped: string): Promise<void> {
  assert.equal(await get('/a'), mapped);
  assert.equal(await get('/gone'), 'the page of ours');
  assert.equal(await get('/greet'), 'hello from Lua');
}

async function live(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.api(...args);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** What runs there, by container. */
function containersOn(host: string): Promise<string> {
  return lab.docker(host, 'ps', '--no-trunc', '--format', '{{.ID}} {{.CreatedAt}}');
}

test('what is attached serves, changes by a reload, and moves along', async () => {
  await apply('/a one\n');
  const first = await client.settled(name);
  await eventually(() => serves('one'));
  assert.match(await live('describe', 'instance', name), /hosts\.map \(7 bytes/);

  const since = await containersOn(first.host);
  await apply('/a two\n');
  const second = await client.settled(name);
  assert.notEqual(second.configHash, first.configHash);
  await eventually(() => serves('two'));
  assert.equal(await containersOn(first.host), since, 'the same container');

  assert.match(await live('map', 'list', name), /^hosts\.map /m);
  await live('map', 'set', name, 'hosts.map', '/b', 'kept', '--keep');
  assert.equal(await get('/b'), 'kept');

  // Over a reload there is not one answer without what is kept.
  await live('map', 'set', name, 'hosts.map', '/a', 'mine', '--keep');
  const [answers] = await Promise.all([
    answersOf('/a', 8_000),
    apply('/a three\n').then(() => client.settled(name)),
  ]);
  assert.deepEqual(answers, ['mine']);
  await live('override', 'remove', name, 'map', 'hosts.map', '/a');
  await apply('/a two\n');
  await eventually(() => serves('two'));

  const target = labHosts.find((host) => host !== second.host) ?? '';
  const answer = await client.migrate(name, target, 'attachments');
  assert.ok(answer.isTaken, JSON.stringify(answer));
  assert.equal((await client.ended(answer.operation.id)).state, 'done');
  await eventually(() => serves('two'));
  assert.equal(await get('/b'), 'kept');

  const unattached = spec.replace('hosts.map: { file: hosts.map }', 'other.map: { text: x }');
  await writeFile(join(lab.folder, 'spec.yaml'), unattached);
  const refused = await lab.api('apply', '-f', join(lab.folder, 'spec.yaml'));
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /map 'hosts\.map' is no attachment of the instance/);
});
