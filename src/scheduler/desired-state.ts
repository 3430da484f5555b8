import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch, HostName, InstanceId } from '../domain/ids.ts';
import type { KeptOverride } from '../domain/live.ts';
import { macOfInstance } from '../domain/mac.ts';
import type { Assignment, Instance, Tier } from '../domain/model.ts';
import type { FleetState } from '../store/store.ts';

const tiers = [0, 1, 2, 3] as const satisfies readonly Tier[];

/**
 * What each of the hosts is to do, from the fleet's state alone: one pass over the fleet, however
 * many hosts are asked for.
 *
 * @param released instances whose last holder is known to have let go, with how long from now it may
 * still be answering; milliseconds
 * @param dropped instances that are to go from a host although they still have their place there
 * @param overrides what is kept of changes to running instances
 * @returns an entry for each of `hosts`, its instances in the order in which they are to be seen to:
 * by tier, and within one in the order of the fleet's
 */
export function desiredStates(
  hosts: readonly HostName[],
  fleet: FleetState,
  released: ReadonlyMap<InstanceId, number>,
  dropped: ReadonlyMap<InstanceId, HostName> = new Map(),
  overrides: ReadonlyMap<InstanceId, readonly KeptOverride[]> = new Map(),
): ReadonlyMap<HostName, readonly DesiredInstance[]> {
  const assignments = new Map(fleet.assignments.map((one) => [one.instanceId, one]));
  const standbys = Map.groupBy(fleet.standbys, ({ instanceId }) => instanceId);
  const byTier = new Map(hosts.map((host) => [host, tiers.map(() => [] as DesiredInstance[])]));
  const dead = new Set(fleet.hosts.flatMap(({ name, state }) => (state === 'dead' ? name : [])));
  for (const instance of fleet.instances) {
    const assignment = assignments.get(instance.id);
    const places = new Set((standbys.get(instance.id) ?? []).map(({ host }) => host));
    if (assignment !== undefined) places.add(assignment.host);
    const leaves = dropped.get(instance.id);
    if (leaves !== undefined) places.delete(leaves);
    const kept = overrides.get(instance.id);
    for (const host of places) {
      // What it is still down for is being given to others.
      if (dead.has(host)) continue;
      const told = byTier.get(host)?.[instance.spec.tier];
      told?.push({
        ...desiredAt(host, instance, assignment, released),
        ...(kept === undefined ? {} : { overrides: kept.map(({ override }) => override) }),
      });
    }
  }
  return new Map([...byTier].map(([host, told]) => [host, told.flat()]));
}

function desiredAt(
  host: HostName,
  { id, spec, addresses, rendered, configHash }: Instance,
  assignment: Assignment | undefined,
  released: ReadonlyMap<InstanceId, number>,
): DesiredInstance {
  return {
    id,
    name: spec.name,
    role: assignment?.host === host && assignment.granted ? 'active' : 'standby',
    epoch: assignment?.epoch ?? (0 as Epoch),
    released: released.has(id),
    waitMs: released.get(id) ?? 0,
    image: spec.image,
    resources: spec.resources,
    mac: macOfInstance(id),
    addresses,
    config: rendered,
    configHash,
  };
}
