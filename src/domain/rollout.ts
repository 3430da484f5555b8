// A change of the configurations of many instances, which goes in batches.

import type { ConfigContent } from './config-version.ts';
import type { InstanceId, InstanceName } from './ids.ts';

export interface RolloutSettings {
  /** Instances of the first batch. */
  readonly canaries: number;
  /** Instances of each batch after that. */
  readonly batchSize: number;
  /** How long each batch is watched once it runs what is new, seconds. */
  readonly watchS: number;
  /** By how much the share of what fails may grow, percentage points. */
  readonly errorPercent: number;
}

export const rolloutDefaults: RolloutSettings = {
  canaries: 1,
  batchSize: 5,
  watchS: 60,
  errorPercent: 1,
};

/** How many rollouts are kept, the newest. */
export const rolloutsMax = 200;

/** One instance of a rollout. */
export interface RolloutTarget {
  readonly instanceId: InstanceId;
  readonly name: InstanceName;
  /** From 0 on; 0 is that of the canaries. */
  readonly batch: number;
  /** The version that it had before, to which it goes back. */
  readonly fromVersion: number;
  /** When it was given that, wall-clock milliseconds. */
  readonly fromMs: number;
  /** What it is to get; null once it has it as a version. */
  readonly content: ConfigContent | null;
  /** The version that it was given; null while it waits. */
  readonly toVersion: number | null;
  /** Operation that brings its host there; null while it waits. */
  readonly operation: string | null;
  /** When it was given that, wall-clock milliseconds; null while it waits. */
  readonly changedMs: number | null;
  /** When its host ran it, wall-clock milliseconds; null before. */
  readonly loadedMs: number | null;
  /** Operation that brings its host back; null for none. */
  readonly backOperation: string | null;
  /** Why it is left as it is, in words; null where it is not. */
  readonly leftBecause: string | null;
}

export interface Pause {
  readonly who: string;
  readonly reason: string;
  readonly atMs: number;
}

/** A rollout as who carries it writes it. */
export interface RolloutRecord {
  /** That of its operation. */
  readonly id: string;
  readonly owner: string;
  readonly service: string;
  readonly settings: RolloutSettings;
  readonly targets: readonly RolloutTarget[];
  /** Why it goes back; null while it goes forward. */
  readonly breach: string | null;
}

export interface Rollout extends RolloutRecord {
  /** Null while it goes on. */
  readonly pause: Pause | null;
}

/** What only one rollout of a service holds. */
export function rolloutObject(owner: string, service: string): string {
  return `rollout/${owner}/${service}`;
}
