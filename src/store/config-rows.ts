import type { ConfigVersion, ConfigVersionHead } from '../domain/config-version.ts';
import type { InstanceId } from '../domain/ids.ts';
import { type Pause, type Rollout, type RolloutRecord } from '../domain/rollout.ts';

/** The part of a transaction that is about versions of configurations, and rollouts of them. */
export interface ConfigRows {
  /**
   * Adds a version of the instance's configuration, and drops the oldest beyond
   * `configVersionsMax`.
   *
   * @returns its number, one higher than that of the newest
   */
  addConfigVersion(id: InstanceId, version: Omit<ConfigVersion, 'version'>): Promise<number>;
  /** Those that are kept, the newest first. */
  configVersions(id: InstanceId): Promise<readonly ConfigVersionHead[]>;
  /** Null where there is none of that number, or not any more. */
  configVersion(id: InstanceId, version: number): Promise<ConfigVersion | null>;

  /** Adds a rollout, or replaces all of it but its pause; drops the oldest beyond `rolloutsMax`. */
  putRollout(rollout: RolloutRecord): Promise<void>;
  setRolloutPause(id: string, pause: Pause | null): Promise<void>;
  rollout(id: string): Promise<Rollout | null>;
  /** Those that are kept, the newest first. */
  rollouts(limit: number): Promise<readonly Rollout[]>;
}
