import type { ErrorCode } from '../domain/errors.ts';
import type { HostName, InstanceName } from '../domain/ids.ts';
import type { Assignment, Host, Instance, Pool, Standby, Tier } from '../domain/model.ts';

/** The fleet as placement sees it: one snapshot, in any order. */
export interface PlacementInput {
  readonly hosts: readonly Host[];
  readonly pools: readonly Pool[];
  readonly instances: readonly Instance[];
  readonly assignments: readonly Assignment[];
  readonly standbys: readonly Standby[];
  /** Room that is being made; none where it is left out. */
  readonly kept?: readonly KeptRoom[];
}

/** Room that is being made on a host, by shedding, for an instance that has no place. */
export interface KeptRoom {
  readonly host: HostName;
  readonly instance: InstanceName;
  readonly tier: Tier;
}

/** Why an instance may not run on a host. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}
