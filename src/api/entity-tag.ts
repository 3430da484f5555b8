// Entity tags of single objects (RFC 9110, 8.8.3): a hash of each field, so that a tag that is out of
// date tells which fields have changed since.

import { createHash } from 'node:crypto';

/** 32 bits a field: that a field changes and its tag does not is one in 4,000 million. */
const bytesAField = 4;
/** What changes by the clock alone. */
const ignored: ReadonlySet<string> = new Set(['lastSeenMs', 'uptimeS']);

/** The strong tag of an object, with its quotes; the same for the same fields in whatever order. */
export function entityTagOf(view: object): string {
  const hashes = fieldsOf(view).map(([, value]) => hashOf(value));
  return `"${Buffer.concat(hashes).toString('base64url')}"`;
}

/** Whether a list of tags, as If-None-Match and If-Match have it, has this one or is `*`. */
export function isListed(list: string, tag: string): boolean {
  const tags = list.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(tag);
}

/** Fields in which an object differs from what a tag was made of; null where that cannot be told. */
export function changedSince(tag: string, view: object): readonly string[] | null {
  const bytes = Buffer.from(/^"([\w-]+)"$/.exec(tag.trim())?.[1] ?? '', 'base64url');
  const fields = fieldsOf(view);
  if (bytes.length !== fields.length * bytesAField) return null;
  return fields.flatMap(([name, value], index) => {
    const then = bytes.subarray(index * bytesAField, (index + 1) * bytesAField);
    return hashOf(value).equals(then) ? [] : [name];
  });
}

function fieldsOf(view: object): readonly (readonly [name: string, value: unknown])[] {
  return Object.entries(view)
    .filter(([name, value]) => !ignored.has(name) && value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function hashOf(value: unknown): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(value, sorted))
    .digest()
    .subarray(0, bytesAField);
}

/** The same text for the same object, whatever the order in which it was put together. */
function sorted(name: string, value: unknown): unknown {
  if (ignored.has(name)) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
