// The agent's end and the scheduler's end of joining and streaming, over real TLS on loopback.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { fetchAttachment } from '../../src/agent/fetch-attachment.ts';
import type { Identity } from '../../src/agent/identity.ts';
import { join, renew } from '../../src/agent/join.ts';
import { KernelSender } from '../../src/agent/kernel-log/kernel-sender.ts';
import { SchedulerLinks } from '../../src/agent/scheduler-links.ts';
import { SchedulerLink } from '../../src/agent/stream.ts';
import { BridgeheadError } from '../../src/domain/errors.ts';
import type { HostName } from '../../src/domain/ids.ts';
import type { AgentFrame } from '../../src/protocol/frames.ts';
import { type Admission, AgentListener } from '../../src/scheduler/agent-listener.ts';
import type { AgentStream } from '../../src/scheduler/agent-stream.ts';
import { systemClock } from '../../src/system/clock.ts';
import {
  createAuthority,
  fingerprintOf,
  isRenewalDue,
  issueServerCertificate,
  type KeyPair,
  newAgentRequest,
  signAgentRequest,
} from '../../src/trust/authority.ts';
import {
  formatTicket,
  hashSecret,
  isSecret,
  newTicket,
  parseTicket,
} from '../../src/trust/token.ts';

const now = new Date();
const address = '127.0.0.1';
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Fleet {
  readonly authority: KeyPair;
  readonly port: number;
  readonly streams: AgentStream[];
  /** What agents said, heard from the first frame on. */
  readonly heard: AgentFrame[];
  readonly token: string;
  readonly listener: AgentListener;
  readonly asked: string[];
  /** What host-1 may fetch, by what it asks for. */
  readonly attached: Map<string, Uint8Array>;
}

/** A scheduler's listener that admits the holder of one token as host-1, once. */
async function fleet(authority?: KeyPair, port = 0): Promise<Fleet> {
  const ca = authority ?? (await createAuthority(now));
  const certificate = await issueServerCertificate(ca, [address, 'localhost'], now);
  const ticket = newTicket(fingerprintOf(ca.certificate));
  const streams: AgentStream[] = [];
  const heard: AgentFrame[] = [];
  const asked: string[] = [];
  const attached = new Map<string, Uint8Array>();
  let isUsed = false;
  const certify = async (host: HostName, csr: string): Promise<Admission> => ({
    certificate: await signAgentRequest(ca, csr, host, now),
    ca: ca.certificate,
    host,
  });
  const listener = new AgentListener({
    tls: { ...certificate, ca: ca.certificate },
    clock: systemClock,
    admit: (id, secret, csr) => {
      asked.push(secret);
      if (id !== ticket.id || !isSecret(secret, hashSecret(ticket.secret)) || isUsed) {
        throw new BridgeheadError('JOIN_REFUSED', 'no', 'Ask for another.');
      }
      isUsed = true;
      return certify('host-1' as HostName, csr);
    },
    renew: ({ host }, csr) => certify(host, csr),
    revokedOf: async () => [],
    give: async (host, sha256) => {
      const bytes = host === 'host-1' ? attached.get(sha256) : undefined;
      return bytes === undefined ? null : { bytes, [Symbol.dispose]: () => undefined };
    },
    onStream: (stream) => {
      stream.onFrame((frame) => heard.push(frame));
      streams.push(stream);
    },
    log: () => undefined,
  });
  const open = await listener.listen(address, port);
  closers.push(() => listener.close());
  return {
    authority: ca,
    port: open,
    streams,
    heard,
    token: formatTicket(ticket),
    listener,
    asked,
    attached,
  };
}

function link(port: number, identity: Identity): SchedulerLink {
  const made = new SchedulerLink({
    server: { host: address, port },
    identity: () => identity,
    clock: systemClock,
    random: Math.random,
    log: () => undefined,
  });
  closers.push(() => made.stop());
  return made;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (condition()) return;
    await systemClock.sleep(10);
  }
  assert.fail(`never came true: ${condition.toString()}`);
}

const refusedWith = (code: string) => (error: unknown) =>
  error instanceof BridgeheadError && error.code === code;

test('an agent joins with its token, once', async () => {
  const { port, token } = await fleet();
  const identity = await join({ host: address, port }, token);
  assert.equal(identity.host, 'host-1');
  await assert.rejects(join({ host: address, port }, token), refusedWith('JOIN_REFUSED'));
});

test('whoever is not the scheduler of the token is told nothing', async () => {
  const real = await fleet();
  const impostor = await fleet();
  await assert.rejects(
    join({ host: address, port: impostor.port }, real.token),
    refusedWith('JOIN_REFUSED'),
  );
  assert.deepEqual(impostor.asked, []);
});

test('an agent fetches an attachment by its hash from whichever scheduler gives it', async () => {
  const [first, second] = [await fleet(), await fleet()];
  const identity = await join({ host: address, port: second.port }, second.token);
  const bytes = randomBytes(3_000_000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const servers = [first, second].map(({ port }) => ({ host: address, port }));
  const get = () => fetchAttachment(servers, identity, sha256);
  await assert.rejects(get(), refusedWith('ATTACHMENT_MISSING'));
  second.attached.set(sha256, randomBytes(8));
  await assert.rejects(get(), /gives something else/);
  second.attached.set(sha256, bytes);
  assert.deepEqual(Buffer.from(await get()), bytes);
  second.attached.set(sha256, randomBytes(5_000_000));
  await assert.rejects(get(), /over 4194304 bytes/);
  second.attached.set(sha256, bytes);
  const { key, csr } = await newAgentRequest();
  const ofHost = (ca: KeyPair, host: string) => signAgentRequest(ca, csr, host as HostName, now);
  const as = (certificate: string) =>
    fetchAttachment(servers, { ...identity, key, certificate }, sha256);
  const other = await ofHost(second.authority, 'host-2');
  await assert.rejects(as(other), refusedWith('ATTACHMENT_MISSING'));
  assert.deepEqual(Buffer.from(await as(await ofHost(second.authority, 'host-1'))), bytes);
  const unknown = await ofHost(await createAuthority(now), 'host-1');
  await assert.rejects(as(unknown), /needs a certificate of this fleet/);
});

test('a server that shows the right CA but has no certificate of it is told nothing', async () => {
  const real = await fleet();
  const other = await createAuthority(now);
  const stolen = await issueServerCertificate(other, [address], now);
  const asked: string[] = [];
  const server = createServer({
    key: stolen.key,
    cert: `${stolen.certificate}\n${real.authority.certificate}`,
  });
  server.on('request', (request, response) => {
    asked.push(String(request.url));
    response.end('{}');
  });
  await new Promise<void>((done) => server.listen(0, address, done));
  closers.push(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await assert.rejects(join({ host: address, port }, real.token), refusedWith('JOIN_REFUSED'));
  assert.deepEqual(asked, []);
});

test('a scheduler that is not there is unreachable, not a refusal', async () => {
  const { token } = await fleet();
  await assert.rejects(join({ host: address, port: 9 }, token), refusedWith('SERVER_UNREACHABLE'));
});

test('the stream needs a certificate of this fleet', async () => {
  const { port, streams } = await fleet();
  const foreign = await fleet();
  const stranger = await join({ host: address, port: foreign.port }, foreign.token);
  const outcomes = await Promise.all(
    [
      { rejectUnauthorized: false },
      { rejectUnauthorized: false, cert: stranger.certificate, key: stranger.key },
    ].map(
      (options) =>
        new Promise<string>((done) => {
          const socket = new WebSocket(`wss://${address}:${port}/stream`, options);
          socket.once('open', () => done('open'));
          socket.once('error', (error) => done(error.message));
        }),
    ),
  );
  for (const outcome of outcomes) assert.match(outcome, /401/);
  assert.equal(streams.length, 0);
});

test('frames go both ways, and the host is the one of the certificate', async () => {
  const { port, token, streams, heard } = await fleet();
  const agent = link(port, await join({ host: address, port }, token));
  const got: unknown[] = [];
  agent.onFrame((frame) => frame.type !== 'heartbeat' && got.push(frame));
  agent.onOpen(() => agent.send({ type: 'event', kind: 'k', object: 'o', message: 'm' }));
  agent.start();
  await until(() => streams.length === 1);
  streams[0]?.send({ type: 'desired', revision: 1, digest: 'd', instances: [] });
  await until(() => got.length === 1 && heard.some(({ type }) => type === 'event'));
  assert.equal(streams[0]?.host, 'host-1');
  assert.deepEqual(got, [{ type: 'desired', revision: 1, digest: 'd', instances: [] }]);
});

test('an agent has a stream to every scheduler, and comes back to a restarted one', async () => {
  const first = await fleet();
  const identity = await join({ host: address, port: first.port }, first.token);
  const second = await fleet(first.authority);
  const links = new SchedulerLinks([first, second].map(({ port }) => link(port, identity)));
  const opened: string[] = [];
  const got: string[] = [];
  links.onOpen((peer) => opened.push(peer.name));
  links.onFrame((frame, peer) => {
    if (frame.type === 'desired') got.push(`${frame.revision} of ${peer.name}`);
  });
  links.start();
  await until(() => first.streams.length === 1 && second.streams.length === 1);
  await first.listener.close();
  const again = await fleet(first.authority, first.port);
  await until(() => again.streams.length === 1 && opened.length === 3);
  assert.equal(second.streams.length, 1, 'the other stream stayed');
  const names = [first, second].map(({ port }) => `${address}:${port}`);
  assert.deepEqual(opened.toSorted(), [`${address}:${first.port}`, ...names].toSorted());
  assert.deepEqual(
    links.peers.map(({ name }) => name),
    names,
  );
  second.streams[0]?.send({ type: 'desired', revision: 7, digest: 'd', instances: [] });
  await until(() => got.length === 1);
  assert.deepEqual(got, [`7 of ${names[1]}`]);
});

test('a frame that is not one ends the stream with the reason', async () => {
  const { port, token, streams } = await fleet();
  const identity = await join({ host: address, port }, token);
  const { ca, certificate: cert, key } = identity;
  const socket = new WebSocket(`wss://${address}:${port}/stream`, { ca, cert, key });
  await new Promise((done) => socket.once('open', done));
  await until(() => streams.length === 1);
  socket.send('{"type":"nonsense"}');
  const [code, reason] = await new Promise<[number, string]>((done) =>
    socket.once('close', (number, text) => done([number, text.toString()])),
  );
  assert.equal(code, 1008);
  assert.match(reason, /cannot be read/);
});

test('a certificate is renewed by its holder only', async () => {
  const { port, token } = await fleet();
  const identity = await join({ host: address, port }, token);
  const fresh = await renew({ host: address, port }, identity);
  assert.equal(fresh.host, 'host-1');
  assert.notEqual(fresh.certificate, identity.certificate);
  const foreign = await fleet();
  const stranger = await join({ host: address, port: foreign.port }, foreign.token);
  await assert.rejects(
    renew({ host: address, port }, { ...stranger, ca: identity.ca }),
    refusedWith('UNAUTHORIZED'),
  );
});

test('renewal is due after two thirds of the life', async () => {
  const { port, token } = await fleet();
  const { certificate } = await join({ host: address, port }, token);
  const days = (count: number) => new Date(now.getTime() + count * 86_400_000);
  assert.equal(isRenewalDue(certificate, days(19)), false);
  assert.equal(isRenewalDue(certificate, days(21)), true);
});

test('tickets are read as they were written, and nothing else is one', () => {
  const ticket = newTicket('a'.repeat(43));
  assert.deepEqual(parseTicket(` ${formatTicket(ticket)}\n`), ticket);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constant('bh1.a.b.c')), (text) => {
      assert.throws(() => parseTicket(text), refusedWith('JOIN_REFUSED'));
    }),
  );
});

test('a scheduler says that it takes what kernels say, and an agent waits for its acknowledgement', async () => {
  const { port, token, streams, heard } = await fleet();
  const one = link(port, await join({ host: address, port }, token));
  const sender = new KernelSender(() => [one], systemClock);
  one.onOpen(() => sender.greet(one));
  one.onFrame((frame) => sender.hear(frame, one));
  const records = [{ sequence: 1, saidMs: null, text: '6,1,1,-;x' }];
  const { signal } = new AbortController();
  const done = sender.deliver({ boot: 'b', source: 'kmsg', records }, signal);
  one.start();
  await until(() => heard.some(({ type }) => type === 'kernel'));
  const frame = heard.find((it) => it.type === 'kernel');
  assert.deepEqual(frame, { type: 'kernel', batch: 1, boot: 'b', source: 'kmsg', records });
  const first = await Promise.race([done.then(() => 'done'), Promise.resolve('waits')]);
  assert.equal(first, 'waits');
  streams[0]?.send({ type: 'kernel-took', batch: 1 });
  await done;
});
