import { chiSquareTail } from './gamma.ts';

/**
 * One boot as far as it was watched, in days of its uptime. One that was up already when its host
 * was enrolled is watched from then on only; one that ended in order, or still runs, did not crash.
 */
export interface Boot {
  readonly fromDays: number;
  readonly untilDays: number;
  readonly crashed: boolean;
}

/** The share of boots that get beyond this uptime, with its 95 % interval. */
export interface SurvivalStep {
  readonly days: number;
  readonly atRisk: number;
  readonly crashes: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** Of the standard normal distribution, for an interval of 95 %. */
const z95 = 1.959_963_984_540_054;

/**
 * The Kaplan-Meier curve of boots that may be watched from any uptime on (delayed entry), one step
 * for each uptime at which some crashed. Its interval is Greenwood's on the log-log scale, which
 * stays between 0 and 1 (Kalbfleisch and Prentice 1980).
 */
export function kaplanMeier(boots: readonly Boot[]): readonly SurvivalStep[] {
  let share = 1;
  let greenwood = 0;
  return crashTimes(boots).map((days) => {
    const atRisk = countAtRisk(boots, days);
    const crashes = countCrashes(boots, days);
    share *= 1 - crashes / atRisk;
    greenwood += crashes / (atRisk * (atRisk - crashes));
    return { days, atRisk, crashes, share, ...intervalOf(share, greenwood) };
  });
}

// All that were left have crashed: nothing is known of how long one more would have lasted.
function intervalOf(share: number, greenwood: number): { low: number; high: number } {
  if (share <= 0) return { low: 0, high: 0 };
  const log = Math.log(share);
  const spread = (z95 * Math.sqrt(greenwood)) / log;
  return { low: share ** Math.exp(-spread), high: share ** Math.exp(spread) };
}

export interface GroupTally {
  readonly group: string;
  readonly boots: number;
  readonly crashes: number;
  /** How many crashes it would have, were its rate that of all at each uptime. */
  readonly expected: number;
}

export interface LogRank {
  readonly groups: readonly GroupTally[];
  readonly chiSquare: number;
  /** How likely a difference as large is by chance; null where there are fewer than two groups. */
  readonly p: number | null;
}

/**
 * The log-rank test: whether groups of boots crash at different uptimes (Mantel 1966; the variance is
 * the hypergeometric one, so that ties are right).
 */
export function logRank(groups: ReadonlyMap<string, readonly Boot[]>): LogRank {
  const names = [...groups.keys()].filter((name) => (groups.get(name)?.length ?? 0) > 0);
  const lists = names.map((name) => groups.get(name) ?? []);
  const all = lists.flat();
  const expected = names.map(() => 0);
  const variance = names.map(() => names.map(() => 0));
  for (const days of crashTimes(all)) {
    const atRisk = countAtRisk(all, days);
    const crashes = countCrashes(all, days);
    const shares = lists.map((list) => countAtRisk(list, days) / atRisk);
    const spread = atRisk > 1 ? (crashes * (atRisk - crashes)) / (atRisk - 1) : 0;
    for (const [i, share] of shares.entries()) {
      expected[i] = (expected[i] ?? 0) + crashes * share;
      const row = variance[i] ?? [];
      for (const [j, other] of shares.entries()) {
        row[j] = (row[j] ?? 0) + spread * share * ((i === j ? 1 : 0) - other);
      }
    }
  }
  const tallies = names.map((group, i) => ({
    group,
    boots: lists[i]?.length ?? 0,
    crashes: lists[i]?.filter(({ crashed }) => crashed).length ?? 0,
    expected: expected[i] ?? 0,
  }));
  const chiSquare = quadratic(
    tallies.slice(1).map(({ crashes, expected: mean }) => crashes - mean),
    variance.slice(1).map((row) => row.slice(1)),
  );
  const freedom = names.length - 1;
  return { groups: tallies, chiSquare, p: freedom < 1 ? null : chiSquareTail(chiSquare, freedom) };
}

function crashTimes(boots: readonly Boot[]): readonly number[] {
  const times = boots.flatMap(({ crashed, untilDays }) => (crashed ? [untilDays] : []));
  return [...new Set(times)].toSorted((a, b) => a - b);
}

function countAtRisk(boots: readonly Boot[], days: number): number {
  return boots.filter(({ fromDays, untilDays }) => fromDays < days && days <= untilDays).length;
}

function countCrashes(boots: readonly Boot[], days: number): number {
  return boots.filter(({ crashed, untilDays }) => crashed && untilDays === days).length;
}

// x' V^-1 x by Gaussian elimination. A group that was never at risk beside another has a row of
// zeroes, and adds nothing.
function quadratic(x: readonly number[], matrix: readonly (readonly number[])[]): number {
  const rows = matrix.map((row, i) => [...row, x[i] ?? 0]);
  const size = x.length;
  const cell = (row: number, column: number) => rows[row]?.[column] ?? 0;
  let sum = 0;
  for (let pivot = 0; pivot < size; pivot += 1) {
    const lead = cell(pivot, pivot);
    if (lead < 1e-12) continue;
    const right = cell(pivot, size);
    sum += (right * right) / lead;
    for (let row = pivot + 1; row < size; row += 1) {
      const factor = cell(row, pivot) / lead;
      for (let column = pivot; column <= size; column += 1) {
        const target = rows[row];
        if (target !== undefined) target[column] = cell(row, column) - factor * cell(pivot, column);
      }
    }
  }
  return sum;
}
