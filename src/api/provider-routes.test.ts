// Coming in by an identity provider: by a real one (oidc-provider), and by one that lies.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { Provider } from 'oidc-provider';
import { IdentityProvider } from '../access/identity-provider.ts';
import { ProviderDesk } from '../access/provider-desk.ts';
import type { Clock } from '../domain/clock.ts';
import type { SessionView } from '../protocol/access-views.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import type { PostgresStore } from '../store/postgres-store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { testAccess } from './test-access.ts';
import { testApi } from './test-api.ts';
import { type Lie, lyingProvider } from './test-lying-provider.ts';

const callback = new URL('http://127.0.0.1:7080/v1/session/callback');
const client = { clientId: 'bridgehead', clientSecret: 'a secret of the client' };
const rules = {
  roleClaim: 'groups',
  roleValues: { viewer: ['all'], operator: ['net'], admin: ['root'] },
  ownersClaim: 'teams',
  nameClaim: 'preferred_username',
} as const;
/** Whom the real provider knows. */
const people: Readonly<Record<string, Record<string, unknown>>> = {
  'u-ada': { preferred_username: 'ada@example.com', groups: ['net'], teams: ['shop'] },
  'u-bob': { preferred_username: 'bob', groups: ['strangers'], teams: ['shop'] },
  'u-eve': { preferred_username: 'ada', groups: ['root'], teams: ['*'] },
};

let databases: TestDatabases;
let store: PostgresStore;
let scheduler: Scheduler;
let forwardMs = 0;
const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + forwardMs };
const opened: (() => Promise<unknown>)[] = [];

before(async () => {
  databases = await TestDatabases.start();
  store = await databases.fresh();
  const log = () => undefined;
  scheduler = new Scheduler({ store, clock, name: 's', newId: () => 'id', log });
});
after(async () => {
  for (const close of opened.toReversed()) await close();
  await store[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

async function apiWith(issuer: URL): Promise<FastifyInstance> {
  const access = testAccess(store, 'right', clock);
  const provider = new ProviderDesk({
    ...{ store: store.access, clock, desk: access.access, rules, name: 'the provider' },
    provider: new IdentityProvider({ issuer, ...client, scopes: 'openid all', callback }, clock),
  });
  const api = await testApi(store, scheduler, { clock, ...access, provider });
  opened.push(() => api.close());
  return api;
}

async function listening(server: Server): Promise<URL> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** The provider that others run, where whoever comes is the person of this subject. */
async function realProvider(): Promise<{ issuer: URL; as: (subject: string) => void }> {
  let subject = '';
  let handle: ReturnType<Provider['callback']> = () => Promise.resolve();
  const server = createServer((request, response) => void handle(request, response));
  const issuer = await listening(server);
  const scope = 'openid all';
  const provider = new Provider(issuer.origin, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [callback.href],
      },
    ],
    claims: { all: ['preferred_username', 'groups', 'teams'] },
    scopes: ['openid', 'all'],
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['key'] },
    loadExistingGrant: async (context) => {
      const { client: asking, session } = context.oidc;
      const grant = new context.oidc.provider.Grant({
        clientId: asking?.clientId ?? '',
        accountId: session?.accountId ?? '',
      });
      grant.addOIDCScope(scope);
      await grant.save();
      return grant;
    },
  });
  const rest = provider.callback();
  handle = (request, response) =>
    request.url?.startsWith('/interaction/') === true
      ? provider.interactionFinished(request, response, { login: { accountId: subject } })
      : rest(request, response);
  return {
    issuer,
    as: (one) => {
      subject = one;
    },
  };
}

interface Begun {
  readonly url: URL;
  readonly cookie: string;
}

async function begin(api: FastifyInstance, to = '/'): Promise<Begun> {
  const { statusCode, headers, body } = await api.inject(
    `/v1/session/begin?to=${encodeURIComponent(to)}`,
  );
  assert.equal(statusCode, 303, body);
  const [cookie = '', ...flags] = String(headers['set-cookie']).split('; ');
  assert.deepEqual(flags, ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/', 'Max-Age=600']);
  return { url: new URL(String(headers.location)), cookie };
}

async function comeBack(api: FastifyInstance, query: string, cookie: string | null) {
  const answer = await api.inject({
    url: `/v1/session/callback${query}`,
    headers: cookie === null ? {} : { cookie },
  });
  const cookies = [answer.headers['set-cookie'] ?? []].flat();
  const login = cookies.find((one) => one.startsWith('bridgehead='));
  return { status: answer.statusCode, text: answer.body, to: answer.headers.location, login };
}

/** Follows the real provider's redirects, as a browser with its cookies does, until it sends us back. */
async function throughProvider(url: URL): Promise<string> {
  const jar = new Map<string, string>();
  let next = url;
  for (let steps = 0; steps < 10; steps += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(next, { redirect: 'manual', headers: { cookie } });
    for (const one of answer.headers.getSetCookie()) {
      const [pair = ''] = one.split(';');
      jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const to = answer.headers.get('location');
    assert.ok(to !== null, `${next.href}: ${answer.status} ${await answer.text()}`);
    next = new URL(to, next);
    if (next.origin === callback.origin) return next.search;
  }
  throw new Error('the provider sends us round in circles');
}

async function auditOf(): Promise<
  readonly { result: string; code: string | null; text: string }[]
> {
  const rows = await store.audit.newest(500, null);
  const mine = rows.filter(({ entry }) => entry.route === 'GET /v1/session/callback');
  return mine.map(({ entry: { result, code, details } }) => {
    return { result, code, text: JSON.stringify(details) };
  });
}

test('a person comes in by a real provider, with the role and the owners of their claims', async () => {
  const { issuer, as } = await realProvider();
  const api = await apiWith(issuer);
  const said = await api.inject('/v1/session/provider');
  assert.deepEqual(said.json(), { provider: { name: 'the provider' } });
  as('u-ada');
  const { url, cookie } = await begin(api, '/#/instances');
  for (const name of ['state', 'nonce', 'code_challenge']) {
    assert.match(url.searchParams.get(name) ?? '', /^[\w-]{43}$/);
  }
  assert.equal(url.searchParams.get('code_challenge_method'), 'S256');
  const query = await throughProvider(url);
  const back = await comeBack(api, query, cookie);
  assert.equal(back.status, 303, back.text);
  assert.equal(back.to, '/#/instances');
  assert.match(back.login ?? '', /HttpOnly; Secure; SameSite=Strict/);
  const [pair = ''] = (back.login ?? '').split(';');
  const session = await api.inject({ url: '/v1/session', headers: { cookie: pair } });
  const { name, role, owners, via } = session.json<SessionView>();
  assert.deepEqual([name, role, owners, via], ['ada', 'operator', ['shop'], 'login']);
  const row = (await auditOf()).at(-1);
  assert.deepEqual(row, {
    result: 'done',
    code: null,
    text: `{"subject":"${issuer.origin} u-ada"}`,
  });

  const again = await comeBack(api, query, cookie);
  assert.equal(again.status, 403, 'the way back serves once');
  assert.equal(again.login, undefined);

  await changeOfMind(api, as);
});

// In the same fleet: what the provider says later counts later, and names belong to who had them first.
async function changeOfMind(api: FastifyInstance, as: (subject: string) => void): Promise<void> {
  const enter = async (subject: string) => {
    as(subject);
    const { url, cookie } = await begin(api);
    return comeBack(api, await throughProvider(url), cookie);
  };
  assert.match((await enter('u-bob')).text, /claim groups of bob has no value/);
  assert.match((await enter('u-eve')).text, /there is a user ada already who is somebody else/);
  const ada = people['u-ada'] ?? {};
  Object.assign(ada, { groups: ['all'], preferred_username: 'countess' });
  assert.equal((await enter('u-ada')).status, 303);
  const user = await store.access.user('ada');
  assert.deepEqual([user?.role, user?.owners, user?.password], ['viewer', ['shop'], null]);
  const file = { authorization: 'Bearer right' };
  const invited = await api.inject({ method: 'POST', url: '/v1/users/ada/invite', headers: file });
  assert.equal(invited.statusCode, 400, 'nobody gives them a password');
  await store.access.changeUser('ada', { isDisabled: true });
  assert.match((await enter('u-ada')).text, /user ada is disabled/);
  const codes = (await auditOf()).filter(({ result }) => result === 'refused');
  assert.ok(codes.length >= 4 && codes.every(({ code }) => code === 'OIDC_REFUSED'));
}

test('whatever is not as it has to be is refused, and nobody comes in', async () => {
  const { issuer, next } = await lyingProvider(client.clientId, listening);
  const api = await apiWith(issuer);
  const nowS = Math.floor(Date.now() / 1_000);
  interface Case {
    readonly what: string;
    readonly lie?: Lie;
    readonly query?: (begun: Begun) => string;
    readonly cookie?: (begun: Begun) => Promise<string | null>;
    readonly isWithoutNonce?: boolean;
  }
  const codeAnd = (state: string | null) => `?code=c&state=${state}`;
  const stateOf = ({ url }: Begun) => url.searchParams.get('state');
  const cases: readonly Case[] = [
    { what: 'another state', query: () => codeAnd('x'.repeat(43)) },
    { what: 'no state', query: () => '?code=c' },
    { what: 'no code', query: (begun) => `?state=${stateOf(begun)}` },
    {
      what: 'the provider says no',
      query: (begun) => `?error=access_denied&state=${stateOf(begun)}`,
    },
    { what: 'another nonce', lie: { claims: { nonce: 'n'.repeat(43) } } },
    { what: 'no nonce', isWithoutNonce: true },
    { what: 'another issuer', lie: { claims: { iss: 'https://elsewhere.example' } } },
    { what: 'another audience', lie: { claims: { aud: 'somebody-else' } } },
    { what: 'run out', lie: { claims: { exp: nowS - 600, iat: nowS - 900 } } },
    { what: 'signed by others', lie: { isSignedByOthers: true } },
    { what: 'not signed', lie: { algorithm: 'none' } },
    { what: 'no ID token', lie: { isWithoutToken: true } },
    { what: 'no role', lie: { claims: { groups: [] } } },
    { what: 'no owners', lie: { claims: { teams: [] } } },
    { what: 'the name of the administrator', lie: { claims: { preferred_username: 'admin' } } },
    { what: 'no cookie', cookie: async () => null },
    { what: "another browser's cookie", cookie: async () => (await begin(api)).cookie },
    { what: 'a cookie of nobody', cookie: async () => 'bridgehead-journey=bho.x.y' },
  ];
  for (const { what, lie = {}, query, cookie, isWithoutNonce } of cases) {
    const begun = await begin(api);
    const nonce = isWithoutNonce === true ? {} : { nonce: begun.url.searchParams.get('nonce') };
    next({ ...lie, claims: { ...nonce, ...lie.claims } });
    const brought = cookie === undefined ? begun.cookie : await cookie(begun);
    const back = await comeBack(api, query?.(begun) ?? codeAnd(stateOf(begun)), brought);
    assert.equal(back.status, 403, `${what}: ${back.text}`);
    assert.equal(back.login, undefined, what);
    assert.match(back.text, /You are not logged in/, what);
  }
  assert.equal(await store.access.user('liar'), null);

  const begun = await begin(api);
  next({ claims: { nonce: begun.url.searchParams.get('nonce') } });
  forwardMs += 11 * 60_000;
  const late = await comeBack(api, codeAnd(stateOf(begun)), begun.cookie);
  assert.match(late.text, /too long ago/);

  // The same without a lie comes in: what was refused was refused for its fault.
  const good = await begin(api);
  next({ claims: { nonce: good.url.searchParams.get('nonce') } });
  const back = await comeBack(api, codeAnd(stateOf(good)), good.cookie);
  assert.equal(back.status, 303, back.text);
});

test('nobody is sent elsewhere, and what is said of a refusal is text', async () => {
  const { issuer, next } = await lyingProvider(client.clientId, listening);
  const api = await apiWith(issuer);
  const elsewhere = ['//evil.example', '/\\evil.example', 'https://evil.example', '/a\r\nx: y', ''];
  for (const to of elsewhere) {
    const begun = await begin(api, to);
    next({
      claims: { nonce: begun.url.searchParams.get('nonce'), sub: 'u-to', preferred_username: 'to' },
    });
    const state = begun.url.searchParams.get('state');
    const back = await comeBack(api, `?code=c&state=${state}`, begun.cookie);
    assert.equal(back.to, '/', to);
  }
  const begun = await begin(api);
  const script = '<script>alert(1)</script>';
  const state = begun.url.searchParams.get('state');
  const query = `?error=x&error_description=${encodeURIComponent(script)}&state=${state}`;
  const back = await comeBack(api, query, begun.cookie);
  assert.equal(back.status, 403);
  assert.doesNotMatch(back.text, /<script/);
});

test('a provider that is out of reach keeps nobody else out', async () => {
  const server = createServer();
  const issuer = await listening(server);
  await opened.pop()?.();
  const api = await apiWith(issuer);
  const answer = await api.inject('/v1/session/begin');
  assert.equal(answer.statusCode, 503);
  assert.match(answer.body, /does not answer as one/);
  const file = await api.inject({ url: '/v1/session', headers: { authorization: 'Bearer right' } });
  assert.equal(file.statusCode, 200);
});

test('without a provider there is no way to one', async () => {
  const api = await testApi(store, scheduler, testAccess(store, 'right', clock));
  opened.push(() => api.close());
  assert.deepEqual((await api.inject('/v1/session/provider')).json(), { provider: null });
  for (const path of ['begin', 'callback']) {
    assert.equal((await api.inject(`/v1/session/${path}`)).statusCode, 404);
  }
});

test('nothing of a login that is under way can be read in the store', async () => {
  const { issuer } = await lyingProvider(client.clientId, listening);
  const api = await apiWith(issuer);
  const { cookie, url } = await begin(api);
  const [, , secret = ''] = cookie.split('.');
  const hash = createHash('sha256').update(secret).digest('hex');
  const id = cookie.split('.')[1] ?? '';
  const journey = await store.access.takeJourney(id, hash);
  assert.ok(journey !== null);
  const kept = JSON.stringify(journey);
  for (const word of [
    secret,
    url.searchParams.get('state') ?? '',
    url.searchParams.get('nonce') ?? '',
  ]) {
    assert.ok(word.length === 43 && !kept.includes(word));
  }
});
