import type { Clock } from '../domain/clock.ts';
import { EmbeddedPostgres } from './embedded-postgres.ts';
import { Ownership } from './ownership.ts';
import { PostgresStore } from './postgres-store.ts';
import type { Store } from './store.ts';

export interface OpenStoreOptions {
  /** `postgres://…` of a server of yours; null for one that Bridgehead runs itself. */
  readonly databaseUrl: string | null;
  /** The scheduler's data folder. */
  readonly directory: string;
  readonly clock: Clock;
  /** Uniform over [0, 1). */
  readonly random: () => number;
  readonly log: (line: string) => void;
  /**
   * The right to be the one scheduler on an external database was lost: what this scheduler does
   * from now on, another one may undo. It has to end.
   */
  readonly onOwnershipLost: () => void;
}

/**
 * Opens the store, schema and all. Disposing it stops the embedded server too.
 *
 * @throws BridgeheadError DATABASE_UNAVAILABLE, BUSY, PREREQUISITE_MISSING
 */
export async function openStore(
  options: OpenStoreOptions,
): Promise<{ readonly store: Store; readonly kind: 'embedded' | 'external' }> {
  const { databaseUrl, directory, clock, random, log } = options;
  if (databaseUrl !== null) {
    return { store: await openExternal(databaseUrl, options), kind: 'external' };
  }
  const server = await EmbeddedPostgres.start({ directory, clock, log });
  try {
    const { connection } = server;
    const onDispose = () => server[Symbol.asyncDispose]();
    const store = await PostgresStore.open({ connection, clock, random, onDispose });
    return { store, kind: 'embedded' };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

// Migrated first: a server that is not there or too new is a better error than its lock.
async function openExternal(
  databaseUrl: string,
  { clock, random, onOwnershipLost }: OpenStoreOptions,
): Promise<Store> {
  const connection = { connectionString: databaseUrl };
  let owner: Ownership | null = null;
  const onDispose = async () => owner?.[Symbol.asyncDispose]();
  const store = await PostgresStore.open({ connection, clock, random, onDispose });
  try {
    owner = await Ownership.take(connection, 'the database', onOwnershipLost);
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}
