import type { ChangeMark, ChangeMarks } from './change-marks.ts';
import { PostgresQueries } from './postgres-queries.ts';

/** Marks from the sequence of 0022-changes.sql and PostgreSQL's own numbers of transactions. */
export class PostgresChangeMarks extends PostgresQueries implements ChangeMarks {
  async mark(): Promise<ChangeMark> {
    const { rows } = await this.query<{ count: string; xmin: string; xmax: string }>(
      `select last_value as count, pg_snapshot_xmin(now.snapshot)::text as xmin,
              pg_snapshot_xmax(now.snapshot)::text as xmax
         from changes, (select pg_current_snapshot() as snapshot) as now`,
      [],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the sequence of changes has no row');
    return {
      count: BigInt(row.count),
      endedBelow: BigInt(row.xmin),
      begunBelow: BigInt(row.xmax),
    };
  }
}
