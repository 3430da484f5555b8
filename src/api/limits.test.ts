// Attempts on the HTTP server itself, over sockets: what is too long, too slow or no request at all.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { problem } from '../protocol/problem.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { authorization, testApi } from './test-api.ts';

let api: FastifyInstance;
/** The same with little patience. */
let hasty: FastifyInstance;

before(async () => {
  // Nothing that is attempted here gets as far as the store or the scheduler.
  const [store, scheduler] = [{} as PostgresStore, {} as Scheduler];
  api = await testApi(store, scheduler);
  const limits = { requestMs: 300, headersMs: 200, checkMs: 20 };
  hasty = await testApi(store, scheduler, { limits });
  for (const one of [api, hasty]) await one.listen({ host: '127.0.0.1', port: 0 });
});

after(() => Promise.all([api.close(), hasty.close()]));

/** What is answered to these bytes, and how many of them were taken, once the connection is closed. */
function send(
  pieces: Iterable<string | Buffer>,
  to = api,
): Promise<{ readonly status: number; readonly body: string; readonly sentBytes: number }> {
  return new Promise((resolve) => {
    const { port } = to.server.address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const waiting = pieces[Symbol.iterator]();
    const more = () => {
      for (let next = waiting.next(); !next.done; next = waiting.next()) {
        if (!socket.write(next.value)) return;
      }
    };
    socket.on('connect', more);
    socket.on('drain', () => {
      if (text === '') more();
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (/content-length: (\d+)/i.test(text) && text.includes('\r\n\r\n')) socket.end();
    });
    // Where the server has closed while it was written to, the kernel may say so before it is read.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const [head = '', body = ''] = text.split('\r\n\r\n', 2);
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
      resolve({ status, body, sentBytes: socket.bytesWritten });
    });
  });
}

const head = (first: string, ...more: string[]) =>
  [first, 'host: x', `authorization: ${authorization}`, ...more, '', ''].join('\r\n');
const apply = (...more: string[]) =>
  head('POST /v1/apply HTTP/1.1', 'content-type: application/json', ...more);
const codeOf = (body: string) => problem.parse(JSON.parse(body)).code;

test('a body of 100 MB is refused by its head', async () => {
  const { status, body, sentBytes } = await send([apply('content-length: 100000000')]);
  assert.equal(status, 413);
  assert.equal(codeOf(body), 'REQUEST_TOO_LARGE');
  assert.ok(sentBytes < 1_000, 'nothing of the body was asked for');
});

test('a body of 100 MB that does not say so is refused once it is too long', async () => {
  function* pieces() {
    yield apply('transfer-encoding: chunked');
    const mib = Buffer.alloc(1024 * 1024, 'x');
    for (let sent = 0; sent < 100; sent += 1) {
      yield '100000\r\n';
      yield mib;
      yield '\r\n';
    }
    yield '0\r\n\r\n';
  }
  const { status, sentBytes } = await send(pieces());
  assert.equal(status, 413);
  assert.ok(sentBytes < 90e6, `${sentBytes} bytes were taken`);
});

test('whoever is nobody is refused before a byte of a body is read', async () => {
  const words = ['POST /v1/apply HTTP/1.1', 'host: x', 'content-type: application/json'];
  const { status } = await send([`${words.join('\r\n')}\r\ncontent-length: 1000000\r\n\r\n`]);
  assert.equal(status, 401);
});

test('headers without end are refused', async () => {
  const long = `x-long: ${'x'.repeat(20_000)}`;
  assert.equal((await send([head('GET /docs HTTP/1.1', long)])).status, 431);
  const many = Array.from({ length: 5_000 }, (_, at) => `x-${at}: y`);
  const { status, body } = await send([head('GET /docs HTTP/1.1', ...many)]);
  assert.equal(status, 431);
  assert.equal(codeOf(body), 'REQUEST_INVALID');
});

test('what is no HTTP is answered as a problem', async () => {
  const { status, body } = await send(['\x16\x03\x01 hello\r\n\r\n']);
  assert.equal(status, 400);
  assert.equal(codeOf(body), 'REQUEST_INVALID');
});

test('a client that does not come to the end of its headers is cut', async () => {
  const { status } = await send(['GET /docs HTTP/1.1\r\nhost: x\r\nx-slow: '], hasty);
  assert.equal(status, 408);
});

test('a client that does not come to the end of its body is cut', async () => {
  const { status } = await send([apply('content-length: 1000'), '{"text":"'], hasty);
  assert.equal(status, 408);
});

for (const [what, payload] of [
  ['a million arrays in one another', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
  ['a million objects in one another', '{"a":'.repeat(1_000_000) + '1' + '}'.repeat(1_000_000)],
  ['a deep text', `{"text":${'['.repeat(500_000)}${']'.repeat(500_000)}}`],
  ['a prototype', '{"text":"a","__proto__":{"prune":true}}'],
] as const) {
  test(`${what}: refused as a body`, async () => {
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await api.inject({ method: 'POST', url: '/v1/apply', headers, payload });
    assert.equal(answer.statusCode, 400, answer.body.slice(0, 200));
    assert.equal(codeOf(answer.body), 'REQUEST_INVALID');
  });
}

for (const path of [
  '/docs/../../../../etc/passwd',
  '/docs/..%2f..%2f..%2fetc%2fpasswd',
  '/docs/%2e%2e/%2e%2e/etc/passwd',
  '/v1/hosts/..%2F..%2Fetc%2Fpasswd',
  '/v1/hosts/%00',
  '/v1/hosts/a%0d%0aset-cookie:x=1',
  '/v1/hosts/%ff%fe',
  '/v1/hosts/%',
  '//etc/passwd',
  '/v1//hosts',
]) {
  test(`nothing is found by ${path}`, async () => {
    const { status, body } = await send([head(`GET ${path} HTTP/1.1`)]);
    assert.ok(status === 400 || status === 404, `${status} ${body}`);
    assert.match(codeOf(body), /^(NOT_FOUND|REQUEST_INVALID)$/);
    assert.ok(!body.includes('root:'));
  });
}
