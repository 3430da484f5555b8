import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { CertificateView } from '../protocol/certificate-views.ts';
import { schedulerOn } from '../scheduler/test-fleet.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { newCredential } from '../trust/credential.ts';
import { testCertificate } from '../trust/test-certificates.ts';
import { authorization, testApi } from './test-api.ts';

let databases: TestDatabases;
let store: PostgresStore;
let api: FastifyInstance;
const scheduler = () => schedulerOn(store);
const shop = await testCertificate({ name: 'shop.example' });
const secret = shop.key.split('\n')[1] ?? '';

before(async () => {
  databases = await TestDatabases.start();
  store = await databases.fresh();
  api = await testApi(store, scheduler());
});
after(async () => {
  await api.close();
  await store[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

async function tokenOf(owner: string): Promise<string> {
  const { word, ...made } = newCredential('bha');
  const nowMs = Date.now();
  const of = { createdMs: nowMs, createdBy: 'test', expiresMs: nowMs + 60_000, usedMs: null };
  const token = { ...made, ...of, name: owner, role: 'operator' as const, owners: [owner] };
  assert.ok(await store.access.addToken({ ...token, user: null }, nowMs - 1e9));
  return `Bearer ${word}`;
}

const ask = (who: string, method: 'GET' | 'POST', url: string, payload?: object) =>
  api.inject({
    ...{ method, url: `/v1/certificates${url}`, headers: { authorization: who } },
    ...(payload === undefined ? {} : { payload }),
  });
const request = (owner?: string) => ({
  ...{ chain: shop.certificate, privateKey: shop.key },
  ...(owner === undefined ? {} : { owner }),
});

test('a team has its own certificates, sees everybody’s, and touches no other’s', async () => {
  const [web, mail] = [await tokenOf('web'), await tokenOf('mail')];
  assert.equal((await ask(web, 'POST', '/web.pem', request('web'))).statusCode, 200);
  assert.equal((await ask(authorization, 'POST', '/all.pem', request())).statusCode, 200);
  const names = async (who: string) =>
    (await ask(who, 'GET', '')).json<{ items: CertificateView[] }>().items.map(({ name }) => name);
  assert.deepEqual(await names(web), ['all.pem', 'web.pem']);
  assert.deepEqual(await names(mail), ['all.pem']);
  assert.equal((await ask(mail, 'GET', '/web.pem')).statusCode, 404);
  for (const [url, body] of [
    ['/web.pem', request()],
    ['/web.pem', request('mail')],
    ['/all.pem', request('mail')],
    ['/new.pem', request()],
    ['/new.pem', request('web')],
    ['/web.pem/remove', {}],
    ['/all.pem/remove', {}],
  ] as const) {
    assert.equal((await ask(mail, 'POST', url, body)).statusCode, 403, url);
  }
  assert.equal((await ask(web, 'POST', '/web.pem/remove', {})).statusCode, 200);
});

test('a key is in no answer, refusal, event or audit', async () => {
  const answers = [
    await ask(authorization, 'POST', '/shop.pem', request()),
    await ask(authorization, 'POST', '/shop.pem', { ...request(), chain: shop.key }),
    await ask(authorization, 'POST', '/shop.pem', { ...request(), chain: 5, owner: shop.key }),
    await ask(authorization, 'POST', `/${encodeURIComponent('../x')}`, request()),
    await ask(authorization, 'GET', '/shop.pem'),
    await ask(authorization, 'GET', ''),
  ];
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode),
    [200, 422, 400, 400, 200, 200],
  );
  const kept = [
    ...answers.map(({ body }) => body),
    JSON.stringify(await store.events({ limit: 100 })),
    (await api.inject({ url: '/v1/audit', headers: { authorization } })).body,
  ].join('\n');
  assert.ok(secret.length > 40 && kept.includes('shop.pem'));
  assert.ok(!kept.includes(secret) && !kept.includes(shop.key.split('\n')[2] ?? secret));
});
