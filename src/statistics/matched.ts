import { logChoose } from './gamma.ts';

/** Cases and controls of one time, and how many of each had something. */
export interface Stratum {
  readonly cases: number;
  readonly casesWith: number;
  readonly controls: number;
  readonly controlsWith: number;
}

/** Sums that are as likely as the one seen, but for rounding. */
const slack = 1e-12;

export interface MatchedTest {
  /** How likely at least as many cases have it, were cases no different from their controls. */
  readonly p: number;
  /** How many cases would have it then, on average. */
  readonly expected: number;
  /** The least `p` that these numbers could have given: with few cases nothing can be shown. */
  readonly least: number;
}

/**
 * The exact conditional test of stratified 2 x 2 tables, one-sided (Birch 1964; Agresti, Categorical
 * Data Analysis; `mantelhaen.test(exact = TRUE, alternative = "greater")` in R). Within a stratum
 * everybody is as likely to have it; only cases and controls of the same time are compared, so that
 * what all hosts said that day says nothing. With one case and one control each it is McNemar's test.
 */
export function matchedTest(strata: readonly Stratum[]): MatchedTest {
  let chances: readonly number[] = [1];
  let low = 0;
  let seen = 0;
  let expected = 0;
  for (const { cases, casesWith, controls, controlsWith } of strata) {
    const all = cases + controls;
    const having = casesWith + controlsWith;
    if (all === 0) continue;
    const from = Math.max(0, having - controls);
    const to = Math.min(cases, having);
    const whole = logChoose(all, having);
    const own = Array.from({ length: to - from + 1 }, (_, index) => {
      const k = from + index;
      return Math.exp(logChoose(cases, k) + logChoose(controls, having - k) - whole);
    });
    chances = convolved(chances, own);
    low += from;
    seen += casesWith;
    expected += (cases * having) / all;
  }
  let p = 0;
  for (const [index, chance] of chances.entries()) if (low + index >= seen) p += chance;
  return { p: p > 1 - slack ? 1 : p, expected, least: chances.at(-1) ?? 1 };
}

function convolved(a: readonly number[], b: readonly number[]): readonly number[] {
  const sums = new Array<number>(a.length + b.length - 1).fill(0);
  for (const [i, x] of a.entries()) {
    for (const [j, y] of b.entries()) sums[i + j] = (sums[i + j] ?? 0) + x * y;
  }
  return sums;
}
