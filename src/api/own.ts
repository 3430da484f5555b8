// What of the fleet is a caller's own.

import { isWithin } from '../domain/access.ts';
import { instanceObject, type Operation } from '../domain/operation.ts';
import { rolloutObject } from '../domain/rollout.ts';
import type { ViewSource } from '../scheduler/views.ts';
import type { FleetState, Transaction } from '../store/store.ts';

/**
 * Objects that belong to these owners, such as `instance/shop-web`, and the rollouts of their
 * services; null for all of the fleet.
 */
export function ownObjects(
  { instances }: Pick<FleetState, 'instances'>,
  owners: readonly string[] | null,
): ReadonlySet<string> | null {
  if (owners === null) return null;
  const own = instances.filter(({ spec }) => isWithin(owners, spec.owner));
  return new Set(
    own.flatMap(({ spec: { name, owner, service } }) => [
      instanceObject(name),
      rolloutObject(owner, service),
    ]),
  );
}

/** What views are made of, with their own instances alone. */
export function ownView(source: ViewSource, owners: readonly string[] | null): ViewSource {
  if (owners === null) return source;
  const instances = source.fleet.instances.filter(({ spec }) => isWithin(owners, spec.owner));
  return { ...source, fleet: { ...source.fleet, instances } };
}

/** True where all that an operation locks is theirs. */
export async function isOwnOperation(
  tx: Pick<Transaction, 'fleet'>,
  owners: readonly string[] | null,
  { objects }: Pick<Operation, 'objects'>,
): Promise<boolean> {
  const own = ownObjects(await tx.fleet(), owners);
  return own === null || objects.every((one) => own.has(one));
}
