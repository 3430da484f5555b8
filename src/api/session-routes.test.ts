import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../domain/clock.ts';
import type { SessionView } from '../protocol/access-views.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { testAccess } from './test-access.ts';
import { testApi } from './test-api.ts';

let databases: TestDatabases;
let store: PostgresStore;
let api: FastifyInstance;
let forwardMs = 0;
const clock: Clock = {
  ...systemClock,
  wallMs: () => systemClock.wallMs() + forwardMs,
  monotonicMs: () => systemClock.monotonicMs() + forwardMs,
};
const password = 'plum kettle orbit sand';

before(async () => {
  databases = await TestDatabases.start();
  store = await databases.fresh();
  const log = () => undefined;
  const scheduler = new Scheduler({ store, clock, name: 's', newId: () => 'id', log });
  api = await testApi(store, scheduler, { clock, ...testAccess(store, 'right', clock) });
});
after(async () => {
  await api.close();
  await store[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

interface Asked {
  readonly status: number;
  readonly code: string | null;
  readonly cookie: string;
  readonly flags: string;
  readonly body: SessionView & { readonly token: string | null; readonly invitation: string };
}

async function ask(
  method: 'GET' | 'POST',
  url: string,
  headers: Readonly<Record<string, string>>,
  payload?: object,
): Promise<Asked> {
  const answer = await api.inject({
    method,
    url,
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
  const body = answer.json<Asked['body'] & { error?: { code: string } }>();
  const [cookie = '', ...flags] = String(answer.headers['set-cookie'] ?? '').split('; ');
  return {
    status: answer.statusCode,
    code: body.error?.code ?? null,
    cookie,
    flags: flags.join('; '),
    body,
  };
}

const file = { authorization: 'Bearer right' };
const login = (body: object, headers = {}) => ask('POST', '/v1/session', headers, body);
const bearer = (word: string | null) => ({ authorization: `Bearer ${word}` });

async function invited(
  user: string,
  role: string,
  owners: readonly string[] | null,
): Promise<string> {
  const made = await ask('POST', '/v1/users', file, { name: user, role, owners });
  assert.equal(made.status, 200);
  return made.body.invitation;
}

async function loggedIn(user: string, role = 'viewer'): Promise<Asked> {
  const answer = await login({ invitation: await invited(user, role, null), password });
  assert.equal(answer.status, 200);
  return answer;
}

test('the first administrator comes in by the printed invitation, once', async () => {
  const { access } = testAccess(store, 'right', clock);
  const old = await access.inviteFirst();
  const first = await access.inviteFirst();
  assert.ok(old !== null && first !== null);
  const wish = { user: 'root-ann', password };
  assert.equal((await login({ ...wish, invitation: old.word })).code, 'INVITATION_REFUSED');
  const weak = await login({ user: 'root-ann', password: 'short', invitation: first.word });
  assert.deepEqual([weak.status, weak.code], [422, 'PASSWORD_WEAK']);
  const reserved = await login({ user: 'admin', password, invitation: first.word });
  assert.equal(reserved.code, 'REQUEST_INVALID');
  const answer = await login({ ...wish, invitation: first.word });
  assert.deepEqual(
    [answer.body.name, answer.body.role, answer.body.owners],
    ['root-ann', 'admin', null],
  );
  const again = await login({ user: 'root-bob', password, invitation: first.word });
  assert.equal(again.code, 'INVITATION_REFUSED');
  assert.equal(await access.inviteFirst(), null);
});

test('a login: cookie with its flags, who one is, the end of it', async () => {
  const { cookie, flags, body } = await loggedIn('carl');
  assert.match(cookie, /^bridgehead=bhs\.[\w-]{12}\.[\w-]{43}$/);
  assert.equal(flags, 'HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=43200');
  assert.equal(body.token, null);
  const me = await ask('GET', '/v1/session', { cookie });
  assert.deepEqual(
    [me.body.name, me.body.role, me.body.via, me.body.csrf],
    ['carl', 'viewer', 'login', body.csrf],
  );
  const out = await ask(
    'POST',
    '/v1/session/end',
    { cookie, 'x-csrf-token': String(body.csrf) },
    {},
  );
  assert.deepEqual([out.status, out.cookie], [200, 'bridgehead=']);
  assert.equal((await ask('GET', '/v1/session', { cookie })).code, 'UNAUTHORIZED');
  const anew = await login({ user: 'carl', password });
  assert.equal(anew.status, 200);
  assert.notEqual(anew.cookie, cookie);
});

test('a change by cookie needs the page of this server', async () => {
  const { cookie, body } = await loggedIn('dora', 'admin');
  const right = String(body.csrf);
  const end = (headers: object) =>
    ask('POST', '/v1/users', { cookie, host: 'bh.example', ...headers }, { name: 'x' });
  for (const headers of [
    {},
    { 'x-csrf-token': 'wrong' },
    { 'x-csrf-token': right, origin: 'https://evil.example' },
    { 'x-csrf-token': right, origin: 'null' },
  ]) {
    const answer = await end(headers);
    assert.deepEqual([answer.status, answer.code], [403, 'CROSS_SITE'], JSON.stringify(headers));
  }
  // Let in, and then refused for what it says.
  assert.equal(
    (await end({ 'x-csrf-token': right, origin: 'http://bh.example' })).code,
    'REQUEST_INVALID',
  );
  assert.equal((await ask('GET', '/v1/session', { cookie: `${cookie}; ${cookie}` })).status, 401);
  assert.equal(
    (await login({ user: 'dora', password }, { origin: 'https://evil.example' })).code,
    'CROSS_SITE',
  );
});

test('a login ends by itself: an hour without a request, twelve hours in any case', async () => {
  const idle = await loggedIn('emma');
  forwardMs += 59 * 60_000;
  assert.equal((await ask('GET', '/v1/session', { cookie: idle.cookie })).status, 200);
  forwardMs += 59 * 60_000;
  assert.equal((await ask('GET', '/v1/session', { cookie: idle.cookie })).status, 200);
  forwardMs += 61 * 60_000;
  assert.equal((await ask('GET', '/v1/session', { cookie: idle.cookie })).status, 401);
  const busy = await login({ user: 'emma', password });
  for (let request = 0; request < 14; request += 1) {
    assert.equal((await ask('GET', '/v1/session', { cookie: busy.cookie })).status, 200);
    forwardMs += 50 * 60_000;
  }
  forwardMs += 21 * 60_000;
  assert.equal((await ask('GET', '/v1/session', { cookie: busy.cookie })).status, 401);
});

test('guesses run out, and a user that does not exist is refused like one that does', async () => {
  await loggedIn('fred');
  const wrong = await login({ user: 'fred', password: 'not this one at all' });
  const nobody = await login({ user: 'nobody', password: 'not this one at all' });
  assert.deepEqual([wrong.status, wrong.code], [401, 'LOGIN_REFUSED']);
  assert.deepEqual(wrong.body, nobody.body);
  for (let guess = 0; guess < 4; guess += 1)
    await login({ user: 'fred', password: `guess number ${guess}` });
  const late = await login({ user: 'fred', password });
  assert.deepEqual([late.status, late.code], [429, 'TOO_MANY_ATTEMPTS']);
  assert.equal((await login({ user: 'emma', password })).status, 200);
  forwardMs += 15 * 60_000;
  assert.equal((await login({ user: 'fred', password })).status, 200);
});

test('who is disabled, removed or given less is so at once, tokens and all', async () => {
  const gina = await login({
    invitation: await invited('gina', 'operator', null),
    password,
    bearer: true,
  });
  const mine = bearer(gina.body.token);
  assert.equal(gina.cookie, '');
  const wish = { name: 'ci', role: 'operator', owners: ['shop'], lifeS: 3_600 };
  const token = bearer((await ask('POST', '/v1/tokens', mine, wish)).body.token);
  const above = await ask('POST', '/v1/tokens', mine, { ...wish, name: 'more', role: 'admin' });
  assert.deepEqual([above.status, above.code], [403, 'FORBIDDEN']);
  const child = await ask('POST', '/v1/tokens', token, { ...wish, name: 'child' });
  assert.equal(child.code, 'FORBIDDEN');
  const whoami = async () => (await ask('GET', '/v1/session', token)).body;
  assert.deepEqual([(await whoami()).name, (await whoami()).role], ['token:ci', 'operator']);
  assert.equal(
    (await ask('POST', '/v1/users/gina', file, { role: 'viewer', owners: ['shop', 'bank'] }))
      .status,
    200,
  );
  assert.equal((await ask('GET', '/v1/session', mine)).status, 401, 'logins end with a change');
  assert.deepEqual([(await whoami()).role, (await whoami()).owners], ['viewer', ['shop']]);
  await ask('POST', '/v1/users/gina', file, { isDisabled: true });
  assert.equal((await ask('GET', '/v1/session', token)).status, 401);
  assert.equal((await login({ user: 'gina', password })).code, 'LOGIN_REFUSED');
  await ask('POST', '/v1/users/gina', file, { isDisabled: false });
  assert.equal((await ask('GET', '/v1/session', token)).status, 200);
  const hugo = await loggedIn('hugo');
  const foreign = await ask(
    'POST',
    '/v1/tokens/ci/revoke',
    { cookie: hugo.cookie, 'x-csrf-token': String(hugo.body.csrf) },
    {},
  );
  assert.equal(foreign.code, 'NOT_FOUND');
  assert.equal((await ask('POST', '/v1/tokens/ci/revoke', file, {})).status, 200);
  assert.equal((await ask('GET', '/v1/session', token)).status, 401);
});

test('a password is changed by its user, and set anew by invitation', async () => {
  const { cookie, body } = await loggedIn('ines');
  const headers = { cookie, 'x-csrf-token': String(body.csrf) };
  const change = (old: string) =>
    ask('POST', '/v1/session/password', headers, { old, password: 'marble ticket lung noon' });
  assert.equal((await change('not the old one')).code, 'LOGIN_REFUSED');
  assert.equal((await change(password)).status, 200);
  assert.equal((await ask('GET', '/v1/session', { cookie })).status, 401);
  assert.equal((await login({ user: 'ines', password })).code, 'LOGIN_REFUSED');
  const { invitation } = (await ask('POST', '/v1/users/ines/invite', file, {})).body;
  assert.equal((await login({ invitation, password })).body.name, 'ines');
  assert.equal((await login({ user: 'ines', password })).status, 200);
});
