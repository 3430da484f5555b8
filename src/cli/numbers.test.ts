import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostName, InstanceName } from '../domain/ids.ts';
import type { NumbersView, TopView } from '../protocol/number-views.ts';
import { TestServer } from './test-server.ts';
import { nowMs, runLine } from './test-terminal.ts';

const point = (atMs: number): NumbersView['points'][number] => ({
  ...{ atMs, spanMs: 5_000 },
  rows: [
    {
      ...{ kind: 'frontend', proxy: 'web', server: '', status: 'open' },
      perSecond: {
        sessions: 120.4,
        requests: 250.6,
        bytesIn: 2_048,
        bytesOut: 5_000_000,
        http5xx: 0.2,
      },
      levels: { openSessions: 12, sessionLimit: 2_000 },
    },
    {
      ...{ kind: 'server', proxy: 'api', server: 's1', status: 'drain' },
      perSecond: { sessions: 0, connectErrors: 1, responseErrors: 0.5 },
      levels: { openSessions: 1, queue: 3, queueMs: 4, connectMs: 1, responseMs: 20, totalMs: 25 },
    },
  ],
});
const view: NumbersView = {
  ...{
    instance: 'shop-web' as InstanceName,
    host: 'host-1' as HostName,
    omitted: 2,
    stepMs: 5_000,
  },
  points: [point(nowMs - 5_000)],
};

async function ask(
  argv: readonly string[],
  answer: unknown,
  around: Parameters<typeof runLine>[1] = {},
) {
  await using server = await TestServer.start(
    new Proxy({}, { get: () => () => answer, has: () => true }),
  );
  const env = { BRIDGEHEAD_SERVER: server.url, BRIDGEHEAD_TOKEN: 'secret' };
  const ran = await runLine(argv, { env, ...around });
  return { ...ran, asked: server.seen.map(({ path }) => path) };
}

test('stats shows everything in an instance, and only what each thing has', async () => {
  const { code, out, asked } = await ask(['stats', 'shop-web'], view);
  assert.equal(code, 0);
  assert.deepEqual(asked, ['/v1/instances/shop-web/numbers']);
  const [, web = '', server = '', note = ''] = out.split('\n');
  assert.match(web, /^frontend web +open +251 +120 +12 +2\.0 KiB +4\.8 MiB +0\.2 +0/);
  assert.match(server, /^server api\/s1 +drain +0 +1 +3 +1\.5 +4 +1 +20 +25$/);
  assert.equal(
    note,
    'shop-web on host-1, 5 s to 2026-11-23 11:59:55Z by the second; 2 servers are left out, for their number',
  );
});

test('a time is asked for as a whole, the course of one thing by its steps', async () => {
  const { asked } = await ask(['stats', 'shop-web', '--since', '1h'], view);
  assert.deepEqual(asked, [`/v1/instances/shop-web/numbers?since=${nowMs - 3_600_000}&step=3600`]);
  const one = await ask(
    ['stats', 'shop-web', '--since', '1h', '--of', 'backend/api', '--step', '1m'],
    { ...view, points: [point(nowMs - 65_000), point(nowMs - 5_000)] },
  );
  assert.deepEqual(one.asked, [
    `/v1/instances/shop-web/numbers?since=${nowMs - 3_600_000}&step=60&of=backend%2Fapi`,
  ]);
  assert.match(one.out, /^2026-11-23 11:58:55Z .*\n.*\n2026-11-23 11:59:55Z /m);
});

test('an instance without numbers, and what is no duration', async () => {
  assert.equal(
    (await ask(['stats', 'shop-web'], { ...view, points: [] })).out,
    'no numbers of shop-web\n',
  );
  const { code, err } = await ask(['stats', 'shop-web', '--since', 'x'], view);
  assert.equal(code, 2);
  assert.match(err, /--since x is no duration/);
});

test('top puts the busiest first, and goes on until it is interrupted', async () => {
  const item = (name: string, requests: number): TopView['items'][number] => ({
    ...{ instance: name as InstanceName, host: 'host-1' as HostName, tier: 1, atMs: nowMs },
    ...{ sessions: 1, requests, bytesIn: 10, bytesOut: 20, http4xx: 0, http5xx: 0, errors: 0 },
    ...{ openSessions: 1, queue: 0, responseMs: 3, totalMs: 4, serversUp: 1, servers: 2 },
  });
  const answer = { items: [item('calm', 1), item('busy', 900)] };
  const { out } = await ask(['top'], answer);
  assert.match(out, /\nbusy +host-1 +1 +1\/2 +900 +1\.0 .*\ncalm /);
  assert.match((await ask(['top'], { items: [] })).out, /no instance has sent numbers/);
  const watched = await ask(['top', '--watch', '-o', 'json'], answer, {
    onSleep: (count) => count === 2,
  });
  assert.deepEqual([watched.code, watched.out.trim().split('\n').length], [0, 2]);
});
