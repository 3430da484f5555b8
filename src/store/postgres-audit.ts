import type { AuditEntry, AuditRow, AuditStore } from './audit-store.ts';
import { translate } from './postgres-errors.ts';
import { PostgresQueries } from './postgres-queries.ts';

/** Any number will do, so long as every Bridgehead takes the same: the lock of who adds a row. */
const appendLock = 7_215_303;

interface Row {
  /** The driver gives a bigint as text. */
  readonly id: string;
  readonly at_ms: number;
  readonly entry: AuditEntry;
  readonly previous: string;
  readonly hash: string;
}

const columns = 'id, at_ms, entry, previous, hash';

/** The audit log in PostgreSQL, where triggers refuse anything but new rows. */
export class PostgresAudit extends PostgresQueries implements AuditStore {
  async append(make: (newest: AuditRow | null) => AuditRow): Promise<AuditRow> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw translate(error);
    });
    let fault: unknown = null;
    try {
      await client.query('begin isolation level read committed');
      await client.query('select pg_advisory_xact_lock($1)', [appendLock]);
      const { rows } = await client.query<Row>(
        `select ${columns} from audit order by id desc limit 1`,
      );
      const row = make(rows[0] === undefined ? null : rowOf(rows[0]));
      await client.query(`insert into audit (${columns}) values ($1, $2, $3, $4, $5)`, [
        ...[row.id, row.atMs, JSON.stringify(row.entry), row.previous, row.hash],
      ]);
      await client.query('commit');
      return row;
    } catch (error) {
      fault = error;
      throw translate(error);
    } finally {
      // A connection that failed within a transaction is not given to anybody else.
      client.release(fault !== null);
    }
  }

  async after(id: number, limit: number): Promise<readonly AuditRow[]> {
    const { rows } = await this.query<Row>(
      `select ${columns} from audit where id > $1 order by id limit $2`,
      [id, limit],
    );
    return rows.map(rowOf);
  }

  async newest(limit: number, beforeId: number | null = null): Promise<readonly AuditRow[]> {
    const { rows } = await this.query<Row>(
      `select ${columns} from audit where $2::bigint is null or id < $2 order by id desc limit $1`,
      [limit, beforeId],
    );
    return rows.toReversed().map(rowOf);
  }
}

function rowOf({ id, at_ms: atMs, entry, previous, hash }: Row): AuditRow {
  return { id: Number(id), atMs, entry, previous, hash };
}
