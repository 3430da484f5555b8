import { z } from 'zod';
import type { Operation } from '../domain/operation.ts';
import { noSuchOperation } from '../operations/engine-errors.ts';
import {
  drainRequest,
  migrateRequest,
  operationView,
  rebalanceQuery,
  rebalanceRequest,
  rebalanceView,
} from '../protocol/api.ts';
import { hostName, instanceName } from '../protocol/shapes.ts';
import { viewOperation } from '../scheduler/views.ts';
import { ownObjects } from './own.ts';
import { pageOf, pageQuery, pageView, uuidBeforeOf } from './pages.ts';
import { failures, keyed, keyOf, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const identified = z.object({ id: z.uuid() });
const listQuery = pageQuery(1_000, 100).extend({
  object: z.string().max(128).optional(),
  open: z.stringbool().optional(),
});

/** Beginning operations, looking at them, ending them before their time. */
export function operationRoutes(routes: Routes, { scheduler, store }: ApiParts): void {
  const view = async (operation: Operation) =>
    viewOperation(operation, await store.transact((tx) => tx.sessions()));
  routes.route({
    method: 'POST',
    url: '/v1/instances/:name/migrate',
    schema: {
      summary: 'Move an instance with its addresses to another host',
      headers: keyed,
      params: z.object({ name: instanceName }),
      body: migrateRequest,
      response: { 202: operationView, ...failures },
    },
    handler: async ({ params, body, headers, principal }, reply) => {
      const { to, reason, wait: mayWait } = body;
      const request = { reason, mayWait, who: principal.name, key: keyOf(headers) };
      return reply.status(202).send(await view(await scheduler.migrate(params.name, to, request)));
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/hosts/:name/drain',
    schema: {
      summary: 'Cordon a host and move everything off it, the most important first',
      headers: keyed,
      params: z.object({ name: hostName }),
      body: drainRequest,
      response: { 202: operationView, ...failures },
    },
    handler: async ({ params, body, headers, principal }, reply) => {
      const { reason, wait: mayWait } = body;
      const request = { reason, mayWait, who: principal.name, key: keyOf(headers) };
      return reply.status(202).send(await view(await scheduler.drain(params.name, request)));
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/rebalance',
    schema: {
      summary: 'The moves by which a rebalancing would even out the load of the hosts',
      querystring: rebalanceQuery,
      response: { 200: rebalanceView, ...failures },
    },
    handler: async ({ query }) => ({ moves: [...(await scheduler.rebalancing(query.movesMax))] }),
  });
  routes.route({
    method: 'POST',
    url: '/v1/rebalance',
    schema: {
      summary: 'Even out the load of the hosts, by at most so many migrations',
      headers: keyed,
      body: rebalanceRequest,
      response: { 202: operationView, ...failures },
    },
    handler: async ({ body, headers, principal }, reply) => {
      const { movesMax, reason, wait: mayWait } = body;
      const request = { reason, mayWait, who: principal.name, key: keyOf(headers) };
      return reply.status(202).send(await view(await scheduler.rebalance(movesMax, request)));
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/operations',
    schema: {
      summary: 'Operations, the newest first',
      querystring: listQuery,
      response: { 200: pageView(operationView), ...failures },
    },
    handler: async ({ query, principal: { owners } }) => {
      const { object, open, limit } = query;
      const before = uuidBeforeOf('operations', query);
      const { operations, sessions } = await store.transact(async (tx) => ({
        operations: await tx.operations({
          limit: limit + 1,
          ...(before === null ? {} : { beforeId: before }),
          ...(owners === null ? {} : { among: [...(ownObjects(await tx.fleet(), owners) ?? [])] }),
          ...(object === undefined ? {} : { object }),
          ...(open === undefined ? {} : { isOpen: open }),
        }),
        sessions: await tx.sessions(),
      }));
      const { items, next } = pageOf('operations', operations, limit, ({ id }) => [id]);
      return { items: items.map((one) => viewOperation(one, sessions)), next };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/operations/:id',
    schema: {
      summary: 'One operation, step by step',
      params: identified,
      response: { 200: operationView, ...failures },
    },
    handler: async ({ params }) => {
      const operation = await store.transact((tx) => tx.operation(params.id));
      if (operation === null) throw noSuchOperation(params.id);
      return view(operation);
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/operations/:id/cancel',
    schema: {
      summary: 'End an operation before its time, and undo what it has done',
      params: identified,
      response: { 200: operationView, ...failures },
    },
    handler: async ({ params, principal }) =>
      view(await scheduler.engine.cancel(params.id, principal.name)),
  });
}
