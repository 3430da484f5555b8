// The description of the API, as it is handed out to programs and people.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { errorCodes } from '../domain/errors.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { type ApiDocument, failuresOf, operationIdOf } from './document.ts';
import { testApi } from './test-api.ts';

let api: FastifyInstance;
let document: ApiDocument;

before(async () => {
  api = await testApi({} as PostgresStore, {} as Scheduler);
  document = (await api.inject({ url: '/openapi.json' })).json<ApiDocument>();
});

after(() => api.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ path, method, one })),
  );

for (const [method, path, id] of [
  ['get', '/v1/hosts', 'getHosts'],
  ['get', '/v1/hosts/{name}', 'getHost'],
  ['post', '/v1/instances/{name}/servers/{backend}/{server}', 'postInstanceServer'],
  ['get', '/v1/crashes/{id}', 'getCrash'],
  ['get', '/v1/crash-groups/{id}', 'getCrashGroup'],
  ['get', '/v1/log-status', 'getLogStatus'],
  ['get', '/metrics', 'getMetrics'],
] as const) {
  test(`${method} ${path} is called ${id}`, () => assert.equal(operationIdOf(method, path), id));
}

test('every operation has a name of its own, a summary, a subject and its failures', () => {
  const all = operations();
  assert.ok(all.length > 50);
  assert.equal(new Set(all.map(({ one }) => one.operationId)).size, all.length);
  const tags = new Set(document.tags?.map(({ name }) => name));
  for (const { path, method, one } of all) {
    const what = `${method} ${path}`;
    assert.match(one.operationId ?? '', /^[a-z]+([A-Z][a-z0-9]*)+$/, what);
    assert.ok((one.summary ?? '').length > 5, what);
    assert.ok(one.tags?.length === 1 && tags.has(one.tags[0] ?? ''), what);
    const statuses = Object.keys(one.responses);
    assert.ok(
      statuses.some((status) => status.startsWith('2')),
      what,
    );
    for (const status of failuresOf(method, path)) assert.ok(statuses.includes(String(status)));
    assert.ok(
      statuses.every((status) => /^\d{3}$/.test(status)),
      what,
    );
  }
});

test('both addresses of the document are the same, and want no token', async () => {
  const old = await api.inject({ url: '/v1/openapi.json' });
  assert.deepEqual(old.json<ApiDocument>(), document);
});

test('the page names every operation and schema, and loads nothing from elsewhere', async () => {
  const { body, headers } = await api.inject({ url: '/docs' });
  assert.match(String(headers['content-type']), /^text\/html/);
  for (const { one } of operations()) assert.ok(body.includes(`id="${one.operationId}"`));
  for (const name of Object.keys(document.components.schemas)) {
    assert.ok(body.includes(`id="schema-${name}"`), name);
  }
  const ids = new Set([...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => `#${id}`));
  for (const [, target = ''] of body.matchAll(/(?:href|src)="([^"]+)"/g)) {
    const isLocal = /^\/(docs|openapi)/.test(target) || ids.has(target);
    assert.ok(isLocal, target);
  }
  assert.ok(!/<script|<style| style=|https?:\/\//.test(body), 'what the policy would refuse');
});

test('the page of errors has a section for each code', async () => {
  const { body } = await api.inject({ url: '/docs/errors' });
  for (const code of errorCodes) assert.ok(body.includes(`<h2 id="${code}">`), code);
});

test('every kind of answer says what may be done with it, and none which server it is from', async () => {
  for (const url of ['/docs', '/docs/style.css', '/openapi.json', '/v1/hosts', '/nothing']) {
    const { headers } = await api.inject({ url });
    assert.match(String(headers['content-security-policy']), /^default-src 'self';/, url);
    assert.equal(headers['x-content-type-options'], 'nosniff', url);
    assert.equal(headers['referrer-policy'], 'no-referrer', url);
    assert.ok(headers['cache-control'] !== undefined, url);
    assert.deepEqual([headers['server'], headers['x-powered-by']], [undefined, undefined], url);
  }
});

test('an error is problem details, with the code as the command line reads it', async () => {
  const answer = await api.inject({ url: '/nothing' });
  assert.equal(answer.statusCode, 404);
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
  const next = 'See the paths there are: GET /openapi.json, or /docs in a browser.';
  const detail = 'there is no GET /nothing';
  assert.deepEqual(answer.json(), {
    ...{ type: '/docs/errors#NOT_FOUND', title: 'Not found', status: 404, detail },
    ...{ code: 'NOT_FOUND', next, findings: [] },
    error: { code: 'NOT_FOUND', message: detail, next, findings: [] },
  });
});
