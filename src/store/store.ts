// What the scheduler asks of its store, in its own words. PostgreSQL is one implementation
// (postgres-store.ts); a simulated disk will be another.

import type { Epoch, HostName, InstanceId, PoolName } from '../domain/ids.ts';
import type {
  Assignment,
  FleetEvent,
  Host,
  HostFacts,
  HostState,
  Instance,
  ObservedInstance,
  Pool,
  Standby,
} from '../domain/model.ts';

/** Everything the fleet is meant to be, read in one snapshot. */
export interface FleetState {
  readonly hosts: readonly Host[];
  readonly pools: readonly Pool[];
  readonly instances: readonly Instance[];
  readonly assignments: readonly Assignment[];
  readonly standbys: readonly Standby[];
}

/** A migration's durable record; while one is unfinished, its instance is taken. */
export interface Migration {
  readonly id: string;
  readonly instanceId: InstanceId;
  readonly source: HostName;
  readonly target: HostName;
  readonly who: string;
  readonly reason: string;
  /** Step that was begun last. */
  readonly phase: MigrationPhase;
  /** True once the target has been granted the addresses: from here on it is completed, not undone. */
  readonly switched: boolean;
  readonly steps: readonly MigrationStep[];
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly outcome: 'done' | 'undone' | null;
  readonly error: string | null;
}

/** In the order they run. */
export const migrationPhases = [
  'prepare',
  'quiesce',
  'release',
  'switch',
  'verify',
  'remove',
] as const;
export type MigrationPhase = (typeof migrationPhases)[number];

export interface MigrationStep {
  readonly phase: MigrationPhase;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly note: string;
}

/** A one-time ticket to join as the host that it names. */
export interface JoinToken {
  readonly id: string;
  readonly host: HostName;
  /** SHA-256 of the secret, hexadecimal. */
  readonly secretHash: string;
  readonly expiresMs: number;
}

/** One atomic unit of reading and writing. Serializable: what it read still holds when it commits. */
export interface Transaction {
  fleet(): Promise<FleetState>;

  putPool(pool: Pool): Promise<void>;
  deletePool(name: PoolName): Promise<void>;

  /** Adds the host, or changes what the spec says of it (zone, rack, labels, capacity). */
  putHost(host: Pick<Host, 'name' | 'zone' | 'rack' | 'labels' | 'capacity'>): Promise<void>;
  deleteHost(name: HostName): Promise<void>;
  setCordon(name: HostName, reason: string | null): Promise<void>;
  /** Records that the host's agent was heard. Null `facts` leaves the recorded ones. */
  setHostSeen(name: HostName, seen: HostSeen): Promise<void>;

  /** Adds or replaces the instance and the addresses it holds. Fails on an address taken. */
  putInstance(instance: Instance): Promise<void>;
  /** Removes the instance with its addresses, assignment, standbys and observations. */
  deleteInstance(id: InstanceId): Promise<void>;

  putAssignment(assignment: Assignment): Promise<void>;
  putStandby(standby: Standby): Promise<void>;
  deleteStandby(standby: Standby): Promise<void>;

  /** Adds a migration, or replaces it. One unfinished migration an instance: a second is BUSY. */
  putMigration(migration: Migration): Promise<void>;
  migration(id: string): Promise<Migration | null>;
  unfinishedMigrations(): Promise<readonly Migration[]>;

  addEvent(event: Omit<FleetEvent, 'id'>): Promise<void>;

  putJoinToken(token: JoinToken): Promise<void>;
  /** Takes the token out, so that it serves once; null where there is none of that id. */
  takeJoinToken(id: string): Promise<JoinToken | null>;

  /** A named secret or setting of the control plane itself, such as its CA's key. */
  setting(name: string): Promise<string | null>;
  putSetting(name: string, value: string): Promise<void>;

  /** Highest epoch ever given for the instance, 0 where none was. Survives its assignment. */
  lastEpoch(id: InstanceId): Promise<Epoch>;
}

export interface HostSeen {
  readonly state: HostState;
  readonly facts: HostFacts | null;
  readonly atMs: number;
}

/** An observation with the host it was made on and when it reached the scheduler. */
export interface Observation {
  readonly host: HostName;
  readonly atMs: number;
  readonly instance: ObservedInstance;
}

export interface EventFilter {
  /** Exact object, such as `instance/shop-web`. */
  readonly object?: string;
  /** Only events with a higher id. */
  readonly afterId?: number;
  /** At most this many, the newest, in the order they happened. */
  readonly limit: number;
}

export interface Store extends AsyncDisposable {
  /**
   * Runs `work` in one serializable transaction and commits. Repeats it where PostgreSQL asks for
   * that (40001, 40P01), a bounded number of times, so `work` must only touch the transaction.
   */
  transact<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;

  /** Replaces what was observed on `host`, all of it, when `complete`; else only what is named. */
  recordObserved(
    host: HostName,
    observed: {
      readonly complete: boolean;
      readonly instances: readonly ObservedInstance[];
      readonly removed: readonly InstanceId[];
      readonly atMs: number;
    },
  ): Promise<void>;
  observations(): Promise<readonly Observation[]>;
  events(filter: EventFilter): Promise<readonly FleetEvent[]>;
}
