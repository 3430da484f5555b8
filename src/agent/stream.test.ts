// The agent's end of the stream against schedulers that misbehave, over real TLS on loopback.

import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import * as fc from 'fast-check';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../domain/clock.ts';
import type { HostName } from '../domain/ids.ts';
import { streamSilenceMs } from '../protocol/frames.ts';
import { systemClock } from '../system/clock.ts';
import {
  createAuthority,
  issueServerCertificate,
  type KeyPair,
  newAgentRequest,
  signAgentRequest,
} from '../trust/authority.ts';
import type { Identity } from './identity.ts';
import { pauseBeforeMs, SchedulerLink } from './stream.ts';

const now = new Date();
const address = '127.0.0.1';
const authority = await createAuthority(now);
const { key, csr } = await newAgentRequest();
const identity: Identity = {
  host: 'host-1' as HostName,
  key,
  certificate: await signAgentRequest(authority, csr, 'host-1' as HostName, now),
  ca: authority.certificate,
};
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Time that only passes when it is told to; whoever sleeps is woken by hand. */
class ManualClock implements Clock {
  readonly pausesMs: number[] = [];
  readonly #tasks = new Set<() => void>();
  #wake: (() => void)[] = [];
  #ms = 0;

  wallMs(): number {
    return this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    this.pausesMs.push(durationMs);
    return new Promise((resolve, reject) => {
      this.#wake.push(resolve);
      signal?.addEventListener('abort', () => reject(new Error('stopped')));
    });
  }

  every(_periodMs: number, task: () => void): () => void {
    this.#tasks.add(task);
    return () => this.#tasks.delete(task);
  }

  pass(durationMs: number): void {
    this.#ms += durationMs;
    for (const task of this.#tasks) task();
  }

  wake(): void {
    for (const resolve of this.#wake.splice(0)) resolve();
  }
}

interface Peer {
  readonly port: number;
  readonly sockets: WebSocket[];
  readonly heard: string[];
}

async function peer(pair?: KeyPair): Promise<Peer> {
  const tls = pair ?? (await issueServerCertificate(authority, [address], now));
  const server = createServer({ key: tls.key, cert: tls.certificate });
  const sockets: WebSocket[] = [];
  const heard: string[] = [];
  const upgrades = new WebSocketServer({ server });
  upgrades.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('message', (data) => heard.push((data as Buffer).toString('utf8')));
  });
  await new Promise<void>((done) => server.listen(0, address, done));
  closers.push(() => {
    for (const socket of sockets) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, sockets, heard };
}

interface Made {
  readonly link: SchedulerLink;
  readonly clock: ManualClock;
  readonly reasons: string[];
  readonly closed: string[];
}

function linkTo(port: number): Made {
  const clock = new ManualClock();
  const reasons: string[] = [];
  const closed: string[] = [];
  const link = new SchedulerLink({
    server: { host: address, port },
    identity: () => identity,
    clock,
    random: () => 1,
    log: (_message, details) => {
      const reason = details?.['reason'];
      if (typeof reason === 'string') reasons.push(reason);
    },
  });
  link.onClose((reason) => closed.push(reason));
  closers.push(() => link.stop());
  return { link, clock, reasons, closed };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (condition()) return;
    await systemClock.sleep(10);
  }
  assert.fail(`never came true: ${condition.toString()}`);
}

test('the pause doubles from 100 ms to 5 s and is never less than half of that', () => {
  assert.deepEqual(
    [0, 1, 2, 5, 6, 10_000].map((failures) => pauseBeforeMs(failures, 1)),
    [100, 200, 400, 3_200, 5_000, 5_000],
  );
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const mostMs = pauseBeforeMs(failures, 1);
      const ms = pauseBeforeMs(failures, random);
      assert.ok(ms >= mostMs / 2 && ms <= mostMs);
    }),
  );
});

test('nothing is sent, and nothing kept, while nobody is connected', async () => {
  const { port, sockets, heard } = await peer();
  const { link } = linkTo(port);
  assert.equal(link.send({ type: 'heartbeat' }), false);
  assert.equal(link.connected, false);
  link.onOpen(() => link.send({ type: 'event', kind: 'k', object: 'o', message: 'm' }));
  link.start();
  link.start();
  await until(() => heard.length === 1);
  assert.equal(link.connected, true);
  assert.equal(sockets.length, 1);
  assert.deepEqual(heard, ['{"type":"event","kind":"k","object":"o","message":"m"}']);
});

const strangers: readonly (readonly [string, () => Promise<KeyPair>, RegExp])[] = [
  [
    'a scheduler of another name',
    () => issueServerCertificate(authority, ['other.example'], now),
    /altnames/,
  ],
  [
    'a scheduler of another CA',
    async () => issueServerCertificate(await createAuthority(now), [address], now),
    /signature/,
  ],
  [
    'an agent of this fleet',
    async () => ({ key: identity.key, certificate: identity.certificate }),
    /purpose/,
  ],
];
for (const [what, pair, reason] of strangers) {
  test(`${what} gets no stream`, async () => {
    const { port, sockets } = await peer(await pair());
    const { link, reasons, closed } = linkTo(port);
    link.start();
    await until(() => reasons.length === 1);
    assert.match(reasons[0] ?? '', reason);
    assert.deepEqual([sockets, closed], [[], []]);
  });
}

test('each failure waits longer', async () => {
  const { port, sockets } = await peer();
  const { link, clock, closed } = linkTo(port);
  link.start();
  for (const count of [1, 2, 3, 4]) {
    await until(() => sockets.length === count);
    // What opens and is closed at once is a failure as well: no rush at one that refuses.
    sockets.at(-1)?.close(1008, 'go away');
    await until(() => clock.pausesMs.length === count);
    clock.wake();
  }
  assert.deepEqual(clock.pausesMs, [100, 200, 400, 800]);
  assert.equal(closed[0], 'go away');
});

test('after a stream that lasted, the pause is short again', async () => {
  const { port, sockets } = await peer();
  const { link, clock } = linkTo(port);
  link.start();
  for (const count of [1, 2]) {
    await until(() => sockets.length === count);
    sockets.at(-1)?.terminate();
    await until(() => clock.pausesMs.length === count);
    clock.wake();
  }
  const frames: string[] = [];
  link.onFrame(({ type }) => frames.push(type));
  await until(() => sockets.length === 3 && link.connected);
  for (const count of [1, 2]) {
    clock.pass(streamSilenceMs - 1);
    sockets.at(-1)?.send('{"type":"heartbeat"}');
    await until(() => frames.length === count);
  }
  sockets.at(-1)?.terminate();
  await until(() => clock.pausesMs.length === 3);
  assert.deepEqual(clock.pausesMs, [100, 200, 100]);
});

test('a scheduler that falls silent is left', async () => {
  const { port, heard } = await peer();
  const { link, clock, closed } = linkTo(port);
  link.start();
  await until(() => link.connected);
  clock.pass(streamSilenceMs);
  await until(() => heard.includes('{"type":"heartbeat"}'));
  assert.equal(link.connected, true);
  clock.pass(1);
  await until(() => closed.length === 1);
  assert.deepEqual(closed, ['the scheduler is silent']);
});

test('a server that never finishes the handshake is left', async () => {
  const held: Socket[] = [];
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    held.push(socket);
  });
  await new Promise<void>((done) => server.listen(0, address, done));
  closers.push(() => {
    for (const socket of held) socket.destroy();
    server.close();
  });
  const { link, clock, reasons } = linkTo((server.address() as AddressInfo).port);
  link.start();
  await until(() => held.length === 1);
  clock.pass(streamSilenceMs + 1);
  await until(() => reasons.length === 1);
  assert.deepEqual(reasons, ['the scheduler is silent']);
});

test('a frame that is not one ends the stream, and nothing after it counts', async () => {
  for (const frame of ['{', '{"type":"nonsense"}', Buffer.from('{"type":"heartbeat"}')]) {
    const { port, sockets } = await peer();
    const { link, closed } = linkTo(port);
    const frames: string[] = [];
    link.onFrame(({ type }) => frames.push(type));
    link.start();
    await until(() => sockets.length === 1 && link.connected);
    sockets[0]?.send(frame);
    sockets[0]?.send('{"type":"heartbeat"}');
    await until(() => closed.length === 1);
    assert.match(closed[0] ?? '', /^a frame cannot be read: /);
    assert.deepEqual(frames, []);
  }
});

test('a scheduler that reads nothing is left before much waits for it', async () => {
  const { port, sockets } = await peer();
  const { link, closed } = linkTo(port);
  link.start();
  await until(() => sockets.length === 1 && link.connected);
  sockets[0]?.pause();
  const result = 'x'.repeat(16 * 1024 * 1024);
  const outcomes: boolean[] = [];
  for (let id = 0; id < 32 && outcomes.at(-1) !== false; id += 1) {
    outcomes.push(link.send({ type: 'reply', id, result }));
    await systemClock.sleep(1);
  }
  assert.equal(outcomes.at(-1), false);
  await until(() => closed.length === 1);
});

test('why a scheduler turned us away is in the log', async () => {
  const error = { code: 'UNAUTHORIZED', message: 'not you', next: 'Join again.' };
  const tls = await issueServerCertificate(authority, [address], now);
  const server = createServer({ key: tls.key, cert: tls.certificate });
  server.on('upgrade', (_request, socket) => {
    const text = JSON.stringify({ error });
    socket.end(`HTTP/1.1 401 No\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  });
  await new Promise<void>((done) => server.listen(0, address, done));
  closers.push(() => void server.close());
  const { link, reasons } = linkTo((server.address() as AddressInfo).port);
  link.start();
  await until(() => reasons.length === 1);
  assert.deepEqual(reasons, ['not you. Join again.']);
});

test('a stopped link connects no more', async () => {
  const { port, sockets } = await peer();
  const { link, clock } = linkTo(port);
  link.start();
  await until(() => sockets.length === 1 && link.connected);
  link.stop();
  await until(() => clock.pausesMs.length === 1);
  clock.wake();
  await systemClock.sleep(50);
  assert.equal(link.connected, false);
  assert.equal(sockets.length, 1);
});
