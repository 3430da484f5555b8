// A host whose certificates are taken back, over real TLS and with the real store.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import {
  issueServerCertificate,
  type KeyPair,
  newAgentRequest,
  signAgentRequest,
} from '../trust/authority.ts';
import { parseTicket } from '../trust/token.ts';
import { AgentListener } from './agent-listener.ts';
import type { AgentStream } from './agent-stream.ts';
import { Membership } from './membership.ts';

const address = '127.0.0.1';
const host = 'host-1' as HostName;
let databases: TestDatabases;
let store: PostgresStore;
let membership: Membership;
let listener: AgentListener;
let port: number;
const streams: AgentStream[] = [];

before(async () => {
  databases = await TestDatabases.start();
  store = await databases.fresh();
  membership = await Membership.open(store, systemClock);
  const { authority } = membership;
  const server = await issueServerCertificate(authority, [address], new Date());
  listener = new AgentListener({
    tls: { ...server, ca: authority.certificate },
    clock: systemClock,
    admit: (...asked) => membership.admit(...asked),
    renew: (...asked) => membership.renew(...asked),
    revokedOf: (shown) => store.agentCertificates.revokedOf(shown),
    give: async () => null,
    onStream: (stream) => streams.push(stream),
    log: () => undefined,
  });
  port = await listener.listen(address, 0);
});
after(async () => {
  await listener.close();
  await store[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

async function joined(name: string, token?: string): Promise<KeyPair> {
  const { id, secret } = parseTicket(token ?? (await membership.newToken(name, 60, 'ann')).token);
  const { key, csr } = await newAgentRequest();
  return { key, certificate: (await membership.admit(id, secret, csr)).certificate };
}

const proof = ({ key, certificate: cert }: KeyPair) => ({
  ...{ key, cert, ca: membership.authority.certificate },
});

async function opened(pair: KeyPair): Promise<WebSocket> {
  const socket = new WebSocket(`wss://${address}:${port}/stream`, proof(pair));
  await once(socket, 'open');
  return socket;
}

/** HTTP status and message of a request that is answered, or of a stream that is turned away. */
async function refusal(
  pair: KeyPair,
  path: string,
  body?: string,
): Promise<readonly [number, string]> {
  const upgrade = {
    ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  const headers = body === undefined ? upgrade : {};
  const method = body === undefined ? 'GET' : 'POST';
  const sent = request({
    host: address,
    port,
    path,
    method,
    headers,
    agent: false,
    ...proof(pair),
  });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [
    AsyncIterable<Buffer> & { statusCode: number },
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  const { error } = JSON.parse(Buffer.concat(chunks).toString()) as { error?: { message: string } };
  return [answer.statusCode, error?.message ?? ''];
}

test('certificates taken back: the open stream is cut, and nothing opens with them', async () => {
  const [pair, other] = [await joined(host), await joined('host-2')];
  const unused = (await membership.newToken(host, 60, 'ann')).token;
  const { csr } = await newAgentRequest();
  // Of a fleet that is older than the record of its certificates.
  const unrecorded = {
    key: pair.key,
    certificate: await signAgentRequest(membership.authority, csr, host, new Date()),
  };
  const socket = await opened(pair);
  const neighbour = await opened(other);
  const ended: string[] = [];
  streams[0]?.onClose((reason) => ended.push(reason));
  await listener.closeRevoked();
  assert.equal(socket.readyState, WebSocket.OPEN);

  const closed = once(socket, 'close');
  await membership.revoke(host, 'stolen', 'ann');
  await listener.closeRevoked();
  await closed;
  assert.deepEqual(ended, ['its certificate was taken back']);
  assert.equal(neighbour.readyState, WebSocket.OPEN);
  const message = 'the certificate of host host-1 was taken back';
  assert.deepEqual(await refusal(pair, '/stream'), [401, message]);
  assert.deepEqual(await refusal(pair, '/renew', JSON.stringify({ csr })), [401, message]);
  await assert.rejects(joined(host, unused), isRefused('JOIN_REFUSED'));
  const { serialNumber: serial } = new X509Certificate(unrecorded.certificate);
  assert.deepEqual(await store.agentCertificates.revokedOf([{ serial, host }]), [{ serial, host }]);

  const again = await opened(await joined(host));
  assert.equal(streams.at(-1)?.host, host);
  assert.deepEqual(await refusal(pair, '/stream'), [401, message], 'the old one stays shut out');
  for (const one of [again, neighbour]) one.terminate();
});

test('a renewal that is under way when its host is shut out comes to nothing', async () => {
  const pair = await joined('host-3');
  const { serialNumber: serial } = new X509Certificate(pair.certificate);
  const shown = { host: 'host-3' as HostName, serial };
  await membership.revoke(shown.host, 'stolen', 'ann');
  const { csr } = await newAgentRequest();
  await assert.rejects(membership.renew(shown, csr), isRefused('UNAUTHORIZED'));
  await assert.rejects(
    membership.revoke('nobody' as HostName, 'why', 'ann'),
    isRefused('NOT_FOUND'),
  );
});

function isRefused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof BridgeheadError && error.code === code;
}
