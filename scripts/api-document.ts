import { readFileSync } from 'node:fs';
import type { ApiDocument } from '../src/api/document.ts';
import { type ApiParts, createApi } from '../src/api/server.ts';

/** The OpenAPI document of this tree. No route is called, so that none of its parts has to be there. */
export async function apiDocument(): Promise<ApiDocument> {
  const version = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  const parts = { version: version.version, scheduler: {}, numbers: {}, logs: {} };
  const api = await createApi(parts as unknown as ApiParts);
  await api.ready();
  const document = api.swagger() as unknown as ApiDocument;
  await api.close();
  return document;
}
