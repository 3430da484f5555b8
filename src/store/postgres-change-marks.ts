import type { ChangeMark, ChangeMarks } from './change-marks.ts';
import { PostgresQueries } from './postgres-queries.ts';

/**
 * Marks from the sequence of 0022-changes.sql and PostgreSQL's own numbers of transactions: a
 * snapshot's xmax is one past the highest that has ended (its manual, 9.27.9).
 */
export class PostgresChangeMarks extends PostgresQueries implements ChangeMarks {
  async mark(): Promise<ChangeMark> {
    const { rows } = await this.query<{ count: string; ended: string }>(
      `select last_value as count, pg_snapshot_xmax(pg_current_snapshot())::text as ended
         from changes`,
      [],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the sequence of changes has no row');
    return { count: BigInt(row.count), ended: BigInt(row.ended) };
  }
}
