import assert from 'node:assert/strict';
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
