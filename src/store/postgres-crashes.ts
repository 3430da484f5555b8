import type { CrashReport } from '../crash/report.ts';
import type { Crash, CrashStore } from './crash-store.ts';
import { PostgresQueries } from './postgres-queries.ts';

/** What came by two ways came within this time; where no uptime is said, the same again is the same. */
const sameWithinMs = 60_000;
const sameUptimeS = 1;
/** More than a fleet has in years; the oldest go. */
const crashesMax = 10_000;

/** Enough to know a report's beginning by, and whether its kernel went down. */
const keptOfLines = '$.lines[*] ? (@ == $.lines[0] || @ like_regex "Kernel panic - not syncing")';

interface Row {
  readonly id: string;
  readonly at_ms: number;
  readonly host: string;
  readonly source: string;
  readonly boot: string;
  readonly report: CrashReport;
}

/** Crash reports in PostgreSQL. */
export class PostgresCrashes extends PostgresQueries implements CrashStore {
  async add(crash: Parameters<CrashStore['add']>[0]): Promise<number | null> {
    const { atMs, firstMs = null, host, source, boot, report } = crash;
    const { uptimeSeconds: uptimeS, fingerprint } = report;
    // Text has no NUL in PostgreSQL; the parser has taken them for U+FFFD or cut them off.
    const { rows } = await this.query<{ id: string }>(
      `insert into crashes (at_ms, host, source, boot, fingerprint, uptime_s, report, first_ms)
      select $1, $2, $3, $9, $4, $5, $6, $10 where not exists (
        select from crashes where host = $2 and fingerprint = $4
          and coalesce(abs(uptime_s - $5::float8) < $8::float8, true)
          and case when boot <> '' and $9 <> '' and uptime_s is not null and $5::float8 is not null
            then boot = $9 else abs(at_ms - $1) < $7::float8 end)
      returning id`,
      [
        ...[atMs, host, source, fingerprint.id, uptimeS, JSON.stringify(report)],
        ...[sameWithinMs, sameUptimeS, boot, firstMs],
      ],
    );
    const id = rows[0]?.id;
    if (id === undefined) return null;
    await this.query('delete from crashes where id <= $1::bigint - $2::bigint', [id, crashesMax]);
    return Number(id);
  }

  async list({
    host,
    fingerprint,
    beforeId,
    limit,
  }: Parameters<CrashStore['list']>[0]): Promise<readonly Crash[]> {
    const { rows } = await this.query<Row>(
      `select id, at_ms, host, source, boot, report from crashes
      where ($1::text is null or host = $1) and ($2::text is null or fingerprint = $2)
        and ($4::bigint is null or id < $4)
      order by id desc limit $3`,
      [host, fingerprint, limit, beforeId ?? null],
    );
    return rows.map(crashOf);
  }

  async find(id: number): Promise<Crash | null> {
    const { rows } = await this.query<Row>(
      'select id, at_ms, host, source, boot, report from crashes where id = $1',
      [id],
    );
    return rows[0] === undefined ? null : crashOf(rows[0]);
  }

  async walk(afterId: number, limit: number): Promise<readonly Crash[]> {
    const { rows } = await this.query<Row>(
      `select id, at_ms, host, source, boot, report || jsonb_build_object('registers', '{}'::jsonb,
        'lines', jsonb_path_query_array(report, $3)) as report
      from crashes where id > $1 order by id limit $2`,
      [afterId, limit, keptOfLines],
    );
    return rows.map(crashOf);
  }
}

function crashOf({ id, at_ms: atMs, host, source, boot, report }: Row): Crash {
  return { id: Number(id), atMs, host, source, boot, report };
}
