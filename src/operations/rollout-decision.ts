// What a rollout does next. Pure: it is made anew at each look, from what was written and seen.

import type { InstanceName } from '../domain/ids.ts';
import type { RolloutSettings } from '../domain/rollout.ts';

/** What an instance has counted in a time, summed up. */
export interface Tally {
  /** Requests at its frontends, and those of them answered with 5xx. */
  readonly requests: number;
  readonly failed: number;
  /** Sessions of its backends, and connections and answers of servers that failed. */
  readonly sessions: number;
  readonly errors: number;
  /** Servers, and those of them that took traffic, at best in the last two readings. */
  readonly servers: number;
  readonly serversUp: number;
  /** Until when there are numbers, wall-clock milliseconds; null for none at all. */
  readonly untilMs: number | null;
}

/** An instance as a rollout sees it. */
export type TargetState =
  | { readonly state: 'waiting' | 'loading' | 'left' }
  | { readonly state: 'failed'; readonly why: string }
  | {
      readonly state: 'loaded';
      /** Wall-clock milliseconds. */
      readonly loadedMs: number;
      /** What it shows; null where it has no host, so that there is nothing to watch. */
      readonly shown: Shown | null;
    };

export interface Shown {
  readonly before: Tally;
  readonly since: Tally;
  /** For how long it has not served what it is to, milliseconds; 0 where it does. */
  readonly notServingMs: number;
}

export interface RolloutState {
  readonly settings: RolloutSettings;
  readonly isPaused: boolean;
  readonly targets: readonly (TargetState & {
    readonly name: InstanceName;
    readonly batch: number;
  })[];
}

export type NextStep =
  | { readonly kind: 'change'; readonly batch: number; readonly names: readonly InstanceName[] }
  | { readonly kind: 'wait'; readonly why: 'loading' | 'watching' | 'paused' }
  | { readonly kind: 'go-back'; readonly why: string }
  | { readonly kind: 'done' };

/** An instance that a failover moves is back within this. */
export const notServingMaxMs = 15_000;
/** Numbers that another scheduler hears are in the store a minute later, at the latest. */
export const numbersLateMaxMs = 90_000;
/** One mishap, or two, say nothing, however few requests there were. */
const failuresMin = 3;
/** By how much the share of servers that take traffic may fall. */
const serversDownMax = 0.2;
/** Of a normal distribution: the true share is above the bound in 97.5 % of cases. */
const z = 1.96;

/**
 * What comes next. A breach comes before everything, also before a pause; the next batch begins once
 * all of the one before was watched to its end.
 */
export function nextStep({ settings, isPaused, targets }: RolloutState, nowMs: number): NextStep {
  for (const target of targets) {
    const why = breachOf(target, settings, nowMs);
    if (why !== null) return { kind: 'go-back', why: `instance ${target.name}: ${why}` };
  }
  const watchMs = settings.watchS * 1_000;
  if (targets.some(({ state }) => state === 'loading')) return { kind: 'wait', why: 'loading' };
  if (targets.some((one) => isWatched(one, watchMs, nowMs)))
    return { kind: 'wait', why: 'watching' };
  const waiting = targets.filter(({ state }) => state === 'waiting');
  if (waiting.length === 0) return { kind: 'done' };
  if (isPaused) return { kind: 'wait', why: 'paused' };
  const batch = Math.min(...waiting.map((one) => one.batch));
  const names = waiting.flatMap((one) => (one.batch === batch ? one.name : []));
  return { kind: 'change', batch, names };
}

/** True while it has to be seen for longer before others may follow. */
function isWatched(target: TargetState, watchMs: number, nowMs: number): boolean {
  if (target.state !== 'loaded' || target.shown === null) return false;
  const endMs = target.loadedMs + watchMs;
  return nowMs < endMs || (target.shown.since.untilMs ?? 0) < endMs;
}

function breachOf(target: TargetState, settings: RolloutSettings, nowMs: number): string | null {
  if (target.state === 'failed') return target.why;
  if (target.state !== 'loaded' || target.shown === null) return null;
  const { before, since, notServingMs } = target.shown;
  if (notServingMs > notServingMaxMs) {
    return `it has not served its configuration for ${Math.round(notServingMs / 1_000)} s`;
  }
  const budget = settings.errorPercent / 100;
  const answers = tooMany(since.failed, since.requests, before.failed, before.requests, budget);
  if (answers !== null) return `${answers} requests were answered with 5xx`;
  const sessions = tooMany(since.errors, since.sessions, before.errors, before.sessions, budget);
  if (sessions !== null) return `${sessions} sessions with its servers failed`;
  const [upBefore, upSince] = [upShare(before), upShare(since)];
  if (upBefore - upSince > serversDownMax) {
    return `${since.serversUp} of its ${since.servers} servers take traffic, and before ${before.serversUp} of ${before.servers}`;
  }
  const endMs = target.loadedMs + settings.watchS * 1_000;
  if (nowMs > endMs + numbersLateMaxMs && (since.untilMs ?? 0) < endMs) {
    return 'its numbers are not heard, so nobody can say how it does';
  }
  return null;
}

function upShare({ servers, serversUp, untilMs }: Tally): number {
  return untilMs === null || servers === 0 ? 1 : serversUp / servers;
}

// Chance is allowed for: what counts is the share that can be told from what was seen at least.
function tooMany(
  failed: number,
  all: number,
  failedBefore: number,
  allBefore: number,
  budget: number,
): string | null {
  if (failed < failuresMin) return null;
  const before = allBefore === 0 ? 0 : Math.min(1, failedBefore / allBefore);
  if (shareAtLeast(failed, Math.max(all, failed)) <= before + budget) return null;
  return `${failed} of ${Math.max(all, failed)} (before ${failedBefore} of ${allBefore})`;
}

/**
 * The lower bound of Wilson's score interval (E. B. Wilson, "Probable inference, the law of
 * succession, and statistical inference", 1927) for a share.
 */
function shareAtLeast(count: number, of: number): number {
  const share = count / of;
  const middle = share + (z * z) / (2 * of);
  const spread = z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  return (middle - spread) / (1 + (z * z) / of);
}

/** An instance that is to be changed. */
export interface Candidate {
  readonly name: InstanceName;
  readonly tier: number;
}

/**
 * The batch of each instance, in their order: canaries first, the least important of them all, then
 * batches in the same order.
 */
export function batchesOf<One extends Candidate>(
  candidates: readonly One[],
  { canaries, batchSize }: RolloutSettings,
): readonly { readonly one: One; readonly batch: number }[] {
  return candidates
    .toSorted((a, b) => b.tier - a.tier || (a.name < b.name ? -1 : 1))
    .map((one, index) => ({
      one,
      batch: index < canaries ? 0 : 1 + Math.floor((index - canaries) / batchSize),
    }));
}
