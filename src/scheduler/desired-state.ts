import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, HostName, InstanceId } from '../domain/ids.ts';
import { macOfInstance } from '../domain/mac.ts';
import type { Assignment, Instance } from '../domain/model.ts';
import type { FleetState } from '../store/store.ts';

/**
 * What each of the hosts is to do, from the fleet's state alone: one pass over the fleet, however
 * many hosts are asked for.
 *
 * @param released instances whose last holder is known to have let go
 * @returns an entry for each of `hosts`, its instances in the order of the fleet's
 */
export function desiredStates(
  hosts: readonly HostName[],
  fleet: FleetState,
  released: ReadonlySet<InstanceId>,
): ReadonlyMap<HostName, readonly DesiredInstance[]> {
  const assignments = new Map(fleet.assignments.map((one) => [one.instanceId, one]));
  const standbys = Map.groupBy(fleet.standbys, ({ instanceId }) => instanceId);
  const desired = new Map(hosts.map((host) => [host, [] as DesiredInstance[]]));
  for (const instance of fleet.instances) {
    const assignment = assignments.get(instance.id);
    const places = new Set((standbys.get(instance.id) ?? []).map(({ host }) => host));
    if (assignment !== undefined) places.add(assignment.host);
    for (const host of places) {
      desired.get(host)?.push(desiredAt(host, instance, assignment, released));
    }
  }
  return desired;
}

function desiredAt(
  host: HostName,
  { id, spec, addresses, rendered, configHash }: Instance,
  assignment: Assignment | undefined,
  released: ReadonlySet<InstanceId>,
): DesiredInstance {
  return {
    id,
    name: spec.name,
    role: assignment?.host === host && assignment.granted ? 'active' : 'standby',
    epoch: assignment?.epoch ?? (0 as Epoch),
    released: released.has(id),
    image: spec.image,
    resources: spec.resources,
    mac: macOfInstance(id),
    addresses,
    config: rendered,
    configHash,
  };
}
