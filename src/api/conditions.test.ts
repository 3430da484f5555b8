// ETag, If-None-Match and If-Match, over the routes of a fleet.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { problem } from '../protocol/problem.ts';
import { type ApiScene, apiScene, authorization } from './test-api.ts';

let scene: ApiScene;
let api: FastifyInstance;

before(async () => {
  scene = await apiScene();
  ({ api } = scene);
});

after(() => scene?.[Symbol.asyncDispose]());

const get = (url: string, headers: Record<string, string> = {}) =>
  api.inject({ url, headers: { authorization, ...headers } });
const post = (url: string, tag: string, payload: object = {}) =>
  api.inject({ method: 'POST', url, headers: { authorization, 'if-match': tag }, payload });
const tagOf = async (url: string) => String((await get(url)).headers['etag']);

for (const url of ['/v1/hosts/host-1', '/v1/instances/web', '/v1/pools/public']) {
  test(`${url} has a tag, and is not sent to who has it`, async () => {
    const tag = await tagOf(url);
    assert.match(tag, /^"[\w-]+"$/);
    const again = await get(url, { 'if-none-match': tag });
    assert.deepEqual([again.statusCode, again.body, again.headers['etag']], [304, '', tag]);
    assert.equal((await get(url, { 'if-none-match': '"other"' })).statusCode, 200);
  });
}

test('a list has no tag, nor has an error', async () => {
  assert.equal((await get('/v1/hosts')).headers['etag'], undefined);
  assert.equal((await get('/v1/hosts/nobody')).headers['etag'], undefined);
});

test('a change on condition is made once, and then refused with what has changed', async () => {
  const tag = await tagOf('/v1/hosts/host-3');
  assert.equal((await post('/v1/hosts/host-3/cordon', tag, { reason: 'fan' })).statusCode, 200);
  const refused = await post('/v1/hosts/host-3/uncordon', tag);
  assert.equal(refused.statusCode, 412);
  const { code, detail } = problem.parse(refused.json());
  assert.equal(code, 'PRECONDITION_FAILED');
  assert.match(
    detail,
    /^host host-3 is not as it was when the request was made: changed: cordonReason$/,
  );
  const now = await tagOf('/v1/hosts/host-3');
  assert.equal((await post('/v1/hosts/host-3/uncordon', `"x", ${now}`)).statusCode, 200);
});

test('a migration on a condition that does not hold begins nothing', async () => {
  const refused = await post('/v1/instances/web/migrate', '"x"', { to: 'host-1' });
  assert.equal(refused.statusCode, 412);
  const { items } = (await get('/v1/operations?open=true')).json<{ items: readonly object[] }>();
  assert.deepEqual(items, []);
});

test('a condition on what does not exist, or on no single object, is no condition', async () => {
  assert.equal((await post('/v1/instances/none/migrate', '*', { to: 'host-1' })).statusCode, 404);
  assert.equal((await post('/v1/failover/arm', '*')).statusCode, 400);
});
