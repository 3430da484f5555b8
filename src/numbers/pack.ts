// Points of one instance as few bytes: a column for each field of each thing, since what stands in a
// column is mostly the same, and a column in which it is all the same is one number.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { numberFields } from './fields.ts';
import type { Point } from './point.ts';

/** What is read back is never larger: 60 points of 500 things. */
const unpackedBytesMax = 64 * 1024 * 1024;

type Column = number | readonly (number | null)[];

interface Packed {
  readonly v: 1;
  /** Ends of the points: the first, then how much later the next is. */
  readonly t: readonly number[];
  readonly s: readonly number[];
  readonly r: Readonly<Record<string, readonly Column[]>>;
}

/** See {@link unpacked}, which is the way back. */
export function packed(points: readonly Point[]): Buffer {
  const keys = [...new Set(points.flatMap(({ rows }) => [...rows.keys()]))];
  const columns = (key: string) => {
    const rows = points.map((point) => point.rows.get(key));
    const [first] = rows;
    return numberFields.map((_, at): Column => {
      const value = first?.[at];
      const isConstant = value !== undefined && rows.every((row) => row?.[at] === value);
      return isConstant ? value : rows.map((row) => row?.[at] ?? null);
    });
  };
  const times = points.map(({ atMs }) => Math.round(atMs));
  const content: Packed = {
    v: 1,
    t: times.map((time, at) => time - (times[at - 1] ?? 0)),
    s: points.map(({ spanMs }) => Math.round(spanMs)),
    r: Object.fromEntries(keys.map((key) => [key, columns(key)])),
  };
  return deflateRawSync(JSON.stringify(content));
}

/** @throws Error for what {@link packed} cannot have made */
export function unpacked(bytes: Uint8Array): readonly Point[] {
  const text = inflateRawSync(bytes, { maxOutputLength: unpackedBytesMax }).toString('utf8');
  const content = JSON.parse(text) as Packed;
  if (content.v !== 1) throw new Error(`numbers of form ${String(content.v)}`);
  let atMs = 0;
  return content.t.map((later, index) => {
    atMs += later;
    const rows = Object.entries(content.r).flatMap(([key, columns]) => {
      const row = columns.map((one) => (typeof one === 'number' ? one : (one[index] ?? null)));
      return row.some((value) => value === null) ? [] : [[key, row as number[]] as const];
    });
    return { atMs, spanMs: content.s[index] ?? 0, rows: new Map(rows) };
  });
}
