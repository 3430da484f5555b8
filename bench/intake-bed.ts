// Where the intake bench runs: a database server and one receiver at a time, both on one processor
// core, and a sender on another.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres } from '../src/store/embedded-postgres.ts';
import { PostgresStore } from '../src/store/postgres-store.ts';
import { MemoryKeys } from '../src/store/test-keys.ts';
import { systemClock } from '../src/system/clock.ts';
import { commandOutput } from '../src/system/command.ts';
import { kernelKinds, kinds } from './intake-messages.ts';
import type { Party, Place } from './intake-parties.ts';
import { childrenOf, familyProcessorMs, processorMs } from './processor-time.ts';

const readyTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;
/** A round is over when all is stored, or all is sent and nothing more has come for so long. */
const stillMs = 15_000;
const roundMaxMs = 120_000;
const pollMs = 20;
const receiverCore = cpus().length - 1;
const senderCore = 0;

export interface Load {
  readonly way: 'tcp' | 'udp';
  readonly messages: number;
  /** By UDP; by TCP it is as fast as they are taken. */
  readonly perSecond: number;
}

/** What became of one round's messages. */
export interface Round {
  readonly sent: number;
  /** Rows whose message is one of those sent, each counted once. */
  readonly stored: number;
  /** Of them, those of kernels. */
  readonly kernels: number;
  /** From the first byte sent to the last row committed. */
  readonly tookMs: number;
  /** Processor time of the receiver and of the database. */
  readonly receiverCpuMs: number;
  readonly databaseCpuMs: number;
  /** UDP: what the kernel dropped since the receiver's socket was full. */
  readonly socketDropped: number;
  /** What the receiver's own rows say that it has dropped. */
  readonly told: number;
}

/** Dispose it: it takes its processes and its folder down. */
export class IntakeBed implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: EmbeddedPostgres;
  readonly #children = new Set<ChildProcess>();
  #count = 0;

  private constructor(folder: string, server: EmbeddedPostgres) {
    this.#folder = folder;
    this.#server = server;
  }

  static async make(): Promise<IntakeBed> {
    const folder = await mkdtemp(join(tmpdir(), 'bridgehead-intake-'));
    await chmod(folder, 0o755);
    try {
      // As the scheduler starts its own, which commits to the disk.
      const log = (line: string) =>
        / (ERROR|PANIC): /.test(line) ? console.error(line) : undefined;
      const server = await EmbeddedPostgres.start({ directory: folder, clock: systemClock, log });
      const bed = new IntakeBed(folder, server);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.once(signal, () => void bed[Symbol.asyncDispose]().finally(() => process.exit(1)));
      }
      const postmaster = Number(await server.pid());
      // What it forks from now on inherits it.
      for (const pid of [postmaster, ...(await childrenOf(postmaster))]) {
        await commandOutput(['taskset', '-apc', String(receiverCore), String(pid)]);
      }
      return bed;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** One receiver on a database of its own, with the schema that ours makes. */
  async round(make: (place: Place) => Party, load: Load): Promise<Round> {
    this.#count += 1;
    const name = `intake_${this.#count}`;
    const { host: socketFolder, user } = this.#server.connection;
    const url = `postgres://${user}@localhost/${name}?host=${encodeURIComponent(socketFolder)}`;
    const folder = join(this.#folder, name);
    await mkdir(folder);
    await this.#sql(`create database ${name}`);
    await this.#migrate(url);
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.query('checkpoint');
      const port = await freePort();
      const party = make({ folder, port, database: { url, socketFolder, user, name } });
      for (const [file, text] of Object.entries(party.files)) {
        await writeFile(join(folder, file), text);
      }
      return await this.#run(party, port, client, load);
    } finally {
      await client.end();
      await this.#sql(`drop database ${name} with (force)`);
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #run(party: Party, port: number, client: pg.Client, load: Load): Promise<Round> {
    const log: Buffer[] = [];
    const receiver = this.#spawn(receiverCore, party.command, party.env);
    for (const stream of [receiver.stdout, receiver.stderr]) {
      stream?.on('data', (chunk: Buffer) => log.push(chunk));
    }
    try {
      await answering(port, () => {
        if (receiver.exitCode !== null)
          throw new Error(`${party.name}: ${Buffer.concat(log).toString()}`);
      });
      const postmaster = Number(await this.#server.pid());
      const times = async () => ({
        receiver: await processorMs(receiver.pid ?? 0),
        database: await familyProcessorMs(postmaster),
      });
      const before = await times();
      const span = await this.#send(port, client, load);
      const after = await times();
      return {
        sent: load.messages,
        ...(await countedIn(client)),
        ...{ tookMs: span.lastMs - span.firstMs, socketDropped: await socketDrops(port) },
        receiverCpuMs: after.receiver - before.receiver,
        databaseCpuMs: after.database - before.database,
      };
    } finally {
      await this.#end(receiver);
    }
  }

  /** Sends all and waits until it is stored, or no more comes. */
  async #send(
    port: number,
    client: pg.Client,
    { way, messages, perSecond }: Load,
  ): Promise<{ readonly firstMs: number; readonly lastMs: number }> {
    const program = join(import.meta.dirname, 'intake-sender.ts');
    const sender = this.#spawn(senderCore, [
      ...([process.execPath, program, way, String(port)] as const),
      ...[String(messages), String(perSecond)],
    ]);
    let said = '';
    sender.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    try {
      const endMs = Date.now() + roundMaxMs;
      let [stored, lastMs] = [0, Date.now()];
      while (stored < messages && Date.now() < endMs) {
        await systemClock.sleep(pollMs);
        // Cheap, on the core that is measured: one step in the primary key.
        const { rows } = await client.query<{ id: string }>(
          'select id from log_messages order by id desc limit 1',
        );
        const now = Number(rows[0]?.id ?? 0);
        if (now > stored) lastMs = Date.now();
        stored = now;
        if (said.includes('done') && Date.now() - lastMs > stillMs) break;
      }
      const begins = JSON.parse(said.split('\n')[0] || '{}') as { atMs?: number };
      if (begins.atMs === undefined) throw new Error('the sender did not begin');
      return { firstMs: begins.atMs, lastMs };
    } finally {
      await this.#end(sender);
    }
  }

  #spawn(core: number, command: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess {
    const child = spawn('taskset', ['-c', String(core), ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(env === undefined ? {} : { env }),
    });
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return child;
  }

  async #end(child: ChildProcess): Promise<void> {
    if (!this.#children.has(child)) return;
    const isOver = once(child, 'close');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await isOver;
    clearTimeout(timer);
  }

  async #migrate(url: string): Promise<void> {
    const connection = { connectionString: url };
    const parts = { connection, clock: systemClock, random: Math.random, keys: new MemoryKeys() };
    const store = await PostgresStore.open(parts);
    await store[Symbol.asyncDispose]();
  }

  async #sql(text: string): Promise<void> {
    const client = new pg.Client(this.#server.connection);
    try {
      await client.connect();
      await client.query(text);
    } finally {
      await client.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.#server[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function countedIn(client: pg.Client): Promise<Pick<Round, 'stored' | 'kernels' | 'told'>> {
  const { rows } = await client.query<{ stored: string; kernels: string; told: string }>(
    `select count(distinct mark) as stored,
      count(distinct mark) filter (where mark % $1 = any($2)) as kernels,
      coalesce(sum(substring(text from '^(\\d+) messages from')::int)
        filter (where app = 'bridgehead'), 0) as told
    from (select app, text, substring(text from '#(\\d+);')::int as mark from log_messages) as m`,
    [kinds, kernelKinds],
  );
  const [counted] = rows;
  return {
    stored: Number(counted?.stored),
    kernels: Number(counted?.kernels),
    told: Number(counted?.told),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** Until somebody listens by TCP. */
async function answering(port: number, check: () => void): Promise<void> {
  const endMs = Date.now() + readyTimeoutMs;
  while (Date.now() < endMs) {
    check();
    const socket = connect(port, '127.0.0.1');
    const isThere = await new Promise<boolean>((done) => {
      socket.once('connect', () => done(true));
      socket.once('error', () => done(false));
    });
    socket.destroy();
    if (isThere) return;
    await systemClock.sleep(pollMs);
  }
  throw new Error(`nobody listens at port ${port}`);
}

/** The last column of /proc/net/udp. */
async function socketDrops(port: number): Promise<number> {
  const lines = (await readFile('/proc/net/udp', 'utf8')).split('\n');
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return Number(fields.find(([, address]) => address?.endsWith(local))?.at(-1) ?? 0);
}
