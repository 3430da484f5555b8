import { z } from 'zod';
import {
  addTokenRequest,
  addUserRequest,
  auditView,
  changeUserRequest,
  invitationView,
  newTokenView,
  type TokenView,
  tokenView,
  type UserView,
  userView,
} from '../protocol/access-views.ts';
import type { ApiToken, User } from '../store/access-store.ts';
import {
  beforeOf,
  cursorWord,
  namedPages,
  nextCursor,
  pageView,
  pastPageOf,
  sliceOf,
} from './pages.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const named = z.object({ name: z.string().min(1).max(63) });
const done = { 200: z.object({ text: z.string() }), ...failures };
const auditMax = 5_000;

/** Users, tokens of the API, and what was done by whom. */
export function accessRoutes(routes: Routes, { access, audit }: ApiParts): void {
  routes.route({
    method: 'GET',
    url: '/v1/users',
    schema: {
      summary: 'Users, by name',
      querystring: namedPages,
      response: { 200: pageView(userView), ...failures },
    },
    handler: async ({ query }) =>
      sliceOf('users', (await access.users()).map(viewUser), query, ({ name }) => [name]),
  });
  routes.route({
    method: 'POST',
    url: '/v1/users',
    schema: {
      summary: 'Add a user; the answer is an invitation by which they choose a password',
      body: addUserRequest,
      response: { 200: invitationView, ...failures },
    },
    handler: async ({ body: { name, role, owners }, principal }) => {
      const { word, expiresMs } = await access.addUser(name, { role, owners }, principal.name);
      return { name, invitation: word, expiresMs };
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/users/:name',
    schema: {
      summary: 'Change what a user may, or disable them; ends their logins',
      params: named,
      body: changeUserRequest,
      response: { 200: userView, ...failures },
    },
    handler: async ({ params: { name }, body: { role, owners, isDisabled } }) =>
      viewUser(
        await access.changeUser(name, {
          ...(role === undefined ? {} : { role }),
          ...(owners === undefined ? {} : { owners }),
          ...(isDisabled === undefined ? {} : { isDisabled }),
        }),
      ),
  });
  routes.route({
    method: 'POST',
    url: '/v1/users/:name/invite',
    schema: {
      summary: 'A new invitation for a user, by which they choose a new password',
      params: named,
      response: { 200: invitationView, ...failures },
    },
    handler: async ({ params: { name } }) => {
      const { word, expiresMs } = await access.inviteAgain(name);
      return { name, invitation: word, expiresMs };
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/users/:name/remove',
    schema: { summary: 'Remove a user with their tokens', params: named, response: done },
    handler: async ({ params: { name } }) => {
      await access.removeUser(name);
      return { text: `user ${name} is removed, with their logins and tokens` };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/tokens',
    schema: {
      summary: "The caller's tokens of the API; an administrator's answer has all",
      querystring: namedPages,
      response: { 200: pageView(tokenView), ...failures },
    },
    handler: async ({ principal, query }) =>
      sliceOf('tokens', (await access.tokens(principal)).map(viewToken), query, ({ name }) => [
        name,
      ]),
  });
  routes.route({
    method: 'POST',
    url: '/v1/tokens',
    schema: {
      summary: 'Make a token of the API, which may do no more than who makes it; shown once',
      body: addTokenRequest,
      response: { 200: newTokenView, ...failures },
    },
    handler: async ({ body: { name, role, owners, lifeS }, principal }, reply) => {
      const grant = { role, owners, lifeMs: lifeS * 1_000 };
      const { word, token } = await access.addToken(principal, name, grant);
      reply.header('cache-control', 'no-store');
      return { ...viewToken(token), token: word };
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/tokens/:name/revoke',
    schema: { summary: 'From then on the token is no good', params: named, response: done },
    handler: async ({ params: { name }, principal }) => {
      await access.revokeToken(principal, name);
      return { text: `token ${name} is revoked` };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/audit',
    schema: {
      summary: 'Every change and every refusal: the newest, or those that follow an id',
      querystring: z.object({
        after: z.coerce.number().int().min(0).optional(),
        cursor: cursorWord,
        limit: z.coerce.number().int().min(1).max(auditMax).default(100),
      }),
      response: { 200: z.object({ items: z.array(auditView), next: nextCursor }), ...failures },
    },
    handler: async ({ query }) => {
      const { after, limit } = query;
      const before = beforeOf('audit', query);
      const rows = await (after === undefined
        ? audit.newest(limit + 1, before)
        : audit.after(after, limit));
      const { items, next } = pastPageOf('audit', rows, limit);
      return { items: structuredClone(items) as z.infer<typeof auditView>[], next };
    },
  });
}

function viewUser({ name, role, owners, isDisabled, password, subject, ...made }: User): UserView {
  const own = owners === null ? null : [...owners];
  const { createdMs, createdBy } = made;
  return {
    ...{ name, role, owners: own, isDisabled, subject },
    isInvited: password === null && subject === null,
    ...{ createdMs, createdBy },
  };
}

function viewToken(token: ApiToken): TokenView {
  const { name, role, owners, user, createdMs, createdBy, expiresMs, usedMs } = token;
  const own = owners === null ? null : [...owners];
  return { name, role, owners: own, user, createdMs, createdBy, expiresMs, usedMs };
}
