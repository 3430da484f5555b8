import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';
import {
  eventView,
  explainView,
  instanceView,
  poolView,
  type StatusView,
  statusView,
} from '../protocol/api.ts';
import { instanceName, poolName } from '../protocol/shapes.ts';
import { instanceViews, viewInstance, viewPool } from '../scheduler/views.ts';
import { ownObjects, ownView } from './own.ts';
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

const eventsQuery = z.object({
  object: z.string().max(128).optional(),
  after: z.coerce.number().int().min(0).optional(),
  cursor: cursorWord,
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** What there is and how it does: pools, instances, events, status. */
export function fleetRoutes(routes: Routes, parts: ApiParts): void {
  const { scheduler, store } = parts;
  routes.route({
    method: 'GET',
    url: '/v1/pools',
    schema: {
      summary: 'Pools by name, with the addresses that instances hold',
      querystring: namedPages,
      response: { 200: pageView(poolView), ...failures },
    },
    handler: async ({ principal, query }) => {
      const source = ownView(await scheduler.viewSource(), principal.owners);
      const { items, next } = sliceOf('pools', source.fleet.pools, query, ({ name }) => [name]);
      return { items: items.map((pool) => viewPool(source, pool)), next };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/pools/:name',
    schema: {
      summary: 'One pool',
      params: z.object({ name: poolName }),
      response: { 200: poolView, ...failures },
    },
    handler: async ({ params, principal }) => {
      const source = ownView(await scheduler.viewSource(), principal.owners);
      const pool = source.fleet.pools.find(({ name }) => name === params.name);
      if (pool === undefined) throw missing('pool', params.name);
      return viewPool(source, pool);
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/instances',
    schema: {
      summary: 'Instances, by name',
      querystring: namedPages,
      response: { 200: pageView(instanceView), ...failures },
    },
    handler: async ({ principal, query }) => {
      const source = ownView(await scheduler.viewSource(), principal.owners);
      const { instances } = source.fleet;
      const { items, next } = sliceOf('instances', instances, query, ({ spec }) => [spec.name]);
      return { items: items.map(instanceViews(source)), next };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/instances/:name',
    schema: {
      summary: 'One instance',
      params: z.object({ name: instanceName }),
      response: { 200: instanceView, ...failures },
    },
    handler: async ({ params }) => {
      const source = await scheduler.viewSource();
      const instance = source.fleet.instances.find(({ spec }) => spec.name === params.name);
      if (instance === undefined) throw missing('instance', params.name);
      return viewInstance(source, instance);
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/instances/:name/explain',
    schema: {
      summary: 'Why an instance is where it is, and what other hosts would be worth',
      params: z.object({ name: instanceName }),
      response: { 200: explainView, ...failures },
    },
    handler: async ({ params }) => scheduler.explain(params.name),
  });
  routes.route({
    method: 'GET',
    url: '/v1/events',
    schema: {
      summary: 'What happened: the newest events, or those that follow an id, in their order',
      querystring: eventsQuery,
      response: { 200: z.object({ items: z.array(eventView), next: nextCursor }), ...failures },
    },
    handler: async ({ query, principal: { owners } }) => {
      const { object, after, limit } = query;
      const before = beforeOf('events', query);
      const own = owners === null ? null : ownObjects((await scheduler.viewSource()).fleet, owners);
      const events = await store.events({
        limit: after === undefined ? limit + 1 : limit,
        ...(before === null ? {} : { beforeId: before }),
        ...(own === null ? {} : { among: [...own] }),
        ...(object === undefined ? {} : { object }),
        ...(after === undefined ? {} : { afterId: after }),
      });
      return pastPageOf('events', events, limit);
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/status',
    schema: {
      summary: 'How the scheduler and its fleet do',
      response: { 200: statusView, ...failures },
    },
    handler: async (): Promise<StatusView> => {
      const source = await scheduler.viewSource();
      const { hosts, instances } = source.fleet;
      const phases = instances.map(instanceViews(source)).map(({ phase }) => phase);
      return {
        version: parts.version,
        uptimeS: scheduler.uptimeS,
        store: parts.storeKind,
        scheduler: scheduler.name,
        schedulers: source.sessions.filter(({ isAlive }) => isAlive).map(({ name }) => name),
        hosts: {
          ready: hosts.filter(({ state }) => state === 'ready').length,
          heard: scheduler.agents.connected.length,
          total: hosts.length,
        },
        instances: {
          serving: phases.filter((phase) => phase === 'serving').length,
          total: instances.length,
        },
        reconcilers: [...scheduler.reconcilers],
      };
    },
  });
}

function missing(kind: 'pool' | 'instance', name: string): BridgeheadError {
  return new BridgeheadError(
    'NOT_FOUND',
    `${kind} ${name} does not exist`,
    `See what there is: bridgehead get ${kind}s`,
  );
}
