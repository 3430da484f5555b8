import { z } from 'zod';
import { bootView } from '../protocol/boot-views.ts';
import { fleetBoots } from '../scheduler/fleet-boots.ts';
import { pageQuery, pageView, sliceOf } from './pages.ts';
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
      querystring: pageQuery(limitMax, 1_000).extend({ host: z.string().max(255).optional() }),
      response: { 200: pageView(bootView), ...failures },
    },
    handler: async ({ query }) => {
      const wanted = { host: query.host ?? null, limit: limitMax };
      const all = await fleetBoots(crashGroups, hosts, wanted);
      return sliceOf('boots', all, query, ({ startedMs, host }) => [startedMs, host], 'down');
    },
  });
}
