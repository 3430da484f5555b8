import { z } from 'zod';
import { isWithin } from '../domain/access.ts';
import { rolloutsMax } from '../domain/rollout.ts';
import { rolloutView } from '../protocol/config-views.ts';
import { RolloutDesk } from '../scheduler/rollout-desk.ts';
import { pageQuery, pageView, sliceOf } from './pages.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const identified = z.object({ id: z.uuid() });
const one = { 200: rolloutView, ...failures };

/** Rollouts: looking at them, having them pause, go on, or go back. */
export function rolloutRoutes(routes: Routes, { scheduler, store, clock }: ApiParts): void {
  const desk = new RolloutDesk(store, clock);
  routes.route({
    method: 'GET',
    url: '/v1/rollouts',
    schema: {
      summary: 'Rollouts, the newest first',
      querystring: pageQuery(rolloutsMax, 50),
      response: { 200: pageView(rolloutView), ...failures },
    },
    handler: async ({ query, principal: { owners } }) => {
      const all = await desk.list(rolloutsMax);
      const own = all.filter(({ owner }) => owners === null || isWithin(owners, owner));
      return sliceOf('rollouts', own, query, ({ requestedMs, id }) => [requestedMs, id], 'down');
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/rollouts/:id',
    schema: { summary: 'One rollout, instance by instance', params: identified, response: one },
    handler: ({ params: { id } }) => desk.show(id),
  });
  routes.route({
    method: 'POST',
    url: '/v1/rollouts/:id/pause',
    schema: {
      summary: 'Have a rollout begin no further batch',
      params: identified,
      body: z.object({ reason: z.string().max(1_024).default('') }),
      response: one,
    },
    handler: ({ params: { id }, body: { reason }, principal }) =>
      desk.pause(id, reason, principal.name),
  });
  routes.route({
    method: 'POST',
    url: '/v1/rollouts/:id/resume',
    schema: { summary: 'Have a rollout go on', params: identified, response: one },
    handler: ({ params: { id }, principal }) => desk.resume(id, principal.name),
  });
  routes.route({
    method: 'POST',
    url: '/v1/rollouts/:id/abort',
    schema: {
      summary: 'End a rollout, and have what it changed go back',
      params: identified,
      response: one,
    },
    handler: async ({ params: { id }, principal }) => {
      await desk.show(id);
      await scheduler.engine.cancel(id, principal.name);
      return desk.show(id);
    },
  });
}
