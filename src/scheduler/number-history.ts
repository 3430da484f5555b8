import type { InstanceId } from '../domain/ids.ts';
import { unpacked } from '../numbers/pack.ts';
import { folded, type Point } from '../numbers/point.ts';
import type { NumberStore, Resolution } from '../store/number-store.ts';

/** More than are kept at the default limits of age. */
const chunksMax = 2_000;
/** Points that an answer has at most, and rows in all of them together. */
const pointsMax = 1_000;
const rowsMax = 20_000;
const stepsMs = [5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 21_600_000];

export interface HistoryWanted {
  readonly instance: InstanceId;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** From one point to the next; null for what suits the time. */
  readonly stepMs: number | null;
  /** Only this thing; null for all. */
  readonly key: string | null;
}

/**
 * The course of an instance's numbers: points of 5 s as far back as there are, of a minute before
 * that, folded to the step that was asked for, or to a longer one where that would be too many.
 *
 * @param tail points that are on their way to the store
 */
export async function history(
  store: NumberStore,
  tail: readonly Point[],
  { instance, sinceMs, untilMs, stepMs, key }: HistoryWanted,
): Promise<{ readonly stepMs: number; readonly points: readonly Point[] }> {
  const read = async (resolutionS: Resolution) => {
    const limit = chunksMax;
    const chunks = await store.read({ instance, resolutionS, sinceMs, untilMs, limit });
    return chunks.flatMap(({ data }) => unpacked(data));
  };
  const fine = [...(await read(5)), ...tail];
  const startMs = Math.min(...fine.map(({ atMs, spanMs }) => atMs - spanMs));
  const coarse = startMs <= sinceMs ? [] : (await read(60)).filter(({ atMs }) => atMs <= startMs);
  // A chunk that was just stored may also be in the tail.
  const all = new Map([...coarse, ...fine].map((point) => [point.atMs, point]));
  const wanted = [...all.values()]
    .filter(({ atMs }) => atMs > sinceMs && atMs <= untilMs)
    .map((point) => (key === null ? point : only(point, key)));
  const things = Math.max(1, ...wanted.map(({ rows }) => rows.size));
  const most = Math.max(1, Math.min(pointsMax, Math.floor(rowsMax / things)));
  const leastMs = (untilMs - sinceMs) / most;
  const step = Math.max(stepMs ?? 0, stepsMs.find((one) => one >= leastMs) ?? leastMs);
  return { stepMs: step, points: folded(wanted, step, untilMs) };
}

/** Points of 5 s as they came, in the order of time: for who sums them up over a time of minutes. */
export async function pointsAsTheyCame(
  store: NumberStore,
  tail: readonly Point[],
  { instance, sinceMs, untilMs }: Pick<HistoryWanted, 'instance' | 'sinceMs' | 'untilMs'>,
): Promise<readonly Point[]> {
  const wanted = { instance, sinceMs, untilMs, resolutionS: 5, limit: chunksMax } as const;
  const stored = (await store.read(wanted)).flatMap(({ data }) => unpacked(data));
  // A chunk that was just stored may also be in the tail.
  const all = new Map([...stored, ...tail].map((point) => [point.atMs, point]));
  return [...all.values()]
    .filter(({ atMs }) => atMs > sinceMs && atMs <= untilMs)
    .toSorted((a, b) => a.atMs - b.atMs);
}

/** How far back the last point may be, where another scheduler hears of the instance. */
const latestMs = 180_000;

/** The last point alone. @param heard the last one that was heard here, null for none */
export async function latest(
  store: NumberStore,
  heard: Point | null,
  instance: InstanceId,
  nowMs: number,
): Promise<{ readonly stepMs: number; readonly points: readonly Point[] }> {
  const stepMs = stepsMs[0] ?? 0;
  if (heard !== null) return { stepMs, points: [heard] };
  const [sinceMs, untilMs] = [nowMs - latestMs, nowMs];
  const course = await history(store, [], { instance, sinceMs, untilMs, stepMs, key: null });
  return { stepMs, points: course.points.slice(-1) };
}

function only(point: Point, key: string): Point {
  const row = point.rows.get(key);
  return { ...point, rows: new Map(row === undefined ? [] : [[key, row]]) };
}
