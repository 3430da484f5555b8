// What the scheduler asks of its store, in its own words. PostgreSQL is one implementation
// (postgres-store.ts), the simulation's disk (sim/) another; one test holds both to this.

import type { WitnessSet } from '../detection/witness-sets.ts';
import type { Epoch, HostName, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import type { KeptOverride } from '../domain/live.ts';
import type {
  Assignment,
  Fence,
  FleetEvent,
  Host,
  HostFacts,
  Instance,
  LeavingAddress,
  ObservedInstance,
  Pool,
  Shed,
  Standby,
} from '../domain/model.ts';
import type { Lock, Operation, OperationKind, Session } from '../domain/operation.ts';
import type { AttachmentRows } from './attachment-rows.ts';
import type { ConfigRows } from './config-rows.ts';
import type { IncidentRows } from './incident-rows.ts';

/** Everything the fleet is meant to be, read in one snapshot. */
export interface FleetState {
  readonly hosts: readonly Host[];
  readonly pools: readonly Pool[];
  readonly instances: readonly Instance[];
  readonly assignments: readonly Assignment[];
  readonly standbys: readonly Standby[];
  /** Addresses that instances no longer want, and that a host may still answer for. */
  readonly leaving: readonly LeavingAddress[];
  /** Instances without a host that gave way to more important ones. */
  readonly sheds: readonly Shed[];
}

/** One set of witnesses of one host. */
export interface HostWitnesses extends WitnessSet {
  readonly host: HostName;
}

/** What was answered to a request with an idempotency key. */
export interface KeptAnswer {
  readonly key: string;
  /** SHA-256 of what was asked, hexadecimal. */
  readonly fingerprint: string;
  readonly answer: unknown;
  readonly atMs: number;
}

export interface OperationFilter {
  /** Only those that lock this object. */
  readonly object?: string;
  /** Only those that lock nothing but these. */
  readonly among?: readonly string[];
  /** Only those that have not ended. */
  readonly isOpen?: boolean;
  /** Only those of these kinds. */
  readonly kinds?: readonly OperationKind[];
  /** Only those that were asked for from then on, wall-clock milliseconds. */
  readonly sinceMs?: number;
  /** Only those that were asked for before this one; none where it is not kept any more. */
  readonly beforeId?: string;
  /** At most this many, the newest, newest first. */
  readonly limit: number;
}

/** A one-time ticket to join as the host that it names. */
export interface JoinToken {
  readonly id: string;
  readonly host: HostName;
  /** SHA-256 of the secret, hexadecimal. */
  readonly secretHash: string;
  readonly expiresMs: number;
}

/** One atomic unit of reading and writing. */
export interface Transaction extends IncidentRows, ConfigRows, AttachmentRows {
  fleet(): Promise<FleetState>;

  putPool(pool: Pool): Promise<void>;
  deletePool(name: PoolName): Promise<void>;

  /** Adds the host, or changes what the spec says of it (zone, rack, labels, capacity). */
  putHost(host: Pick<Host, 'name' | 'zone' | 'rack' | 'labels' | 'capacity'>): Promise<void>;
  deleteHost(name: HostName): Promise<void>;
  setCordon(name: HostName, reason: string | null): Promise<void>;
  /** Records that the host's agent was heard, and its facts. */
  setHostFacts(name: HostName, facts: HostFacts, atMs: number): Promise<void>;

  /** Adds or replaces the instance and the addresses it holds. Fails on an address taken. */
  putInstance(instance: Instance): Promise<void>;
  /** The instance of that name, null where there is none. */
  instanceNamed(name: InstanceName): Promise<Instance | null>;
  /** Removes the instance with its addresses, assignment, standbys and observations. */
  deleteInstance(id: InstanceId): Promise<void>;

  /** @throws BridgeheadError EPOCH_STALE unless its epoch is higher than every one before */
  putAssignment(assignment: Assignment): Promise<void>;
  /** The instance's assignment, null where it has none. */
  assignment(id: InstanceId): Promise<Assignment | null>;
  /** Keeps an address from being given to others; it must not be among the instance's own. */
  putLeaving(leaving: LeavingAddress): Promise<void>;
  /** Frees what the instance leaves under this epoch or one before: one address, or all. */
  deleteLeaving(id: InstanceId, epoch: Epoch, address?: string): Promise<void>;
  /** Takes the instance off its host's list. Only where that host is known to have let go. */
  deleteAssignment(id: InstanceId): Promise<void>;

  /** Hosts that are held for dead. */
  fences(): Promise<readonly Fence[]>;
  putFence(fence: Fence): Promise<void>;
  deleteFence(host: HostName): Promise<void>;
  /** Every set that some host may go by, each host's oldest first. */
  witnessSets(): Promise<readonly HostWitnesses[]>;
  putWitnesses(set: HostWitnesses): Promise<void>;
  /** Drops the host's sets from before the one that it has confirmed. */
  confirmWitnesses(host: HostName, version: number): Promise<void>;

  putStandby(standby: Standby): Promise<void>;
  deleteStandby(standby: Standby): Promise<void>;

  /** Remembers that the instance gave way, to whom and when. */
  putShed(shed: Shed): Promise<void>;
  deleteShed(id: InstanceId): Promise<void>;

  /** Adds an operation, or replaces what may change of it. */
  putOperation(operation: Operation): Promise<void>;
  operation(id: string): Promise<Operation | null>;
  /** The operation, which nobody else can write until this transaction has ended. */
  lockOperation(id: string): Promise<Operation | null>;
  /** Those that have not ended, in the order they were asked for. */
  openOperations(): Promise<readonly Operation[]>;
  operations(filter: OperationFilter): Promise<readonly Operation[]>;

  locks(): Promise<readonly Lock[]>;
  /** @throws BridgeheadError BUSY where the object is locked already */
  putLock(lock: Lock): Promise<void>;
  /** Lets go of all that the operation holds. */
  deleteLocks(operationId: string): Promise<void>;
  /** A number that is higher than every one before, also those of transactions that failed. */
  nextToken(): Promise<number>;
  /** A number that is higher than those of all tellings whose transaction this one can follow. */
  nextRevision(): Promise<number>;

  /** Every session there is, also those whose lease has run out. */
  sessions(): Promise<readonly Session[]>;
  addSession(session: Omit<Session, 'isAlive'>, ttlMs: number): Promise<void>;
  /** Makes the lease good for `ttlMs` from now. @returns false where it has run out, for good */
  renewSession(id: string, ttlMs: number): Promise<boolean>;
  deleteSession(id: string): Promise<void>;
  /** Records whether the session's scheduler hears the host. */
  setConnected(sessionId: string, host: HostName, isConnected: boolean): Promise<void>;

  keptAnswer(key: string): Promise<KeptAnswer | null>;
  /** Keeps an answer, and drops those from before `dropBeforeMs`. */
  keepAnswer(answer: KeptAnswer, dropBeforeMs: number): Promise<void>;

  /** What is kept of live changes, by instance. */
  overrides(): Promise<ReadonlyMap<InstanceId, readonly KeptOverride[]>>;
  /** Writes one, over that of the same name. */
  putOverride(id: InstanceId, kept: KeptOverride): Promise<void>;
  /** @param name of `overrideName` */
  deleteOverride(id: InstanceId, name: string): Promise<void>;

  addEvent(event: Omit<FleetEvent, 'id'>): Promise<void>;

  putJoinToken(token: JoinToken): Promise<void>;
  /** Takes the token out, so that it serves once; null where there is none of that id. */
  takeJoinToken(id: string): Promise<JoinToken | null>;

  /** A named setting of the control plane itself. Kept in clear. */
  setting(name: string): Promise<string | null>;
  putSetting(name: string, value: string): Promise<void>;
  /** A named secret of the control plane itself, such as its CA's key. Kept sealed. */
  secret(name: string): Promise<string | null>;
  putSecret(name: string, text: string): Promise<void>;

  /** What the host's agent was last heard to say of the instance, by any scheduler. */
  observation(host: HostName, id: InstanceId): Promise<ObservedInstance | null>;

  /** Highest epoch ever given for the instance, 0 where none was. Survives its assignment. */
  lastEpoch(id: InstanceId): Promise<Epoch>;
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
  /** Only of these objects. */
  readonly among?: readonly string[];
  /** Only events with a higher id: the next so many after it, where the newest are given else. */
  readonly afterId?: number;
  /** Only events with a lower id: the newest of these. */
  readonly beforeId?: number;
  /** At most this many, in the order they happened. */
  readonly limit: number;
}

/**
 * What a transaction may rely on. `serializable`: what it read still holds when it commits; for
 * decisions that rest on what others do not write. `snapshot`: it reads one moment, and fails where
 * a row that it writes was written since; for reading. `rows`: each statement reads what is committed
 * by then; for writes that are guarded by a row which the transaction itself has locked.
 */
export type Isolation = 'serializable' | 'snapshot' | 'rows';

export interface Store extends AsyncDisposable {
  /**
   * Runs `work` in one transaction and commits. Repeats it where PostgreSQL asks for that (40001,
   * 40P01), a bounded number of times, so `work` must only touch the transaction.
   */
  transact<Result>(
    work: (tx: Transaction) => Promise<Result>,
    isolation?: Isolation,
  ): Promise<Result>;

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
