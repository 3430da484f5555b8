import { type NumberField, numberFields, valueOf } from './fields.ts';
import type { Reading } from './reading.ts';

/** What happened in one span of time: counts of it, levels at its end. */
export interface Point {
  /** Its end, wall-clock milliseconds. */
  readonly atMs: number;
  readonly spanMs: number;
  /** By the names of `keyOf`; values in the order of `numberFields`. */
  readonly rows: ReadonlyMap<string, readonly number[]>;
}

const counts: readonly boolean[] = numberFields.map(({ fold }) => fold === 'sum');

/**
 * What was counted between two readings. A new worker counts from 0, and so does one whose counters
 * were cleared: all that it has counted came since the reading before. So no count is negative, nor
 * that of the worker's whole life.
 */
export function rowsBetween(before: Reading, now: Reading): ReadonlyMap<string, readonly number[]> {
  const isSame = before.process === now.process;
  return new Map(
    [...now.rows].map(([key, row]) => {
      const base = isSame ? before.rows.get(key) : undefined;
      const isOn =
        base !== undefined && row.every((value, at) => !counts[at] || value >= (base[at] ?? 0));
      if (!isOn) return [key, row];
      return [key, row.map((value, at) => (counts[at] === true ? value - (base[at] ?? 0) : value))];
    }),
  );
}

/** True where nothing was counted and all levels are as before. */
export function isQuiet(row: readonly number[], before: readonly number[] | undefined): boolean {
  if (before === undefined) return false;
  return row.every((value, at) => (counts[at] === true ? value === 0 : value === before[at]));
}

/** What is left of a row where nothing more is counted: its levels. */
export function levelsOf(row: readonly number[]): readonly number[] {
  return row.map((value, at) => (counts[at] === true ? 0 : value));
}

/** A row whose counts go on from those of another one; levels are its own. */
export function addedTo(
  sum: readonly number[] | undefined,
  row: readonly number[],
): readonly number[] {
  if (sum === undefined) return row;
  return row.map((value, at) => (counts[at] === true ? value + (sum[at] ?? 0) : value));
}

/** Points of one instance as fewer, each of `stepMs`, its end so many steps from `fromMs`. */
export function folded(points: readonly Point[], stepMs: number, fromMs = 0): readonly Point[] {
  const groups = Map.groupBy(
    points,
    ({ atMs }) => fromMs + Math.ceil((atMs - fromMs) / stepMs) * stepMs,
  );
  return [...groups]
    .map(([atMs, group]) => foldedInto(atMs, group))
    .toSorted((a, b) => a.atMs - b.atMs);
}

function foldedInto(atMs: number, group: readonly Point[]): Point {
  const rows = new Map<string, (readonly number[])[]>();
  for (const point of group) {
    for (const [key, row] of point.rows) {
      const known = rows.get(key);
      if (known === undefined) rows.set(key, [row]);
      else known.push(row);
    }
  }
  return {
    atMs,
    spanMs: group.reduce((sum, { spanMs }) => sum + spanMs, 0),
    rows: new Map([...rows].map(([key, list]) => [key, foldedRow(list)])),
  };
}

// A mean is HAProxy's own over its last 1,024 requests: one of a time in which nobody came says
// nothing, so each counts by the sessions of its span.
function foldedRow(list: readonly (readonly number[])[]): readonly number[] {
  const weights = list.map((row) => valueOf(row, 'sessions') + valueOf(row, 'requests'));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return numberFields.map((field: NumberField, at) => {
    const values = list.map((row) => row[at] ?? 0);
    switch (field.fold) {
      case 'sum':
        return values.reduce((sum, value) => sum + value, 0);
      case 'highest':
        return Math.max(...values);
      case 'last':
        return values.at(-1) ?? 0;
      case 'mean': {
        const isWeighted = total > 0 && field.name !== 'idlePercent';
        const sum = values.reduce(
          (all, value, i) => all + value * (isWeighted ? (weights[i] ?? 0) : 1),
          0,
        );
        return Math.round(sum / (isWeighted ? total : values.length));
      }
    }
  });
}
