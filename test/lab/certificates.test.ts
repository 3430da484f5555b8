// A certificate is renewed under new TLS connections: none fails, the new one is served, by the worker
// that was there; and a host that has no part in it has no key.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readFile, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { askHaproxy } from '../../src/agent/haproxy-socket.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { testCertificate } from '../../src/trust/test-certificates.ts';
import { labHosts } from './holders.ts';
import { LabClient } from './lab-client.ts';
import { bridgehead, eventually, exampleFile, LabUnderTest } from './lab-under-test.ts';

const name = 'shop-web';
/** TMPFS_MAGIC of linux/magic.h. */
const tmpfsMagic = 0x01021994;
const tally = z.object({
  made: z.number(),
  failed: z.number(),
  faults: z.array(z.string()),
  serials: z.array(z.string()),
});

let lab: LabUnderTest;
let client: LabClient;
before(async () => {
  lab = await LabUnderTest.up('t', 7231);
  client = await LabClient.of(lab.name);
});
after(() => lab?.[Symbol.asyncDispose]());

/** Adds the certificate, its key in a file apart or in the same; gives back what the command printed. */
async function add(
  serial: string,
  isApart: boolean,
): Promise<{ readonly key: string; readonly said: string }> {
  const { certificate, key } = await testCertificate({ name: 'shop.example', serial });
  const [chainFile, keyFile] = [join(lab.folder, 'chain.pem'), join(lab.folder, 'key.pem')];
  await writeFile(chainFile, isApart ? certificate : `${certificate}\n${key}\n`);
  await writeFile(keyFile, key);
  const files = ['--cert', chainFile, ...(isApart ? ['--key', keyFile] : [])];
  const { code, stdout, stderr } = await lab.api('cert', 'add', 'shop.pem', ...files);
  assert.equal(code, 0, stderr);
  return { key, said: stdout };
}

/** Files of certificates on a host, by their paths. */
async function keysOn(host: string): Promise<readonly string[]> {
  const folder = join(labPaths(lab.name).host(host).agent, 'certificates');
  assert.equal((await statfs(folder)).type, tmpfsMagic, folder);
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

test('a renewal under load fails nobody, and keys are only where they are needed', async (context) => {
  const first = await add('0a', true);
  const text = await readFile(exampleFile, 'utf8');
  const before = await client.settled(name);
  const tls = text.replace('bind :80\n        default_backend shop\n', (found) =>
    found.replace('bind :80\n', 'bind :80\n        bind :443 ssl crt shop.pem\n'),
  );
  assert.notEqual(tls, text);
  assert.equal(await client.apply(tls), 200);
  const settled = await eventually(async () => {
    const now = await client.settled(name);
    assert.notEqual(now.configHash, before.configHash);
    assert.equal(now.loadedHash, now.configHash);
    return now;
  });
  const run = join(labPaths(lab.name).host(settled.host).agent, 'instances', settled.id, 'run');
  const worker = async () =>
    /^Pid: (\d+)$/m.exec(await askHaproxy(run, 'stats.sock', 'show info'))?.[1] ?? '';
  const pid = await worker();

  const address = settled.addresses[0]?.address ?? '';
  const program = join(import.meta.dirname, 'tls-load-program.ts');
  const load = spawn(
    'ip',
    ['netns', 'exec', `bh-${lab.name}-client`, process.execPath, program, address, '443'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines: string[] = [];
  createInterface({ input: load.stdout }).on('line', (line) => lines.push(line));
  try {
    await eventually(async () => assert.deepEqual(lines, ['0A']));
    const second = await add('0b', false);
    await eventually(async () => assert.deepEqual(lines, ['0A', '0B']));
    assert.ok(![first, second].some(({ key, said }) => said.includes(key.split('\n')[1] ?? '')));
  } finally {
    load.stdin.end();
  }
  await eventually(async () => assert.ok(lines.at(-1)?.startsWith('{')));
  const result = tally.parse(JSON.parse(lines.at(-1) ?? ''));
  context.diagnostic(JSON.stringify(result));
  assert.equal(result.failed, 0, result.faults.join());
  assert.ok(result.made > 20, String(result.made));
  assert.deepEqual(result.serials, ['0A', '0B'], 'once new, never old again');
  assert.equal(await worker(), pid, 'no reload');

  const needed = new Set([settled.host, ...settled.standbys]);
  assert.ok(needed.size < labHosts.length);
  for (const host of labHosts) {
    const keys = await keysOn(host);
    assert.equal(keys.length, needed.has(host) ? 1 : 0, `${host}: ${keys.join()}`);
    for (const key of keys) assert.equal((await stat(key)).mode & 0o777, 0o400);
  }
  const { stdout } = await bridgehead([
    ...['events', '--lab', lab.name, '--object', 'certificate/shop.pem'],
  ]);
  for (const kind of ['added', 'renewed', 'swapped']) {
    assert.match(stdout, new RegExp(`certificate\\.${kind}`));
  }
  assert.equal((await lab.api('cert', 'rm', 'shop.pem')).code, 4, 'it is used');

  // A new worker has the new one from its file, also where a list names it.
  const list = String.raw`attachments: { sites.txt: { text: "shop.pem [alpn h2] shop.example\n" } }`;
  const listed = tls
    .replace('crt shop.pem', 'crt-list sites.txt')
    .replace(`- name: ${name}\n`, (found) => `${found}    ${list}\n`);
  assert.equal(await client.apply(listed), 200);
  await eventually(async () => assert.notEqual(await worker(), pid));
  const shown = await askHaproxy(
    run,
    'stats.sock',
    'show ssl cert /run/bridgehead/certificates/shop.pem',
  );
  assert.match(shown, /^Serial: 0?B$/im);

  assert.equal(await client.apply(text), 200);
  await eventually(async () => {
    const { code, stderr } = await lab.api('cert', 'rm', 'shop.pem');
    assert.equal(code, 0, stderr);
  });
});
