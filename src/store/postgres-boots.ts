import { type BootEnd, livedOnMs } from '../crash/boot.ts';
import type { HostFacts } from '../domain/model.ts';
import type { BootStore, HostNews, KnownBoot } from './boot-store.ts';
import { PostgresQueries } from './postgres-queries.ts';

/** Of one host, and of all; the oldest go. */
const bootsOfHostMax = 200;
const bootsMax = 50_000;
/** A host that was drained is rebooted soon, or put to work again. */
const drainedWithinMs = 86_400_000;

/** How old "last seen" of a boot may get, beyond what that of its host is. */
const seenEachMs = 30_000;

interface Row {
  readonly host: string;
  readonly boot_id: string;
  readonly started_ms: number;
  readonly first_seen_ms: number;
  readonly last_seen_ms: number;
  readonly facts: HostFacts;
  readonly ended_ms: number | null;
  readonly ended_by: BootEnd | null;
  readonly crash_id: string | null;
}

/** Boots of hosts in PostgreSQL. */
export class PostgresBoots extends PostgresQueries implements BootStore {
  async news(): Promise<readonly HostNews[]> {
    const { rows } = await this.query<{ name: string; facts: HostFacts; last_seen_ms: number }>(
      `select name, hosts.facts, hosts.last_seen_ms from hosts left join boots
        on boots.host = name and boot_id = hosts.facts ->> 'bootId'
      where hosts.facts is not null and hosts.last_seen_ms is not null
        and (boot_id is null or hosts.last_seen_ms > boots.last_seen_ms + $1::float8)`,
      [seenEachMs],
    );
    return rows.map(({ name, facts, last_seen_ms: atMs }) => ({ host: name, facts, atMs }));
  }

  async heard(host: string, facts: HostFacts, atMs: number): Promise<void> {
    const startedMs = atMs - facts.uptimeS * 1_000;
    // What speaks on has not crashed: of an oops nobody else can tell.
    const { rows } = await this.query<{ is_new: boolean }>(
      `insert into boots as known
        (host, boot_id, started_ms, first_seen_ms, last_seen_ms, facts)
        values ($1, $2, $3, $4, $4, $5)
      on conflict (host, boot_id) do update set
        last_seen_ms = greatest(known.last_seen_ms, excluded.last_seen_ms),
        facts = excluded.facts,
        ended_ms = case when ${spokeOn} then null else known.ended_ms end,
        ended_by = case when ${spokeOn} then null else known.ended_by end,
        crash_id = case when ${spokeOn} then null else known.crash_id end
      returning xmax = 0 as is_new`,
      [host, facts.bootId, startedMs, atMs, JSON.stringify(facts)],
    );
    if (rows[0]?.is_new !== true) return;
    await this.query(
      `update boots set ended_ms = last_seen_ms, ended_by = case when exists (
          select from operations where kind = 'drain' and state = 'done'
            and objects ? ('host/' || $1) and operations.ended_ms > greatest(boots.started_ms, boots.last_seen_ms - $4::float8)
            and ended_ms <= $3::float8) then 'planned' else 'unknown' end
      where host = $1 and boot_id <> $2 and ended_ms is null and started_ms < $3::float8`,
      [host, facts.bootId, startedMs, drainedWithinMs],
    );
    await this.query(
      `delete from boots where host = $1 and started_ms <
        (select started_ms from boots where host = $1 order by started_ms desc offset $2 limit 1)`,
      [host, bootsOfHostMax - 1],
    );
    await this.query(
      `delete from boots where last_seen_ms <
        (select last_seen_ms from boots order by last_seen_ms desc offset $1 limit 1)`,
      [bootsMax - 1],
    );
  }

  async end(
    { host, bootId }: Parameters<BootStore['end']>[0],
    { atMs, by, crashId }: Parameters<BootStore['end']>[1],
  ): Promise<boolean> {
    // The first report of a crash is its cause; what a dying kernel says after it is not.
    const { rowCount } = await this.query(
      `update boots set ended_ms = $3, ended_by = $4, crash_id = $5
      where host = $1 and boot_id = $2 and ended_by is distinct from 'crash'`,
      [host, bootId, atMs, by, crashId],
    );
    return rowCount === 1;
  }

  async list({ host, limit }: Parameters<BootStore['list']>[0]): Promise<readonly KnownBoot[]> {
    const { rows } = await this.query<Row>(
      `select * from boots where $1::text is null or host = $1
      order by started_ms desc, host limit $2`,
      [host, limit],
    );
    return rows.map(bootOfRow);
  }
}

const spokeOn = `coalesce(known.ended_by = 'crash'
  and excluded.last_seen_ms > known.ended_ms + ${livedOnMs}, false)`;

function bootOfRow(row: Row): KnownBoot {
  const { host, ended_ms: endedMs, ended_by: by, crash_id: crashId } = row;
  return {
    ...{ host, bootId: row.boot_id, startedMs: row.started_ms, facts: row.facts },
    ...{ firstSeenMs: row.first_seen_ms, lastSeenMs: row.last_seen_ms },
    ended: endedMs === null || by === null ? null : { atMs: endedMs, by },
    crashId: crashId === null ? null : Number(crashId),
  };
}
