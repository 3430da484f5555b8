import type { Clock } from '../domain/clock.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import type { KeySource } from './key-file.ts';
import { PostgresStore } from './postgres-store.ts';

export interface OpenStoreOptions {
  /**
   * `postgres://…` of a server of yours, which several schedulers may share; null for one that
   * Bridgehead runs itself, for this scheduler alone.
   */
  readonly databaseUrl: string | null;
  /** The scheduler's data folder. */
  readonly directory: string;
  readonly clock: Clock;
  /** Uniform over [0, 1). */
  readonly random: () => number;
  readonly log: (line: string) => void;
  /** What the secrets in the database are opened with. */
  readonly keys: KeySource;
}

/**
 * Opens the store, schema and all. Disposing it stops the embedded server too.
 *
 * @throws BridgeheadError DATABASE_UNAVAILABLE, BUSY, PREREQUISITE_MISSING, SECRETS_LOCKED
 */
export async function openStore(
  options: OpenStoreOptions,
): Promise<{ readonly store: PostgresStore; readonly kind: 'embedded' | 'external' }> {
  const { databaseUrl, directory, clock, random, log, keys } = options;
  if (databaseUrl !== null) {
    const connection = { connectionString: databaseUrl };
    return {
      store: await PostgresStore.open({ connection, clock, random, keys }),
      kind: 'external',
    };
  }
  const server = await EmbeddedPostgres.start({ directory, clock, log });
  try {
    const { connection } = server;
    const onDispose = () => server[Symbol.asyncDispose]();
    const store = await PostgresStore.open({ connection, clock, random, keys, onDispose });
    return { store, kind: 'embedded' };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
