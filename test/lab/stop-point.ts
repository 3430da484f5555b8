// Holds a scheduler still at an exact point of its work, from outside: a trigger in its database
// makes the transaction that writes a certain row wait for a lock that the test has.

import assert from 'node:assert/strict';
import pg from 'pg';
import { eventually } from './lab-under-test.ts';

/** Any number that Bridgehead itself does not lock with. */
const lock = 7_215_399;
const trigger = 'bridgehead_stop_point';

/** The write that is to wait: a table, and a condition on the row in PL/pgSQL's `new` and `old`. */
export interface StopPlace {
  readonly table: string;
  readonly condition: string;
}

/** One stop. It holds whoever comes first, and with it whoever comes behind, until it is lifted. */
export class StopPoint {
  readonly #database: pg.Client;
  readonly #table: string;

  private constructor(database: pg.Client, table: string) {
    this.#database = database;
    this.#table = table;
  }

  /** @param database a connection of the test's own, as a user who may make triggers */
  static async set(database: pg.Client, { table, condition }: StopPlace): Promise<StopPoint> {
    await database.query('select pg_advisory_lock($1)', [lock]);
    await database.query(`
      create or replace function ${trigger}() returns trigger language plpgsql as $body$
      begin
        if ${condition} then perform pg_advisory_xact_lock(${lock}); end if;
        return null;
      end $body$`);
    await database.query(`
      create trigger ${trigger} after insert or update or delete on ${table}
      for each row execute function ${trigger}()`);
    return new StopPoint(database, table);
  }

  /** Waits until a transaction stands at the point. */
  async reached(limitMs = 60_000): Promise<void> {
    await eventually(async () => {
      assert.notDeepEqual(await this.#waiting(), [], `nobody came to ${this.#table}`);
    }, limitMs);
  }

  /**
   * Ends the transactions that stand at the point, undone, and takes the point away. To be called
   * when the process behind them is dead: PostgreSQL does not see that while they wait.
   */
  async lift(): Promise<void> {
    for (const pid of await this.#waiting()) {
      await this.#database.query('select pg_terminate_backend($1, 10000)', [pid]);
    }
    await this.#database.query(`drop trigger ${trigger} on ${this.#table}`);
    await this.#database.query(`drop function ${trigger}`);
    await this.#database.query('select pg_advisory_unlock($1)', [lock]);
  }

  async #waiting(): Promise<readonly number[]> {
    const { rows } = await this.#database.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and objid = $1 and not granted`,
      [lock],
    );
    return rows.map(({ pid }) => pid);
  }
}

/** Waits until nobody but the test is connected: the killed scheduler is dead, and its words with it. */
export async function aloneIn(database: pg.Client): Promise<void> {
  await eventually(async () => {
    const { rows } = await database.query<{ application_name: string }>(
      `select application_name from pg_stat_activity
       where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    assert.deepEqual(rows, []);
  });
}
