// The scheduler's journal as its database has it: what a stop point and a look past the API need.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { sharedDatabaseUrl } from '../../src/lab/database.ts';
import { labPaths } from '../../src/lab/paths.ts';
import type { StopPlace } from './stop-point.ts';

const table = 'operations';

/** The steps of a migration, in order. */
export const migrationSteps = [
  'prepare',
  'quiesce',
  'release',
  'switch',
  'verify',
  'remove',
] as const;

/** The write that says that the step begins. */
export function stepBegins(step: (typeof migrationSteps)[number]): StopPlace {
  const last = 'new.steps -> -1';
  const condition = `new.kind = 'migrate' and ${last} ->> 'name' = '${step}' and ${last} -> 'endedMs' = 'null'::jsonb`;
  return { table, condition };
}

/** The write that says that the whole has ended, well or not. */
export const operationEnds: StopPlace = {
  table,
  condition: `new.kind = 'migrate' and new.ended_ms is not null`,
};

/** Ids of the migrations that have not ended. */
export async function unfinished(database: pg.Client): Promise<readonly string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select id from ${table} where ended_ms is null and kind = 'migrate'`,
  );
  return rows.map(({ id }) => id);
}

/** Objects that are locked. */
export async function locked(database: pg.Client): Promise<readonly string[]> {
  const { rows } = await database.query<{ object: string }>('select object from locks');
  return rows.map(({ object }) => object);
}

/** A connection to the PostgreSQL server that the lab's scheduler runs by itself. */
export async function embeddedDatabase(labName: string): Promise<pg.Client> {
  const data = join(labPaths(labName).control, 'postgres', 'data');
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
  // The fifth line is the folder of the server's socket (miscadmin.h, LOCK_FILE_LINE_SOCKET_DIR).
  const connection = { host: lines[4] ?? '', user: 'bridgehead', database: 'postgres' };
  const database = new pg.Client({ ...connection, application_name: 'test' });
  await database.connect();
  return database;
}

/** A connection to the PostgreSQL server that the lab runs for several schedulers. */
export async function sharedDatabase(labName: string): Promise<pg.Client> {
  const database = new pg.Client({
    connectionString: sharedDatabaseUrl(labPaths(labName)),
    application_name: 'test',
  });
  await database.connect();
  return database;
}
