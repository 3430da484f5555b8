// A certificate's new version in the installed HAProxy: served at once, by the worker that was there.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { swapCertificate } from '../../src/agent/certificate-swap.ts';
import { askHaproxy } from '../../src/agent/haproxy-socket.ts';
import { systemClock } from '../../src/system/clock.ts';
import { testCertificate } from '../../src/trust/test-certificates.ts';
import { freePort, liveVersion } from './live-haproxy.ts';

const first = await testCertificate({ name: 'shop.example', serial: '0a' });
const second = await testCertificate({ name: 'shop.example', serial: '0b', rsaBits: 2048 });
const pemOf = ({ certificate, key }: typeof first) => `${certificate}\n${key}\n`;
const version = await liveVersion();
const skip = version === null ? 'haproxy is not installed' : false;

/** Serial of what is served; null where nobody answers. */
function serialAt(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? null);
      socket.destroy();
    });
    socket.once('error', () => resolve(null));
  });
}

test('a new version is served without a reload; what cannot be taken leaves the old one', {
  skip,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-certificates-'));
  const port = await freePort();
  const config = join(folder, 'haproxy.cfg');
  await writeFile(join(folder, 'shop.pem'), pemOf(first));
  await writeFile(
    config,
    `global
    stats socket ${join(folder, 'stats.sock')} mode 600 level admin
    crt-base ${folder}
defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:${port} ssl crt shop.pem
    http-request return status 200
`,
  );
  await chmod(folder, 0o755);
  const haproxy = spawn('haproxy', ['-W', '-db', '-f', config], { stdio: 'ignore' });
  t.after(async () => {
    const ended = once(haproxy, 'exit');
    haproxy.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true });
  });
  const ask = (command: string) => askHaproxy(folder, 'stats.sock', command);
  while ((await serialAt(port)) === null) await systemClock.sleep(20);
  const pid = async () => /^Pid: (\d+)$/m.exec(await ask('show info'))?.[1];
  const worker = await pid();
  const path = join(folder, 'shop.pem');
  assert.equal(await serialAt(port), '0A');
  assert.equal(await swapCertificate(ask, path, pemOf(first)), 'same');
  assert.equal(await swapCertificate(ask, path, pemOf(second)), 'swapped');
  assert.equal(await serialAt(port), '0B');
  assert.equal(await swapCertificate(ask, join(folder, 'other.pem'), pemOf(second)), 'unused');
  const mixed = `${first.certificate}\n${second.key}\n`;
  await assert.rejects(swapCertificate(ask, path, mixed), /does not show/);
  assert.equal(await serialAt(port), '0B');
  assert.equal(
    await swapCertificate(ask, path, pemOf(first)),
    'swapped',
    'nothing is left half done',
  );
  assert.equal(await pid(), worker);
});

test('a key is not in what is said of a HAProxy that does not answer', async () => {
  await assert.rejects(
    askHaproxy(tmpdir(), `none-${process.pid}.sock`, `set ssl cert x <<\n${first.key}\n`),
    (error) =>
      error instanceof Error &&
      !/PRIVATE/.test(error.message) &&
      /set ssl cert/.test(error.message),
  );
});
