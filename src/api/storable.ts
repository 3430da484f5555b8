import type { FastifyInstance } from 'fastify';
import { BridgeheadError } from '../domain/errors.ts';

/** Deeper than any request is; what nests deeper is not looked at further. */
const depthMax = 32;

/** What is wrong with a value that a client sent. */
export interface Unstorable {
  /** Where in it, such as `files.a.map`. */
  readonly place: string;
  readonly what: string;
}

/**
 * Finds what PostgreSQL cannot keep: a NUL character or half of a surrogate pair in any text or name
 * of a field (its manual, 8.14 "JSON Types"), and nesting that no request has. A spec may hold such
 * text: its own reader says where.
 *
 * @param apart names of fields at the top that are not looked at
 */
export function unstorable(value: unknown, apart: ReadonlySet<string>): Unstorable | null {
  const left: { value: unknown; path: readonly string[] }[] = [{ value, path: [] }];
  for (let item = left.pop(); item !== undefined; item = left.pop()) {
    const { value: at, path } = item;
    if (typeof at === 'string') {
      const what = faultOf(at);
      if (what !== null) return { place: path.join('.'), what };
    }
    if (typeof at !== 'object' || at === null) continue;
    if (path.length === depthMax)
      return { place: path.join('.'), what: `nests deeper than ${depthMax}` };
    for (const [key, inside] of Object.entries(at)) {
      const what = faultOf(key);
      if (what !== null) return { place: `a name in ${path.join('.') || 'the request'}`, what };
      if (path.length > 0 || !apart.has(key)) left.push({ value: inside, path: [...path, key] });
    }
  }
  return null;
}

function faultOf(text: string): string | null {
  if (text.includes('\0')) return 'holds a NUL character';
  return text.isWellFormed() ? null : 'holds half of a surrogate pair';
}

const nothing: ReadonlySet<string> = new Set();
const specText: ReadonlySet<string> = new Set(['text']);

/** Has the server refuse, as the caller's fault, what it could not store. */
export function addStorableCheck(api: FastifyInstance): void {
  api.addHook('preValidation', async (request) => {
    const isApply = request.routeOptions.url === '/v1/apply';
    const found =
      unstorable(request.params, nothing) ??
      unstorable(request.query, nothing) ??
      unstorable(request.body, isApply ? specText : nothing);
    if (found === null) return;
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `the request is not valid: ${found.place} ${found.what}`,
      'Send plain text in its fields, as the description of the API says: GET /v1/openapi.json',
    );
  });
}
