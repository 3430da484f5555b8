import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, HostName, InstanceId } from '../domain/ids.ts';
import { macOfInstance } from '../domain/mac.ts';
import type { FleetState } from '../store/store.ts';

/**
 * What one host is to do, from the fleet's state alone.
 *
 * @param released instances whose last holder is known to have let go
 */
export function desiredStateOf(
  host: HostName,
  fleet: FleetState,
  released: ReadonlySet<InstanceId>,
): readonly DesiredInstance[] {
  const assignments = new Map(fleet.assignments.map((one) => [one.instanceId, one]));
  const standbys = new Set(
    fleet.standbys.filter((standby) => standby.host === host).map(({ instanceId }) => instanceId),
  );
  return fleet.instances.flatMap((instance): DesiredInstance[] => {
    const assignment = assignments.get(instance.id);
    const isHome = assignment?.host === host;
    if (!isHome && !standbys.has(instance.id)) return [];
    return [
      {
        id: instance.id,
        name: instance.spec.name,
        role: isHome && assignment.granted ? 'active' : 'standby',
        epoch: assignment?.epoch ?? (0 as Epoch),
        released: released.has(instance.id),
        image: instance.spec.image,
        resources: instance.spec.resources,
        mac: macOfInstance(instance.id),
        addresses: instance.addresses,
        config: instance.rendered,
        configHash: instance.configHash,
      },
    ];
  });
}
