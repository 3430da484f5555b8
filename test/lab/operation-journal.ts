// The scheduler's journal as its database has it: what a stop point and a look past the API need.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { labPaths } from '../../src/lab/paths.ts';
import type { StopPlace } from './stop-point.ts';

const table = 'migrations';

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
  const condition = `${last} ->> 'phase' = '${step}' and ${last} -> 'endedMs' = 'null'::jsonb`;
  return { table, condition };
}

/** The write that says that the whole has ended, well or not. */
export const operationEnds: StopPlace = { table, condition: 'new.ended_ms is not null' };

/** Ids of what has not ended. */
export async function unfinished(database: pg.Client): Promise<readonly string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select id from ${table} where ended_ms is null`,
  );
  return rows.map(({ id }) => id);
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
