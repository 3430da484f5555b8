import type { HostName, InstanceId } from '../src/domain/ids.ts';
import { type KeptOverride, overrideName } from '../src/domain/live.ts';
import type { Fence, Shed } from '../src/domain/model.ts';
import type { HostWitnesses } from '../src/store/store.ts';
import { SimAttachmentTransaction } from './attachment-transaction.ts';

/** The statements about who is held for dead, who witnesses a host, and who was shed. */
export class SimFencingTransaction extends SimAttachmentTransaction {
  async overrides(): Promise<ReadonlyMap<InstanceId, readonly KeptOverride[]>> {
    await this.around.pass();
    const rows = [...this.draft.tables.overrides].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return new Map(
      [...Map.groupBy(rows, ([, { id }]) => id)].map(([id, own]) => [
        id,
        own.map(([, { kept }]) => kept),
      ]),
    );
  }

  async putOverride(id: InstanceId, kept: KeptOverride): Promise<void> {
    await this.around.pass();
    if (!this.draft.tables.instances.has(id)) throw new Error('no such instance');
    this.draft.put('overrides', `${id} ${overrideName(kept.override)}`, { id, kept });
  }

  async deleteOverride(id: InstanceId, name: string): Promise<void> {
    await this.around.pass();
    this.draft.delete('overrides', `${id} ${name}`);
  }

  async fences(): Promise<readonly Fence[]> {
    await this.around.pass();
    return [...this.draft.tables.fences.values()].toSorted((a, b) => (a.host < b.host ? -1 : 1));
  }

  async putFence(fence: Fence): Promise<void> {
    await this.around.pass();
    this.draft.put('fences', fence.host, fence);
  }

  async deleteFence(host: HostName): Promise<void> {
    await this.around.pass();
    this.draft.delete('fences', host);
  }

  async witnessSets(): Promise<readonly HostWitnesses[]> {
    await this.around.pass();
    return [...this.draft.tables.witnessSets.values()].toSorted(
      (a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0) || a.version - b.version,
    );
  }

  async putWitnesses(set: HostWitnesses): Promise<void> {
    await this.around.pass();
    this.draft.put('witnessSets', `${set.host}|${set.version}`, set);
  }

  async confirmWitnesses(host: HostName, version: number): Promise<void> {
    await this.around.pass();
    for (const [key, one] of this.draft.tables.witnessSets) {
      if (one.host === host && one.version < version) this.draft.delete('witnessSets', key);
    }
  }

  async putShed(shed: Shed): Promise<void> {
    await this.around.pass();
    this.draft.put('sheds', shed.instanceId, shed);
  }

  async deleteShed(id: InstanceId): Promise<void> {
    await this.around.pass();
    this.draft.delete('sheds', id);
  }
}
