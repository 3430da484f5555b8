import { logChoose } from './gamma.ts';

/** How many of those with something and of those without it were hit. */
export interface TwoByTwo {
  readonly withHit: number;
  readonly withOut: number;
  readonly othersHit: number;
  readonly othersOut: number;
}

/** Tables that are as likely as the one seen, but for rounding, count as being as extreme. */
const slack = 1 + 1e-7;

/**
 * Fisher's exact test, two-sided: how likely a table at least as unlikely as this one is, where the
 * two have nothing to do with each other and its margins are given (Fisher 1935; R's `fisher.test`
 * takes the same tables for more extreme).
 */
export function fisherTest({ withHit, withOut, othersHit, othersOut }: TwoByTwo): number {
  const having = withHit + withOut;
  const hit = withHit + othersHit;
  const all = having + othersHit + othersOut;
  const whole = logChoose(all, hit);
  const chance = (k: number) =>
    Math.exp(logChoose(having, k) + logChoose(all - having, hit - k) - whole);
  const seen = chance(withHit) * slack;
  let sum = 0;
  for (let k = Math.max(0, hit - (all - having)); k <= Math.min(having, hit); k += 1) {
    const one = chance(k);
    if (one <= seen) sum += one;
  }
  return Math.min(1, sum);
}

/**
 * P values as they stand after so many questions were asked at once (Holm 1979): the chance that any
 * of those below a bound is a mistake stays below that bound, however they depend on each other.
 *
 * @returns in the order given
 */
export function holm(pValues: readonly number[]): readonly number[] {
  const order = pValues
    .map((_, index) => index)
    .toSorted((a, b) => at(pValues, a) - at(pValues, b));
  const adjusted: number[] = [];
  let least = 0;
  for (const [rank, index] of order.entries()) {
    least = Math.max(least, Math.min(1, at(pValues, index) * (pValues.length - rank)));
    adjusted[index] = least;
  }
  return adjusted;
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 1;
}
