import type { TwoByTwo } from './fisher.ts';
import { logChoose } from './gamma.ts';

/** How much the odds of being hit differ, with an interval of 95 %; null stands for infinite. */
export interface OddsRatio {
  readonly ratio: number | null;
  readonly low: number;
  readonly high: number | null;
}

const tail = 0.025;
const bisections = 200;
/** Of its logarithm: beyond it nothing differs any more. */
const logMax = 60;

/**
 * The odds ratio of a table and its exact interval, given the margins: the ratio whose table is as
 * the seen one on average, and those at which one as extreme has a chance of 2.5 % (Fisher 1935;
 * Cornfield 1956; as R's `fisher.test`).
 */
export function oddsRatio({ withHit, withOut, othersHit, othersOut }: TwoByTwo): OddsRatio {
  const having = withHit + withOut;
  const hit = withHit + othersHit;
  const all = having + othersHit + othersOut;
  const from = Math.max(0, hit - (all - having));
  const to = Math.min(having, hit);
  const logs = Array.from(
    { length: to - from + 1 },
    (_, index) => logChoose(having, from + index) + logChoose(all - having, hit - from - index),
  );
  const at = withHit - from;
  /** Chances of each count where the logarithm of the ratio is this. */
  const chances = (log: number) => {
    const weights = logs.map((one, index) => one + index * log);
    const most = Math.max(...weights);
    const scaled = weights.map((one) => Math.exp(one - most));
    const sum = scaled.reduce((total, one) => total + one, 0);
    return scaled.map((one) => one / sum);
  };
  const mean = (log: number) => chances(log).reduce((sum, one, index) => sum + one * index, 0);
  const atLeast = (log: number) => sumOf(chances(log).slice(at));
  const atMost = (log: number) => sumOf(chances(log).slice(0, at + 1));
  const isLeast = at === 0;
  const isMost = at === logs.length - 1;
  return {
    ratio: isMost && !isLeast ? null : isLeast ? (isMost ? 1 : 0) : solve((log) => mean(log) - at),
    low: isLeast ? 0 : solve((log) => atLeast(log) - tail),
    high: isMost ? null : solve((log) => tail - atMost(log)),
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0);
}

/** Where something that rises with the logarithm crosses 0. */
function solve(rising: (log: number) => number): number {
  let [low, high] = [-logMax, logMax];
  for (let step = 0; step < bisections && high - low > 1e-13; step += 1) {
    const middle = (low + high) / 2;
    if (rising(middle) < 0) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}
