import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';
import { lossesOf } from '../operations/what-if.ts';
import {
  capacityView,
  confirmDeadRequest,
  disarmRequest,
  failoverView,
  operationView,
} from '../protocol/api.ts';
import { hostName } from '../protocol/shapes.ts';
import { hostViews, viewOperation } from '../scheduler/views.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

/** Failover: what is held true of the hosts, whether it acts, and a person's word that one is dead. */
export function failoverRoutes(routes: Routes, { scheduler }: ApiParts): void {
  const { detection } = scheduler;
  const view = async () => {
    const [source, disarmed] = await Promise.all([scheduler.viewSource(), detection.disarmed()]);
    const view = hostViews(source);
    const hosts = source.fleet.hosts.map((host) => {
      const { name, state, verdict } = view(host);
      return { name, state, verdict };
    });
    return { disarmed, hosts };
  };
  const response = { 200: failoverView, ...failures };
  routes.route({
    method: 'GET',
    url: '/v1/failover',
    schema: { summary: 'What is held true of each host, and whether failover acts', response },
    handler: view,
  });
  routes.route({
    method: 'GET',
    url: '/v1/capacity',
    schema: {
      summary: 'What the loss of each host, rack or zone would do',
      response: { 200: capacityView, ...failures },
    },
    handler: async () => {
      const { fleet } = await scheduler.viewSource();
      return {
        losses: lossesOf(fleet).map((loss) => ({
          ...loss,
          hosts: [...loss.hosts],
          shed: [...loss.shed],
          stranded: [...loss.stranded],
        })),
      };
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/failover/disarm',
    schema: { summary: 'Fail nothing over, for maintenance', body: disarmRequest, response },
    handler: async ({ body, principal }) => {
      await detection.setDisarmed(body.reason, principal.name);
      return view();
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/failover/arm',
    schema: { summary: 'Fail over again', response },
    handler: async ({ principal }) => {
      await detection.setDisarmed(null, principal.name);
      return view();
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/hosts/:name/confirm-dead',
    schema: {
      summary: 'Say that a host is off, where its witnesses cannot prove it, and fail it over',
      params: z.object({ name: hostName }),
      body: confirmDeadRequest,
      response: { 202: operationView, ...failures },
    },
    handler: async ({ params, body, principal }, reply) => {
      const operation = await detection.confirmDead(params.name, principal.name, body.reason);
      if (operation === null) throw alreadyDead(params.name);
      return reply
        .code(202)
        .send(viewOperation(operation, (await scheduler.viewSource()).sessions));
    },
  });
}

function alreadyDead(host: string): BridgeheadError {
  return new BridgeheadError(
    'BUSY',
    `host ${host} is held for dead already, or has just come back`,
    `See how it is: bridgehead describe host ${host}`,
  );
}
