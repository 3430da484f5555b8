// For tests: one embedded server for a whole run of `node --test --test-global-setup`, which calls
// what is exported here before the first file and after the last.

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../system/clock.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';

/** Where the files of a run find the folder of its server's socket. */
export const serverVariable = 'BRIDGEHEAD_TEST_POSTGRES';

/** A server on a new folder, which goes with it. */
export class TestServer implements AsyncDisposable {
  readonly #directory: string;
  readonly #server: EmbeddedPostgres;

  private constructor(directory: string, server: EmbeddedPostgres) {
    this.#directory = directory;
    this.#server = server;
  }

  static async start(): Promise<TestServer> {
    const directory = await mkdtemp(join(tmpdir(), 'bridgehead-store-'));
    await chmod(directory, 0o755);
    const server = await EmbeddedPostgres.start({
      directory,
      clock: systemClock,
      log: () => undefined,
      // Nothing in these databases outlives the machine's next crash, and several files share them.
      settings: ['fsync=off', 'full_page_writes=off', 'max_connections=256'],
    });
    return new TestServer(directory, server);
  }

  get connection(): EmbeddedPostgres['connection'] {
    return this.#server.connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

let shared: TestServer | null = null;

export async function globalSetup(): Promise<void> {
  shared = await TestServer.start();
  process.env[serverVariable] = shared.connection.host;
}

export async function globalTeardown(): Promise<void> {
  await shared?.[Symbol.asyncDispose]();
}
