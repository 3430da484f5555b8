import { Kysely, type Transaction as KyselyTransaction, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { Clock } from '../domain/clock.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import type { FleetEvent, ObservedInstance } from '../domain/model.ts';
import type { AccessStore } from './access-store.ts';
import type { AgentCertificateStore } from './agent-certificate-store.ts';
import type { AuditStore } from './audit-store.ts';
import type { BootStore } from './boot-store.ts';
import type { CertificateStore } from './certificate-store.ts';
import type { ChangeMarks } from './change-marks.ts';
import type { CrashStore } from './crash-store.ts';
import type { DecisionStore } from './decision-store.ts';
import type { KeySource } from './key-file.ts';
import type { LogStore } from './log-store.ts';
import type { LogWindowStore } from './log-window-store.ts';
import { migrate, readMigrationFiles } from './migrate.ts';
import type { NumberStore } from './number-store.ts';
import type { Connection } from './ownership.ts';
import { PostgresAccess } from './postgres-access.ts';
import { PostgresAgentCertificates } from './postgres-agent-certificates.ts';
import { PostgresAudit } from './postgres-audit.ts';
import { PostgresBoots } from './postgres-boots.ts';
import { PostgresCertificates } from './postgres-certificates.ts';
import { PostgresChangeMarks } from './postgres-change-marks.ts';
import { PostgresCrashes } from './postgres-crashes.ts';
import { PostgresDecisions } from './postgres-decisions.ts';
import { translate, unavailable } from './postgres-errors.ts';
import { PostgresLogWindows } from './postgres-log-windows.ts';
import { PostgresLogs } from './postgres-logs.ts';
import { PostgresNumbers } from './postgres-numbers.ts';
import { observationOf } from './postgres-rows.ts';
import { PostgresTransaction } from './postgres-transaction.ts';
import type { Schema } from './schema.ts';
import { SecretVault } from './secret-vault.ts';
import type { EventFilter, Isolation, Observation, Store, Transaction } from './store.ts';

const connectionsMax = 16;
const idleTimeoutMs = 5_000;
const statementTimeoutMs = 60_000;
const connectTimeoutMs = 5_000;
const attemptsMax = 12;
/** Longest pause between two attempts, milliseconds; the first is up to a sixteenth of it. */
const pauseMsMax = 160;
/** PostgreSQL's "serialization_failure" and "deadlock_detected": the transaction may be repeated. */
const repeatable: ReadonlySet<string> = new Set(['40001', '40P01']);

export interface PostgresStoreOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Uniform over [0, 1); for the pause before a repeated attempt. */
  readonly random: () => number;
  /** What the secrets in the database are opened with. */
  readonly keys: KeySource;
  /** Runs after the connections have been closed. */
  readonly onDispose?: () => Promise<void>;
}

const levels = {
  serializable: 'serializable',
  snapshot: 'repeatable read',
  rows: 'read committed',
} as const;

/** The store over PostgreSQL, the embedded server or yours alike. */
export class PostgresStore implements Store {
  readonly logs: LogStore;
  readonly logWindows: LogWindowStore;
  readonly crashes: CrashStore;
  readonly decisions: DecisionStore;
  readonly boots: BootStore;
  readonly numbers: NumberStore;
  readonly changes: ChangeMarks;
  readonly access: AccessStore;
  readonly audit: AuditStore;
  readonly certificates: CertificateStore;
  readonly agentCertificates: AgentCertificateStore;
  readonly #pool: pg.Pool;
  readonly #db: Kysely<Schema>;
  readonly #options: PostgresStoreOptions;

  private constructor(options: PostgresStoreOptions, pool: pg.Pool) {
    this.#options = options;
    this.#pool = pool;
    this.#db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
    this.logs = new PostgresLogs(pool);
    this.logWindows = new PostgresLogWindows(pool);
    this.crashes = new PostgresCrashes(pool);
    this.decisions = new PostgresDecisions(pool);
    this.boots = new PostgresBoots(pool);
    this.numbers = new PostgresNumbers(pool);
    this.changes = new PostgresChangeMarks(pool, (work) =>
      this.#run((db) => work(db, new PostgresTransaction(db, options.keys)), 'snapshot'),
    );
    this.access = new PostgresAccess(pool);
    this.audit = new PostgresAudit(pool);
    this.certificates = new PostgresCertificates(
      (work) => this.#run(work, 'serializable'),
      options.keys,
    );
    this.agentCertificates = new PostgresAgentCertificates(pool);
  }

  /**
   * Connects and brings the schema to this version.
   *
   * @throws BridgeheadError DATABASE_UNAVAILABLE, SECRETS_LOCKED
   */
  static async open(options: PostgresStoreOptions): Promise<PostgresStore> {
    const settings = {
      ...options.connection,
      connectionTimeoutMillis: connectTimeoutMs,
      // A scheduler that is stopped in the middle of a transaction must not hold up all others.
      idle_in_transaction_session_timeout: idleTimeoutMs,
      statement_timeout: statementTimeoutMs,
      // By this an administrator of the server knows whose connection it is.
      application_name: `bridgehead scheduler ${process.pid}`,
    };
    const client = new pg.Client(settings);
    // Without a listener, a connection that breaks while it is idle would end the process.
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      throw unavailable(error);
    }
    try {
      await migrate(client, await readMigrationFiles());
    } finally {
      await client.end();
    }
    const pool = new pg.Pool({ ...settings, max: connectionsMax });
    pool.on('error', () => undefined);
    pool.on('connect', (one) => one.on('error', () => undefined));
    const store = new PostgresStore(options, pool);
    try {
      await store.#run((db) => new SecretVault(db, options.keys).prepare(), 'serializable');
    } catch (error) {
      await pool.end();
      throw error;
    }
    return store;
  }

  async transact<Result>(
    work: (tx: Transaction) => Promise<Result>,
    isolation: Isolation = 'serializable',
  ): Promise<Result> {
    return this.#run((db) => work(new PostgresTransaction(db, this.#options.keys)), isolation);
  }

  /**
   * Seals every secret with a new key, and forgets those before.
   *
   * @returns how many there are
   */
  rotateSecrets(): Promise<number> {
    const { clock, keys } = this.#options;
    return this.#run((db) => new SecretVault(db, keys).rotate(clock.wallMs()), 'serializable');
  }

  async #run<Result>(
    work: (db: KyselyTransaction<Schema>) => Promise<Result>,
    isolation: Isolation,
  ): Promise<Result> {
    const { clock, random } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#db.transaction().setIsolationLevel(levels[isolation]).execute(work);
      } catch (error) {
        const isRepeatable = repeatable.has((error as { code?: string }).code ?? '');
        if (!isRepeatable || attempt === attemptsMax) throw translate(error);
        await clock.sleep(random() * Math.min(pauseMsMax, 10 * 2 ** (attempt - 1)));
      }
    }
  }

  async recordObserved(
    host: HostName,
    observed: {
      readonly complete: boolean;
      readonly instances: readonly ObservedInstance[];
      readonly removed: readonly InstanceId[];
      readonly atMs: number;
    },
  ): Promise<void> {
    const { complete, instances, removed, atMs } = observed;
    try {
      await this.#db.transaction().execute(async (db) => {
        const gone = db.deleteFrom('observations').where('host', '=', host);
        if (complete) await gone.execute();
        else if (removed.length > 0) await gone.where('instance_id', 'in', removed).execute();
        if (instances.length === 0) return;
        const rows = instances.map((instance) => ({
          host,
          instance_id: instance.id,
          at_ms: atMs,
          seen: JSON.stringify(instance),
        }));
        await db
          .insertInto('observations')
          .values(rows)
          .onConflict((conflict) =>
            conflict.columns(['host', 'instance_id']).doUpdateSet((row) => ({
              at_ms: row.ref('excluded.at_ms'),
              seen: row.ref('excluded.seen'),
            })),
          )
          .execute();
      });
    } catch (error) {
      throw translate(error);
    }
  }

  async observations(): Promise<readonly Observation[]> {
    const rows = await this.#read(this.#db.selectFrom('observations').selectAll().execute());
    return rows.map(observationOf);
  }

  async events(filter: EventFilter): Promise<readonly FleetEvent[]> {
    const { object, among, afterId, beforeId, limit } = filter;
    const isFollowing = afterId !== undefined;
    let query = this.#db
      .selectFrom('events')
      .selectAll()
      .orderBy('id', isFollowing ? 'asc' : 'desc')
      .limit(limit);
    if (object !== undefined) query = query.where('object', '=', object);
    if (among !== undefined) query = query.where('object', '=', sql<string>`any(${among})`);
    if (isFollowing) query = query.where('id', '>', String(afterId));
    if (beforeId !== undefined) query = query.where('id', '<', String(beforeId));
    const rows = await this.#read(query.execute());
    const events = rows.map(({ id, at_ms: atMs, kind, object: about, message }) => ({
      id: Number(id),
      atMs,
      kind,
      object: about,
      message,
    }));
    return isFollowing ? events : events.toReversed();
  }

  async #read<Result>(query: Promise<Result>): Promise<Result> {
    try {
      return await query;
    } catch (error) {
      throw translate(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
    await this.#options.onDispose?.();
  }
}
