// For tests: the run's server, or one of the test file's own where the file is run alone, and a fresh
// database a test, cloned from a template.

import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Clock } from '../domain/clock.ts';
import { systemClock } from '../system/clock.ts';
import { PostgresStore } from './postgres-store.ts';
import { MemoryKeys } from './test-keys.ts';
import { serverVariable, TestServer } from './test-server.ts';

/** One key for all databases of a run. */
export const testKeys = new MemoryKeys();

type Connection = TestServer['connection'];

const shared = { user: 'bridgehead', database: 'postgres' } as const;

/** A server with a migrated template; dispose it after the last test of the file. */
export class TestDatabases implements AsyncDisposable {
  readonly #own: TestServer | null;
  readonly #connection: Connection;
  /** Other files have their databases on the same server. */
  readonly #prefix = `test_${randomUUID().slice(0, 8)}`;
  #count = 0;

  private constructor(own: TestServer | null, connection: Connection) {
    this.#own = own;
    this.#connection = connection;
  }

  static async start(): Promise<TestDatabases> {
    const host = process.env[serverVariable];
    const own = host === undefined ? await TestServer.start() : null;
    const connection = own?.connection ?? { ...shared, host: host ?? '' };
    const databases = new TestDatabases(own, connection);
    await databases.#run(`create database ${databases.#template}`);
    const template = await databases.open(databases.#template);
    await template[Symbol.asyncDispose]();
    return databases;
  }

  get #template(): string {
    return `${this.#prefix}_template`;
  }

  /** URL of a new database with the schema and nothing in it. */
  async create(): Promise<string> {
    this.#count += 1;
    const name = `${this.#prefix}_${this.#count}`;
    await this.#run(`create database ${name} template ${this.#template}`);
    return this.url(name);
  }

  /** URL of a database of that name, whether it exists or not. */
  url(name: string): string {
    const { host, user } = this.#connection;
    return `postgres://${user}@localhost/${name}?host=${encodeURIComponent(host)}`;
  }

  /** A store on a database that exists. */
  async open(name: string, clock: Clock = systemClock): Promise<PostgresStore> {
    const connection = { ...this.#connection, database: name };
    return PostgresStore.open({ connection, clock, random: Math.random, keys: testKeys });
  }

  /** A store on a new database. */
  async fresh(): Promise<PostgresStore> {
    const url = await this.create();
    return this.open(new URL(url).pathname.slice(1));
  }

  /** A plain connection to a database, for looking past the store. */
  async connect(name: string): Promise<pg.Client> {
    const client = new pg.Client({ ...this.#connection, database: name });
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
    await this.#own?.[Symbol.asyncDispose]();
  }
}
