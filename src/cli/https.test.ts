import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createAuthority, issueServerCertificate } from '../trust/authority.ts';
import { hosts } from './test-records.ts';
import { TestServer } from './test-server.ts';
import { runLine } from './test-terminal.ts';

const now = new Date();
const authority = await createAuthority(now);

async function serverFor(names: readonly string[]): Promise<TestServer> {
  const { certificate, key } = await issueServerCertificate(authority, names, now);
  const answers = { 'GET /v1/hosts': () => ({ items: hosts }) };
  return TestServer.start(answers, { tls: { cert: certificate, key } });
}

/** What NODE_EXTRA_CA_CERTS does at the start of a process. */
function trustAuthority(t: TestContext): void {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, authority.certificate]);
  t.after(() => setDefaultCACertificates(before));
}

const ask = (server: TestServer, url = server.url) =>
  runLine(['get', 'hosts', '-o', 'json', '--server', url, '--token', 'secret']);

test('a server that nobody vouches for is not given the token', async () => {
  await using server = await serverFor(['127.0.0.1']);
  const { code, err } = await ask(server);
  assert.equal(code, 5);
  assert.match(err, /from an authority that is not trusted here/);
  assert.match(err, /NODE_EXTRA_CA_CERTS=/);
  assert.equal(server.seen.length, 0);
});

test('a server whose authority is trusted is reached over TLS', async (t) => {
  trustAuthority(t);
  await using server = await serverFor(['127.0.0.1', 'localhost']);
  const { code, out, err } = await ask(server);
  assert.equal(err, '');
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), hosts);
  assert.equal(server.seen[0]?.authorization, 'Bearer secret');
  const { port } = new URL(server.url);
  assert.equal((await ask(server, `https://localhost:${port}`)).code, 0);
});

test('a certificate for another name is refused', async (t) => {
  trustAuthority(t);
  await using server = await serverFor(['elsewhere.example.com']);
  const { code, err } = await ask(server);
  assert.equal(code, 5);
  assert.match(err, /127\.0\.0\.1/);
  assert.equal(server.seen.length, 0);
});

test('https to a server without TLS, and http to one with it, are told apart', async (t) => {
  trustAuthority(t);
  await using bare = await TestServer.start({});
  const asTls = await ask(bare, bare.url.replace('http:', 'https:'));
  assert.equal(asTls.code, 5);
  assert.match(asTls.err, /the TLS handshake failed; perhaps it speaks http:\/\/ there/);
  await using server = await serverFor(['127.0.0.1']);
  const asBare = await ask(server, server.url.replace('https:', 'http:'));
  assert.equal(asBare.code, 5);
  assert.match(asBare.err, /SERVER_UNREACHABLE/);
});

/** Where the server's own authority, and another one, are found as files. */
async function files(t: TestContext): Promise<{ readonly ca: string; readonly other: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-ca-'));
  t.after(() => rm(folder, { recursive: true }));
  const [ca, other] = [join(folder, 'ca.pem'), join(folder, 'other.pem')];
  await writeFile(ca, authority.certificate);
  await writeFile(other, (await createAuthority(now)).certificate);
  return { ca, other };
}

const get = (server: TestServer, ...more: readonly string[]) =>
  runLine(['get', 'hosts', '-o', 'json', '--server', server.url, '--token', 'secret', ...more]);

test('--ca names who is believed, and nobody else is', async (t) => {
  const { ca, other } = await files(t);
  await using server = await serverFor(['127.0.0.1']);
  assert.equal((await get(server, '--ca', ca)).code, 0);
  trustAuthority(t);
  const refused = await get(server, '--ca', other);
  assert.equal(refused.code, 5);
  assert.match(refused.err, /--ca FILE/);
  assert.equal(server.seen.length, 1);
  assert.match((await get(server, '--ca', '/nonexistent')).err, /does not exist/);
});

test('a pinned certificate is believed whatever it is called; under a pinned authority the name counts', async () => {
  const { certificate, key } = await issueServerCertificate(authority, ['elsewhere.example'], now);
  const answers = { 'GET /v1/hosts': () => ({ items: hosts }) };
  const cert = `${certificate}\n${authority.certificate}`;
  await using server = await TestServer.start(answers, { tls: { cert, key } });
  const sha256 = (pem: string) => new X509Certificate(pem).fingerprint256;
  assert.equal((await get(server, '--fingerprint', sha256(certificate))).code, 0);
  const lower = sha256(certificate).replaceAll(':', '').toLowerCase();
  assert.equal((await get(server, '--fingerprint', lower)).code, 0);
  assert.equal(server.seen.length, 2);
  const byAuthority = await get(server, '--fingerprint', sha256(authority.certificate));
  assert.equal(byAuthority.code, 5);
  assert.match(byAuthority.err, /127\.0\.0\.1/);
  const wrong = await get(server, '--fingerprint', 'ab'.repeat(32));
  assert.equal(wrong.code, 5);
  assert.match(wrong.err, /not the pinned one/);
  assert.equal(server.seen.length, 2, 'nobody else was given the token');
  assert.equal((await get(server, '--fingerprint', 'abc')).code, 2);
  await using named = await TestServer.start(answers, {
    tls: await issueServerCertificate(authority, ['127.0.0.1'], now).then((made) => ({
      cert: `${made.certificate}\n${authority.certificate}`,
      key: made.key,
    })),
  });
  assert.equal((await get(named, '--fingerprint', sha256(authority.certificate))).code, 0);
});
