import { z } from 'zod';
import { forbidden } from '../access/access-errors.ts';
import { isWithin, type Principal } from '../domain/access.ts';
import {
  certificateName,
  certificateRequest,
  certificateView,
  rotateView,
} from '../protocol/certificate-views.ts';
import { namedPages, pageView, sliceOf } from './pages.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

const named = z.object({ name: certificateName });

/** Certificates, and the keys that secrets are sealed with. */
export function certificateRoutes(
  routes: Routes,
  { certificates: desk, rotateSecrets }: Pick<ApiParts, 'certificates' | 'rotateSecrets'>,
): void {
  routes.route({
    method: 'GET',
    url: '/v1/certificates',
    schema: {
      summary: 'Certificates by name, without their keys',
      querystring: namedPages,
      response: { 200: pageView(certificateView), ...failures },
    },
    handler: async ({ principal, query }) => {
      const shown = (await desk.list()).filter(({ owner }) => isShownTo(principal, owner));
      return sliceOf('certificates', shown, query, ({ name }) => [name]);
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/certificates/:name',
    schema: {
      summary: 'One certificate, without its key',
      params: named,
      response: { 200: certificateView, ...failures },
    },
    handler: ({ params: { name }, principal }) =>
      desk.find(name, (owner) => isShownTo(principal, owner)),
  });
  routes.route({
    method: 'POST',
    url: '/v1/certificates/:name',
    schema: {
      summary: 'Add a certificate, or its next version, which running instances take over at once',
      params: named,
      body: certificateRequest,
      response: { 200: certificateView, ...failures },
    },
    handler: async ({ params: { name }, body, principal }) => {
      const before = (await desk.owners()).get(name);
      checkOwners(name, [before, body.owner ?? before ?? ''], principal);
      return desk.add(name, body, principal.name);
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/certificates/:name/remove',
    schema: {
      summary: 'Take out a certificate that no configuration names',
      params: named,
      response: { 200: z.object({}), ...failures },
    },
    handler: async ({ params: { name }, principal }) => {
      checkOwners(name, [(await desk.owners()).get(name)], principal);
      await desk.remove(name, principal.name);
      return {};
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/secrets/rotate',
    schema: {
      summary: 'Seal every secret with a new key, and forget the keys before',
      response: { 200: rotateView, ...failures },
    },
    handler: async ({ principal }) => ({ secrets: await rotateSecrets(principal.name) }),
  });
}

// Everybody's may be used by everybody, so that they have to see it.
function isShownTo({ owners }: Principal, owner: string): boolean {
  return owner === '' || isWithin(owners, owner);
}

// Everybody's is changed by nobody whose view ends at owners, nor made so.
function checkOwners(
  name: string,
  concerned: readonly (string | undefined)[],
  { owners }: Principal,
): void {
  const other = concerned.find((owner) => owner !== undefined && !isWithin(owners, owner));
  if (other === undefined) return;
  const whose = other === '' ? "everybody's" : `of ${other}`;
  throw forbidden(`certificate ${name}`, `it is ${whose}, and not yours to change`);
}
