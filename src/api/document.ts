// The OpenAPI document beyond what the schemas of the routes say: names of operations, subjects, and
// what each may answer when it fails.

import { STATUS_CODES } from 'node:http';
import type { Schema } from './type-text.ts';

/** The part of an OpenAPI 3.1 document that is read and written here. */
export interface ApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes?: object;
  };
  readonly tags?: readonly { readonly name: string }[];
}

export interface Described {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Answered>>;
}

export interface Answered {
  readonly description: string;
  readonly content?: Content;
  readonly headers?: object;
}

export type Content = Readonly<Record<string, { readonly schema: Schema }>>;

/** Routes whose answers are not JSON. */
const otherTypes: Readonly<Record<string, string>> = {
  '/metrics': 'text/plain',
  '/v1/watch': 'text/event-stream',
};

/** The document with what follows from the method and path of each route. */
export function describeApi(document: ApiDocument): ApiDocument {
  const paths = Object.fromEntries(
    Object.entries(document.paths).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, one]) => [method, describe(method, path, one)]),
      ),
    ]),
  );
  const tags = [
    ...new Set(
      Object.values(paths).flatMap((one) => Object.values(one).flatMap((o) => o.tags ?? [])),
    ),
  ].toSorted();
  return { ...document, paths, tags: tags.map((name) => ({ name })), components: used(document) };
}

/** Components without those of requests that no request has. */
function used({ paths, components }: ApiDocument): ApiDocument['components'] {
  const all = Object.entries(components.schemas);
  const refs = (of: unknown) => JSON.stringify(of).match(/(?<=#\/components\/schemas\/)\w+/g) ?? [];
  const wanted = new Set<string>(refs(paths));
  // A set that grows while it is gone through is gone through to its end.
  for (const name of wanted)
    for (const one of refs(components.schemas[name] ?? {})) wanted.add(one);
  const schemas = all.filter(([name]) => !name.endsWith('Input') || wanted.has(name));
  return { ...components, schemas: Object.fromEntries(schemas) };
}

function describe(method: string, path: string, route: Described): Described {
  const type = otherTypes[path] ?? 'application/json';
  const answers = Object.entries(route.responses).filter(([status]) => /^[23]\d\d$/.test(status));
  const responses = Object.fromEntries(
    answers.map(([status, { content, ...rest }]): [string, Answered] => [
      status,
      {
        ...rest,
        description: STATUS_CODES[status] ?? '',
        content: Object.fromEntries(
          Object.values(content ?? {}).map((one): [string, { schema: Schema }] => [
            type,
            type === 'application/json' ? one : { schema: { type: 'string' } },
          ]),
        ),
      },
    ]),
  );
  const failed = Object.fromEntries(
    failuresOf(method, path).map((status) => [
      status,
      { $ref: `#/components/responses/Problem${status}` },
    ]),
  ) as unknown as Record<string, Answered>;
  return {
    operationId: operationIdOf(method, path),
    ...route,
    tags: [tagOf(path)],
    responses: { ...responses, ...failed },
  };
}

/** Statuses of errors that a route may end in. */
export function failuresOf(method: string, path: string): readonly number[] {
  const isChange = method !== 'get';
  const isNamed = path.includes('{');
  return [
    ...[400, 401, 403, 404, 429, 500, 503],
    ...(isNamed || isChange ? [409] : []),
    ...(isNamed ? [504] : []),
    ...(isChange ? [412, 413, 415, 422, 504] : []),
  ]
    .filter((status, index, all) => all.indexOf(status) === index)
    .toSorted((a, b) => a - b);
}

/** Every status that {@link failuresOf} names, as components of the document. */
export function problemResponses(): Readonly<Record<string, Answered>> {
  const all = new Set([...failuresOf('post', '/{x}'), ...failuresOf('get', '/{x}')]);
  return Object.fromEntries(
    [...all].map((status) => [
      `Problem${status}`,
      {
        description: STATUS_CODES[status] ?? '',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    ]),
  );
}

/**
 * The name of a route: its method, and the words of its path in the singular where one of many is
 * named. `POST /v1/instances/{name}/migrate` is `postInstanceMigrate`.
 */
export function operationIdOf(method: string, path: string): string {
  const words: string[] = [];
  for (const part of path.split('/').filter((one) => one !== '' && one !== 'v1')) {
    if (!part.startsWith('{')) words.push(part);
    else words.push(singular(words.pop() ?? ''));
  }
  const names = words.flatMap((word) => word.split(/[-.]/)).map(capital);
  return `${method}${names.join('')}`;
}

function tagOf(path: string): string {
  const [first = ''] = path.split('/').filter((one) => one !== '' && one !== 'v1');
  return first;
}

function singular(word: string): string {
  if (word.endsWith('sses') || word.endsWith('shes')) return word.slice(0, -2);
  return word.endsWith('s') ? word.slice(0, -1) : word;
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
