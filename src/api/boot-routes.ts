import { z } from 'zod';
import { bootView } from '../protocol/boot-views.ts';
import { fleetBoots } from '../scheduler/fleet-boots.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const limitMax = 20_000;

/** Boots of the fleet's hosts. */
export function bootRoutes(routes: Routes, { crashGroups, scheduler }: ApiParts): void {
  const hosts = async () => (await scheduler.viewSource()).fleet.hosts;
  routes.route({
    method: 'GET',
    url: '/v1/boots',
    schema: {
      summary: 'Boots of the hosts and how each ended, the newest first',
      querystring: z.object({
        host: z.string().max(255).optional(),
        limit: z.coerce.number().int().min(1).max(limitMax).default(1_000),
      }),
      response: { 200: z.object({ items: z.array(bootView) }), ...failures },
    },
    handler: async ({ query: { host, limit } }) => ({
      items: [...(await fleetBoots(crashGroups, hosts, { host: host ?? null, limit }))],
    }),
  });
}
