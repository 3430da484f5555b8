import type { ErrorCode } from '../domain/errors.ts';
import type { Assignment, Host, Instance, Pool, Standby } from '../domain/model.ts';

/** The fleet as placement sees it: one snapshot, in any order. */
export interface PlacementInput {
  readonly hosts: readonly Host[];
  readonly pools: readonly Pool[];
  readonly instances: readonly Instance[];
  readonly assignments: readonly Assignment[];
  readonly standbys: readonly Standby[];
}

/** Why an instance may not run on a host. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}
