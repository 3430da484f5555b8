import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request as overHttp } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { systemClock } from '../system/clock.ts';
import { createAuthority, issueServerCertificate } from '../trust/authority.ts';
import { testCertificate } from '../trust/test-certificates.ts';
import { ApiTls, isLoopback, namesFor } from './api-tls.ts';
import { ApiListeners, isTls } from './listeners.ts';

const authority = await createAuthority(new Date());
const clock = { ...systemClock, every: () => () => undefined };
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bridgehead-api-tls-'));
});
after(() => rm(folder, { recursive: true }));

const serve: ConstructorParameters<typeof ApiListeners>[0]['serve'] = (_, response) => {
  response.end('here');
};
const local = { host: '127.0.0.1', port: 0 };

/** The serial that a listener shows to whoever trusts `ca`; rejects where it does not vouch for it. */
function serialAt(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...local, port, ca, agent: false }, (response) => {
      const { socket } = response as unknown as { socket: import('node:tls').TLSSocket };
      const serial = socket.getPeerX509Certificate()?.serialNumber ?? '';
      response.resume().once('end', () => resolve(serial));
    });
    sent.once('error', reject).end();
  });
}

test('only what leaves the machine needs TLS, unless it is wanted everywhere', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) assert.ok(isLoopback(host));
  for (const host of ['0.0.0.0', '::', '198.18.0.1', '127.example.com', 'localhost.example']) {
    assert.ok(!isLoopback(host), host);
  }
  assert.equal(isTls({ host: '127.0.0.1', port: 1 }, false), false);
  assert.equal(isTls({ host: '127.0.0.1', port: 1 }, true), true);
  assert.equal(isTls({ host: '::', port: 1 }, false), true);
  assert.equal(isTls({ path: '/run/api.sock' }, true), false);
});

test('a listener on everything is named after every interface', () => {
  assert.deepEqual(namesFor(['198.18.0.1', 'api.example'], ['me', 'me']), [
    ...['198.18.0.1', 'api.example', 'me'],
  ]);
  const all = namesFor(['0.0.0.0'], ['me']);
  assert.ok(all.includes('127.0.0.1') && all.includes('me') && !all.includes('0.0.0.0'));
});

test('without files the fleet’s CA makes a certificate, which it vouches for', async () => {
  using tls = await ApiTls.open({
    ...{ files: null, authority, names: ['127.0.0.1'], clock, log: () => undefined },
  });
  const listeners = new ApiListeners({ serve, tls, isTlsEverywhere: true });
  const port = await listeners.listen(local);
  assert.match(await serialAt(port, authority.certificate), /^[0-9A-F]+$/);
  const stranger = await createAuthority(new Date());
  await assert.rejects(
    serialAt(port, stranger.certificate),
    /signature failure|self-signed|unable to verify/i,
  );
  assert.match(tls.fingerprint, /^[0-9a-f]{64}$/);
  listeners.close();
});

test('a certificate of one’s own is read again when it changes; one that is broken is not', async () => {
  const files = { certificate: join(folder, 'api.pem'), key: join(folder, 'api.key') };
  const said: string[] = [];
  const make = async () => {
    const made = await issueServerCertificate(authority, ['127.0.0.1'], new Date());
    await writeFile(files.certificate, made.certificate);
    await writeFile(files.key, made.key);
  };
  await make();
  const parts = {
    files,
    authority,
    names: [],
    clock,
    log: (message: string) => said.push(message),
  };
  using tls = await ApiTls.open(parts);
  const listeners = new ApiListeners({ serve, tls, isTlsEverywhere: true });
  const port = await listeners.listen(local);
  const first = await serialAt(port, authority.certificate);
  await tls.look();
  assert.equal(await serialAt(port, authority.certificate), first);
  await make();
  await tls.look();
  const second = await serialAt(port, authority.certificate);
  assert.notEqual(second, first);
  const other = await testCertificate({ name: 'other' });
  await writeFile(files.key, other.key);
  await tls.look();
  assert.equal(await serialAt(port, authority.certificate), second);
  assert.equal(said.length, 2, said.join());
  listeners.close();
  await assert.rejects(
    ApiTls.open(parts),
    (error) => error instanceof BridgeheadError && /--api-key/.test(error.next),
  );
});

test('a socket file is for its owner, and takes the place of one that was left', async () => {
  const path = join(folder, 'api.sock');
  await writeFile(path, 'left');
  const listeners = new ApiListeners({ serve, tls: null, isTlsEverywhere: false });
  await listeners.listen({ path });
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const status = await new Promise((resolve, reject) => {
    overHttp({ socketPath: path, agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    })
      .once('error', reject)
      .end();
  });
  assert.equal(status, 200);
  listeners.close();
});
