import type pg from 'pg';
import { translate } from './postgres-errors.ts';

/** Single statements on a pool, for tables that the transactions of the fleet have no part in. */
export abstract class PostgresQueries {
  protected readonly pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.pool = pool;
  }

  /** @throws BridgeheadError DATABASE_UNAVAILABLE where the database does not answer */
  protected async query<Result extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<pg.QueryResult<Result>> {
    try {
      return await this.pool.query<Result>(text, [...values]);
    } catch (error) {
      throw translate(error);
    }
  }
}
