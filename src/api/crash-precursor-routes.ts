import { z } from 'zod';
import { crashPrecursorsView } from '../protocol/crash-precursor-views.ts';
import { crashPrecursors } from '../scheduler/crash-precursors.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** What hosts say before they crash. */
export function crashPrecursorRoutes(routes: Routes, { crashGroups }: ApiParts): void {
  routes.route({
    method: 'GET',
    url: '/v1/crash-precursors',
    schema: {
      summary:
        'Lines of logs before crashes, by how much more often than on healthy hosts they come',
      querystring: z.object({
        report: z.coerce.number().int().min(1).optional(),
        group: z.string().min(1).max(500).optional(),
        windowMs: z.coerce.number().int().min(minuteMs).max(dayMs).default(3_600_000),
      }),
      response: { 200: crashPrecursorsView, ...failures },
    },
    handler: ({ query }) => crashPrecursors(crashGroups, query),
  });
}
