import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogMessageView, LogStatusView } from '../protocol/log-views.ts';
import { TestServer } from './test-server.ts';
import { nowMs, runLine } from './test-terminal.ts';

const message: LogMessageView = {
  ...{
    id: 7,
    receivedMs: nowMs - 5_000,
    saidMs: nowMs - 5_000,
    host: 'lb-1',
    source: '198.18.0.11',
  },
  ...{ hostname: 'lb-1', app: 'kernel', pid: '', facility: 0, severity: 0, form: 'rfc5424' },
  ...{ repeats: 1, text: 'Kernel panic\u001B[2J', boot: '', sequence: null, instance: '' },
};

async function ask(argv: readonly string[], items: readonly LogMessageView[], dropped = 0) {
  const answer = {
    items,
    next: null,
    intake: { received: 9, stored: 9, waiting: 0, dropped, unread: 0 },
  };
  await using server = await TestServer.start(
    new Proxy({}, { get: () => () => answer, has: () => true }),
  );
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const ran = await runLine(['logs', ...argv], { env });
  return { ...ran, asked: server.seen.map(({ path }) => new URL(path, server.url)) };
}

test('words of the shell become a search, and its times are of the server', async () => {
  const argv = [
    'not syncing',
    'host:lb-1',
    '--without',
    'veth up',
    '--since',
    '2h',
    '--limit',
    '5',
  ];
  const { code, asked } = await ask(argv, [message]);
  assert.equal(code, 0);
  const given = Object.fromEntries(asked[0]?.searchParams ?? []);
  assert.deepEqual(given, {
    ...{
      query: '"not syncing" host:lb-1 -"veth up"',
      since: String(nowMs - 7_200_000),
      limit: '5',
    },
  });
});

test('a line says who, how bad, and what is odd about it; nothing in it steers the terminal', async () => {
  const odd: LogMessageView = {
    ...message,
    ...{ id: 8, host: '', hostname: '', app: '', severity: null, facility: null, form: 'raw' },
    ...{ saidMs: nowMs - 3_605_000, repeats: 3, text: 'hm' },
  };
  const { out, err } = await ask([], [message, odd], 4);
  assert.equal(
    out,
    '7  2026-11-23 11:59:55Z  lb-1  emergency  kernel: Kernel panic\\u001b[2J\n' +
      '8  2026-11-23 11:59:55Z  198.18.0.11  -  hm  (3 times, its clock says 2026-11-23 10:59:55Z, as it came)\n',
  );
  assert.match(err, /4 messages were dropped/);
  assert.equal((await ask([], [])).out, 'no messages\n');
});

test('what was said around a message, and what is no id', async () => {
  const { out, asked } = await ask(
    ['--around', '7', '--lines', '3'],
    [{ ...message, id: 6 }, message],
  );
  assert.equal(`${asked[0]?.pathname}${asked[0]?.search}`, '/v1/logs/7/around?lines=3');
  assert.match(out, /^ {2}6 .*\n> 7 /);
  const { code, err } = await ask(['--around', 'x'], []);
  assert.equal(code, 2);
  assert.match(err, /--around x is no whole number/);
});

test('--status says how much is kept, and what was lost', async () => {
  const status: LogStatusView = {
    ...{ messages: 1_234_567, bytes: 3 * 1024 ** 3, diskBytes: 9 * 1024 ** 3, oldestMs: null },
    limits: { days: 30, messages: 5_000_000, bytes: 10 * 1024 ** 3 },
    intake: { received: 9, stored: 7, waiting: 1, dropped: 1, unread: 0 },
    kernels: { received: 20, stored: 18, lostOnHosts: 4 },
  };
  await using server = await TestServer.start({ 'GET /v1/log-status': () => status });
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const { code, out } = await runLine(['logs', '--status'], { env });
  assert.equal(code, 0);
  assert.match(out, /1,234,567 messages, 3,072 MiB \(9,216 MiB on disk with indexes\)/);
  assert.match(out, /30 days, 5,000,000 messages, 10,240 MiB/);
  assert.match(out, /20, 2 of them not new/);
  assert.match(out, /Lost on hosts +4:/);
});
