import { holm } from './fisher.ts';
import { matchedTest } from './matched.ts';

/** What one host said in one window of time: how often each template came, by its id. */
export interface LogWindow {
  /** Windows of one stratum are of the same time. */
  readonly stratum: number;
  /** Whether the host crashed at its end. */
  readonly isBeforeCrash: boolean;
  readonly counts: ReadonlyMap<number, number>;
}

/**
 * `before-crashes`: it comes before crashes more often than chance would have it, after all that were
 * asked. `noise`: healthy hosts print it as often. `undecided`: too little is known.
 */
export type PrecursorVerdict = 'before-crashes' | 'noise' | 'undecided';

/** One template, by how much more often it is there before crashes. */
export interface Precursor {
  readonly template: number;
  /** Windows before crashes in which it is, of how many. */
  readonly crashed: number;
  readonly crashedAll: number;
  readonly healthy: number;
  readonly healthyAll: number;
  /** Lines in a window in which it is, on average, before crashes and on healthy hosts. */
  readonly linesCrashed: number;
  readonly linesHealthy: number;
  /** Windows before crashes that have it, by how many would were those hosts like healthy ones. */
  readonly lift: number | null;
  readonly p: number;
  readonly adjusted: number;
  readonly verdict: PrecursorVerdict;
}

export interface Precursors {
  readonly found: readonly Precursor[];
  /** Questions that were asked: templates that are in the very same windows are one. */
  readonly questions: number;
  /** The least p, of all asked, that these windows could have given to anything. */
  readonly least: number;
}

const shown = 0.05;
/** So much more often is as often, for whoever looks for a cause. */
const asOften = 1.25;

/**
 * Templates that are there before crashes, ranked by lift against hosts that were healthy at the same
 * time: whether a window has it, by the exact test of {@link matchedTest}, corrected for all that were
 * asked (Holm). How often it is in a window is told and not tested.
 */
export function precursorsOf(windows: readonly LogWindow[]): Precursors {
  const strata = [...Map.groupBy(windows, ({ stratum }) => stratum).values()];
  const templates = new Set(windows.flatMap(({ counts }) => [...counts.keys()]));
  const patterns = new Map<string, number[]>();
  for (const template of templates) {
    const pattern = windows.map(({ counts }) => (counts.has(template) ? '1' : '0')).join('');
    const same = patterns.get(pattern);
    if (same === undefined) patterns.set(pattern, [template]);
    else same.push(template);
  }
  const tested = [...patterns.values()].map((same) => {
    const [template = 0] = same;
    const tables = strata.map((list) => tableOf(list, template));
    return { same, tables, ...matchedTest(tables) };
  });
  const adjusted = holm(tested.map(({ p }) => p));
  const found = tested.flatMap(({ same, tables, p, expected }, index) => {
    const sum = (read: (one: (typeof tables)[number]) => number) =>
      tables.reduce((total, one) => total + read(one), 0);
    const counts = {
      ...{ crashed: sum((one) => one.casesWith), crashedAll: sum((one) => one.cases) },
      ...{ healthy: sum((one) => one.controlsWith), healthyAll: sum((one) => one.controls) },
    };
    const lift = liftOf(tables);
    const holds = adjusted[index] ?? 1;
    const verdict = verdictOf(counts.healthyAll, lift, holds, counts.crashed > expected);
    return same.map((template) => ({
      ...{ template, ...counts, lift, p, adjusted: holds, verdict },
      linesCrashed: linesOf(windows, template, true),
      linesHealthy: linesOf(windows, template, false),
    }));
  });
  const rank = (one: Precursor) => (one.verdict === 'noise' ? 1 : 0);
  return {
    found: found.toSorted(
      (a, b) =>
        rank(a) - rank(b) ||
        a.p - b.p ||
        (b.lift ?? 1e9) - (a.lift ?? 1e9) ||
        b.crashed - a.crashed,
    ),
    questions: patterns.size,
    least: Math.min(1, leastOf(strata) * Math.max(1, patterns.size)),
  };
}

function tableOf(windows: readonly LogWindow[], template: number) {
  const cases = windows.filter(({ isBeforeCrash }) => isBeforeCrash);
  const controls = windows.filter(({ isBeforeCrash }) => !isBeforeCrash);
  const having = (list: readonly LogWindow[]) =>
    list.filter(({ counts }) => counts.has(template)).length;
  return {
    ...{ cases: cases.length, casesWith: having(cases) },
    ...{ controls: controls.length, controlsWith: having(controls) },
  };
}

// Infinite, said as null, where no healthy host has it.
function liftOf(tables: readonly ReturnType<typeof tableOf>[]): number | null {
  let seen = 0;
  let healthy = 0;
  for (const { cases, casesWith, controls, controlsWith } of tables) {
    if (controls === 0) continue;
    seen += casesWith;
    healthy += (cases * controlsWith) / controls;
  }
  return healthy === 0 ? null : seen / healthy;
}

function verdictOf(
  healthyAll: number,
  lift: number | null,
  adjusted: number,
  isMore: boolean,
): PrecursorVerdict {
  if (healthyAll === 0) return 'undecided';
  if (isMore && adjusted <= shown) return 'before-crashes';
  return lift !== null && lift <= asOften ? 'noise' : 'undecided';
}

function linesOf(windows: readonly LogWindow[], template: number, isBeforeCrash: boolean): number {
  const counts = windows
    .filter((one) => one.isBeforeCrash === isBeforeCrash)
    .flatMap((one) => one.counts.get(template) ?? []);
  return counts.length === 0 ? 0 : counts.reduce((sum, one) => sum + one, 0) / counts.length;
}

// Of something that all hosts before crashes have, and none that was healthy.
function leastOf(strata: readonly (readonly LogWindow[])[]): number {
  const tables = strata.map((list) => {
    const cases = list.filter(({ isBeforeCrash }) => isBeforeCrash).length;
    return { cases, casesWith: cases, controls: list.length - cases, controlsWith: 0 };
  });
  return matchedTest(tables).least;
}
