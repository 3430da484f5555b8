import type { HostName, InstanceId } from '../domain/ids.ts';
import type { Instance } from '../domain/model.ts';
import { claimOf } from './capacity.ts';
import { mayHaveRoomMade } from './constraints.ts';
import { byText, claimOn, FleetIndex, type HostEntry, type Subject } from './fleet-index.ts';
import type { PlacementInput } from './input.ts';
import { choose } from './place.ts';
import { compareScored, type Scored, scored, scoreOf } from './score.ts';
import { Sieve } from './sieve.ts';
import {
  compareLosses,
  type Holding,
  type Loss,
  lossOf,
  mayGiveWay,
  victimsFor,
} from './victims.ts';

/** Room is made for so many instances in one plan; the rest have to wait for the next. */
const sheddingsMax = 64;

/** Who gives way on a host, so that an instance without one fits there. */
export interface Shedding {
  readonly instance: Instance;
  readonly host: HostName;
  /** Least important first, at least one. */
  readonly victims: readonly Pick<Holding, 'instance' | 'role'>[];
}

/** What a plan to shed has to leave alone. */
export interface ShedLimits {
  /** Instances that an operation holds: they give way to nobody, and nobody gives way to them. */
  readonly busy: ReadonlySet<InstanceId>;
  /** True for hosts that can be told now, and heard to obey. */
  readonly isHeard: (host: HostName) => boolean;
  /** True for an instance that has waited long enough for a host to be usable again. */
  readonly hasWaited: (id: InstanceId) => boolean;
}

/**
 * Makes room for instances that have no host and fit on none for want of room alone, the most
 * important first. On the host where the least is lost, the least important give way: standbys
 * before what runs, tier 3 before 2 before 1, only what matters less than the instance itself (of
 * standbys also what matters as much), never tier 0, and no more than has to. Where the instance would fit on a host that is suspect or
 * cordoned just now, nobody gives way before it has waited for that one. Pure, and the same for the
 * same snapshot in any order.
 */
export function planShedding(input: PlacementInput, limits: ShedLimits): readonly Shedding[] {
  const assigned = new Set(input.assignments.map(({ instanceId }) => instanceId));
  const waiting = input.instances
    .filter(({ id }) => !assigned.has(id))
    .toSorted((a, b) => a.spec.tier - b.spec.tier || byText(a.spec.name, b.spec.name));
  if (waiting.length === 0) return [];
  const index = new FleetIndex(input, waiting);
  const sieve = new Sieve(index);
  const holdings = holdingsOf(input, limits.busy);
  const absent = new AbsentHosts(input, waiting);
  const plan: Shedding[] = [];
  for (const instance of waiting) {
    if (plan.length >= sheddingsMax) break;
    const subject = index.subject(instance);
    const { best } = choose(sieve, subject);
    if (best !== null) {
      index.occupy(instance, best.entry.host.name);
      continue;
    }
    if (limits.busy.has(instance.id)) continue;
    const offer = cheapest(sieve.sift(subject).fitting, subject, holdings, limits);
    if (offer === null) continue;
    if (!limits.hasWaited(instance.id) && absent.couldTake(instance)) continue;
    const { host } = offer.at.entry;
    for (const { claim } of offer.victims) index.vacate(claim, host.name);
    const gone = new Set(offer.victims);
    holdings.set(
      host.name,
      (holdings.get(host.name) ?? []).filter((one) => !gone.has(one)),
    );
    index.occupy(instance, host.name);
    plan.push({
      instance,
      host: host.name,
      victims: offer.victims.map(({ instance: victim, role }) => ({ instance: victim, role })),
    });
  }
  return plan;
}

interface Offer {
  readonly at: Scored;
  readonly victims: readonly Holding[];
  readonly loss: Loss;
}

function cheapest(
  fitting: readonly HostEntry[],
  subject: Subject,
  holdings: ReadonlyMap<HostName, readonly Holding[]>,
  { isHeard }: ShedLimits,
): Offer | null {
  const { id, spec } = subject.instance;
  let best: Offer | null = null;
  for (const entry of fitting) {
    const { host, capacity, used } = entry;
    if (capacity === null || !isHeard(host.name) || !mayHaveRoomMade(subject, entry)) continue;
    const yielding = (holdings.get(host.name) ?? []).filter(
      // Its own standby is no room to be made: it is what it would start from.
      (one) => one.instance.id !== id && mayGiveWay(one, spec.tier),
    );
    const victims = victimsFor(claimOn(subject, entry), used, capacity, yielding);
    if (victims === null) continue;
    const at = scored(subject, entry, scoreOf(subject, entry));
    const offer = { at, victims, loss: lossOf(victims) };
    if (best === null) best = offer;
    else if ((compareLosses(offer.loss, best.loss) || compareScored(at, best.at)) < 0) best = offer;
  }
  return best;
}

/** What runs or stands by on each host. What does both on one host is left out: it is on its way. */
function holdingsOf(
  { instances, assignments, standbys }: PlacementInput,
  busy: ReadonlySet<InstanceId>,
): Map<HostName, readonly Holding[]> {
  const known = new Map(instances.map((instance) => [instance.id, instance]));
  const key = ({ instanceId, host }: { instanceId: InstanceId; host: HostName }) =>
    `${instanceId} ${host}`;
  const active = new Set(assignments.map(key));
  const standby = new Set(standbys.map(key));
  const all = [
    ...assignments.filter((one) => !standby.has(key(one))).map((one) => ['active', one] as const),
    ...standbys.filter((one) => !active.has(key(one))).map((one) => ['standby', one] as const),
  ].flatMap(([role, { instanceId, host }]) => {
    const instance = busy.has(instanceId) ? undefined : known.get(instanceId);
    if (instance === undefined) return [];
    const { milliCpus, ...rest } = claimOf(instance.spec.resources);
    const claim = { ...rest, milliCpus: role === 'active' ? milliCpus : 0 };
    return { host, holding: { instance, role, claim } };
  });
  return new Map(
    [...Map.groupBy(all, ({ host }) => host)].map(([host, list]) => [
      host,
      list.map(({ holding }) => holding),
    ]),
  );
}

/** Hosts that may be usable again by themselves, or when their operator says so. */
class AbsentHosts {
  readonly #input: PlacementInput;
  readonly #waiting: readonly Instance[];
  #found: { readonly index: FleetIndex; readonly sieve: Sieve } | null = null;

  constructor(input: PlacementInput, waiting: readonly Instance[]) {
    this.#input = input;
    this.#waiting = waiting;
  }

  /** True where one of them has room for it, which is its own from then on. */
  couldTake(instance: Instance): boolean {
    this.#found ??= this.#look();
    const { index, sieve } = this.#found;
    const { best } = choose(sieve, index.subject(instance));
    if (best === null) return false;
    index.occupy(instance, best.entry.host.name);
    return true;
  }

  #look(): { readonly index: FleetIndex; readonly sieve: Sieve } {
    const hosts = this.#input.hosts.flatMap((host) => {
      const isThere = host.state === 'ready' && host.cordonReason === null;
      if (isThere || (host.state !== 'ready' && host.state !== 'suspect')) return [];
      return { ...host, state: 'ready' as const, cordonReason: null };
    });
    const index = new FleetIndex({ ...this.#input, hosts }, this.#waiting);
    return { index, sieve: new Sieve(index) };
  }
}
