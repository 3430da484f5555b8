import {
  type ConfigVersion,
  type ConfigVersionHead,
  configVersionsMax,
} from '../domain/config-version.ts';
import type { InstanceId } from '../domain/ids.ts';
import { type Pause, type Rollout, type RolloutRecord, rolloutsMax } from '../domain/rollout.ts';
import type { ConfigRows } from './config-rows.ts';
import { PostgresIncidents } from './postgres-incidents.ts';

/** Versions of configurations, and rollouts. */
export class PostgresConfigs extends PostgresIncidents implements ConfigRows {
  async addConfigVersion(id: InstanceId, one: Omit<ConfigVersion, 'version'>): Promise<number> {
    const newest = await this.db
      .selectFrom('config_versions')
      .select((row) => row.fn.max('version').as('version'))
      .where('instance_id', '=', id)
      .executeTakeFirst();
    const version = (newest?.version ?? 0) + 1;
    const { atMs: at_ms, who, reason, hash, content } = one;
    await this.db
      .insertInto('config_versions')
      .values({ instance_id: id, version, at_ms, who, reason, hash, content: json(content) })
      .execute();
    await this.db
      .deleteFrom('config_versions')
      .where('instance_id', '=', id)
      .where('version', '<=', version - configVersionsMax)
      .execute();
    return version;
  }

  async configVersions(id: InstanceId): Promise<readonly ConfigVersionHead[]> {
    const rows = await this.db
      .selectFrom('config_versions')
      .select(['version', 'at_ms', 'who', 'reason', 'hash'])
      .where('instance_id', '=', id)
      .orderBy('version', 'desc')
      .execute();
    return rows.map(({ at_ms: atMs, ...row }) => ({ ...row, atMs }));
  }

  async configVersion(id: InstanceId, version: number): Promise<ConfigVersion | null> {
    const row = await this.db
      .selectFrom('config_versions')
      .selectAll()
      .where('instance_id', '=', id)
      .where('version', '=', version)
      .executeTakeFirst();
    if (row === undefined) return null;
    const { at_ms: atMs, who, reason, hash, content } = row;
    return { version, atMs, who, reason, hash, content };
  }

  async putRollout({
    id,
    owner,
    service,
    settings,
    targets,
    breach,
  }: RolloutRecord): Promise<void> {
    const rollout = { id, owner, service, settings, targets, breach };
    const { seq } = await this.db
      .insertInto('rollouts')
      .values({ id, rollout: json(rollout) })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ rollout: json(rollout) }))
      .returning('seq')
      .executeTakeFirstOrThrow();
    await this.db
      .deleteFrom('rollouts')
      .where('seq', '<=', String(Number(seq) - rolloutsMax))
      .execute();
  }

  async setRolloutPause(id: string, pause: Pause | null): Promise<void> {
    const value = pause === null ? null : json(pause);
    await this.db.updateTable('rollouts').set({ pause: value }).where('id', '=', id).execute();
  }

  async rollout(id: string): Promise<Rollout | null> {
    const row = await this.db
      .selectFrom('rollouts')
      .select(['rollout', 'pause'])
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : { ...row.rollout, pause: row.pause };
  }

  async rollouts(limit: number): Promise<readonly Rollout[]> {
    const rows = await this.db
      .selectFrom('rollouts')
      .select(['rollout', 'pause'])
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute();
    return rows.map(({ rollout, pause }) => ({ ...rollout, pause }));
  }
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
