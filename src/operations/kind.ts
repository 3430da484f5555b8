import type { HostName, InstanceId } from '../domain/ids.ts';
import type { ObservedInstance } from '../domain/model.ts';
import type { OperationKind, Words } from '../domain/operation.ts';
import type { FleetState } from '../store/store.ts';
import type { Run } from './run.ts';

/** What is desired and what the hosts show of it now, read together. */
export interface FleetView {
  readonly fleet: FleetState;
  isConnected(host: HostName): boolean;
  observed(host: HostName, id: InstanceId): ObservedInstance | null;
}

/** What a kind of operation is to do, once its checks have passed. */
export interface Start {
  /** What it was asked for, with what the checks found out: the source of a migration, say. */
  readonly args: Words;
  /** What was seen of its objects, for the journal. */
  readonly observed: Words;
}

/** One kind of operation. */
export interface Kind {
  readonly kind: OperationKind;
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
