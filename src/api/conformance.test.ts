// What the server answers, held against the document that describes it: requests made at random from
// the document, valid ones and others, and each answer has a status and a form that it names.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import type { ApiDocument, Described } from './document.ts';
import { type ApiScene, apiScene, authorization } from './test-api.ts';
import type { Schema } from './type-text.ts';

/** The same requests each time; `BRIDGEHEAD_SEED` and `BRIDGEHEAD_RUNS` are for others and more. */
const seed = Number(process.env['BRIDGEHEAD_SEED'] ?? 1);
const requestsAnOperation = Number(process.env['BRIDGEHEAD_RUNS'] ?? 5);

let scene: ApiScene;
let api: FastifyInstance;
let document: ApiDocument;
let ajv: Ajv2020;

before(async () => {
  scene = await apiScene();
  ({ api } = scene);
  document = (await api.inject({ url: '/openapi.json' })).json<ApiDocument>();
  ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'api');
});

after(() => scene?.[Symbol.asyncDispose]());

const strange = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '../x', '%00', '\0', "'; drop table hosts; --", '9'.repeat(400), 'NaN', '-1'),
);
/** What there is in the fleet, and what there is not. */
const known = fc.constantFrom('web', 'host-1', 'host-2', 'public', '1', 'none');

/** Values of a schema, by what of it says what a value may be. */
function valueOf(schema: Schema & Bounds): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return valueOf(document.components.schemas[name] ?? {});
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(valueOf));
  switch (schema.type) {
    case 'string':
      return fc.oneof(known, fc.string());
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? -10, max: Math.min(schema.maximum ?? 100, 1e6) });
    case 'array':
      return fc.array(valueOf(schema.items ?? {}), { maxLength: 3 });
    case 'object': {
      const all = Object.entries(schema.properties ?? {});
      const fields = Object.fromEntries(all.map(([name, one]) => [name, valueOf(one)]));
      return fc.record(fields, { requiredKeys: [...(schema.required ?? [])] });
    }
    case undefined:
    default:
      return fc.jsonValue();
  }
}

interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Attempt {
  readonly url: string;
  readonly payload: string | null;
}

/** Requests to an operation: as the document wants them, and as it does not. */
function attemptsAt(
  path: string,
  { parameters = [], requestBody }: Described,
): fc.Arbitrary<Attempt> {
  const named = parameters.filter((one) => one.in === 'path');
  const asked = parameters.filter((one) => one.in === 'query');
  const places = fc.tuple(...named.map(() => fc.oneof({ weight: 3, arbitrary: known }, strange)));
  const query = fc.record(
    Object.fromEntries(asked.map(({ name, schema }) => [name, fc.oneof(valueOf(schema), strange)])),
    { requiredKeys: [] },
  );
  const schema = requestBody?.content['application/json']?.schema;
  const body =
    schema === undefined
      ? fc.constant(null)
      : fc.oneof(
          { weight: 3, arbitrary: valueOf(schema).map((one) => JSON.stringify(one)) },
          fc.json(),
          fc.string(),
        );
  return fc.tuple(places, query, body).map(([values, words, payload]) => {
    let at = 0;
    const route = path.replaceAll(/\{\w+\}/g, () =>
      encodeURIComponent(values[at++]?.toWellFormed() ?? ''),
    );
    const pairs = Object.entries(words).map(
      ([name, value]) => `${name}=${encodeURIComponent(String(value).toWellFormed())}`,
    );
    return { url: `${route}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`, payload };
  });
}

/** What of an answer the document does not have; null where all is as it says. */
function faultOf(
  at: string,
  { responses }: Described,
  answer: Awaited<ReturnType<FastifyInstance['inject']>>,
): string | null {
  const { statusCode: status, body } = answer;
  if (status >= 500 && status !== 503 && status !== 504) return `${status}: ${body}`;
  const given = responses[String(status)];
  if (given === undefined) return `status ${status} is not described: ${body}`;
  const type = String(answer.headers['content-type']).split(';')[0] ?? '';
  const isProblem = status >= 400;
  if (isProblem && type !== 'application/problem+json') return `a problem of type ${type}`;
  if (type !== 'application/json' && !isProblem) {
    return given.content?.[type] === undefined ? `type ${type} is not described` : null;
  }
  const pointer = isProblem
    ? 'api#/components/schemas/Problem'
    : `api#/paths/${at}/responses/${status}/content/application~1json/schema`;
  const check = ajv.getSchema(pointer);
  assert.ok(check !== undefined, pointer);
  return check(answer.json()) === true ? null : `${ajv.errorsText(check.errors)} in ${body}`;
}

test('random requests: every answer is one that the document describes, and none is a failure', async () => {
  const seen = new Map<number, number>();
  for (const [path, methods] of Object.entries(document.paths)) {
    // A stream has no end to wait for.
    if (path === '/v1/watch') continue;
    for (const [method, one] of Object.entries(methods)) {
      const at = `${encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'))}/${method}`;
      await fc.assert(
        fc.asyncProperty(attemptsAt(path, one), async ({ url, payload }) => {
          const answer = await api.inject({
            ...{ method: method.toUpperCase() as 'GET', url },
            headers: {
              authorization,
              ...(payload === null ? {} : { 'content-type': 'application/json' }),
            },
            ...(payload === null ? {} : { payload }),
          });
          seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1);
          const fault = faultOf(at, one, answer);
          assert.equal(fault, null, `${method} ${url} ${payload ?? ''}`);
        }),
        { seed, numRuns: requestsAnOperation },
      );
    }
  }
  assert.ok((seen.get(200) ?? 0) > 50 && (seen.get(400) ?? 0) > 50, JSON.stringify([...seen]));
});
