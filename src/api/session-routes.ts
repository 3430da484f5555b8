import { z } from 'zod';
import type { NewLogin } from '../access/desk.ts';
import { BridgeheadError } from '../domain/errors.ts';
import {
  loginAnswer,
  loginRequest,
  passwordRequest,
  type SessionView,
  sessionView,
} from '../protocol/access-views.ts';
import { addressOf, entryOf } from './gate.ts';
import { keepLogin, loseLogin } from './login-cookie.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const done = { 200: z.object({ text: z.string() }), ...failures };

/** Logging in and out, and who one is. */
export function sessionRoutes(routes: Routes, { access, audit }: ApiParts): void {
  routes.route({
    method: 'POST',
    url: '/v1/session',
    schema: {
      summary: 'Log in by password, or by an invitation that sets one: a cookie, or a bearer token',
      body: loginRequest,
      response: { 200: loginAnswer, ...failures },
    },
    handler: async (request, reply) => {
      const { user = null, password, invitation, bearer } = request.body;
      const address = addressOf(request);
      let login: NewLogin;
      try {
        if (invitation !== undefined) {
          login = await access.accept(invitation, user, password, address);
        } else if (user !== null) login = await access.login(user, password, address);
        else throw noUser();
      } catch (error) {
        const known = BridgeheadError.wrap(error);
        if (known.status < 500) await audit.refused(entryOf(request, 'refused', known));
        throw error;
      }
      request.principal = login.principal;
      await audit.ended(entryOf(request, 'done', null));
      const { principal, word, csrf, expiresMs } = login;
      if (!bearer) keepLogin(request, reply, login);
      reply.header('cache-control', 'no-store');
      const view = viewOf(principal, bearer ? null : csrf, expiresMs);
      return { ...view, token: bearer ? word : null };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/session',
    schema: {
      summary: 'Who the caller is, and what they may',
      response: { 200: sessionView, ...failures },
    },
    handler: ({ principal, shown, headers }, reply) => {
      reply.header('cache-control', 'no-store');
      const csrf = headers.authorization === undefined ? (shown?.csrf ?? null) : null;
      return viewOf(principal, csrf, shown?.expiresMs ?? null);
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/session/end',
    schema: { summary: 'Log out', response: done },
    handler: async (request, reply) => {
      await access.logout(request.principal);
      loseLogin(request, reply);
      return { text: 'logged out' };
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/session/password',
    schema: {
      summary: "Change one's own password; ends all one's logins",
      body: passwordRequest,
      response: done,
    },
    handler: async (request) => {
      const { old, password } = request.body;
      await access.changePassword(request.principal, old, password, addressOf(request));
      return { text: 'the password is changed; log in with it' };
    },
  });
}

function viewOf(
  { name, user, role, owners, via }: NewLogin['principal'],
  csrf: string | null,
  expiresMs: number | null,
): SessionView {
  const shownBy = via === 'nothing' ? 'login' : via;
  const own = owners === null ? null : [...owners];
  return { name, user, role, owners: own, via: shownBy, csrf, expiresMs };
}

function noUser(): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    'the request names no user',
    'Give "user", or an "invitation" that names one.',
  );
}
