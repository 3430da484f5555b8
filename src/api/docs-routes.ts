import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { docsPage, docsStyle, errorsPage } from './docs-page.ts';
import { type ApiDocument, describeApi, problemResponses } from './document.ts';
import { schemaNames } from './schema-names.ts';

const named = createJsonSchemaTransformObject({ schemaRegistry: schemaNames });

/** The document as it is handed out, of what the framework makes of the routes' schemas. */
export function documentOf(given: Parameters<typeof named>[0]): ReturnType<typeof named> {
  const whole = named(given) as unknown as ApiDocument;
  const described = describeApi(whole);
  const components = { ...described.components, responses: problemResponses() };
  return { ...described, components } as unknown as ReturnType<typeof named>;
}

/** The description of the API, for programs and for people. It says nothing of the fleet. */
export function docsRoutes(api: FastifyInstance): void {
  const options = { schema: { hide: true } };
  const document = () => api.swagger() as unknown as ApiDocument;
  api.get('/openapi.json', options, document);
  api.get('/v1/openapi.json', options, document);
  const html = 'text/html; charset=utf-8';
  api.get('/docs', options, (_, reply) => reply.type(html).send(docsPage(document())));
  const errors = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
  api.get('/docs/errors', options, (_, reply) => reply.type(html).send(errorsPage(errors)));
  api.get('/docs/style.css', options, (_, reply) =>
    reply.type('text/css; charset=utf-8').send(docsStyle),
  );
}
