import { applyAnswer, applyRequest } from '../protocol/api.ts';
import { failures, keyed, keyOf, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

/** A spec of sixteen MiB and as much in files, with some for JSON's quoting and for Base64. */
const bodyBytesMax = 48 * 1024 * 1024;

/** Taking a whole spec, or saying what it would change. */
export function applyRoutes(routes: Routes, { scheduler }: ApiParts): void {
  routes.route({
    method: 'POST',
    url: '/v1/apply',
    bodyLimit: bodyBytesMax,
    schema: {
      summary: 'Apply a spec as a whole, or show what it would change',
      headers: keyed,
      body: applyRequest,
      response: { 200: applyAnswer, ...failures },
    },
    handler: ({ body, headers, principal: { name, owners } }) => {
      const request = owners === null ? body : { ...body, owners };
      return scheduler.apply(request, name, keyOf(headers));
    },
  });
}
