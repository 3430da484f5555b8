// Makes client/api.ts, the client of the API with its types, from the OpenAPI document:
// `node scripts/make-client.ts`. With `--check` it fails where the file is another one.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Described } from '../src/api/document.ts';
import { type Schema, typeText } from '../src/api/type-text.ts';
import { apiDocument } from './api-document.ts';

const path = join(import.meta.dirname, '../client/api.ts');
const document = await apiDocument();
const all = Object.entries(document.paths).flatMap(([route, methods]) =>
  Object.entries(methods).map(([method, one]) => ({ route, method, one })),
);

const text = `// Made from the OpenAPI document by scripts/make-client.ts: do not edit.

${Object.entries(document.components.schemas)
  .map(([name, schema]) => `export type ${name} = ${typeText(schema)};`)
  .join('\n\n')}

/** What each operation takes and answers. */
export interface Operations {
${all
  .map(
    ({ one, method, route }) => `  /** ${method.toUpperCase()} ${route}: ${one.summary ?? ''} */
  readonly ${one.operationId ?? ''}: ${operationText(one)};`,
  )
  .join('\n')}
}

const routes = {
${all.map(({ route, method, one }) => `  ${one.operationId ?? ''}: ['${method.toUpperCase()}', '${route}'],`).join('\n')}
} as const;

${readFileSync(join(import.meta.dirname, 'client-runtime.ts.txt'), 'utf8')}`;

if (!process.argv.includes('--check')) writeFileSync(path, text);
else if (readFileSync(path, 'utf8') !== text) {
  console.error('client/api.ts is not what the API is now: run `node scripts/make-client.ts`');
  process.exit(1);
}

function operationText({ parameters = [], requestBody, responses }: Described): string {
  const part = (place: string): string => {
    const mine = parameters.filter((one) => one.in === place);
    const required = mine.filter((one) => one.required === true).map(({ name }) => name);
    const properties = Object.fromEntries(mine.map(({ name, schema }) => [name, schema]));
    if (mine.length === 0) return '';
    const mark = required.length === 0 ? '?' : '';
    return `    readonly ${place}${mark}: ${typeText({ type: 'object', properties, required }, '    ')};\n`;
  };
  const json = (content: Described['requestBody'] | undefined): Schema | undefined =>
    content?.content['application/json']?.schema;
  const body = json(requestBody);
  const good = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1];
  const answer = good?.content?.['application/json']?.schema;
  return `{
${part('path')}${part('query')}${part('header')}${
  body === undefined ? '' : `    readonly body: ${typeText(body, '    ')};\n`
}    readonly answer: ${answer === undefined ? 'string' : typeText(answer, '    ')};
  }`;
}
