import {
  type ConfigVersion,
  type ConfigVersionHead,
  configVersionsMax,
  headOf,
} from '../src/domain/config-version.ts';
import type { InstanceId } from '../src/domain/ids.ts';
import { SimIncidentTransaction } from './incident-transaction.ts';

/** The statements about versions of configurations. */
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
}
