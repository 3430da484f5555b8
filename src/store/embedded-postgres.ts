import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { type Connection, Ownership } from './ownership.ts';
import { checkReach, chooseUser, postgresBinaries, type RunAs } from './postgres-binaries.ts';

const database = 'postgres';
const superuser = 'bridgehead';
const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
const pollMs = 25;
const restartPauseMs = { first: 100, most: 5_000 };
/** sun_path of unix(7) is 108 bytes with its closing NUL; the server adds `/.s.PGSQL.5432`. */
const socketFolderBytesMax = 107 - '/.s.PGSQL.5432'.length;

export interface EmbeddedPostgresOptions {
  /** The scheduler's data folder; everything of the server lies in `postgres` below it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** Settings of the server beyond ours, such as `fsync=off`; of one name, the last counts. */
  readonly settings?: readonly string[];
}

/**
 * A PostgreSQL server of our own: native binaries, an unprivileged user, a unix socket and no other
 * way in. It is started anew when it dies, and outlives us when we are killed: the next scheduler
 * on the folder adopts it.
 */
export class EmbeddedPostgres implements AsyncDisposable {
  readonly #options: EmbeddedPostgresOptions;
  readonly #user: RunAs | null;
  readonly #bin: string;
  readonly #data: string;
  readonly #socketFolder: string;
  #owner: Ownership | null = null;
  #isStopping = false;
  #keeping: Promise<void> = Promise.resolve();
  readonly #stopped = new AbortController();

  private constructor(
    options: EmbeddedPostgresOptions,
    user: RunAs | null,
    bin: string,
    socketFolder: string,
  ) {
    this.#options = options;
    this.#user = user;
    this.#bin = bin;
    this.#data = dataFolder(options.directory);
    this.#socketFolder = socketFolder;
  }

  /** How to connect to it. */
  get connection(): { readonly host: string; readonly user: string; readonly database: string } {
    return { host: this.#socketFolder, user: superuser, database };
  }

  /** Process id of the server, null while it is down. */
  async pid(): Promise<number | null> {
    return livingPostmaster(this.#data);
  }

  /**
   * Starts the server, or adopts the one that an earlier scheduler left.
   *
   * @throws BridgeheadError BUSY while another scheduler lives on the folder; DATABASE_UNAVAILABLE
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const user = await chooseUser();
    const home = join(resolve(options.directory), 'postgres');
    await mkdir(home, { recursive: true, mode: 0o755 });
    checkReach(user, home);
    const socketFolder = await makeSocketFolder(home, user);
    const bin = await postgresBinaries(user, home);
    const server = new EmbeddedPostgres(options, user, bin, socketFolder);
    await server.#initialize(home);
    await server.#bringUp();
    await server.#own();
    server.#keeping = server.#keep();
    return server;
  }

  /** Orderly stop: connections are ended, everything is on disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    this.#stopped.abort();
    await this.#keeping;
    await this.#owner?.[Symbol.asyncDispose]();
    await this.#stop('SIGINT');
  }

  async #initialize(home: string): Promise<void> {
    const marker = join(this.#data, 'PG_VERSION');
    if ((await readFile(marker, 'utf8').catch(() => null)) !== null) return;
    const fresh = join(home, 'data.partial');
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { mode: 0o700 });
    if (this.#user !== null) await chown(fresh, this.#user.uid, this.#user.gid);
    // Collation by the server's own code, so that no library of the machine ever changes an order.
    const child = this.#spawn('initdb', [
      ...['-D', fresh, '-U', superuser, '--auth-local=trust', '--auth-host=reject'],
      ...['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ...['--locale=C', '--no-instructions'],
    ]);
    const code = await new Promise((done) => child.once('close', done));
    if (code !== 0) throw this.#unavailable(`initdb ended with ${String(code)}`);
    await rename(fresh, this.#data);
  }

  // A postmaster that is there is waited for, not fought: it may be starting, or in recovery.
  async #bringUp(): Promise<void> {
    const { clock, log, settings = [] } = this.#options;
    const endMs = clock.monotonicMs() + startTimeoutMs;
    let child: ChildProcess | null = null;
    while (clock.monotonicMs() < endMs) {
      if (await postgresAnswers(this.connection)) return;
      const isDown = (await livingPostmaster(this.#data)) === null;
      if (isDown && (child === null || child.exitCode !== null || child.signalCode !== null)) {
        child = this.#spawn('postgres', [
          ...['-D', this.#data, '-k', this.#socketFolder],
          ...['-c', 'listen_addresses=', '-c', 'unix_socket_permissions=0700'],
          ...['-c', 'max_connections=64', '-c', 'log_min_messages=warning'],
          ...settings.flatMap((setting) => ['-c', setting]),
        ]);
        child.unref();
      }
      await clock.sleep(pollMs);
    }
    log('postgres: did not come up, is stopped and started anew next time');
    await this.#stop('SIGQUIT');
    throw this.#unavailable(`it did not answer within ${startTimeoutMs / 1_000} s`);
  }

  async #own(): Promise<void> {
    this.#owner = await Ownership.take(
      this.connection,
      `the data folder ${this.#options.directory}`,
    );
  }

  async #keep(): Promise<void> {
    const { clock, log } = this.#options;
    let pauseMs = restartPauseMs.first;
    while (!this.#isStopping) {
      await clock.sleep(200, this.#stopped.signal).catch(() => undefined);
      if (this.#isStopping || (await livingPostmaster(this.#data)) !== null) continue;
      log('postgres: the server has died and is started anew');
      try {
        await this.#bringUp();
        await this.#owner?.[Symbol.asyncDispose]();
        await this.#own();
        pauseMs = restartPauseMs.first;
      } catch (error) {
        log(`postgres: ${(error as Error).message}`);
        await clock.sleep(pauseMs, this.#stopped.signal).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, restartPauseMs.most);
      }
    }
  }

  async #stop(first: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const { clock } = this.#options;
    for (const signal of [first, 'SIGQUIT', 'SIGKILL'] as const) {
      const pid = await livingPostmaster(this.#data);
      if (pid === null) return;
      process.kill(pid, signal);
      const endMs = clock.monotonicMs() + stopTimeoutMs;
      while (clock.monotonicMs() < endMs) {
        if ((await livingPostmaster(this.#data)) === null) return;
        await clock.sleep(pollMs);
      }
    }
  }

  #spawn(program: 'initdb' | 'postgres', args: readonly string[]): ChildProcess {
    const identity = this.#user === null ? {} : { uid: this.#user.uid, gid: this.#user.gid };
    const child = spawn(join(this.#bin, program), args, {
      ...identity,
      cwd: '/',
      // A group of its own: a Ctrl-C for the scheduler must not reach the server behind its back.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin', ...markOf(process.env) },
    });
    const { log } = this.#options;
    child.stderr.on('data', (chunk: Buffer) => log(`postgres: ${chunk.toString('utf8').trim()}`));
    child.on('error', (error) => log(`postgres: ${error.message}`));
    return child;
  }

  #unavailable(why: string): BridgeheadError {
    return new BridgeheadError(
      'DATABASE_UNAVAILABLE',
      `the scheduler's own PostgreSQL in ${this.#data} is not up: ${why}`,
      "Read the scheduler's log from its start on; what the server says is in it.",
    );
  }
}

/**
 * URL of the server that {@link EmbeddedPostgres} runs for that data folder, whether it is up now or
 * not. Only root and the user it runs as get through to its socket.
 */
export function embeddedUrl(directory: string): string {
  const folder = socketFolderOf(join(resolve(directory), 'postgres'));
  return `postgres://${superuser}@localhost/${database}?host=${encodeURIComponent(folder)}`;
}

/** Whether the server lets us in now; one that is still starting does not. */
export async function postgresAnswers(connection: Connection): Promise<boolean> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Process id of the live server on the data folder; null for none, a zombie or a stale pid file. */
export async function livingPostmaster(data: string): Promise<number | null> {
  const file = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(file.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const [command, stat] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''),
  ]);
  const isZombie = /^\d+ \(.*\) Z /s.test(stat);
  return !isZombie && command.includes('postgres') && command.includes(data) ? pid : null;
}

function dataFolder(directory: string): string {
  return join(resolve(directory), 'postgres', 'data');
}

function socketFolderOf(home: string): string {
  const near = join(home, 'run');
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 12);
  const isShort = Buffer.byteLength(near) <= socketFolderBytesMax;
  return isShort ? near : `/tmp/bridgehead-postgres-${hash}`;
}

async function makeSocketFolder(home: string, user: RunAs | null): Promise<string> {
  const folder = socketFolderOf(home);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  if (user !== null) await chown(folder, user.uid, user.gid);
  return folder;
}

// The mark by which a lab finds every process it caused.
function markOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const mark = env['BRIDGEHEAD_LAB'];
  return mark === undefined ? {} : { BRIDGEHEAD_LAB: mark };
}
