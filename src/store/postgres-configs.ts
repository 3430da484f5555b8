import {
  type ConfigVersion,
  type ConfigVersionHead,
  configVersionsMax,
} from '../domain/config-version.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { ConfigRows } from './config-rows.ts';
import { PostgresIncidents } from './postgres-incidents.ts';

/** Versions of configurations. */
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
}

function json(value: unknown): string {
  return JSON.stringify(value);
}
