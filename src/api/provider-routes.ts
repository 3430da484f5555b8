// Coming in by an identity provider. Two of these are for browsers alone: they answer with a way to go,
// or with a page that says why not.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { journeyLifeMs, providerOf } from '../access/provider-desk.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { providerView } from '../protocol/access-views.ts';
import { refusalPage } from './docs-page.ts';
import { addressOf, entryOf } from './gate.ts';
import { cookiesOf, journeyCookie, keepJourney, keepLogin, loseJourney } from './login-cookie.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const beginQuery = z.object({ to: z.string().max(500).default('/') });

/** Whether there is one, the way there, and the way back. */
export function providerRoutes(api: FastifyInstance, routes: Routes, parts: ApiParts): void {
  const { provider, audit } = parts;
  routes.route({
    method: 'GET',
    url: '/v1/session/provider',
    schema: {
      summary: 'The identity provider by which people come in beside passwords; null for none',
      response: { 200: z.object({ provider: providerView.nullable() }), ...failures },
    },
    handler: async () => ({ provider: provider === null ? null : { name: provider.name } }),
  });
  const hidden = { schema: { hide: true } };
  api.get('/v1/session/begin', hidden, (request, reply) =>
    orRefuse(request, reply, async () => {
      const { to } = beginQuery.parse(request.query);
      const { url, word } = await providerOf(provider).begin(to);
      keepJourney(request, reply, word, journeyLifeMs / 1_000);
      return url.href;
    }),
  );
  api.get('/v1/session/callback', hidden, (request, reply) =>
    orRefuse(request, reply, async () => {
      const [word = null] = cookiesOf(request.headers.cookie, journeyCookie(request));
      loseJourney(request, reply);
      const { search } = new URL(request.url, 'http://here');
      const login = await providerOf(provider).finish(word, search, addressOf(request));
      keepLogin(request, reply, login);
      request.principal = login.principal;
      await audit.ended({ ...entryOf(request, 'done', null), details: { subject: login.subject } });
      return login.returnTo;
    }),
  );

  async function orRefuse(
    request: FastifyRequest,
    reply: FastifyReply,
    work: () => Promise<string>,
  ): Promise<FastifyReply> {
    reply.header('cache-control', 'no-store');
    try {
      return reply.redirect(await work(), 303);
    } catch (error) {
      const known =
        error instanceof z.ZodError
          ? new BridgeheadError('REQUEST_INVALID', "'to' is too long", 'Begin from the page.')
          : BridgeheadError.wrap(error);
      const entry = { ...entryOf(request, 'refused', known), details: { why: known.message } };
      if (known.status < 500) await audit.refused(entry);
      else parts.log('nobody comes in by the identity provider', { error: known.message });
      return reply
        .status(known.status)
        .type('text/html; charset=utf-8')
        .send(refusalPage('You are not logged in', known));
    }
  }
}
