import type { Kysely } from 'kysely';
import type { InstanceId } from '../domain/ids.ts';
import { type KeptOverride, overrideName } from '../domain/live.ts';
import type { Schema } from './schema.ts';

/** All overrides, each instance's in the order of their names. */
export async function readOverrides(
  db: Kysely<Schema>,
): Promise<ReadonlyMap<InstanceId, readonly KeptOverride[]>> {
  const rows = await db.selectFrom('overrides').selectAll().orderBy('name').execute();
  const all = new Map<InstanceId, KeptOverride[]>();
  for (const { instance_id, override, who, reason, at_ms: atMs } of rows) {
    const id = instance_id as InstanceId;
    const own = all.get(id) ?? [];
    own.push({ override, who, reason, atMs });
    all.set(id, own);
  }
  return all;
}

/** Writes one, over that of the same name. */
export async function writeOverride(
  db: Kysely<Schema>,
  id: InstanceId,
  { override, who, reason, atMs: at_ms }: KeptOverride,
): Promise<void> {
  const content = { override: JSON.stringify(override), who, reason, at_ms };
  await db
    .insertInto('overrides')
    .values({ instance_id: id, name: overrideName(override), ...content })
    .onConflict((conflict) => conflict.columns(['instance_id', 'name']).doUpdateSet(content))
    .execute();
}
