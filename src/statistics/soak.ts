import { binomialCdf } from './binomial.ts';

/** Crashes of one kind, and how long hosts ran that could have had it. */
export interface Exposure {
  readonly crashes: number;
  readonly hostDays: number;
}

export interface Soak {
  /** How likely it is to see no more crashes than that after the change, had nothing changed. */
  readonly ifUnchanged: number;
  /** The same, had the change cut the rate to a tenth: a fix that is none passes as often. */
  readonly ifTenfoldLess: number;
  /** Host-days after the change at which it is shown, if no further crash comes; null for never. */
  readonly neededHostDays: number | null;
  /** Whether it is shown now, however often one has looked before. */
  readonly isShown: boolean;
  /** Why nothing can be said; null where it can. */
  readonly lack: string | null;
}

const tenth = 0.1;
const bisections = 60;
const hostDaysMax = 1e9;

/**
 * Whether crashes have become rarer since a change.
 *
 * Given all crashes, those after the change are binomial with the share of the time after it, if the
 * rate is the same (Przyborowski and Wilenski 1940): no rate has to be known. Looked at daily, a test
 * for one day would claim too often; here k crashes end the wait only at an exposure where the test's
 * error is at most (1 - confidence) / 2^(k+1), and these errors together are less than 1 - confidence,
 * so that it may be looked at all the time.
 *
 * @param confidence such as 0.95
 */
export function soak(before: Exposure, after: Exposure, confidence: number): Soak {
  if (before.crashes === 0 || before.hostDays <= 0) {
    const lack = 'no crash was seen before the change: its rate cannot be told from none';
    return { ifUnchanged: 1, ifTenfoldLess: 1, neededHostDays: null, isShown: false, lack };
  }
  return {
    ifUnchanged: quietness(before, after, 1),
    ifTenfoldLess: quietness(before, after, tenth),
    neededHostDays: neededFor(before, after.crashes, confidence),
    isShown: isShown(before, after, confidence),
    lack: null,
  };
}

/** Whether crashes are shown to be rarer than before, with `soak`'s bound on being wrong. */
export function isShown(before: Exposure, after: Exposure, confidence: number): boolean {
  return quietness(before, after, 1) <= (1 - confidence) / 2 ** (after.crashes + 1);
}

/**
 * How likely at most so many crashes are after the change, were the rate then `ratio` of that before.
 */
function quietness(before: Exposure, after: Exposure, ratio: number): number {
  const weight = ratio * after.hostDays;
  const share = weight / (before.hostDays + weight);
  return binomialCdf(after.crashes, before.crashes + after.crashes, share);
}

function neededFor(before: Exposure, crashes: number, confidence: number): number | null {
  const isEnough = (hostDays: number) => isShown(before, { crashes, hostDays }, confidence);
  let low = 0;
  let high = before.hostDays;
  while (!isEnough(high)) {
    low = high;
    high *= 2;
    if (high > hostDaysMax) return null;
  }
  for (let step = 0; step < bisections; step += 1) {
    const middle = (low + high) / 2;
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}
