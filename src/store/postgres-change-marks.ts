import type { Kysely } from 'kysely';
import type pg from 'pg';
import type { ChangeMark, ChangeMarks } from './change-marks.ts';
import type { FleetMemory, FleetMoment } from './fleet-memory.ts';
import { readAgain } from './postgres-fleet-memory.ts';
import { PostgresQueries } from './postgres-queries.ts';
import type { Schema } from './schema.ts';
import type { Transaction } from './store.ts';

/** Runs `work` in a transaction that sees one moment. */
type AtOneMoment = <Result>(
  work: (db: Kysely<Schema>, tx: Transaction) => Promise<Result>,
) => Promise<Result>;

/**
 * Marks from the sequence of 0022-changes.sql and PostgreSQL's own numbers of transactions: a
 * snapshot's xmax is one past the highest that has ended (its manual, 9.27.9).
 */
export class PostgresChangeMarks extends PostgresQueries implements ChangeMarks {
  readonly #atOneMoment: AtOneMoment;

  constructor(pool: pg.Pool, atOneMoment: AtOneMoment) {
    super(pool);
    this.#atOneMoment = atOneMoment;
  }

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

  moment<More>(
    memory: FleetMemory,
    more: (tx: Transaction) => Promise<More>,
  ): Promise<readonly [FleetMoment, More]> {
    return this.#atOneMoment(async (db, tx) => [await readAgain(db, memory), await more(tx)]);
  }
}
