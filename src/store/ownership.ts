import pg from 'pg';
import { BridgeheadError } from '../domain/errors.ts';

/** How to reach a PostgreSQL server: a URL, or a unix socket's folder with user and database. */
export type Connection =
  | { readonly connectionString: string }
  | { readonly host: string; readonly user: string; readonly database: string };

/** Any number will do: who holds this lock owns the embedded server. */
const ownerLock = 7_215_302;
const patienceMs = 3_000;
/** PostgreSQL's lock_not_available. */
const lockNotAvailable = '55P03';

/**
 * The right to run the embedded server of a data folder. It hangs on a connection and ends with it,
 * so a killed scheduler never blocks the next one.
 */
export class Ownership implements AsyncDisposable {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  /**
   * @param place what is owned, for the error: a data folder
   * @throws BridgeheadError BUSY while another scheduler owns it
   */
  static async take(connection: Connection, place: string): Promise<Ownership> {
    const client = new pg.Client({
      ...connection,
      application_name: `scheduler ${process.pid}`,
    });
    client.on('error', () => undefined);
    await client.connect();
    // The server may not have noticed yet that a killed scheduler's connection has ended.
    await client.query(`set lock_timeout = ${patienceMs}`);
    const isOurs = await client.query('select pg_advisory_lock($1)', [ownerLock]).then(
      () => true,
      (error: { readonly code?: string }) => {
        if (error.code === lockNotAvailable) return false;
        throw error;
      },
    );
    if (isOurs) return new Ownership(client);
    const holder = await client.query<{ name: string }>(
      `select application_name as name from pg_stat_activity
       join pg_locks on pg_locks.pid = pg_stat_activity.pid
       where locktype = 'advisory' and objid = $1 and granted`,
      [ownerLock],
    );
    await client.end();
    throw new BridgeheadError(
      'BUSY',
      `${place} is in use by ${holder.rows[0]?.name ?? 'another scheduler'}`,
      'Stop that scheduler, or give this one a --data-dir of its own.',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}
