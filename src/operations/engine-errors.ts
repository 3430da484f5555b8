import { BridgeheadError } from '../domain/errors.ts';
import type { Operation } from '../domain/operation.ts';
import { describe } from './locks.ts';

/** The error for an operation that is not there. */
export function noSuchOperation(id: string): BridgeheadError {
  return new BridgeheadError(
    'NOT_FOUND',
    `operation ${id} does not exist`,
    'See the operations there are: bridgehead ops list --all',
  );
}

/** The error for an operation that it is too late to cancel. */
export function notCancellable(operation: Operation, why: string): BridgeheadError {
  return new BridgeheadError(
    'NOT_CANCELLABLE',
    `operation ${operation.id} (${describe(operation)}) cannot be cancelled: it ${why}`,
    `See what it did: bridgehead ops show ${operation.id}`,
  );
}

/** The error for an operation that only sees to what was applied. */
export function staysDesired(operation: Operation): BridgeheadError {
  return new BridgeheadError(
    'NOT_CANCELLABLE',
    `operation ${operation.id} (${describe(operation)}) cannot be cancelled: what was applied stays desired`,
    'Apply a spec that says otherwise: what is applied last is what counts.',
  );
}

/** The error where `openMax` operations have not ended. */
export function tooMany(openMax: number): BridgeheadError {
  return new BridgeheadError(
    'BUSY',
    `${openMax} operations have not ended yet: no more are taken`,
    'Wait for some of them, or cancel some: bridgehead ops list',
  );
}
