// Finds a scheduler at an exact point of its work, from outside: a trigger in its database speaks
// up when a certain row is written, before the transaction commits or right after.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type pg from 'pg';
import { eventually } from './lab-under-test.ts';

/** Any number that Bridgehead itself does not lock with. */
const lock = 7_215_399;
/** Of the trigger, its function and the channel. */
const name = 'bridgehead_stop_point';
const limitMs = 30_000;

/** The write to find: a table, and a condition on the row in PL/pgSQL's `new` and `old`. */
export interface StopPlace {
  readonly table: string;
  readonly condition: string;
}

/** A point in the work of whoever writes to the database. Disposing lifts it. */
export interface StopPoint extends AsyncDisposable {
  /** Resolves once somebody is there. */
  readonly reached: () => Promise<void>;
  /** Takes the point away, once. To be called when whoever came there is dead. */
  readonly lift: () => Promise<void>;
}

/**
 * Holds whoever comes there, and with it whoever comes behind, before the write commits.
 *
 * @param database a connection of the test's own, as a user who may make triggers
 */
export async function holdBefore(database: pg.Client, place: StopPlace): Promise<StopPoint> {
  const waiting = async (): Promise<readonly number[]> => {
    const { rows } = await database.query<{ pid: number }>(
      `select pid from pg_locks where locktype = 'advisory' and objid = $1 and not granted`,
      [lock],
    );
    return rows.map(({ pid }) => pid);
  };
  await database.query('select pg_advisory_lock($1)', [lock]);
  await makeTrigger(database, place, `pg_advisory_xact_lock(${lock})`);
  const reached = () =>
    eventually(async () => {
      assert.notDeepEqual(await waiting(), [], `nobody came to ${place.table}`);
    }, limitMs);
  return stopPoint(reached, async () => {
    // PostgreSQL does not see that a client is dead while its transaction waits.
    for (const pid of await waiting()) {
      await database.query('select pg_terminate_backend($1, 10000)', [pid]);
    }
    await dropTrigger(database, place);
    await database.query('select pg_advisory_unlock($1)', [lock]);
  });
}

/**
 * Tells of the write as soon as it has been committed, and holds nobody. `reached` has to be called
 * before anybody can come.
 */
export async function tellAfter(database: pg.Client, place: StopPlace): Promise<StopPoint> {
  await database.query(`listen ${name}`);
  await makeTrigger(database, place, `pg_notify('${name}', '')`);
  const reached = async () =>
    void (await once(database, 'notification', { signal: AbortSignal.timeout(limitMs) }));
  return stopPoint(reached, async () => {
    await dropTrigger(database, place);
    await database.query(`unlisten ${name}`);
  });
}

/** Waits until the killed scheduler's connections have ended: its last word has been said. */
export async function aloneIn(database: pg.Client, pid: number): Promise<void> {
  await eventually(async () => {
    const { rows } = await database.query<{ application_name: string }>(
      `select application_name from pg_stat_activity
       where application_name like '%scheduler ' || $1`,
      [String(pid)],
    );
    assert.deepEqual(rows, []);
  });
}

function stopPoint(reached: () => Promise<void>, undo: () => Promise<void>): StopPoint {
  let lifted: Promise<void> | null = null;
  const lift = () => {
    lifted ??= undo();
    return lifted;
  };
  return { reached, lift, [Symbol.asyncDispose]: lift };
}

async function makeTrigger(
  database: pg.Client,
  { table, condition }: StopPlace,
  action: string,
): Promise<void> {
  await database.query(`
    create or replace function ${name}() returns trigger language plpgsql as $body$
    begin
      if ${condition} then perform ${action}; end if;
      return null;
    end $body$`);
  await database.query(`
    create trigger ${name} after insert or update or delete on ${table}
    for each row execute function ${name}()`);
}

async function dropTrigger(database: pg.Client, { table }: StopPlace): Promise<void> {
  await database.query(`drop trigger ${name} on ${table}`);
  await database.query(`drop function ${name}`);
}
