// What makes tampering with the audit log show: each row's hash is over the row and the hash of the
// row before it, so that a changed, lost or slipped-in row breaks all that follow.

import { createHash } from 'node:crypto';

/** What the first row follows. */
export const noHash = '0'.repeat(64);

/** One row, as it is stored and exported. */
export interface ChainedRow {
  readonly id: number;
  readonly atMs: number;
  readonly entry: unknown;
  readonly previous: string;
  readonly hash: string;
}

/** SHA-256 of a row without its hash, hexadecimal; whichever order its fields are stored in. */
export function hashRow({ id, atMs, entry, previous }: Omit<ChainedRow, 'hash'>): string {
  const text = JSON.stringify([id, atMs, previous, entry], (_, value: unknown) => ordered(value));
  return createHash('sha256').update(text).digest('hex');
}

/** How far a chain was followed; what the next rows are held against. */
export interface ChainEnd {
  readonly id: number;
  readonly hash: string;
}

/** Before the first row. */
export const chainStart: ChainEnd = { id: 0, hash: noHash };

/** Follows rows from `end`. @returns where they end, or what is wrong with which row */
export function followChain(
  end: ChainEnd,
  rows: readonly ChainedRow[],
): { readonly end: ChainEnd; readonly fault: string | null } {
  let at = end;
  for (const row of rows) {
    const { id, previous, hash } = row;
    if (id !== at.id + 1) return { end: at, fault: `row ${at.id + 1} is missing` };
    if (previous !== at.hash) {
      return { end: at, fault: `row ${id} does not follow row ${at.id} as it is now` };
    }
    if (hash !== hashRow(row))
      return { end: at, fault: `row ${id} was changed after it was written` };
    at = { id, hash };
  }
  return { end: at, fault: null };
}

function ordered(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
