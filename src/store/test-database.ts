// For tests: one embedded server a test file, and a fresh database a test, cloned from a template.

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Clock } from '../domain/clock.ts';
import { systemClock } from '../system/clock.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import { PostgresStore } from './postgres-store.ts';

/** A server with a migrated template; dispose it after the last test of the file. */
export class TestDatabases implements AsyncDisposable {
  readonly #directory: string;
  readonly #server: EmbeddedPostgres;
  #count = 0;

  private constructor(directory: string, server: EmbeddedPostgres) {
    this.#directory = directory;
    this.#server = server;
  }

  static async start(): Promise<TestDatabases> {
    const directory = await mkdtemp(join(tmpdir(), 'bridgehead-store-'));
    await chmod(directory, 0o755);
    const server = await EmbeddedPostgres.start({
      directory,
      clock: systemClock,
      log: () => undefined,
    });
    const databases = new TestDatabases(directory, server);
    await databases.#run('create database template');
    const template = await databases.open('template');
    await template[Symbol.asyncDispose]();
    return databases;
  }

  /** URL of a new database with the schema and nothing in it. */
  async create(): Promise<string> {
    this.#count += 1;
    const name = `test_${this.#count}`;
    await this.#run(`create database ${name} template template`);
    return this.url(name);
  }

  /** URL of a database of that name, whether it exists or not. */
  url(name: string): string {
    const { host, user } = this.#server.connection;
    return `postgres://${user}@localhost/${name}?host=${encodeURIComponent(host)}`;
  }

  /** A store on a database that exists. */
  async open(name: string, clock: Clock = systemClock): Promise<PostgresStore> {
    const connection = { ...this.#server.connection, database: name };
    return PostgresStore.open({ connection, clock, random: Math.random });
  }

  /** A store on a new database. */
  async fresh(): Promise<PostgresStore> {
    const url = await this.create();
    return this.open(new URL(url).pathname.slice(1));
  }

  /** A plain connection to a database, for looking past the store. */
  async connect(name: string): Promise<pg.Client> {
    const client = new pg.Client({ ...this.#server.connection, database: name });
    await client.connect();
    return client;
  }

  async #run(sql: string): Promise<void> {
    const client = await this.connect('postgres');
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
