import { z } from 'zod';
import {
  crashDecisionRequest,
  crashDecisionView,
  crashGroupDetail,
  crashGroupView,
  crashUndoRequest,
} from '../protocol/crash-group-views.ts';
import { namedPages, pageQuery, pageView, sliceOf } from './pages.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const limitMax = 1_000;

/** Groups of crash reports, and what people decide about them. */
export function crashGroupRoutes(routes: Routes, { crashGroups }: ApiParts): void {
  routes.route({
    method: 'GET',
    url: '/v1/crash-groups',
    schema: {
      summary: 'Groups of crash reports of one cause, the latest seen first',
      querystring: pageQuery(limitMax, 100),
      response: { 200: pageView(crashGroupView), ...failures },
    },
    handler: async ({ query }) => {
      const all = await crashGroups.list();
      return sliceOf('crash-groups', all, query, ({ lastSeenMs, id }) => [lastSeenMs, id], 'down');
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/crash-groups/:id',
    schema: {
      summary: 'One group with its members, groups that are alike, and what was decided',
      params: z.object({ id: z.string().min(1).max(500) }),
      response: { 200: crashGroupDetail, ...failures },
    },
    handler: ({ params: { id } }) => crashGroups.show(id),
  });
  routes.route({
    method: 'GET',
    url: '/v1/crash-decisions',
    schema: {
      summary: 'What people decided about groups, in the order in which they did',
      querystring: namedPages.extend({ all: z.stringbool().default(false) }),
      response: { 200: pageView(crashDecisionView), ...failures },
    },
    handler: async ({ query }) =>
      sliceOf('crash-decisions', await crashGroups.decisions(query.all), query, ({ id }) => [id]),
  });
  routes.route({
    method: 'POST',
    url: '/v1/crash-decisions',
    schema: {
      summary: 'Merge two groups, split one, or assign a report to another one',
      body: crashDecisionRequest,
      response: { 200: crashDecisionView, ...failures },
    },
    handler: ({ body, principal }) => crashGroups.decide(body, principal.name),
  });
  routes.route({
    method: 'POST',
    url: '/v1/crash-decisions/:id/undo',
    schema: {
      summary: 'Take a decision back',
      params: z.object({ id: z.coerce.number().int().min(1) }),
      body: crashUndoRequest,
      response: { 200: crashDecisionView, ...failures },
    },
    handler: ({ params: { id }, body: { reason }, principal }) =>
      crashGroups.undo(id, reason, principal.name),
  });
}
