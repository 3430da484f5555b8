// An operation: a durable, journaled change to one or more objects, and the locks it holds.

import type { ErrorBody } from './errors.ts';
import type { HostName } from './ids.ts';

/**
 * `create`: give an instance its first host. `configure`: bring a running one to what was applied.
 * `migrate`: move one. `remove`: take one off the wire, to be forgotten. `drain`: move all off a host.
 * `failover`: give what a host that is proven silent held to others. `shed`: take one off its host,
 * so that a more important one has room. `rebalance`: even out the load of the hosts. `rollout`: give
 * many instances another configuration, in batches.
 */
export const operationKinds = [
  'create',
  'configure',
  'migrate',
  'remove',
  'drain',
  'failover',
  'shed',
  'rebalance',
  'rollout',
] as const;
export type OperationKind = (typeof operationKinds)[number];

/**
 * `queued` waits for its locks; `running` holds them. The rest are ends: `done`; `undone`: it failed,
 * and everything is as before; `failed`: it failed and something is left that `error` names;
 * `refused`: its checks did not pass when its turn came; `cancelled`: ended on request, undone.
 */
export const operationStates = [
  'queued',
  'running',
  'done',
  'undone',
  'failed',
  'refused',
  'cancelled',
] as const;
export type OperationState = (typeof operationStates)[number];

/** One step of the journal: written before it begins, and again after it ended. */
export interface OperationStep {
  readonly name: string;
  readonly startedMs: number;
  readonly endedMs: number | null;
  /** What came of it, for people. */
  readonly note: string;
}

/** Plain values by name, as they are kept in the journal. */
export type Words = Readonly<Record<string, string | number | boolean | null>>;

export interface Operation {
  readonly id: string;
  readonly kind: OperationKind;
  /** What it locks, such as `instance/shop-web`; sorted, each once. */
  readonly objects: readonly string[];
  /** What it was asked to do: source and target of a migration, say. */
  readonly args: Words;
  readonly who: string;
  readonly reason: string;
  readonly state: OperationState;
  /** What was seen of its objects when it took its locks; null while it is queued. */
  readonly observed: Words | null;
  readonly steps: readonly OperationStep[];
  /** True once it can only be completed, not undone. */
  readonly isForward: boolean;
  /** Session of the scheduler that runs it; null while it is queued. */
  readonly session: string | null;
  /** Fencing token: grows each time the operation gets a new runner. 0 while it is queued. */
  readonly token: number;
  /** Who asked for its end before its time; null for nobody. */
  readonly cancelledBy: string | null;
  /** Operation on whose behalf it runs; null for none. */
  readonly parentId: string | null;
  readonly requestedMs: number;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  readonly error: ErrorBody | null;
}

/** An operation's exclusive hold on an object. */
export interface Lock {
  readonly object: string;
  readonly operationId: string;
  readonly sinceMs: number;
}

/** One life of a scheduler, as the store sees it. Alive while its lease is renewed. */
export interface Session {
  readonly id: string;
  /** The scheduler's name, for people. */
  readonly name: string;
  readonly startedMs: number;
  /** By the store's own clock, which is one for all schedulers. */
  readonly isAlive: boolean;
}

/** True for an operation that has not ended. */
export function isOpen({ state }: Pick<Operation, 'state'>): boolean {
  return state === 'queued' || state === 'running';
}

/** The object of an instance, as locks, operations and events name it. */
export function instanceObject(name: string): string {
  return `instance/${name}`;
}

/** The object of a host. */
export function hostObject(name: HostName): string {
  return `host/${name}`;
}
