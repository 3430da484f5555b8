import type { ConfigVersion, ConfigVersionHead } from '../domain/config-version.ts';
import type { InstanceId } from '../domain/ids.ts';

/** The part of a transaction that is about versions of configurations. */
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
}
