// Long lists are answered in pages. A cursor says what the last item of a page is, by what the list is
// in order of, and not how many there were: no page shows an item twice or leaves one out that was there
// all the time, whatever comes in or goes meanwhile.

import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';

const pagedLists = [
  ...['events', 'audit', 'logs', 'operations', 'incidents', 'crashes', 'crash-groups'],
  ...['crash-decisions', 'boots', 'rollouts', 'versions'],
  ...['hosts', 'instances', 'pools', 'users', 'tokens', 'certificates'],
] as const;

/** Lists with pages. */
export type PagedList = (typeof pagedLists)[number];

/** What an item of a list is in order by, the most important part first. */
export type Key = readonly (number | string)[];

/** What a request says of the page that it wants, and of what follows an id instead. */
export interface PageWish {
  readonly cursor?: string | undefined;
  readonly after?: number | undefined;
}

/** A page, and the cursor of the one that follows it; null for the last one. */
export interface Page<Item> {
  readonly items: Item[];
  readonly next: string | null;
}

const keyPartMax = 600;
const place = z.tuple([
  z.enum(pagedLists),
  z
    .array(z.union([z.number(), z.string().max(keyPartMax)]))
    .min(1)
    .max(2),
]);
/** A key in base64url, with room for every character of it to be escaped. */
const cursorMax = 8_192;

/** Of a request's query. */
export const cursorWord = z.string().max(cursorMax).optional();

/** Of an answer: null where nothing follows, and where what follows an id was asked for. */
export const nextCursor = z.string().nullable();

/** A list's query: how many, and which page. */
export function pageQuery(limitMax: number, limit: number) {
  return z.object({
    cursor: cursorWord,
    limit: z.coerce.number().int().min(1).max(limitMax).default(limit),
  });
}

/** Of lists that are in order of names. */
export const namedPages = pageQuery(10_000, 1_000);

/** An answer's page. */
export function pageView<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: nextCursor });
}

/**
 * The key of the last item of the page before; null for the first page.
 *
 * @throws BridgeheadError REQUEST_INVALID for a cursor that is none of this list's
 */
function placeOf(list: PagedList, { cursor, after }: PageWish): Key | null {
  if (cursor === undefined) return null;
  if (after !== undefined) throw invalid("'cursor' goes to the past and 'after' follows an id");
  try {
    const [of, key] = place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (of === list) return key;
  } catch {
    // Said below, as for one of another list.
  }
  throw notOf(list);
}

/**
 * The id before which a page ends; null for the newest page.
 *
 * @throws BridgeheadError REQUEST_INVALID for a cursor that is none of this list's
 */
export function beforeOf(list: PagedList, wish: PageWish): number | null {
  const key = placeOf(list, wish);
  if (key === null) return null;
  const [id] = key;
  if (typeof id === 'number' && Number.isSafeInteger(id) && id >= 1) return id;
  throw notOf(list);
}

/** The same of a list whose ids are UUIDs. */
export function uuidBeforeOf(list: PagedList, wish: PageWish): string | null {
  const [id = null] = placeOf(list, wish) ?? [];
  if (id === null || (typeof id === 'string' && z.uuid().safeParse(id).success)) return id;
  throw notOf(list);
}

/**
 * A page of what was found for it, in the order in which the list is shown.
 *
 * @param found one more than `limit` where there are so many
 */
export function pageOf<Item>(
  list: PagedList,
  found: readonly Item[],
  limit: number,
  keyOf: (item: Item) => Key,
): Page<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const hasMore = found.length > limit && last !== undefined;
  return { items, next: hasMore ? cursorOf(list, keyOf(last)) : null };
}

/** The same of a list whose pages go to the past, each in the order in which it happened. */
export function pastPageOf<Item extends { readonly id: number }>(
  list: PagedList,
  found: readonly Item[],
  limit: number,
): Page<Item> {
  const { items, next } = pageOf(list, found.toReversed(), limit, ({ id }) => [id]);
  return { items: items.toReversed(), next };
}

/**
 * A page of a list that is at hand as a whole.
 *
 * @param order `up` from the least key on, `down` from the greatest
 * @throws BridgeheadError REQUEST_INVALID for a cursor that is none of this list's
 */
export function sliceOf<Item>(
  list: PagedList,
  all: readonly Item[],
  wish: PageWish & { readonly limit: number },
  keyOf: (item: Item) => Key,
  order: 'up' | 'down' = 'up',
): Page<Item> {
  const after = placeOf(list, wish);
  const sign = order === 'up' ? 1 : -1;
  const keyed = all
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === null || sign * compare(key, after) > 0)
    .toSorted((a, b) => sign * compare(a.key, b.key));
  const { items, next } = pageOf(list, keyed, wish.limit, ({ key }) => key);
  return { items: items.map(({ item }) => item), next };
}

function cursorOf(list: PagedList, key: Key): string {
  const text = JSON.stringify([list, [...key]] satisfies z.infer<typeof place>);
  return Buffer.from(text).toString('base64url');
}

// Keys of one list have parts of the same types; a cursor that somebody made has what it has.
function compare(a: Key, b: Key): number {
  for (const [at, one] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1;
    if (one !== other) return one < other ? -1 : 1;
  }
  return a.length - b.length;
}

function notOf(list: PagedList): BridgeheadError {
  return invalid(`the cursor is none of the list of ${list}`);
}

function invalid(why: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    why,
    'Begin without a cursor, and then give "next" of the answer before.',
  );
}
