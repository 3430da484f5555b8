import type { HostName, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import type { Capacity, Host, Instance, Pool } from '../domain/model.ts';
import { type Claim, capacityOf, claimOf } from './capacity.ts';
import type { KeptRoom, PlacementInput } from './input.ts';
import { hashText } from './rendezvous.ts';

/** A host with everything that each question about it would otherwise have to add up anew. */
export interface HostEntry {
  readonly host: Host;
  readonly capacity: Capacity | null;
  /** Numbers of its zone and rack; hosts share them where they share the zone or the rack. */
  readonly zone: number;
  readonly rack: number;
  readonly nameHash: number;
  /** What instances and standbys here claim; grows as the plan does. */
  readonly used: Claim;
  /** Active instances of tier 0 here. */
  readonly tier0: number;
  /** The most important instance that room is being made for here; null for none. */
  readonly keptFor: KeptRoom | null;
}

/** How many active instances of a service each host, rack and zone has. */
export interface ServiceSpread {
  readonly hosts: ReadonlyMap<HostEntry, number>;
  readonly racks: ReadonlyMap<number, number>;
  readonly zones: ReadonlyMap<number, number>;
}

/** An instance to be placed, with what the rest of the fleet means for it. */
export interface Subject {
  readonly instance: Instance;
  readonly idHash: number;
  readonly claim: Claim;
  /** What it claims of a host that has its standby: memory and place are taken already. */
  readonly warmClaim: Claim;
  readonly standbyHosts: ReadonlySet<HostEntry>;
  /** Its pools; null for one that the fleet does not know. */
  readonly pools: ReadonlyMap<PoolName, Pool | null>;
  /** Hosts it may not go to, each with the instance there that it must not meet. */
  readonly avoided: ReadonlyMap<HostEntry, InstanceName>;
  readonly spread: ServiceSpread;
}

type Growing<Shape> = { -readonly [Key in keyof Shape]: Shape[Key] };
type GrowingEntry = Growing<Omit<HostEntry, 'used'>> & { readonly used: Growing<Claim> };
interface GrowingSpread {
  readonly hosts: Map<HostEntry, number>;
  readonly racks: Map<number, number>;
  readonly zones: Map<number, number>;
}

/** Compares by UTF-16 unit: the same order on every machine, whatever its locale. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What instance `subject` claims of this very host. */
export function claimOn(subject: Subject, entry: HostEntry): Claim {
  return subject.standbyHosts.has(entry) ? subject.warmClaim : subject.claim;
}

/**
 * The snapshot, added up once: usage of each host, and for the instances in question the spread
 * of their services and the whereabouts of those that they must not meet. A question about an
 * instance and a host then costs the same in a fleet of any size. Assignments and standbys of
 * unknown hosts or instances count for nothing.
 */
export class FleetIndex {
  /** By name. */
  readonly entries: readonly HostEntry[];
  readonly #byName: ReadonlyMap<HostName, GrowingEntry>;
  readonly #pools: ReadonlyMap<PoolName, Pool>;
  readonly #standbyHosts = new Map<InstanceId, Set<HostEntry>>();
  readonly #spreads: ReadonlyMap<string, GrowingSpread>;
  readonly #foes: ReadonlyMap<InstanceName, ReadonlySet<InstanceName>>;
  /** Hosts, as active and as standby, of the instances that have foes. */
  readonly #whereabouts = new Map<InstanceName, Set<HostEntry>>();

  /** @param asked the instances in question; where one has a host, it is taken as having none */
  constructor(input: PlacementInput, asked: readonly Instance[]) {
    const entries = entriesOf(input.hosts, input.kept ?? []);
    this.entries = entries;
    this.#byName = new Map(entries.map((entry) => [entry.host.name, entry]));
    this.#pools = new Map(input.pools.map((pool) => [pool.name, pool]));
    this.#spreads = new Map(
      asked.map(({ spec }) => [
        spec.service,
        { hosts: new Map(), racks: new Map(), zones: new Map() },
      ]),
    );
    this.#foes = foesOf(input.instances, asked);
    const instances = new Map(input.instances.map((instance) => [instance.id, instance]));
    const askedIds = new Set(asked.map(({ id }) => id));
    for (const { instanceId, host } of input.standbys) {
      const instance = instances.get(instanceId);
      const entry = this.#byName.get(host);
      if (instance !== undefined && entry !== undefined) this.#addStandby(instance, entry);
    }
    for (const { instanceId, host } of input.assignments) {
      const instance = instances.get(instanceId);
      const entry = this.#byName.get(host);
      if (instance === undefined || entry === undefined || askedIds.has(instanceId)) continue;
      this.#addActive(instance, entry);
    }
  }

  entry(host: HostName): HostEntry | undefined {
    return this.#byName.get(host);
  }

  /** @param instance one of those that were asked about */
  subject(instance: Instance): Subject {
    const { spec } = instance;
    const spread = this.#spreads.get(spec.service);
    if (spread === undefined) throw new Error(`instance ${spec.name} was not asked about`);
    const claim = claimOf(spec.resources);
    return {
      instance,
      idHash: hashText(instance.id),
      claim,
      warmClaim: { instances: 0, memoryMib: 0, milliCpus: claim.milliCpus },
      standbyHosts: this.#standbyHosts.get(instance.id) ?? new Set(),
      pools: new Map(spec.addresses.map(({ pool }) => [pool, this.#pools.get(pool) ?? null])),
      avoided: this.#avoidedBy(spec.name),
      spread,
    };
  }

  /** Counts the instance as active on the host from now on. */
  occupy(instance: Instance, host: HostName): void {
    const entry = this.#byName.get(host);
    if (entry === undefined) throw new Error(`host ${host} is not in the index`);
    this.#addActive(instance, entry);
  }

  /**
   * Counts what an instance claims of a host as free from now on. Whom it was in company with, and
   * the spread of its service, stay as they were: they say no more than they did.
   */
  vacate(claim: Claim, host: HostName): void {
    const entry = this.#byName.get(host);
    if (entry === undefined) throw new Error(`host ${host} is not in the index`);
    entry.used.instances -= claim.instances;
    entry.used.memoryMib -= claim.memoryMib;
    entry.used.milliCpus -= claim.milliCpus;
  }

  #addStandby(instance: Instance, entry: GrowingEntry): void {
    const hosts = this.#standbyHosts.get(instance.id) ?? new Set();
    this.#standbyHosts.set(instance.id, hosts.add(entry));
    entry.used.instances += 1;
    entry.used.memoryMib += instance.spec.resources.memoryMib;
    this.#noteWhereabouts(instance, entry);
  }

  #addActive(instance: Instance, entry: GrowingEntry): void {
    const { tier, service, resources } = instance.spec;
    const claim = claimOf(resources);
    const isWarm = this.#standbyHosts.get(instance.id)?.has(entry) === true;
    if (!isWarm) {
      entry.used.instances += claim.instances;
      entry.used.memoryMib += claim.memoryMib;
    }
    entry.used.milliCpus += claim.milliCpus;
    if (tier === 0) entry.tier0 += 1;
    this.#noteWhereabouts(instance, entry);
    const spread = this.#spreads.get(service);
    if (spread !== undefined) count(spread, entry);
  }

  #noteWhereabouts(instance: Instance, entry: HostEntry): void {
    const { name } = instance.spec;
    if (!this.#foes.has(name)) return;
    const hosts = this.#whereabouts.get(name) ?? new Set();
    this.#whereabouts.set(name, hosts.add(entry));
  }

  #avoidedBy(name: InstanceName): ReadonlyMap<HostEntry, InstanceName> {
    const avoided = new Map<HostEntry, InstanceName>();
    for (const foe of this.#foes.get(name) ?? []) {
      for (const entry of this.#whereabouts.get(foe) ?? []) {
        const named = avoided.get(entry);
        if (named === undefined || foe < named) avoided.set(entry, foe);
      }
    }
    return avoided;
  }
}

function entriesOf(hosts: readonly Host[], kept: readonly KeptRoom[]): GrowingEntry[] {
  const keptOn = Map.groupBy(kept, ({ host }) => host);
  const numbers = new Map<string, number>();
  const numberOf = (...path: string[]): number => {
    const key = JSON.stringify(path);
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  };
  return hosts
    .toSorted((a, b) => byText(a.name, b.name))
    .map((host) => ({
      host,
      capacity: capacityOf(host),
      zone: numberOf(host.zone),
      // Two zones may each have a rack r1.
      rack: numberOf(host.zone, host.rack),
      nameHash: hashText(host.name),
      used: { instances: 0, memoryMib: 0, milliCpus: 0 },
      tier0: 0,
      keptFor:
        (keptOn.get(host.name) ?? []).toSorted(
          (a, b) => a.tier - b.tier || byText(a.instance, b.instance),
        )[0] ?? null,
    }));
}

/**
 * Who must not share a host with whom, both ways, whichever of the two asked for it; only pairs
 * with one that is in question.
 */
function foesOf(
  instances: readonly Instance[],
  asked: readonly Instance[],
): Map<InstanceName, Set<InstanceName>> {
  const askedNames = new Set(asked.map(({ spec }) => spec.name));
  const foes = new Map<InstanceName, Set<InstanceName>>();
  const add = (one: InstanceName, other: InstanceName): void => {
    const known = foes.get(one);
    if (known === undefined) foes.set(one, new Set([other]));
    else known.add(other);
  };
  for (const { spec } of instances) {
    for (const avoided of spec.placement.avoid as readonly InstanceName[]) {
      const isAsked = askedNames.has(spec.name) || askedNames.has(avoided);
      if (avoided === spec.name || !isAsked) continue;
      add(spec.name, avoided);
      add(avoided, spec.name);
    }
  }
  return foes;
}

function count(spread: GrowingSpread, entry: HostEntry): void {
  spread.hosts.set(entry, (spread.hosts.get(entry) ?? 0) + 1);
  spread.racks.set(entry.rack, (spread.racks.get(entry.rack) ?? 0) + 1);
  spread.zones.set(entry.zone, (spread.zones.get(entry.zone) ?? 0) + 1);
}
