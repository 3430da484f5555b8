import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceId } from '../domain/ids.ts';
import { systemClock } from '../system/clock.ts';
import { testCertificate } from '../trust/test-certificates.ts';
import { Certificates } from './certificates.ts';

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const pemOf = async (serial: string) => {
  const { certificate, key } = await testCertificate({ name: 'shop.example', serial });
  return `${certificate}\n${key}\n`;
};
const [one, two] = [await pemOf('0a'), await pemOf('0b')];
const [web, api] = ['id-web' as InstanceId, 'id-api' as InstanceId];
const naming = (...names: string[]) =>
  `# Managed\n${names.map((name) => `# certificate ${name}\n`).join('')}global\n`;
const isMissing = (error: unknown) =>
  error instanceof BridgeheadError && error.code === 'CERTIFICATE_MISSING';

/** A host whose HAProxys are as good as their word; `down` do not answer. */
async function host() {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-certs-'));
  folders.push(folder);
  const ticks: (() => void)[] = [];
  const down = new Set<InstanceId>();
  const told: string[] = [];
  const served = new Map<string, string>();
  const staged = new Map<string, string>();
  const certificates = new Certificates({
    folder,
    user: -1,
    clock: {
      ...systemClock,
      every: (_, work) => {
        ticks.push(work);
        return () => undefined;
      },
    },
    ask: async (id, command) => {
      if (down.has(id)) throw new Error(`HAProxy did not answer "${command.split('\n', 1)[0]}"`);
      const [, verb = '', path = '', pem = ''] =
        /^(show|set|commit|abort) ssl cert (\S+)(?: <<\n([^]*))?$/.exec(command) ?? [];
      const at = `${id} ${path}`;
      if (verb === 'set') staged.set(at, pem);
      if (verb === 'commit') served.set(at, staged.get(at) ?? '');
      const now = served.get(at);
      if (verb !== 'show' || now === undefined) return '';
      return `SHA1 FingerPrint: ${new X509Certificate(now).fingerprint.replaceAll(':', '')}\n`;
    },
    tell: (kind, object, message) => told.push(`${kind} ${object} ${message}`),
    log: (message) => told.push(message),
  });
  const path = '/run/bridgehead/certificates/shop.pem';
  return {
    ...{ certificates, down, told, folder },
    give: (version: number, pem: string, ...names: string[]) => {
      const items = (names.length === 0 ? ['shop.pem'] : names).map((name) => ({
        ...{ name, version, pem },
      }));
      certificates.hear({ type: 'certificates', items });
    },
    runs: (id: InstanceId, pem: string) => served.set(`${id} ${path}`, pem),
    serves: (id: InstanceId) => served.get(`${id} ${path}`)?.trim(),
    tick: () => ticks.forEach((work) => work()),
    read: (id: InstanceId, name = 'shop.pem') =>
      readFile(join(folder, id, name), 'utf8').catch(() => null),
  };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (await condition()) return;
    await systemClock.sleep(5);
  }
  assert.fail(`never came true: ${condition.toString()}`);
}

test('an instance gets what its configuration names, and nothing else', async () => {
  const at = await host();
  await assert.rejects(at.certificates.provide(web, naming('shop.pem')), isMissing);
  at.give(1, one, 'shop.pem', 'other.pem');
  await at.certificates.provide(web, naming('shop.pem'));
  await at.certificates.provide(api, naming());
  assert.equal(await at.read(web), one);
  assert.deepEqual(await readdir(at.certificates.folderOf(web)), ['shop.pem']);
  assert.deepEqual(await readdir(at.certificates.folderOf(api)), []);
  const { mode } = await stat(join(at.folder, web, 'shop.pem'));
  assert.equal(mode & 0o777, 0o400);
  await at.certificates.forget(web);
  assert.deepEqual(await readdir(at.folder), [api]);
});

test('a new version is written and swapped in every instance that runs; an older one is not', async () => {
  const at = await host();
  at.give(1, one);
  for (const id of [web, api]) {
    await at.certificates.provide(id, naming('shop.pem'));
    at.runs(id, one);
  }
  at.down.add(api);
  at.give(2, two);
  await until(() => at.serves(web) === two.trim());
  assert.equal(await at.read(api), two, 'what starts now reads the new one');
  assert.equal(at.serves(api), one.trim());
  at.down.delete(api);
  at.tick();
  await until(() => at.serves(api) === two.trim());
  assert.equal(at.told.filter((one) => one.startsWith('certificate.swapped')).length, 2);
  at.give(1, one);
  await at.certificates.provide(web, naming('shop.pem'));
  assert.equal(await at.read(web), two);
  assert.ok(!at.told.join().includes('PRIVATE'));
});

test('a new agent finds what the one before has left, and swaps what that did not come to', async () => {
  const at = await host();
  at.give(1, one);
  await at.certificates.provide(web, naming('shop.pem'));
  at.runs(web, one);
  const next = new Certificates({
    ...{ folder: at.folder, user: -1, clock: { ...systemClock, every: () => () => undefined } },
    ask: () => Promise.reject(new Error('did not answer')),
    ...{ tell: () => undefined, log: () => undefined },
  });
  await next.provide(web, naming('shop.pem'));
  assert.equal(await at.read(web), one);
  next.hear({ type: 'certificates', items: [{ name: 'shop.pem', version: 2, pem: two }] });
  await until(async () => (await at.read(web)) === two);
});

test('what the configuration before named stays until the next one, which may not come up', async () => {
  const at = await host();
  at.give(1, one);
  await at.certificates.provide(web, naming('shop.pem'));
  await at.certificates.provide(web, naming());
  assert.equal(await at.read(web), one);
  at.give(1, one, 'other.pem');
  await at.certificates.provide(web, naming('shop.pem'));
  assert.equal(await at.read(web), one);
  await at.certificates.provide(web, naming());
  await at.certificates.provide(web, naming());
  assert.equal(await at.read(web), null);
});
