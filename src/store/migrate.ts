import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'pg';
import { BridgeheadError } from '../domain/errors.ts';

/** Any number will do, so long as every Bridgehead takes the same: the lock of those who migrate. */
const migratorsLock = 7_215_301;

/** One numbered file of `sql/`. */
export interface MigrationFile {
  readonly name: string;
  readonly sql: string;
}

/** The migrations of this version, in order. */
export async function readMigrationFiles(): Promise<readonly MigrationFile[]> {
  const folder = join(import.meta.dirname, 'sql');
  const names = (await readdir(folder)).filter((name) => /^\d{4}-.*\.sql$/.test(name)).toSorted();
  return Promise.all(
    names.map(async (name) => ({ name, sql: await readFile(join(folder, name), 'utf8') })),
  );
}

/**
 * Brings the schema to this version: each file in a transaction of its own, with its row in
 * `schema_migrations`. Two that start at once take turns.
 *
 * @throws BridgeheadError DATABASE_UNAVAILABLE for a schema that is newer than this version, or that
 * was made by a file which has been changed since
 */
export async function migrate(client: Client, files: readonly MigrationFile[]): Promise<void> {
  await client.query('select pg_advisory_lock($1)', [migratorsLock]);
  try {
    await client.query(
      'create table if not exists schema_migrations (name text primary key, sha256 text not null)',
    );
    const { rows } = await client.query<{ name: string; sha256: string }>(
      'select name, sha256 from schema_migrations',
    );
    const done = new Map(rows.map(({ name, sha256 }) => [name, sha256]));
    checkDone(done, files);
    for (const { name, sql } of files) {
      if (done.has(name)) continue;
      await client.query('begin');
      try {
        await client.query(sql);
        await client.query('insert into schema_migrations values ($1, $2)', [name, hashOf(sql)]);
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw new Error(`migration ${name} failed: ${(error as Error).message}`, { cause: error });
      }
    }
  } finally {
    await client.query('select pg_advisory_unlock($1)', [migratorsLock]);
  }
}

function checkDone(done: ReadonlyMap<string, string>, files: readonly MigrationFile[]): void {
  const known = new Map(files.map(({ name, sql }) => [name, hashOf(sql)]));
  for (const [name, sha256] of done) {
    const hash = known.get(name);
    if (hash === undefined) {
      throw new BridgeheadError(
        'DATABASE_UNAVAILABLE',
        `the database has the schema of a newer Bridgehead (migration ${name} is not known here)`,
        'Run the version that made it, or a later one.',
      );
    }
    if (hash !== sha256) {
      throw new BridgeheadError(
        'DATABASE_UNAVAILABLE',
        `migration ${name} was changed after the database had taken it`,
        'Restore the file as it was released; a change of the schema is a new file.',
      );
    }
  }
}

function hashOf(sql: string): string {
  return createHash('sha256').update(sql).digest('hex');
}
