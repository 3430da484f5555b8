import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FastifyInstance, fastify } from 'fastify';
import { BridgeheadError } from '../domain/errors.ts';
import { readPage } from './page-files.ts';
import { pageRoutes } from './page-routes.ts';

let api: FastifyInstance;
const page = readPage();

before(async () => {
  api = fastify();
  api.setErrorHandler((error, _, reply) => {
    const known = BridgeheadError.wrap(error);
    return reply.status(known.status).send({ error: known.body() });
  });
  pageRoutes(api);
  await api.ready();
});

after(() => api.close());

test('the page lets nothing in from elsewhere, and runs nothing that is inline', async () => {
  const { headers, body } = await api.inject('/');
  const policy = String(headers['content-security-policy']);
  assert.match(policy, /default-src 'self'/);
  assert.match(policy, /require-trusted-types-for 'script'/);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['cache-control'], 'no-cache');
  assert.doesNotMatch(body, /<script(?![^>]* src=)|<style| on\w+=| style=/);
  const links = [...body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link = '']) => link);
  assert.ok(links.length > 10, body);
  assert.deepEqual(
    links.filter((link) => !link.startsWith(`/page/${page.version}/`)),
    [],
  );
  for (const link of links) assert.equal((await api.inject(link)).statusCode, 200, link);
});

test('every module finds what it imports, and has no types left', async () => {
  for (const [path, file] of page.files) {
    if (!file.type.startsWith('text/javascript')) continue;
    const text = file.bytes.toString();
    for (const [, name = ''] of text.matchAll(/\bfrom\s*['"]([^'"\n]+)['"]/g)) {
      const target = new URL(name, `http://page/${path}`).pathname.slice(1);
      assert.ok(page.files.has(target), `${path} imports ${name}`);
    }
    assert.doesNotMatch(text, /^(import type|interface|export interface|export type) /m, path);
  }
});

test('nothing of the tree is served but what the page reaches', async () => {
  const base = `/page/${page.version}`;
  const wanted = [
    ...['package.json', 'src/api/server.ts', 'web/tsconfig.json', 'web/../package.json'],
    ...['..%2f..%2fpackage.json', '%2e%2e/package.json', '/etc/passwd', 'web/style/../../LICENSE'],
  ];
  for (const path of wanted) {
    assert.equal((await api.inject(`${base}/${path}`)).statusCode, 404, path);
  }
  assert.equal((await api.inject('/page/other/web/main.ts')).statusCode, 404);
});

test('a browser that takes gzip is sent less, and the same', async () => {
  const url = `/page/${page.version}/web/app.ts`;
  const plain = await api.inject(url);
  const packed = await api.inject({ url, headers: { 'accept-encoding': 'gzip, br' } });
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.ok(packed.rawPayload.length < plain.rawPayload.length / 2);
  assert.match(String(plain.headers['cache-control']), /immutable/);
});
