import { BridgeheadError } from '../domain/errors.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import type { ObservedInstance } from '../domain/model.ts';
import type { OperationKind, Words } from '../domain/operation.ts';
import type { FleetState } from '../store/store.ts';
import type { Run } from './run.ts';

/** What is desired and what the hosts show of it now, read together. */
export interface FleetView {
  readonly fleet: FleetState;
  readonly isConnected: (host: HostName) => boolean;
  observed(host: HostName, id: InstanceId): ObservedInstance | null;
}

/**
 * A host's agent is connected, but to another scheduler and not to this one: what was asked for is
 * for that one to begin, or for this one a little later.
 */
export class HeardElsewhere extends BridgeheadError {
  constructor(host: HostName) {
    super(
      'HOST_NOT_READY',
      `host ${host} is connected to another scheduler, and not to the one that was asked`,
      `Its agent connects to all of them; see why it does not: bridgehead describe host ${host}`,
    );
  }
}

/** @throws HeardElsewhere where the host is heard, but not here */
export function checkHeardHere({ fleet, isConnected }: FleetView, host: HostName): void {
  const state = fleet.hosts.find(({ name }) => name === host)?.state;
  if (state === 'ready' && !isConnected(host)) throw new HeardElsewhere(host);
}

/** What a kind of operation is to do, once its checks have passed. */
export interface Start {
  /** What it was asked for, with what the checks found out: the source of a migration, say. */
  readonly args: Words;
  /** What was seen of its objects, for the journal. */
  readonly observed: Words;
  /** True for one that can only be completed, from its very beginning. */
  readonly isForward?: boolean;
}

/** One kind of operation. */
export interface Kind {
  readonly kind: OperationKind;
  /** What a cancelled one leaves behind, for people; null where it cannot be cancelled. */
  readonly whenCancelled: string | null;
  /** What it locks. */
  objectsOf(args: Words): readonly string[];
  /**
   * Looks at the source before anything is done. Pure.
   *
   * @throws BridgeheadError the first check that does not pass
   */
  check(view: FleetView, args: Words): Start;
  /** Carries it from its beginning to its end. */
  run(run: Run): Promise<void>;
  /** Ends one that another scheduler left, from what the journal says: resumes or undoes it. */
  resume(run: Run): Promise<void>;
}
