import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { problem } from '../protocol/problem.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { type Page, pastPageOf, sliceOf } from './pages.ts';
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

interface Answer {
  readonly items: readonly { readonly id: number; readonly object?: string }[];
  readonly next: string | null;
}

const get = (url: string) => api.inject({ url, headers: { authorization } });
const page = async (url: string) => (await get(url)).json<Answer>();

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
    const one: Answer = await page(next === '' ? url : `${url}&cursor=${next}`);
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
  assert.deepEqual(pastPageOf('events', found, 2), { items: found, next: null });
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
      made(['events', [0]]),
      made(['events', ['1']]),
      made(['events', 1]),
      made(['hosts', [1]]),
      made(null),
    ].map((cursor) => `/v1/events?cursor=${cursor}`),
    `/v1/audit?cursor=${next}`,
    `/v1/events?cursor=${next}&after=1`,
    `/v1/events?cursor=${'x'.repeat(9_000)}`,
    `/v1/events?cursor=${made(['events', [Number.MAX_VALUE]])}`,
  ]) {
    const answer = await get(url);
    assert.equal(answer.statusCode, 400, url);
    assert.equal(problem.parse(answer.json()).code, 'REQUEST_INVALID', url);
  }
});

const wish = (limit: number, cursor?: string | null) => ({ limit, cursor: cursor ?? undefined });

test('a list at hand: each item once and none left out, whatever comes in or goes meanwhile', () => {
  for (const order of ['up', 'down'] as const) {
    let all = Array.from({ length: 40 }, (_, at) => ({ name: `n${at}`, atMs: at % 7 }));
    const stays = new Set(all.filter((_, at) => at % 5 !== 0).map(({ name }) => name));
    const seen: string[] = [];
    let next: string | null = null;
    let turn = 0;
    do {
      const page: Page<(typeof all)[number]> = sliceOf(
        ...(['boots', all, wish(7, next)] as const),
        ({ name, atMs }) => [atMs, name],
        order,
      );
      assert.ok(page.items.length <= 7);
      seen.push(...page.items.map(({ name }) => name));
      next = page.next;
      // The item that the page ended with goes too, unless it is one of those that stay.
      all = all.filter(({ name }) => stays.has(name) || !seen.includes(name));
      turn += 1;
      all = [...all, { name: `new-${turn}`, atMs: turn % 7 }].toReversed();
    } while (next !== null);
    assert.equal(new Set(seen).size, seen.length, 'nothing twice');
    assert.deepEqual(
      [...stays].filter((name) => !seen.includes(name)),
      [],
      'nothing left out',
    );
    const old = seen.filter((name) => !name.startsWith('new'));
    const at = (name: string) => Number(name.slice(1)) % 7;
    const sorted = old.toSorted((a, b) => (at(a) - at(b)) * (order === 'up' ? 1 : -1));
    assert.deepEqual(old.map(at), sorted.map(at));
  }
});

test('a cursor that somebody made of parts that a list has not is no failure', () => {
  const all = [{ name: 'a' }, { name: 'b' }];
  for (const key of [[1], ['a', 'x'], ['a', 1], [0, 'b']]) {
    const cursor = Buffer.from(JSON.stringify(['hosts', key])).toString('base64url');
    assert.ok(sliceOf('hosts', all, wish(5, cursor), ({ name }) => [name]).items.length <= 2);
  }
  for (const key of [[], ['a', 'b', 'c'], [null], 'a', ['x'.repeat(601)]]) {
    const cursor = Buffer.from(JSON.stringify(['hosts', key])).toString('base64url');
    assert.throws(
      () => sliceOf('hosts', all, wish(5, cursor), ({ name }) => [name]),
      /none of the list/,
    );
  }
});
