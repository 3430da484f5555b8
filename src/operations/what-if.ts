import type { Epoch, HostName, InstanceId, InstanceName } from '../domain/ids.ts';
import type { Assignment, Tier } from '../domain/model.ts';
import type { PlacementInput } from '../placement/input.ts';
import { type Decision, place } from '../placement/place.ts';
import { planShedding } from '../placement/shed.ts';
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
  /** Those on other hosts that would give way and find no other place; most important first. */
  readonly shed: readonly {
    readonly name: InstanceName;
    readonly tier: Tier;
    readonly for: InstanceName;
  }[];
  /** Those that no other host has room for, or may have; most important first. */
  readonly stranded: readonly {
    readonly name: InstanceName;
    readonly tier: Tier;
    readonly why: string;
  }[];
}

/**
 * Plays the loss of some hosts through, with the same decisions that a failover, placement and shedding
 * make.
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
  const strandedIds: InstanceId[] = [];
  for (const host of lost) {
    const { promotions, stranded } = planFailover(now, [], host);
    const targets = new Map(promotions.map(({ instance, to }) => [instance.id, to]));
    const gone = new Set(stranded.map(({ id }) => id));
    promoted += promotions.length;
    strandedIds.push(...gone);
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
  const after = withRoomMade({
    ...now,
    instances: now.instances.filter(({ id }) => !waiting.has(id)),
  });
  const kept = new Set(after.assignments.map(({ instanceId }) => instanceId));
  const isStranded = new Set(strandedIds);
  const instances = new Map(fleet.instances.map((instance) => [instance.id, instance.spec]));
  const shed = fleet.assignments.flatMap(({ instanceId }) => {
    const spec = instances.get(instanceId);
    const forWhom = after.gaveWay.get(instanceId);
    if (spec === undefined || forWhom === undefined) return [];
    if (kept.has(instanceId) || isStranded.has(instanceId)) return [];
    return { name: spec.name, tier: spec.tier, for: forWhom };
  });
  const decisions = after.decisions.filter(({ instanceId }) => isStranded.has(instanceId));
  return {
    hosts: lost,
    instances: held,
    promoted,
    placed: strandedIds.filter((id) => kept.has(id)).length,
    shed: shed.toSorted((a, b) => a.tier - b.tier || (a.name < b.name ? -1 : 1)),
    stranded: decisions.map(({ instanceId, instance, explanation }) => ({
      name: instance,
      tier: instances.get(instanceId)?.tier ?? 3,
      why: explanation,
    })),
  };
}

/** Room is made in so many turns at most; who gives way may have others give way, tier by tier. */
const turnsMax = 100;

/** The fleet once all has been placed that fits, also where others had to give way for it. */
function withRoomMade(input: PlacementInput): PlacementInput & {
  /** Those that still have no place. */
  readonly decisions: readonly Decision[];
  /** Whom each victim gave way to, last. */
  readonly gaveWay: ReadonlyMap<InstanceId, InstanceName>;
} {
  const gaveWay = new Map<InstanceId, InstanceName>();
  let now = input;
  for (let turn = 0; ; turn += 1) {
    const { decisions } = place(now);
    const found = decisions.flatMap(({ instanceId, host }) =>
      host === null ? [] : [holding(instanceId, host)],
    );
    now = { ...now, assignments: [...now.assignments, ...found] };
    const plan = turn < turnsMax ? planShedding(now, anyTime) : [];
    if (plan.length === 0) {
      return { ...now, decisions: decisions.filter(({ host }) => host === null), gaveWay };
    }
    for (const { instance, host, victims } of plan) {
      const ids = new Set(victims.map((victim) => victim.instance.id));
      const stays = (at: { readonly instanceId: InstanceId; readonly host: HostName }) =>
        at.host !== host || !ids.has(at.instanceId);
      now = {
        ...now,
        assignments: [...now.assignments.filter(stays), holding(instance.id, host)],
        standbys: now.standbys.filter(stays),
      };
      for (const { instance: victim, role } of victims) {
        if (role === 'active') gaveWay.set(victim.id, instance.spec.name);
      }
    }
  }
}

const anyTime = { busy: new Set<InstanceId>(), isHeard: () => true, hasWaited: () => true };

function holding(instanceId: InstanceId, host: HostName): Assignment {
  return { instanceId, host, epoch: 0 as Epoch, granted: true };
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
