// Every list of the API has pages: asked of the real server, list by list.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Operation } from '../domain/operation.ts';
import { readReports } from '../incidents/test-facts.ts';
import { type ApiScene, apiScene, authorization } from './test-api.ts';

let scene: ApiScene;
const count = 7;

before(async () => {
  scene = await apiScene();
});
after(() => scene?.[Symbol.asyncDispose]());

interface Answer {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly next: string | null;
}

async function get(url: string): Promise<Answer> {
  const answer = await scene.api.inject({ url, headers: { authorization } });
  assert.equal(answer.statusCode, 200, `${url}: ${answer.body}`);
  return answer.json<Answer>();
}

function operationOf(at: number): Operation {
  return {
    ...{ id: randomUUID(), kind: 'migrate', objects: ['instance/other'], who: 'ann', reason: '' },
    ...{ args: {}, state: 'done', observed: null, steps: [], isForward: false, session: null },
    ...{ token: 0, cancelledBy: null, parentId: null, requestedMs: at, startedMs: at, endedMs: at },
    error: null,
  };
}

/** What an item is known by; the rest of it may change from one look to the next. */
function keyOf({ id, name, version, bootId }: Answer['items'][number]): unknown {
  return id ?? name ?? version ?? bootId;
}

/** Items of all pages of `limit`, in the order in which they came. */
async function walk(url: string, limit: number): Promise<Answer['items']> {
  const all: Answer['items'][number][] = [];
  const and = url.includes('?') ? '&' : '?';
  let cursor = '';
  for (let pages = 0; pages < 100; pages += 1) {
    const { items, next } = await get(`${url}${and}limit=${limit}${cursor}`);
    assert.ok(items.length <= limit && (items.length === limit || next === null), url);
    all.push(...items);
    if (next === null) return all;
    cursor = `&cursor=${next}`;
  }
  throw new Error(`${url} has no end`);
}

/** Keys of the list that is answered at once, and of its pages of one and of two. */
async function bothWays(url: string) {
  for (let looks = 0; looks < 50; looks += 1) {
    const whole = await get(url);
    const pages = [await walk(url, 1), await walk(url, 2)];
    const then = await get(url);
    assert.equal(whole.next, null, url);
    const keys = whole.items.map(keyOf);
    // The scheduler makes incidents of the reports meanwhile.
    if (!isDeepStrictEqual(then.items.map(keyOf), keys)) continue;
    return { whole: keys, pages: pages.map((items) => items.map(keyOf)) };
  }
  throw new Error(`${url} is never at rest`);
}

test('pages of two and of one are the list that is answered at once', async () => {
  const { store } = scene;
  const [report] = readReports();
  assert.ok(report !== undefined);
  for (let at = 0; at < count; at += 1) {
    const post = { method: 'POST', headers: { authorization } } as const;
    const name = `one-${(at * 5) % count}`;
    await scene.api.inject({
      ...{ ...post, url: '/v1/users' },
      payload: { name, role: 'viewer', owners: null },
    });
    await scene.api.inject({
      ...{ ...post, url: '/v1/tokens' },
      payload: { name, role: 'viewer', owners: null, lifeS: 60 },
    });
    await store.crashes.add({
      ...{ host: 'host-1', atMs: (at + 1) * 1e6, source: '198.18.0.11', boot: '' },
      report: {
        ...report,
        uptimeSeconds: at * 1_000,
        fingerprint: { ...report.fingerprint, id: `v1-000000000000000${at}` },
      },
    });
    await store.transact((tx) => tx.putOperation(operationOf(at)));
  }
  const lists = [
    ...['/v1/hosts', '/v1/instances', '/v1/pools', '/v1/users', '/v1/tokens', '/v1/operations'],
    ...['/v1/crashes', '/v1/crash-groups', '/v1/boots', '/v1/incidents', '/v1/rollouts'],
    ...['/v1/certificates', '/v1/crash-decisions', '/v1/instances/web/versions'],
    '/v1/operations?object=instance/other',
  ];
  const lengths = new Map<string, number>();
  for (const url of lists) {
    const { whole, pages } = await bothWays(url);
    for (const walked of pages) assert.deepEqual(walked, whole, url);
    lengths.set(url, whole.length);
  }
  for (const url of [
    '/v1/users',
    '/v1/tokens',
    '/v1/crashes',
    '/v1/crash-groups',
    '/v1/operations',
  ]) {
    assert.ok((lengths.get(url) ?? 0) >= count, `${url} has ${lengths.get(url)}`);
  }
  assert.equal(lengths.get('/v1/operations?object=instance/other'), count);
});

test('the cursor of one list is refused by every other', async () => {
  const { next } = await get('/v1/users?limit=1');
  for (const url of ['/v1/hosts', '/v1/tokens', '/v1/operations', '/v1/crashes', '/v1/logs']) {
    const answer = await scene.api.inject({
      ...{ url: `${url}?cursor=${next}`, headers: { authorization } },
    });
    assert.equal(answer.statusCode, 400, url);
  }
});

test('after the page before an operation that is not kept any more there is nothing', async () => {
  const key = [randomUUID()];
  const cursor = Buffer.from(JSON.stringify(['operations', key])).toString('base64url');
  assert.deepEqual(await get(`/v1/operations?cursor=${cursor}`), { items: [], next: null });
});
