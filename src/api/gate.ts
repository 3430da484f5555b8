// What every request passes before its route: who is it, may they, is it theirs. And what is written
// down of it. The rules themselves are in src/access/rules.ts.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { forbidden, unauthorized } from '../access/access-errors.ts';
import type { Audit } from '../access/audit.ts';
import type { AccessDesk, Shown } from '../access/desk.ts';
import { type Rule, ruleOf } from '../access/rules.ts';
import { isAtLeast, isWithin, nobody, type Principal } from '../domain/access.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import { noSuchOperation } from '../operations/engine-errors.ts';
import type { AuditEntry } from '../store/audit-store.ts';
import type { Store } from '../store/store.ts';
import { cookiesOf, loginCookie } from './login-cookie.ts';
import { isOwnOperation } from './own.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; `nobody` where the route is open to all. */
    principal: Principal;
    /** What was shown, so that a long answer can ask again who it is for. */
    word: string | null;
    /** Of the login or token that was shown; null on an open route. */
    shown: Shown | null;
    /** Row of the audit log in which this change was asked for; null where it is none. */
    auditId: number | null;
    /** Code of the error that it ends in. */
    failure: string | null;
  }
}

export interface GateParts {
  readonly desk: AccessDesk;
  readonly audit: Audit;
  readonly store: Store;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Fields of requests that the audit log keeps. What is not named here may be a secret. */
const told = [
  ...['reason', 'to', 'host', 'name', 'user', 'role', 'owners', 'isDisabled', 'lifeS', 'ttlS'],
  ...['source', 'dryRun', 'prune', 'takeOver', 'rollout', 'movesMax', 'wait', 'what', 'keep'],
  ...['state', 'weight', 'address', 'port', 'file', 'key', 'isPresent'],
] as const;
const toldCharactersMax = 200;

/** Puts the gate before every route that is added to `api` from now on. */
export function addGate(api: FastifyInstance, { desk, audit, store }: GateParts): void {
  api.decorateRequest('principal');
  api.decorateRequest('word', null);
  api.decorateRequest('shown', null);
  api.decorateRequest('auditId', null);
  api.decorateRequest('failure', null);
  api.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) ruleOf(one, url);
  });
  // Before the body is read: whoever may not is not listened to for 24 MiB.
  api.addHook('onRequest', async (request) => {
    request.principal = nobody;
    if (request.is404) return;
    const rule = ruleOf(request.method, request.routeOptions.url ?? '');
    try {
      if (isChange(request)) checkOrigin(request);
      if (rule.role === null) return;
      const { word, isCookie } = wordOf(request);
      request.word = word;
      request.shown = await desk.identify(word);
      request.principal = request.shown.principal;
      if (isCookie && isChange(request)) checkCsrf(request, request.shown.csrf);
      checkRule(rule, request);
      await checkScope(rule, request, store);
    } catch (error) {
      const known = BridgeheadError.wrap(error);
      if (known.status < 500) await audit.refused(entryOf(request, 'refused', known));
      throw error;
    }
  });
  api.addHook('preHandler', async (request) => {
    if (request.is404 || !isChange(request)) return;
    // Logins are many and their refusals count; what is written of them is how they end.
    if (request.principal.via === 'nothing') return;
    request.auditId = (await audit.write(entryOf(request, 'asked', null))).id;
  });
  // Before the answer goes out: nobody is told of a change that is not written down.
  api.addHook('onSend', async (request, reply) => {
    const { auditId, failure, principal } = request;
    if (auditId === null) return;
    request.auditId = null;
    const status = reply.statusCode;
    const entry = entryOf(request, status < 400 ? 'done' : 'failed', null);
    await audit.ended({ ...entry, who: principal.name, of: auditId, status, code: failure });
  });
}

/** A row of the audit log about this request, without secrets. */
export function entryOf(
  request: FastifyRequest,
  result: AuditEntry['result'],
  error: BridgeheadError | null,
): AuditEntry {
  const { name, via, credential } = request.principal;
  return {
    ...{ result, of: null, who: name, via, credential, address: addressOf(request) },
    route: `${request.method} ${request.routeOptions.url ?? ''}`,
    object: objectOf(request),
    status: error?.status ?? null,
    code: error?.code ?? null,
    details: result === 'done' || result === 'failed' ? {} : detailsOf(request),
  };
}

/** Where a request came from: an IP address, or `unix` for the socket on the scheduler's machine. */
export function addressOf(request: FastifyRequest): string {
  const { ip } = request;
  return ip === undefined || ip === '' ? 'unix' : ip;
}

/** True for what may change something. */
function isChange({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

function wordOf(request: FastifyRequest): { readonly word: string; readonly isCookie: boolean } {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) {
    const word = /^Bearer (\S+)$/.exec(authorization)?.[1];
    if (word === undefined)
      throw unauthorized('the Authorization header is not of the form Bearer TOKEN');
    return { word, isCookie: false };
  }
  const [first, ...others] = cookiesOf(cookie, loginCookie(request));
  if (first === undefined) throw unauthorized('the request carries no token');
  // Two of one name: one of them was set by somebody else.
  if (others.length > 0) throw unauthorized('the request carries the cookie twice');
  return { word: first, isCookie: true };
}

// A browser tells the page that sends a change; other programs tell none.
function checkOrigin({ headers: { origin, host } }: FastifyRequest): void {
  if (origin === undefined) return;
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw crossSite(`a page of ${origin} may not ask for changes here`);
}

function checkCsrf(request: FastifyRequest, csrf: string | null): void {
  const sent = Buffer.from(String(request.headers['x-csrf-token'] ?? ''));
  const right = Buffer.from(csrf ?? '');
  if (right.length > 0 && sent.length === right.length && timingSafeEqual(sent, right)) return;
  throw crossSite('a change that is proven by a cookie has to carry X-CSRF-Token');
}

function crossSite(why: string): BridgeheadError {
  return new BridgeheadError(
    'CROSS_SITE',
    why,
    'Send "csrf" of GET /v1/session as X-CSRF-Token, from the page of this very server.',
  );
}

function checkRule({ role, scope }: Rule, request: FastifyRequest): void {
  const { principal } = request;
  const route = `${request.method} ${request.routeOptions.url ?? ''}`;
  if (role !== null && !isAtLeast(principal.role, role)) {
    const why = `it takes the role ${role}, and ${principal.name} is ${principal.role}`;
    throw forbidden(route, why);
  }
  if (scope === 'fleet' && principal.owners !== null) {
    const why = `it is about the whole fleet, and ${principal.name} sees only what is of ${principal.owners.join(', ')}`;
    throw forbidden(route, why);
  }
}

// What is not theirs is answered as what is not there.
async function checkScope(
  { scope }: Rule,
  { principal, params }: FastifyRequest,
  store: Store,
): Promise<void> {
  const { owners } = principal;
  if (owners === null) return;
  const { name = '', id = '' } = params as Readonly<Record<string, string>>;
  if (scope === 'instance') {
    const instance = await store.transact((tx) => tx.instanceNamed(name as InstanceName), 'rows');
    if (instance === null || !isWithin(owners, instance.spec.owner)) throw noSuchInstance(name);
  }
  // Whatever is no id is refused by the route's schema.
  if (scope === 'operation' && uuid.test(id)) {
    const isTheirs = await store.transact(async (tx) => {
      const operation = await tx.operation(id);
      return operation !== null && (await isOwnOperation(tx, owners, operation));
    }, 'rows');
    if (!isTheirs) throw noSuchOperation(id);
  }
}

function noSuchInstance(name: string): BridgeheadError {
  return new BridgeheadError(
    'NOT_FOUND',
    `instance ${name} does not exist`,
    'See what there is: bridgehead get instances',
  );
}

/** `/v1/instances/:name/…` is about `instance/NAME`. */
function objectOf(request: FastifyRequest): string | null {
  const [, collection = ''] =
    /^\/v1\/([a-z-]+)s\/:(?:name|id)/.exec(request.routeOptions.url ?? '') ?? [];
  const { name, id } = (request.params ?? {}) as Readonly<Record<string, string | number>>;
  const one = name ?? id;
  return collection === '' || one === undefined
    ? null
    : `${collection}/${String(one).slice(0, toldCharactersMax)}`;
}

function detailsOf(request: FastifyRequest): Readonly<Record<string, string>> {
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const { name: _, id: __, ...params } = (request.params ?? {}) as Readonly<Record<string, string>>;
  const given = told.flatMap((field) => {
    const value = body[field];
    return value === undefined || value === null ? [] : [[field, textOf(value)] as const];
  });
  const spec = typeof body['text'] === 'string' && 'source' in body ? hashOf(body['text']) : null;
  return {
    ...Object.fromEntries(Object.entries(params).map(([key, value]) => [key, textOf(value)])),
    ...Object.fromEntries(given),
    ...(spec === null ? {} : { specSha256: spec }),
  };
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.slice(0, toldCharactersMax);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
