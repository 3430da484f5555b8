// Requests on condition: what has not changed is not sent again, and what has changed is not acted on.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BridgeheadError } from '../domain/errors.ts';
import { type ViewSource, viewHost, viewInstance } from '../scheduler/views.ts';
import { changedSince, entityTagOf, isListed } from './entity-tag.ts';

/** Paths that name one object last. */
const single = /\/:[a-z]+$/i;
const changesOf = /^\/v1\/(hosts|instances)\/:name\//;

/**
 * Puts the conditions before every route that is added from now on.
 *
 * @param look the fleet as the caller is shown it
 */
export function addConditions(
  routes: FastifyInstance,
  look: (request: FastifyRequest) => Promise<ViewSource>,
): void {
  routes.addHook('preHandler', async (request) => {
    const wanted = request.headers['if-match'];
    if (wanted === undefined || request.method === 'GET' || request.method === 'HEAD') return;
    const url = request.routeOptions.url ?? '';
    const kind = changesOf.exec(url)?.[1];
    if (kind === undefined) throw unconditional(request.method, url);
    const { name } = request.params as { readonly name: string };
    const view = viewOf(await look(request), kind, name);
    // What does not exist is for the route to say.
    if (view === null || isListed(wanted, entityTagOf(view))) return;
    throw changed(kind, name, changedSince(wanted, view));
  });
  routes.addHook('preSerialization', async (request, reply, answer: unknown) => {
    const isObject = typeof answer === 'object' && answer !== null;
    const isOne = request.method === 'GET' && single.test(request.routeOptions.url ?? '');
    if (isOne && isObject && reply.statusCode === 200) {
      void reply.header('etag', entityTagOf(answer));
    }
    return answer;
  });
  routes.addHook('onSend', async (request, reply, body) => {
    const tag = reply.getHeader('etag');
    const known = request.headers['if-none-match'];
    if (typeof tag !== 'string' || known === undefined || !isListed(known, tag)) return body;
    void reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return null;
  });
}

function viewOf(source: ViewSource, kind: string, name: string): object | null {
  if (kind === 'hosts') {
    const host = source.fleet.hosts.find((one) => one.name === name);
    return host === undefined ? null : viewHost(source, host);
  }
  const instance = source.fleet.instances.find(({ spec }) => spec.name === name);
  return instance === undefined ? null : viewInstance(source, instance);
}

function changed(kind: string, name: string, fields: readonly string[] | null): BridgeheadError {
  const object = `${kind.slice(0, -1)} ${name}`;
  const what = fields === null ? 'the tag is of another form' : `changed: ${fields.join(', ')}`;
  return new BridgeheadError(
    'PRECONDITION_FAILED',
    `${object} is not as it was when the request was made: ${what}`,
    `Look at it again: bridgehead describe ${object}`,
  );
}

function unconditional(method: string, url: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `${method} ${url} takes no If-Match: it is about no single host or instance`,
    'Leave the header out.',
  );
}
