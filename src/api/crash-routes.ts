import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';
import { crashView } from '../protocol/crash-views.ts';
import { beforeOf, pageOf, pageQuery, pageView } from './pages.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const limitMax = 1_000;
const nameMax = 255;

/** Crash reports of the fleet. */
export function crashRoutes(routes: Routes, { crashes }: ApiParts): void {
  routes.route({
    method: 'GET',
    url: '/v1/crashes',
    schema: {
      summary: "Crash reports that were cut out of the hosts' logs, the newest first",
      querystring: pageQuery(limitMax, 100).extend({
        host: z.string().max(nameMax).optional(),
        fingerprint: z.string().max(nameMax).optional(),
      }),
      response: { 200: pageView(crashView), ...failures },
    },
    handler: async ({ query }) => {
      const { host, fingerprint, limit } = query;
      const beforeId = beforeOf('crashes', query);
      const wanted = { host: host ?? null, fingerprint: fingerprint ?? null };
      const found = await crashes.list({ ...wanted, beforeId, limit: limit + 1 });
      const { items, next } = pageOf('crashes', found, limit, ({ id }) => [id]);
      return { items: structuredClone(items) as z.infer<typeof crashView>[], next };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/crashes/:id',
    schema: {
      summary: 'One crash report',
      params: z.object({ id: z.coerce.number().int().min(1) }),
      response: { 200: crashView, ...failures },
    },
    handler: async ({ params: { id } }) => {
      const crash = await crashes.find(id);
      if (crash !== null) return structuredClone(crash) as z.infer<typeof crashView>;
      throw new BridgeheadError(
        'NOT_FOUND',
        `crash report ${id} does not exist`,
        'See which there are: bridgehead crash list',
      );
    },
  });
}
