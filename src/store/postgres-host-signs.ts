import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';

/** What a host's state rests on beside its facts. */
export interface HostSigns {
  /** Heard by a scheduler whose lease runs. */
  readonly ready: ReadonlySet<string>;
  readonly fenced: ReadonlySet<string>;
}

/** The signs of all hosts. */
export async function readHostSigns(db: Kysely<Schema>): Promise<HostSigns> {
  const heard = await db
    .selectFrom('connections')
    .innerJoin('sessions', 'sessions.id', 'connections.session_id')
    .where('expires_at', '>', sql<Date>`clock_timestamp()`)
    .select('host')
    .distinct()
    .execute();
  const fences = await db.selectFrom('fences').select('host').execute();
  return {
    ready: new Set(heard.map(({ host }) => host)),
    fenced: new Set(fences.map(({ host }) => host)),
  };
}
