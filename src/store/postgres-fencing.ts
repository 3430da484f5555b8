import type { HostName, InstanceId } from '../domain/ids.ts';
import type { KeptOverride } from '../domain/live.ts';
import type { Fence, Shed } from '../domain/model.ts';
import { PostgresAttachments } from './postgres-attachments.ts';
import { readOverrides, writeOverride } from './postgres-overrides.ts';
import type { HostWitnesses } from './store.ts';

/** The rows that say who witnesses a host, which hosts are held for dead, who was shed, what is kept. */
export class PostgresFencing extends PostgresAttachments {
  overrides(): Promise<ReadonlyMap<InstanceId, readonly KeptOverride[]>> {
    return readOverrides(this.db);
  }

  putOverride(id: InstanceId, kept: KeptOverride): Promise<void> {
    return writeOverride(this.db, id, kept);
  }

  async deleteOverride(id: InstanceId, name: string): Promise<void> {
    await this.db
      .deleteFrom('overrides')
      .where('instance_id', '=', id)
      .where('name', '=', name)
      .execute();
  }

  async fences(): Promise<readonly Fence[]> {
    const rows = await this.db.selectFrom('fences').selectAll().orderBy('host').execute();
    return rows.map(({ host, at_ms: atMs, reasons }) => ({
      host: host as HostName,
      atMs,
      reasons,
    }));
  }

  async putFence({ host, atMs, reasons }: Fence): Promise<void> {
    const values = { at_ms: atMs, reasons: JSON.stringify(reasons) };
    await this.db
      .insertInto('fences')
      .values({ host, ...values })
      .onConflict((conflict) => conflict.column('host').doUpdateSet(values))
      .execute();
  }

  async deleteFence(host: HostName): Promise<void> {
    await this.db.deleteFrom('fences').where('host', '=', host).execute();
  }

  async witnessSets(): Promise<readonly HostWitnesses[]> {
    const rows = await this.db
      .selectFrom('witness_sets')
      .selectAll()
      .orderBy('host')
      .orderBy('version')
      .execute();
    return rows.map(({ host, version, witnesses }) => ({
      host: host as HostName,
      version,
      witnesses: witnesses as readonly HostName[],
    }));
  }

  async putWitnesses({ host, version, witnesses }: HostWitnesses): Promise<void> {
    await this.db
      .insertInto('witness_sets')
      .values({ host, version, witnesses: JSON.stringify(witnesses) })
      .execute();
  }

  async confirmWitnesses(host: HostName, version: number): Promise<void> {
    await this.db
      .deleteFrom('witness_sets')
      .where('host', '=', host)
      .where('version', '<', version)
      .execute();
  }

  async putShed({ instanceId, host, forInstance, forTier, atMs }: Shed): Promise<void> {
    const values = { host, for_instance: forInstance, for_tier: forTier, at_ms: atMs };
    await this.db
      .insertInto('sheds')
      .values({ instance_id: instanceId, ...values })
      .onConflict((conflict) => conflict.column('instance_id').doUpdateSet(values))
      .execute();
  }

  async deleteShed(id: InstanceId): Promise<void> {
    await this.db.deleteFrom('sheds').where('instance_id', '=', id).execute();
  }
}
