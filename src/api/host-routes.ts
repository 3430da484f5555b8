import { z } from 'zod';
import type { Principal } from '../domain/access.ts';
import { findHost } from '../operations/find-host.ts';
import { cordonRequest, hostView, joinTokenRequest, joinTokenView } from '../protocol/api.ts';
import { hostName } from '../protocol/shapes.ts';
import { hostViews, viewHost } from '../scheduler/views.ts';
import { ownView } from './own.ts';
import { namedPages, pageView, sliceOf } from './pages.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const named = z.object({ name: hostName });

/** Hosts: looking at them, keeping new instances off them, letting new ones join. */
export function hostRoutes(
  routes: Routes,
  { scheduler, newJoinToken, revokeHost }: ApiParts,
): void {
  const view = async (name: z.infer<typeof named>['name'], { owners }: Principal) => {
    const source = ownView(await scheduler.viewSource(), owners);
    return viewHost(source, findHost(source.fleet.hosts, name));
  };
  routes.route({
    method: 'GET',
    url: '/v1/hosts',
    schema: {
      summary: 'Hosts, by name',
      querystring: namedPages,
      response: { 200: pageView(hostView), ...failures },
    },
    handler: async ({ principal, query }) => {
      const source = ownView(await scheduler.viewSource(), principal.owners);
      const { items, next } = sliceOf('hosts', source.fleet.hosts, query, ({ name }) => [name]);
      return { items: items.map(hostViews(source)), next };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/hosts/:name',
    schema: { summary: 'One host', params: named, response: { 200: hostView, ...failures } },
    handler: ({ params, principal }) => view(params.name, principal),
  });
  routes.route({
    method: 'POST',
    url: '/v1/hosts/:name/cordon',
    schema: {
      summary: 'Place nothing new on a host',
      params: named,
      body: cordonRequest,
      response: { 200: hostView, ...failures },
    },
    handler: async ({ params, body, principal }) => {
      await scheduler.setCordon(params.name, body.reason, principal.name);
      return view(params.name, principal);
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/hosts/:name/uncordon',
    schema: {
      summary: 'Let instances be placed on a host again',
      params: named,
      response: { 200: hostView, ...failures },
    },
    handler: async ({ params, principal }) => {
      await scheduler.setCordon(params.name, null, principal.name);
      return view(params.name, principal);
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/hosts/:name/revoke',
    schema: {
      summary: "Take back a host's certificates: nobody is its agent until it has joined again",
      params: named,
      body: cordonRequest,
      response: { 200: hostView, ...failures },
    },
    handler: async ({ params, body, principal }) => {
      await revokeHost(params.name, body.reason, principal.name);
      return view(params.name, principal);
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/join-tokens',
    schema: {
      summary: 'Make a one-time token by which the agent of a host joins the fleet',
      body: joinTokenRequest,
      response: { 200: joinTokenView, ...failures },
    },
    handler: async ({ body, principal }) => {
      const { token, expiresMs } = await newJoinToken(body.host, body.ttlS, principal.name);
      return { token, host: body.host, expiresMs };
    },
  });
}
