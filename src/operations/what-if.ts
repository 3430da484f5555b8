import type { HostName, InstanceName } from '../domain/ids.ts';
import type { Assignment, Tier } from '../domain/model.ts';
import { place } from '../placement/place.ts';
import type { FleetState } from '../store/store.ts';
import { planFailover } from './failover-plan.ts';

/** What would become of the instances of hosts that are lost together. */
export interface Loss {
  readonly hosts: readonly HostName[];
  /** How many instances they hold. */
  readonly instances: number;
  /** How many would answer at once, from a standby. */
  readonly promoted: number;
  /** How many would be started on another host. */
  readonly placed: number;
  /** Those that no other host has room for, or may have; most important first. */
  readonly stranded: readonly {
    readonly name: InstanceName;
    readonly tier: Tier;
    readonly why: string;
  }[];
}

/**
 * Plays the loss of some hosts through, with the same decisions that a failover and placement make.
 * Pure; standbys that would be made anew afterwards are not counted.
 */
export function lossOf(fleet: FleetState, lost: readonly HostName[]): Loss {
  const isLost = new Set(lost);
  const hosts = fleet.hosts.map((host) =>
    isLost.has(host.name) ? { ...host, state: 'dead' as const } : host,
  );
  const held = fleet.assignments.filter(({ host }) => isLost.has(host)).length;
  let now: FleetState = {
    ...fleet,
    hosts,
    standbys: fleet.standbys.filter(({ host }) => !isLost.has(host)),
  };
  let promoted = 0;
  for (const host of lost) {
    const { promotions, stranded } = planFailover(now, [], host);
    const targets = new Map(promotions.map(({ instance, to }) => [instance.id, to]));
    const gone = new Set(stranded.map(({ id }) => id));
    promoted += promotions.length;
    now = {
      ...now,
      assignments: now.assignments.flatMap((one): Assignment[] => {
        if (gone.has(one.instanceId)) return [];
        return [{ ...one, host: targets.get(one.instanceId) ?? one.host }];
      }),
      standbys: now.standbys.filter((one) => targets.get(one.instanceId) !== one.host),
    };
  }
  // What has no place today is no loss.
  const waiting = new Set(
    place(fleet).decisions.flatMap(({ host, instanceId }) => (host === null ? instanceId : [])),
  );
  const decisions = place(now).decisions.filter(({ instanceId }) => !waiting.has(instanceId));
  const tiers = new Map(fleet.instances.map(({ id, spec }) => [id, spec.tier]));
  return {
    hosts: lost,
    instances: held,
    promoted,
    placed: decisions.filter(({ host }) => host !== null).length,
    stranded: decisions
      .filter(({ host }) => host === null)
      .map(({ instanceId, instance, explanation }) => ({
        name: instance,
        tier: tiers.get(instanceId) ?? 3,
        why: explanation,
      })),
  };
}

/** A loss with what it is the loss of. */
export interface NamedLoss extends Loss {
  readonly kind: 'host' | 'rack' | 'zone';
  readonly name: string;
}

/** The loss of each host, and of each rack and zone that has more than one host, in turn. Pure. */
export function lossesOf(fleet: FleetState): readonly NamedLoss[] {
  const enrolled = fleet.hosts.filter(({ facts }) => facts !== null);
  const groups = (kind: 'rack' | 'zone') =>
    [
      ...Map.groupBy(enrolled, (host) =>
        kind === 'rack' ? `${host.zone}/${host.rack}` : host.zone,
      ),
    ]
      .filter(([name, hosts]) => name !== '' && name !== '/' && hosts.length > 1)
      .map(([name, hosts]) => ({ kind, name, hosts: hosts.map((host) => host.name) }));
  const each = [
    ...enrolled.map(({ name }) => ({ kind: 'host' as const, name: String(name), hosts: [name] })),
    ...groups('rack'),
    ...groups('zone'),
  ];
  return each.map(({ kind, name, hosts }) => ({ kind, name, ...lossOf(fleet, hosts) }));
}
