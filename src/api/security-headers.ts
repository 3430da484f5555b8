import type { FastifyInstance } from 'fastify';

/** Answers may load nothing, be framed by nobody and be taken for nothing else. */
const always = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/** Headers that every answer carries; a route may set its own in their place. */
export function addSecurityHeaders(api: FastifyInstance): void {
  api.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(always)) {
      if (!reply.hasHeader(name)) void reply.header(name, value);
    }
    // What the fleet is like belongs into no cache; an ETag may be asked for again all the same.
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-cache, private');
  });
}
