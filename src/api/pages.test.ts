import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { problem } from '../protocol/problem.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { pageOf } from './pages.ts';
import { authorization, testApi } from './test-api.ts';

let databases: TestDatabases;
let store: PostgresStore;
let api: FastifyInstance;

before(async () => {
  databases = await TestDatabases.start();
  store = await databases.fresh();
  // Neither list asks the scheduler for anything.
  api = await testApi(store, {} as Scheduler);
});
after(async () => {
  await api.close();
  await store[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

interface Page {
  readonly items: readonly { readonly id: number; readonly object?: string }[];
  readonly next: string | null;
}

const get = (url: string) => api.inject({ url, headers: { authorization } });
const page = async (url: string) => (await get(url)).json<Page>();

async function addEvents(count: number): Promise<void> {
  await store.transact(async (tx) => {
    for (let at = 0; at < count; at += 1) {
      const object = at % 3 === 0 ? 'host/a' : 'host/b';
      await tx.addEvent({ atMs: at, kind: 'k', object, message: `m${at}` });
    }
  });
}

/** Ids of all pages, from the newest on. */
async function walk(url: string, between: () => Promise<void> = async () => undefined) {
  const pages: number[][] = [];
  for (let next: string | null = ''; next !== null; ) {
    const one: Page = await page(next === '' ? url : `${url}&cursor=${next}`);
    pages.push(one.items.map(({ id }) => id));
    next = one.next;
    await between();
  }
  return pages;
}

test('events: page by page to the first one, each once, whatever comes in meanwhile', async () => {
  await addEvents(10);
  const all = (await page('/v1/events?limit=1000')).items;
  const ids = all.map(({ id }) => id);
  const pages = await walk('/v1/events?limit=4', () => addEvents(3));
  assert.deepEqual(
    pages.map(({ length }) => length),
    [4, 4, 2],
  );
  assert.deepEqual(pages.toReversed().flat(), ids);
  const ofA = all.filter(({ object }) => object === 'host/a').map(({ id }) => id);
  const pagesOfA = await walk('/v1/events?limit=2&object=host/a');
  assert.deepEqual(pagesOfA.toReversed().flat().slice(0, ofA.length), ofA);
  assert.equal((await page(`/v1/events?limit=2&after=${ids[0]}`)).next, null);
});

test('the audit log the same', async () => {
  for (let at = 0; at < 5; at += 1) {
    await api.inject({
      ...{ method: 'POST', url: '/v1/users', headers: { authorization } },
      payload: { name: `user-${at}`, role: 'viewer', owners: null },
    });
  }
  const all = (await page('/v1/audit?limit=1000')).items.map(({ id }) => id);
  assert.ok(all.length >= 5);
  const pages = await walk('/v1/audit?limit=2');
  assert.deepEqual(pages.toReversed().flat(), all);
  assert.ok(pages.every(({ length }) => length <= 2));
});

test('a last page that is full has no page before it', () => {
  const found = [{ id: 3 }, { id: 4 }];
  assert.deepEqual(pageOf('events', found, 2), { items: found, next: null });
});

test('a cursor that is none, of another list, or beside after is refused', async () => {
  await addEvents(3);
  const { next } = await page('/v1/events?limit=1');
  assert.ok(next !== null);
  const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const url of [
    ...[
      'x',
      '',
      '%00',
      made(['events', 0]),
      made(['events', '1']),
      made(['hosts', 1]),
      made(null),
    ].map((cursor) => `/v1/events?cursor=${cursor}`),
    `/v1/audit?cursor=${next}`,
    `/v1/events?cursor=${next}&after=1`,
    `/v1/events?cursor=${'x'.repeat(65)}`,
    `/v1/events?cursor=${made(['events', Number.MAX_VALUE])}`,
  ]) {
    const answer = await get(url);
    assert.equal(answer.statusCode, 400, url);
    assert.equal(problem.parse(answer.json()).code, 'REQUEST_INVALID', url);
  }
});
