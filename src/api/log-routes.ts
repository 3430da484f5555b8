import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';
import { readQuery } from '../logs/query.ts';
import { logMessageView, logStatusView, logsView } from '../protocol/log-views.ts';
import { beforeOf, pageQuery, pastPageOf } from './pages.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const limitMax = 10_000;
const linesMax = 1_000;
/** As long as the name of a search may be in a URL; `readQuery` has its own limit. */
const queryMax = 4_096;

const logsQuery = pageQuery(limitMax, 200).extend({
  query: z.string().max(queryMax).default(''),
  since: z.coerce.number().optional(),
  until: z.coerce.number().optional(),
  after: z.coerce.number().int().min(0).optional(),
});

/** What hosts' logs say. */
export function logRoutes(routes: Routes, { logs }: ApiParts): void {
  routes.route({
    method: 'GET',
    url: '/v1/logs',
    schema: {
      summary:
        'Messages of logs that match a search: the newest, or those that follow an id, in their order',
      querystring: logsQuery,
      response: { 200: logsView, ...failures },
    },
    handler: async ({ query: given }) => {
      const { query, since, until, after, limit } = given;
      const found = await logs.store.search({
        terms: readQuery(query),
        ...{ sinceMs: since ?? null, untilMs: until ?? null, afterId: after ?? null },
        beforeId: beforeOf('logs', given),
        limit: after === undefined ? limit + 1 : limit,
      });
      return { ...pastPageOf('logs', found, limit), intake: logs.counts() };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/log-status',
    schema: {
      summary: 'How many messages of logs are kept and for how long, and what was lost of them',
      response: { 200: logStatusView, ...failures },
    },
    handler: async () => ({
      ...(await logs.store.size()),
      limits: { ...logs.limits },
      intake: logs.counts(),
      kernels: { ...logs.kernelCounts() },
    }),
  });
  routes.route({
    method: 'GET',
    url: '/v1/logs/:id/around',
    schema: {
      summary: 'A message of a log with what came before and after it from the same host',
      params: z.object({ id: z.coerce.number().int().min(1) }),
      querystring: z.object({
        lines: z.coerce.number().int().min(0).max(linesMax).default(20),
      }),
      response: { 200: z.object({ items: z.array(logMessageView) }), ...failures },
    },
    handler: async ({ params: { id }, query: { lines } }) => {
      const items = await logs.store.around(id, lines);
      if (items.length === 0) {
        throw new BridgeheadError(
          'NOT_FOUND',
          `message ${id} is not in the logs, or no longer`,
          'Search for it: bridgehead logs "what it says"',
        );
      }
      return { items: [...items] };
    },
  });
}
