import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BridgeheadError } from '../domain/errors.ts';
import { type PageFile, readPage } from './page-files.ts';

/** Nothing from elsewhere, nothing inline, no frame around it, no form that sends anything anywhere. */
const policy = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const guards = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

const yearS = 31_536_000;

/** The web page. Its files say nothing of the fleet and want no token; what it asks the API for does. */
export function pageRoutes(api: FastifyInstance): void {
  const page = readPage();
  const hidden = { schema: { hide: true } };
  api.get('/', hidden, (request, reply) => {
    void reply.headers(guards).header('cache-control', 'no-cache');
    return send(request, reply, page.index);
  });
  api.get<{ Params: { version: string; '*': string } }>(
    '/page/:version/*',
    hidden,
    (request, reply) => {
      const { version, '*': path } = request.params;
      const file = version === page.version ? page.files.get(path) : undefined;
      if (file === undefined) throw noFile(request.url);
      const keep = `public, max-age=${yearS}, immutable`;
      void reply.headers(guards).header('cache-control', keep);
      return send(request, reply, file);
    },
  );
}

function send(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  void reply.type(file.type).header('vary', 'accept-encoding');
  const mayPack = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (file.packed === null || !mayPack) return reply.send(file.bytes);
  return reply.header('content-encoding', 'gzip').send(file.packed);
}

function noFile(url: string): BridgeheadError {
  return new BridgeheadError('NOT_FOUND', `there is no file ${url}`, 'Load the page again.');
}
