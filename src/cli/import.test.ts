import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { parse } from 'yaml';
import { parseSpec } from '../spec/parse.ts';
import { testCertificate } from '../trust/test-certificates.ts';
import { runLine } from './test-terminal.ts';

const sections = `defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend web
    bind :80
    default_backend b
backend b
    server a 10.0.0.1:80
`;

interface Spec {
  readonly apiVersion: string;
  readonly instances: readonly Readonly<Record<string, unknown>>[];
}

test('a configuration on standard input becomes a spec, with a report beside it', async () => {
  const input = `global\n    daemon\n    maxconn 500\n    node Edge_1\n${sections}`;
  const { code, out, err } = await runLine(['import', '-', '--owner', 'team-shop'], { input });
  assert.equal(code, 0);
  const spec = parse(out) as Spec;
  assert.deepEqual(spec, {
    apiVersion: 'bridgehead/v1',
    instances: [
      {
        name: 'edge-1',
        owner: 'team-shop',
        service: 'edge-1',
        image: 'bridgehead/haproxy:2.6',
        addresses: [{ pool: 'public-v4' }],
        resources: { maxConnections: 500 },
        config: `global\n${sections}`,
      },
    ],
  });
  assert.match(out, /config: \|\n +global\n/);
  assert.match(err, /^2 +managed +daemon +the agent starts HAProxy/m);
  assert.match(err, /^3 +moved +maxconn 500 +to resources\.maxConnections/m);
  assert.match(err, /^5-14 +kept +10 lines$/m);
  assert.match(err, /^14 lines: 11 kept, 1 moved, 2 managed$/m);
});

test('a line that cannot be taken ends with 2 and no spec, unless a partial one is asked for', async () => {
  const input = `${sections}    reqadd X-Proto:\\ http\n`;
  const whole = await runLine(['import', '-'], { input });
  assert.equal(whole.code, 2);
  assert.equal(whole.out, '');
  assert.match(whole.err, /^11 +refused +reqadd .*http-request add-header/m);
  assert.match(whole.err, /1 line of - cannot be taken \(CONFIG_REFUSED\)/);
  const partial = await runLine(['import', '-', '--partial'], { input });
  assert.equal(partial.code, 0);
  const [instance] = (parse(partial.out) as Spec).instances;
  assert.match(String(instance?.['config']), /\n# REFUSED: {5}reqadd X-Proto:\\ http\n$/);
});

test('a program gets the spec and every line in one record', async () => {
  const { code, out } = await runLine(['import', '-', '-o', 'json'], { input: sections });
  const record = JSON.parse(out) as { spec: Spec; lines: { fate: string }[]; problems: unknown[] };
  assert.equal(code, 0);
  assert.equal(record.spec.instances.length, 1);
  assert.equal(record.lines.length, 10);
  assert.deepEqual(record.problems, []);
});

test('files of a folder are read as HAProxy reads them, and the spec goes to a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-import-'));
  try {
    const inside = join(folder, 'conf.d');
    await mkdir(join(inside, 'sub.cfg'), { recursive: true });
    await writeFile(join(inside, '20-web.cfg'), sections);
    await writeFile(join(inside, '10-Global.cfg'), 'global\n    tune.bufsize 32768\n');
    await writeFile(join(inside, '.hidden.cfg'), 'nonsense');
    await writeFile(join(inside, 'README'), 'nonsense');
    const target = join(folder, 'spec.yaml');
    const { code, out } = await runLine(['import', inside, '--write', target]);
    assert.equal(code, 0);
    assert.match(out, /10-Global\.cfg:1-2 +kept/);
    const [instance] = (parse(await readFile(target, 'utf8')) as Spec).instances;
    assert.equal(instance?.['name'], 'conf');
    const config = String(instance?.['config']);
    assert.ok(config.indexOf('tune.bufsize') < config.indexOf('frontend web'), config);
    assert.ok(!config.includes('nonsense'));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('what is no UTF-8 may stand in comments only', async () => {
  const input = Buffer.from(`# caf\xe9\n${sections}    # \xfc\n    cookie \xe9\n`, 'latin1');
  const stream = async function* () {
    yield await Promise.resolve(input);
  };
  const { code, err } = await runLine(['import', '-'], { input: stream() });
  assert.equal(code, 2);
  assert.match(err, /^13 +refused +cookie é +not in UTF-8/m);
  assert.match(err, /^error: 1 line of - /m);
});

test('options that are none are refused before anything is read', async () => {
  const wrong = [
    ['--pool', 'UPPER'],
    ['--pool', 'a=10.0.0.1/8'],
    ['--address', '10.0.0.1'],
    ['--address', '10.0.0.1=2001:db8::1'],
    ['--env', '1X=2'],
    ['--name', 'Not a name'],
  ];
  for (const words of wrong) {
    const { code, err } = await runLine(['import', '/nonexistent', ...words]);
    assert.equal(code, 2, words.join(' '));
    assert.match(err, new RegExp(`error: ${words[0]} `), words.join(' '));
  }
  const missing = await runLine(['import', '/nonexistent']);
  assert.equal(missing.code, 2);
  assert.match(missing.err, /\/nonexistent cannot be read/);
});

test('files that the configuration names come along as attachments, and each is told of', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-import-'));
  try {
    const cfg = join(folder, 'etc/haproxy/haproxy.cfg');
    const files = {
      'etc/haproxy/haproxy.cfg': `global
  lua-prepend-path /opt/lua/?.lua
  lua-load /opt/lua/greet.lua
frontend web
  mode http
  timeout client 30s
  bind :80
  http-request deny if { src -f lists/blocked.lst }
  http-request set-header X %[src,map(/etc/haproxy/hosts.map,none)]
  http-request return status 200 file /srv/logo.gif if { path /logo }
  http-request return status 200 content-type text/plain string fine
`,
      'etc/haproxy/lists/blocked.lst': '192.0.2.66\n',
      'etc/haproxy/hosts.map': '192.0.2.1 a\n',
      'opt/lua/greet.lua': 'require("words")\n',
      'opt/lua/words.lua': 'return {}\n',
      'srv/logo.gif': Buffer.from([0x47, 0, 0xff]),
    };
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    const { code, out, err } = await runLine(['import', cfg, '--root', folder], {});
    assert.equal(code, 0, err);
    const { spec, findings } = parseSpec(
      `${out}\npools: [{ name: public-v4, cidr: 198.18.10.0/24 }]\n`,
      'spec.yaml',
    );
    assert.deepEqual(findings, []);
    assert.deepEqual(
      spec?.instances[0]?.attachments?.map(({ name, path, sizeBytes }) => [name, path, sizeBytes]),
      [
        ['blocked.lst', 'lists/blocked.lst', 11],
        ['greet.lua', '/opt/lua/greet.lua', 17],
        ['hosts.map', '/etc/haproxy/hosts.map', 12],
        ['logo.gif', '/srv/logo.gif', 3],
        ['words.lua', '/opt/lua/words.lua', 10],
      ],
    );
    for (const name of ['greet.lua', 'words.lua', 'blocked.lst', 'hosts.map', 'logo.gif'])
      assert.match(err, new RegExp(`^attached: ${name} \\(\\d+ bytes\\) from `, 'm'));

    await rm(join(folder, 'etc/haproxy/hosts.map'));
    await writeFile(join(folder, 'srv/logo.gif'), '-----BEGIN PRIVATE KEY-----');
    const refused = await runLine(['import', cfg, '--root', folder], {});
    assert.equal(refused.code, 2);
    assert.match(refused.err, /^9 +refused .*map \/etc\/haproxy\/hosts\.map is not to be found/m);
    assert.match(refused.err, /^10 +refused .*answer \/srv\/logo\.gif: it holds a private key/m);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('certificates become the fleet’s, and the report says how it gets them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-import-'));
  try {
    const { certificate, key } = await testCertificate({ name: 'shop.example' });
    const files = {
      'haproxy.cfg': `global
  crt-base /etc/ssl/private
frontend web
  mode http
  timeout client 30s
  bind :443 ssl crt site.pem crt /etc/certs crt-list list.txt
`,
      'list.txt': '/etc/certs/b.pem [alpn h2] b.example\n',
      'etc/ssl/private/site.pem': certificate,
      'etc/ssl/private/site.key': key,
      'etc/certs/a.pem': `${certificate}\n${key}`,
      'etc/certs/b.pem': `${certificate}\n${key}`,
      'etc/certs/b.pem.ocsp': 'none',
    };
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    const words = ['import', join(folder, 'haproxy.cfg'), '--root', folder, '--owner', 'web team'];
    const { code, out, err } = await runLine(words, {});
    assert.equal(code, 0, err);
    assert.ok(!`${out}${err}`.includes('PRIVATE KEY'));
    const place = (name: string) => join(folder, 'etc', name);
    for (const line of [
      `site.pem --cert ${place('ssl/private/site.pem')} --key ${place('ssl/private/site.key')}`,
      `a.pem --cert ${place('certs/a.pem')}`,
      `b.pem --cert ${place('certs/b.pem')}`,
    ])
      assert.ok(err.includes(`bridgehead cert add ${line} --owner 'web team'\n`), err);
    const { spec, findings } = parseSpec(
      `${out}\npools: [{ name: public-v4, cidr: 198.18.10.0/24 }]\n`,
      'spec.yaml',
    );
    assert.deepEqual(findings, []);
    const [instance] = spec?.instances ?? [];
    assert.match(
      instance?.config ?? '',
      /bind :443 ssl crt site\.pem crt a\.pem crt b\.pem crt-list list\.txt\n/,
    );
    assert.deepEqual(
      instance?.attachments?.map(({ name, certificates }) => [name, certificates]),
      [['list.txt', ['b.pem']]],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
