// The listener against agents that are not what they should be, over real TLS on loopback.

import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import { afterEach, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import { type AgentFrame, frameBytesMax, streamSilenceMs } from '../protocol/frames.ts';
import { systemClock } from '../system/clock.ts';
import {
  createAuthority,
  issueServerCertificate,
  type KeyPair,
  newAgentRequest,
  signAgentRequest,
} from '../trust/authority.ts';
import { AgentListener } from './agent-listener.ts';
import type { AgentStream } from './agent-stream.ts';

const now = new Date();
const address = '127.0.0.1';
const dayMs = 86_400_000;
const authority = await createAuthority(now);
const server = await issueServerCertificate(authority, [address], now);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Time that stands still until it is told otherwise. */
class ManualClock implements Clock {
  readonly #tasks = new Set<() => void>();
  #ms = 0;

  wallMs(): number {
    return this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  sleep(): Promise<void> {
    return Promise.reject(new Error('nobody sleeps here'));
  }

  every(_periodMs: number, task: () => void): () => void {
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  pass(durationMs: number): void {
    this.#ms += durationMs;
    for (const task of this.#tasks) task();
  }
}

async function listen(clock: Clock = systemClock): Promise<{
  readonly port: number;
  readonly streams: AgentStream[];
  readonly admitted: unknown[];
  readonly listener: AgentListener;
  /** Serials of certificates that were taken back. */
  readonly revoked: Set<string>;
}> {
  const revoked = new Set<string>();
  const streams: AgentStream[] = [];
  const admitted: unknown[] = [];
  const admission = (host: HostName) => ({ certificate: 'c', ca: 'a', host });
  const listener = new AgentListener({
    tls: { ...server, ca: authority.certificate },
    clock,
    admit: async (...asked) => {
      admitted.push(asked);
      if (asked[1] !== 'right') throw new BridgeheadError('JOIN_REFUSED', 'no', 'Ask.');
      return admission('host-1' as HostName);
    },
    renew: async ({ host }) => admission(host),
    revokedOf: async (shown) => shown.filter(({ serial }) => revoked.has(serial)),
    give: async () => null,
    onStream: (stream) => streams.push(stream),
    log: () => undefined,
  });
  const port = await listener.listen(address, 0);
  closers.push(() => listener.close());
  return { port, streams, admitted, listener, revoked };
}

async function agentPair(ca: KeyPair, host: string, at = now): Promise<KeyPair> {
  const { key, csr } = await newAgentRequest();
  return { key, certificate: await signAgentRequest(ca, csr, host as HostName, at) };
}

function open(port: number, pair: KeyPair | null): WebSocket {
  const proof = pair === null ? {} : { key: pair.key, cert: pair.certificate };
  const url = `wss://${address}:${port}/stream`;
  return new WebSocket(url, { ...proof, ca: authority.certificate });
}

async function opened(port: number, pair: KeyPair): Promise<WebSocket> {
  const socket = open(port, pair);
  await once(socket, 'open');
  return socket;
}

async function closeOf(socket: WebSocket): Promise<readonly [number, string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, reason.toString('utf8')];
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (condition()) return;
    await systemClock.sleep(10);
  }
  assert.fail(`never came true: ${condition.toString()}`);
}

interface Answer {
  readonly status: number;
  readonly body: { readonly error?: { readonly code: string; readonly message: string } };
}

/** The answer to a stream that was turned away. */
function turnedAway(port: number, pair: KeyPair | null): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = open(port, pair);
    socket.once('open', () => reject(new Error('it was let in')));
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (data: Buffer) => {
        text += data.toString('utf8');
      });
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Answer['body'] }),
      );
    });
  });
}

function post(port: number, path: string, text: string, pair: KeyPair | null): Promise<Answer> {
  const proof = pair === null ? {} : { key: pair.key, cert: pair.certificate };
  return new Promise((resolve, reject) => {
    const options = { host: address, port, path, method: 'POST', agent: false as const };
    const call = request({ ...options, ...proof, ca: authority.certificate }, (response) => {
      let answer = '';
      response.on('data', (data: Buffer) => {
        answer += data.toString('utf8');
      });
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) as Answer['body'] }),
      );
    });
    call.once('error', reject);
    call.end(text);
  });
}

const strangers: readonly {
  readonly what: string;
  readonly pair: () => Promise<KeyPair | null>;
  readonly message: RegExp;
}[] = [
  { what: 'no certificate', pair: async () => null, message: /none was shown/ },
  {
    what: 'a certificate of another CA',
    pair: async () => agentPair(await createAuthority(now), 'host-1'),
    message: /not valid: /,
  },
  {
    what: 'a certificate that has expired',
    pair: () => agentPair(authority, 'host-1', new Date(now.getTime() - 60 * dayMs)),
    message: /CERT_HAS_EXPIRED/,
  },
  {
    what: 'a certificate from the future',
    pair: () => agentPair(authority, 'host-1', new Date(now.getTime() + dayMs)),
    message: /CERT_NOT_YET_VALID/,
  },
  {
    what: "the scheduler's own certificate",
    pair: async () => server,
    message: /INVALID_PURPOSE/,
  },
];
for (const { what, pair, message } of strangers) {
  test(`${what} opens no stream and renews nothing`, async () => {
    const { port, streams } = await listen();
    const shown = await pair();
    for (const answer of [
      await turnedAway(port, shown),
      await post(port, '/renew', '{"csr":"x"}', shown),
    ]) {
      assert.equal(answer.status, 401);
      assert.equal(answer.body.error?.code, 'UNAUTHORIZED');
      assert.match(answer.body.error?.message ?? '', message);
    }
    assert.equal(streams.length, 0);
  });
}

test('joining needs no certificate, and the refusal of a token is answered', async () => {
  const { port, admitted } = await listen();
  const ask = (secret: string) =>
    post(port, '/join', JSON.stringify({ id: 'i', secret, csr: 'c' }), null);
  assert.equal((await ask('right')).status, 200);
  const refused = await ask('wrong');
  assert.equal(refused.status, 403);
  assert.equal(refused.body.error?.code, 'JOIN_REFUSED');
  assert.deepEqual(admitted, [
    ['i', 'right', 'c'],
    ['i', 'wrong', 'c'],
  ]);
});

test('a body that is too long, no JSON or lacks a field reaches nobody', async () => {
  const { port, admitted } = await listen();
  for (const text of ['x'.repeat(16 * 1024 + 1), '{', '{}', '']) {
    const { status, body } = await post(port, '/join', text, null);
    assert.equal(status, 400);
    assert.equal(body.error?.code, 'REQUEST_INVALID');
  }
  assert.equal((await post(port, '/nowhere', '', null)).status, 404);
  assert.deepEqual(admitted, []);
});

test('headers without end are refused before anybody has shown who they are', async () => {
  const { port, admitted } = await listen();
  const socket = connectTls({ host: address, port, ca: authority.certificate });
  socket.on('error', () => undefined);
  socket.write(`POST /join HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  assert.match(answer.toString(), /^HTTP\/1\.1 431 /);
  assert.deepEqual(admitted, []);
});

test('an agent that breaks off in the middle of its request harms nobody', async () => {
  const { port, admitted } = await listen();
  const headers = { 'content-length': 100 };
  const options = { host: address, port, path: '/join', method: 'POST', agent: false as const };
  const call = request({ ...options, headers, ca: authority.certificate });
  call.on('error', () => undefined);
  const closed = new Promise<void>((done) => call.once('close', () => done()));
  call.write('{', () => call.destroy());
  await closed;
  assert.equal((await post(port, '/join', '{}', null)).status, 400);
  assert.deepEqual(admitted, []);
});

test('the host of a stream and of a renewal is that of the certificate', async () => {
  const { port, streams } = await listen();
  const pair = await agentPair(authority, 'host-7');
  await opened(port, pair);
  await until(() => streams.length === 1);
  assert.equal(streams[0]?.host, 'host-7');
  const { body } = await post(port, '/renew', '{"csr":"x","host":"host-8"}', pair);
  assert.equal((body as { host?: string }).host, 'host-7');
});

const badFrames: readonly (readonly [string, string | Buffer, RegExp])[] = [
  ['is no JSON', '{', /cannot be read: /],
  ['has an unknown type', '{"type":"nonsense"}', /cannot be read: type: /],
  ['lacks a field', '{"type":"reply"}', /cannot be read: id: /],
  ['is binary', Buffer.from('{"type":"heartbeat"}'), /binary/],
];
for (const [what, frame, reason] of badFrames) {
  test(`a frame that ${what} ends the stream and names the fault`, async () => {
    const { port, streams } = await listen();
    const socket = await opened(port, await agentPair(authority, 'host-1'));
    await until(() => streams.length === 1);
    const frames: AgentFrame[] = [];
    const reasons: string[] = [];
    streams[0]?.onFrame((one) => frames.push(one));
    streams[0]?.onClose((why) => reasons.push(why));
    socket.send(frame);
    socket.send('{"type":"heartbeat"}');
    const [code, said] = await closeOf(socket);
    assert.equal(code, 1008);
    assert.match(said, reason);
    await until(() => reasons.length === 1);
    assert.match(reasons[0] ?? '', reason);
    assert.deepEqual(frames, []);
  });
}

test('a frame over the limit ends the stream', async () => {
  const { port, streams } = await listen();
  const socket = await opened(port, await agentPair(authority, 'host-1'));
  await until(() => streams.length === 1);
  socket.on('error', () => undefined);
  socket.send('x'.repeat(frameBytesMax + 1));
  assert.equal((await closeOf(socket))[0], 1009);
});

test('a reason longer than a close frame carries is cut at a character', async () => {
  const { port, streams } = await listen();
  const socket = await opened(port, await agentPair(authority, 'host-1'));
  await until(() => streams.length === 1);
  streams[0]?.close('ü日'.repeat(100));
  assert.deepEqual(await closeOf(socket), [1008, `${'ü日'.repeat(24)}ü`]);
});

test('a second stream of a host replaces the first, which the scheduler never sees gone', async () => {
  const { port, streams } = await listen();
  const pair = await agentPair(authority, 'host-1');
  const order: string[] = [];
  const first = await opened(port, pair);
  await until(() => streams.length === 1);
  streams[0]?.onClose((why) => order.push(`closed after ${streams.length} streams: ${why}`));
  const closed = closeOf(first);
  const second = await opened(port, pair);
  assert.deepEqual(await closed, [1008, 'replaced by a newer stream of the same host']);
  await until(() => order.length === 1);
  assert.deepEqual(order, ['closed after 2 streams: replaced by a newer stream of the same host']);
  assert.equal(second.readyState, WebSocket.OPEN);
  const other = await opened(port, await agentPair(authority, 'host-2'));
  await until(() => streams.length === 3);
  assert.equal(second.readyState, WebSocket.OPEN);
  assert.equal(other.readyState, WebSocket.OPEN);
});

test('a silent stream is dropped, one that speaks is not', async () => {
  const clock = new ManualClock();
  const { port, streams } = await listen(clock);
  const silent = await opened(port, await agentPair(authority, 'host-1'));
  const alive = await opened(port, await agentPair(authority, 'host-2'));
  await until(() => streams.length === 2);
  const heard: string[] = [];
  const reasons: string[] = [];
  for (const stream of streams) {
    stream.onFrame(() => heard.push(stream.host));
    stream.onClose((why) => reasons.push(`${stream.host}: ${why}`));
  }
  clock.pass(streamSilenceMs);
  alive.send('{"type":"heartbeat"}');
  await until(() => heard.length === 1);
  const closed = closeOf(silent);
  clock.pass(1);
  assert.equal((await closed)[0], 1006);
  await until(() => reasons.length === 1);
  assert.deepEqual(reasons, [`host-1: nothing heard for ${streamSilenceMs + 1} ms`]);
  assert.equal(alive.readyState, WebSocket.OPEN);
});

test('an agent that reads nothing is dropped before much waits for it', async () => {
  const { port, streams } = await listen();
  const socket = await opened(port, await agentPair(authority, 'host-1'));
  await until(() => streams.length === 1);
  const reasons: string[] = [];
  streams[0]?.onClose((why) => reasons.push(why));
  socket.pause();
  const body = { kind: 'validate' as const, image: '', config: 'x'.repeat(8 * 1024 * 1024) };
  for (let id = 0; id < 64 && reasons.length === 0; id += 1) {
    streams[0]?.send({ type: 'request', id, timeoutMs: 1, body });
    await systemClock.sleep(1);
  }
  await until(() => reasons.length === 1);
  assert.deepEqual(reasons, ['the agent takes nothing']);
  socket.terminate();
});

test('closing waits for no peer that keeps its connection open', { timeout: 5_000 }, async () => {
  const { port, listener } = await listen();
  const idle = connect(port, address);
  await once(idle, 'connect');
  const ended = once(idle, 'close');
  idle.on('error', () => undefined);
  idle.resume();
  await systemClock.sleep(20);
  await listener.close();
  await ended;
  closers.length = 0;
});

test('a frame that is larger than an agent takes is an error, and the stream stays', async () => {
  const { port, streams } = await listen();
  const socket = await opened(port, await agentPair(authority, 'host-1'));
  await until(() => streams.length === 1);
  const body = { kind: 'validate', image: 'image:1', config: 'x'.repeat(frameBytesMax) } as const;
  assert.throws(
    () => streams[0]?.send({ type: 'request', id: 1, timeoutMs: 1_000, body }),
    (error) => error instanceof BridgeheadError && /host-1.*32\.0 MiB/.test(error.message),
  );
  streams[0]?.send({ type: 'request', id: 2, timeoutMs: 1_000, body: { ...body, config: 'x' } });
  for await (const [data] of on(socket, 'message')) {
    if (String(data).includes('"request"')) {
      assert.match(String(data), /"id":2/);
      break;
    }
  }
  socket.close();
});
