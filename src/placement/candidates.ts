import type { HostName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { refusalsOf } from './constraints.ts';
import { FleetIndex } from './fleet-index.ts';
import type { PlacementInput, Refusal } from './input.ts';

/**
 * Every reason why the instance may not move to `host`, as if it were nowhere yet; empty where it
 * may. Codes: HOST_NOT_READY, HOST_CORDONED, IMAGE_MISSING, NO_PLACE (bridge, rules, avoided
 * instances), NO_CAPACITY, in this order, and NOT_FOUND for a host that is not in the fleet.
 */
export function refusalsFor(
  input: PlacementInput,
  instance: Instance,
  host: HostName,
): readonly Refusal[] {
  const index = new FleetIndex(input, [instance]);
  const entry = index.entry(host);
  if (entry === undefined) return [{ code: 'NOT_FOUND', message: `host ${host} does not exist` }];
  return refusalsOf(index.subject(instance), entry);
}
