// Long lists are answered in pages, from the newest to the past. What comes in meanwhile is newer than
// all of them, and what is deleted is older, so that no page shows an item twice or leaves one out.

import { z } from 'zod';
import { BridgeheadError } from '../domain/errors.ts';

/** Lists with pages. */
export type PagedList = 'events' | 'audit';

const place = z.tuple([z.enum(['events', 'audit']), z.int().min(1)]);

/** What a request says of the page that it wants, and of what follows an id instead. */
export interface PageWish {
  readonly cursor?: string | undefined;
  readonly after?: number | undefined;
}

/** Of a request's query. */
export const cursorWord = z.string().max(64).optional();

/** Of an answer: null where nothing older is left, and where what follows an id was asked for. */
export const nextCursor = z.string().nullable();

/**
 * The id before which a page ends; null for the newest page.
 *
 * @throws BridgeheadError REQUEST_INVALID for a cursor that is none of this list's
 */
export function beforeOf(list: PagedList, { cursor, after }: PageWish): number | null {
  if (cursor === undefined) return null;
  if (after !== undefined) throw invalid("'cursor' goes to the past and 'after' follows an id");
  try {
    const [of, before] = place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (of === list) return before;
  } catch {
    // Said below, as for one of another list.
  }
  throw invalid(`the cursor is none of the list of ${list}`);
}

/**
 * A page of what was found, and the cursor of the one before it.
 *
 * @param found in order of their ids, one more than `limit` where there are so many
 */
export function pageOf<Item extends { readonly id: number }>(
  list: PagedList,
  found: readonly Item[],
  limit: number,
): { readonly items: Item[]; readonly next: string | null } {
  const items = found.slice(-limit);
  const [oldest] = items;
  if (found.length <= limit || oldest === undefined) return { items, next: null };
  const text = JSON.stringify([list, oldest.id] satisfies z.infer<typeof place>);
  return { items, next: Buffer.from(text).toString('base64url') };
}

function invalid(why: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    why,
    "Give as 'cursor' what the page before has as 'next', or leave it out to begin at the newest.",
  );
}
