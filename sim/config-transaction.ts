import {
  type ConfigVersion,
  type ConfigVersionHead,
  configVersionsMax,
  headOf,
} from '../src/domain/config-version.ts';
import type { InstanceId } from '../src/domain/ids.ts';
import {
  type Pause,
  type Rollout,
  type RolloutRecord,
  rolloutsMax,
} from '../src/domain/rollout.ts';
import { SimIncidentTransaction } from './incident-transaction.ts';

/** The statements about versions of configurations, and rollouts. */
export class SimConfigTransaction extends SimIncidentTransaction {
  async addConfigVersion(id: InstanceId, one: Omit<ConfigVersion, 'version'>): Promise<number> {
    await this.around.pass();
    const before = this.draft.tables.configVersions.get(id) ?? [];
    const version = (before.at(-1)?.version ?? 0) + 1;
    const kept = [...before, { ...one, version }].slice(-configVersionsMax);
    this.draft.put('configVersions', id, kept);
    return version;
  }

  async configVersions(id: InstanceId): Promise<readonly ConfigVersionHead[]> {
    await this.around.pass();
    const all = this.draft.tables.configVersions.get(id) ?? [];
    return all.map(headOf).toReversed();
  }

  async configVersion(id: InstanceId, version: number): Promise<ConfigVersion | null> {
    await this.around.pass();
    const all = this.draft.tables.configVersions.get(id) ?? [];
    return all.find((one) => one.version === version) ?? null;
  }

  async putRollout(rollout: RolloutRecord): Promise<void> {
    await this.around.pass();
    const { rollouts } = this.draft.tables;
    const pause = rollouts.get(rollout.id)?.pause ?? null;
    this.draft.put('rollouts', rollout.id, { ...rollout, pause });
    const [oldest] = rollouts.keys();
    if (rollouts.size >= rolloutsMax && oldest !== undefined) this.draft.delete('rollouts', oldest);
  }

  async setRolloutPause(id: string, pause: Pause | null): Promise<void> {
    await this.around.pass();
    const rollout = this.draft.tables.rollouts.get(id);
    if (rollout !== undefined) this.draft.put('rollouts', id, { ...rollout, pause });
  }

  async rollout(id: string): Promise<Rollout | null> {
    await this.around.pass();
    return this.draft.tables.rollouts.get(id) ?? null;
  }

  async rollouts(limit: number): Promise<readonly Rollout[]> {
    await this.around.pass();
    return [...this.draft.tables.rollouts.values()].toReversed().slice(0, limit);
  }
}
