// Joining against schedulers that are not what they should be: each over real TLS on loopback.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import {
  createAuthority,
  fingerprintOf,
  issueServerCertificate,
  type KeyPair,
  newAgentRequest,
  signAgentRequest,
} from '../trust/authority.ts';
import { formatTicket, newTicket } from '../trust/token.ts';
import { type Endpoint, join, renew } from './join.ts';

const now = new Date();
const address = '127.0.0.1';
const dayMs = 86_400_000;
const authority = await createAuthority(now);
const ticket = newTicket(fingerprintOf(authority.certificate));
const token = formatTicket(ticket);
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function agentPair(host: string, at = now): Promise<KeyPair> {
  const { key, csr } = await newAgentRequest();
  return { key, certificate: await signAgentRequest(authority, csr, host as HostName, at) };
}

/** An HTTPS server with that certificate and chain; `heard` is all that it was told. */
async function serve(
  pair: KeyPair,
  chain: string,
  onRequest: RequestListener,
): Promise<{ readonly endpoint: Endpoint; readonly heard: string[] }> {
  const heard: string[] = [];
  const server = createServer({ key: pair.key, cert: `${pair.certificate}\n${chain}` });
  server.on('request', (request, response) => {
    heard.push(String(request.url));
    request.on('data', (data: Buffer) => heard.push(data.toString('utf8')));
    request.on('end', () => onRequest(request, response));
  });
  await new Promise<void>((done) => server.listen(0, address, done));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { endpoint: { host: address, port: (server.address() as AddressInfo).port }, heard };
}

const ok: RequestListener = (_request, response) => response.end('{}');
const refusedWith = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof BridgeheadError && error.code === code && message.test(error.message);

const impostors: readonly {
  readonly what: string;
  readonly make: () => Promise<{ readonly pair: KeyPair; readonly chain: string }>;
  readonly message: RegExp;
}[] = [
  {
    what: 'a server of another CA',
    make: async () => {
      const other = await createAuthority(now);
      const pair = await issueServerCertificate(other, [address], now);
      return { pair, chain: other.certificate };
    },
    message: /its CA is another one/,
  },
  {
    what: 'a server of another CA that shows ours',
    make: async () => {
      const other = await createAuthority(now);
      const pair = await issueServerCertificate(other, [address], now);
      return { pair, chain: authority.certificate };
    },
    message: /not the scheduler of this fleet/,
  },
  {
    what: 'an agent of this very fleet',
    make: async () => ({ pair: await agentPair('host-2'), chain: authority.certificate }),
    message: /purpose/,
  },
  {
    what: 'a scheduler of another name',
    make: async () => ({
      pair: await issueServerCertificate(authority, ['other.example'], now),
      chain: authority.certificate,
    }),
    message: /altnames/,
  },
  {
    what: 'a scheduler whose certificate has expired',
    make: async () => ({
      pair: await issueServerCertificate(
        authority,
        [address],
        new Date(now.getTime() - 500 * dayMs),
      ),
      chain: authority.certificate,
    }),
    message: /expired/,
  },
];
for (const { what, make, message } of impostors) {
  test(`${what} is told nothing`, async () => {
    const { pair, chain } = await make();
    const { endpoint, heard } = await serve(pair, chain, ok);
    await assert.rejects(join(endpoint, token), refusedWith('JOIN_REFUSED', message));
    assert.deepEqual(heard, []);
  });
}

async function scheduler(onRequest: RequestListener): ReturnType<typeof serve> {
  const pair = await issueServerCertificate(authority, [address], now);
  return serve(pair, authority.certificate, onRequest);
}

test('joining sends the ticket and a request for a fresh key, and keeps that key', async () => {
  const { certificate } = await agentPair('host-1');
  const { endpoint, heard } = await scheduler((_request, response) =>
    response.end(JSON.stringify({ certificate, ca: authority.certificate, host: 'host-1' })),
  );
  const identity = await join(endpoint, token);
  assert.equal(heard[0], '/join');
  const body = JSON.parse(heard[1] ?? '') as { id: string; secret: string; csr: string };
  assert.deepEqual([body.id, body.secret], [ticket.id, ticket.secret]);
  assert.match(body.csr, /CERTIFICATE REQUEST/);
  assert.doesNotMatch(heard.join(''), /PRIVATE/);
  assert.match(identity.key, /PRIVATE KEY/);
  assert.equal(identity.host, 'host-1');
});

test('what is no token is refused before anybody is asked', async () => {
  const { endpoint, heard } = await scheduler(ok);
  await assert.rejects(join(endpoint, 'bh1.x'), refusedWith('JOIN_REFUSED', /not a join token/));
  assert.deepEqual(heard, []);
});

test('the refusal of a scheduler arrives as it was said', async () => {
  const error = { code: 'JOIN_REFUSED', message: 'the token was used', next: 'Make a new one.' };
  const { endpoint } = await scheduler((_request, response) => {
    response.writeHead(403);
    response.end(JSON.stringify({ error }));
  });
  await assert.rejects(join(endpoint, token), refusedWith('JOIN_REFUSED', /^the token was used$/));
});

const answers: readonly {
  readonly what: string;
  readonly answer: RequestListener;
  readonly code: string;
}[] = [
  { what: 'is no JSON', answer: (_, response) => response.end('nonsense'), code: 'JOIN_REFUSED' },
  { what: 'lacks its fields', answer: ok, code: 'JOIN_REFUSED' },
  {
    what: 'breaks off',
    answer: (_, response) => {
      response.writeHead(200, { 'content-length': 1_000 });
      response.write('{', () => response.destroy());
    },
    code: 'SERVER_UNREACHABLE',
  },
  {
    what: 'does not end',
    answer: (_, response) => response.end('x'.repeat(1024 * 1024)),
    code: 'SERVER_UNREACHABLE',
  },
];
for (const { what, answer, code } of answers) {
  test(`an answer that ${what} is an error and no hang`, async () => {
    const { endpoint } = await scheduler(answer);
    await assert.rejects(join(endpoint, token), refusedWith(code, /./));
  });
}

test('a peer that hangs up before it has shown anything is unreachable', async () => {
  const server = createTcpServer((socket: Socket) => socket.destroy());
  await new Promise<void>((done) => server.listen(0, address, done));
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  await assert.rejects(
    join({ host: address, port }, token),
    refusedWith('SERVER_UNREACHABLE', /./),
  );
});

test('a renewal goes only to a scheduler of this fleet', async () => {
  const { certificate, key } = await agentPair('host-1');
  const identity = { host: 'host-1' as HostName, key, certificate, ca: authority.certificate };
  const fresh = await agentPair('host-1');
  const { endpoint } = await scheduler((_request, response) =>
    response.end(
      JSON.stringify({
        certificate: fresh.certificate,
        ca: authority.certificate,
        host: 'host-1',
      }),
    ),
  );
  const renewed = await renew(endpoint, identity);
  assert.equal(
    new X509Certificate(renewed.certificate).serialNumber,
    new X509Certificate(fresh.certificate).serialNumber,
  );
  assert.notEqual(renewed.key, identity.key);
  const other = await createAuthority(now);
  const impostor = await serve(
    await issueServerCertificate(other, [address], now),
    other.certificate,
    ok,
  );
  await assert.rejects(
    renew(impostor.endpoint, identity),
    refusedWith('JOIN_REFUSED', /not the scheduler of this fleet/),
  );
  assert.deepEqual(impostor.heard, []);
});
