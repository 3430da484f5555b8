import type { HostName } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { hostObject, instanceObject, type Operation } from '../domain/operation.ts';
import type { FleetState } from '../store/store.ts';
import { lacksGateway } from './gateway-evidence.ts';

/** What becomes of the instances of a host that is proven silent. Most important first. */
export interface FailoverPlan {
  /** Those with a warm copy elsewhere: they only have to be told. */
  readonly promotions: readonly { readonly instance: Instance; readonly to: HostName }[];
  /** Those without: placement finds a host for them, and an agent starts them there. */
  readonly stranded: readonly Instance[];
  /** Operations that hold any of them, and give way. */
  readonly preempted: readonly Operation[];
  /** Migrations to it that were not past their switch, and are undone. */
  readonly thwarted: readonly Operation[];
}

/**
 * Which standby of each instance takes over: one on a host that is heard, rather on one whose gateway
 * answers, then on one that is not cordoned, and of those the one on the host with the fewest
 * instances, counting what this very plan gives it. Pure.
 *
 * @param open all operations that have not ended
 */
export function planFailover(
  fleet: FleetState,
  open: readonly Operation[],
  dead: HostName,
): FailoverPlan {
  const held = new Set(
    fleet.assignments.filter(({ host }) => host === dead).map(({ instanceId }) => instanceId),
  );
  const hosts = new Map(fleet.hosts.map((host) => [host.name, host]));
  const load = new Map<HostName, number>();
  const carry = (host: HostName) => load.set(host, (load.get(host) ?? 0) + 1);
  for (const { host } of fleet.assignments) carry(host);
  const standbys = Map.groupBy(fleet.standbys, ({ instanceId }) => instanceId);
  const promotions: FailoverPlan['promotions'][number][] = [];
  const stranded: Instance[] = [];
  const instances = fleet.instances
    .filter(({ id }) => held.has(id))
    .toSorted((a, b) => a.spec.tier - b.spec.tier || (a.spec.name < b.spec.name ? -1 : 1));
  for (const instance of instances) {
    const [best] = (standbys.get(instance.id) ?? [])
      .flatMap(({ host }) => hosts.get(host) ?? [])
      .filter(({ name, state }) => name !== dead && state === 'ready')
      .toSorted(
        (a, b) =>
          Number(lacksGateway(a.facts, instance)) - Number(lacksGateway(b.facts, instance)) ||
          Number(a.cordonReason !== null) - Number(b.cordonReason !== null) ||
          (load.get(a.name) ?? 0) - (load.get(b.name) ?? 0) ||
          (a.name < b.name ? -1 : 1),
      );
    if (best === undefined) {
      stranded.push(instance);
      continue;
    }
    carry(best.name);
    promotions.push({ instance, to: best.name });
  }
  const objects = new Set([
    hostObject(dead),
    ...instances.map(({ spec }) => instanceObject(spec.name)),
  ]);
  const preempted = open.filter(
    (one) => one.state === 'running' && one.objects.some((object) => objects.has(object)),
  );
  const thwarted = open.filter(
    (one) => one.state === 'running' && isOnItsWayTo(dead, one) && !preempted.includes(one),
  );
  return { promotions, stranded, preempted, thwarted };
}

function isOnItsWayTo(host: HostName, { kind, args }: Operation): boolean {
  return kind === 'migrate' && args['target'] === host;
}
