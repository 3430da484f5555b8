// What a spec may change when it comes from somebody whose view ends at their own instances.

import { isWithin } from '../domain/access.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { ApplyPlan } from './apply-plan.ts';

/**
 * Pools and hosts are the fleet's: only instances of `owners` may be made, changed or given away,
 * and to none but them.
 *
 * @throws BridgeheadError FORBIDDEN
 */
export function checkScope(plan: ApplyPlan, owners: readonly string[], source: string): void {
  const { changes, parsed, instances, deletedInstances } = plan;
  const common = changes.find(({ kind, action }) => kind !== 'instance' && action !== 'none');
  if (common !== undefined) {
    throw outside(source, `it would ${common.action} ${common.kind} ${common.name}`, owners);
  }
  const touched = [
    ...(parsed.spec?.instances ?? []),
    ...instances.flatMap(({ instance, before }) => [
      instance,
      ...(before === null ? [] : [before]),
    ]),
    ...deletedInstances,
  ].map((one) => ('spec' in one ? one.spec : one));
  const foreign = touched.find(({ owner }) => !isWithin(owners, owner));
  if (foreign !== undefined) {
    throw outside(source, `instance ${foreign.name} is of ${foreign.owner}`, owners);
  }
}

function outside(source: string, what: string, owners: readonly string[]): BridgeheadError {
  return new BridgeheadError(
    'FORBIDDEN',
    `${source}: ${what}; you may change only instances of ${owners.join(', ')}`,
    'Leave it out of the spec, or ask an operator of the whole fleet to apply it.',
  );
}
