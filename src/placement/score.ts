import { byText, claimOn, type HostEntry, type Subject } from './fleet-index.ts';
import { rendezvousWeight } from './rendezvous.ts';

/**
 * What one more instance of the same service costs at each level: same zone, same rack, same
 * host. The levels are nested, so a shared host costs three times this, and is avoided first.
 * All other parts together stay below it wherever there is room, so that load never undoes spread.
 */
const sharedLevelCost = 1_000;

/** What a full host costs. Others cost their share of it: of memory or CPUs, what is scarcer. */
const fullCost = 600;

/** What each active tier-0 instance of a host costs per step of tier, and how many count. */
const tier0Cost = 10;
const tier0CountMax = 10;

/**
 * What a warm standby on the host is worth: more than any spread, because a link that comes up
 * answers within milliseconds, and the standby's host was chosen with care before.
 */
const standbyWorth = 1_000_000;

/** One of the numbers that add up to a host's score, for a person to read. */
export interface ScorePart {
  readonly name: string;
  readonly value: number;
  readonly why: string;
}

interface Term {
  readonly name: string;
  /** A whole number, so that sums are exact and equal hosts compare as equal. */
  readonly value: (subject: Subject, entry: HostEntry) => number;
  readonly why: (subject: Subject, entry: HostEntry) => string;
}

const zoneSpread: Term = {
  name: 'zone spread',
  value: ({ spread }, { zone }) => 0 - sharedLevelCost * (spread.zones.get(zone) ?? 0),
  why: ({ spread, instance }, { zone, host }) =>
    othersOf(instance.spec.service, spread.zones.get(zone), `in zone ${host.zone}`),
};

const rackSpread: Term = {
  name: 'rack spread',
  value: ({ spread }, { rack }) => 0 - sharedLevelCost * (spread.racks.get(rack) ?? 0),
  why: ({ spread, instance }, { rack, host }) =>
    othersOf(instance.spec.service, spread.racks.get(rack), `in rack ${host.rack}`),
};

const hostSpread: Term = {
  name: 'host spread',
  value: ({ spread }, entry) => 0 - sharedLevelCost * (spread.hosts.get(entry) ?? 0),
  why: ({ spread, instance }, entry) =>
    othersOf(instance.spec.service, spread.hosts.get(entry), `on ${entry.host.name}`),
};

const load: Term = {
  name: 'load',
  value: (subject, entry) => {
    const scarcer = Math.max(memoryAfter(subject, entry), cpusAfter(subject, entry));
    return 0 - Math.round(fullCost * scarcer);
  },
  why: (subject, entry) =>
    entry.capacity === null
      ? 'capacity is not known'
      : `with it, ${percent(memoryAfter(subject, entry))} of memory and ` +
        `${percent(cpusAfter(subject, entry))} of CPUs are claimed`,
};

const tierDistance: Term = {
  name: 'tier distance',
  value: ({ instance }, { tier0 }) =>
    0 - tier0Cost * instance.spec.tier * Math.min(tier0, tier0CountMax),
  why: ({ instance }, { tier0, host }) =>
    instance.spec.tier === 0
      ? 'tier 0 keeps no distance'
      : `tier ${instance.spec.tier} keeps away from ${count(tier0, 'tier-0 instance')} on ${host.name}`,
};

const standby: Term = {
  name: 'standby',
  value: ({ standbyHosts }, entry) => (standbyHosts.has(entry) ? standbyWorth : 0),
  why: ({ standbyHosts }, entry) =>
    standbyHosts.has(entry) ? `${entry.host.name} has a warm standby` : 'no warm standby here',
};

/** All that `scoreOf` adds up. */
const terms: readonly Term[] = [zoneSpread, rackSpread, hostSpread, load, tierDistance, standby];

/**
 * How good the host is for the instance, whether it fits or not; higher is better. Written out,
 * because a loop over the terms makes the plan for a lost rack of a large fleet half as fast.
 */
export function scoreOf(subject: Subject, entry: HostEntry): number {
  return (
    zoneSpread.value(subject, entry) +
    rackSpread.value(subject, entry) +
    hostSpread.value(subject, entry) +
    load.value(subject, entry) +
    tierDistance.value(subject, entry) +
    standby.value(subject, entry)
  );
}

/** The parts of `scoreOf`, zeros included; they add up to it exactly. */
export function scorePartsOf(subject: Subject, entry: HostEntry): readonly ScorePart[] {
  return terms.map(({ name, value, why }) => ({
    name,
    value: value(subject, entry),
    why: why(subject, entry),
  }));
}

/** A host with what decides between it and another. */
export interface Scored {
  readonly entry: HostEntry;
  readonly score: number;
  /** Decides between equal scores, so that equal fleets do not all pick their first host. */
  readonly weight: number;
}

/** The host with a score that `scoreOf` gave. */
export function scored({ idHash }: Subject, entry: HostEntry, score: number): Scored {
  return { entry, score, weight: rendezvousWeight(idHash, entry.nameHash) };
}

/** Negative where `a` is the better host: by score, then rendezvous weight, then name. */
export function compareScored(a: Scored, b: Scored): number {
  return b.score - a.score || b.weight - a.weight || byText(a.entry.host.name, b.entry.host.name);
}

/** Share of the host's memory that is claimed with the instance on it; 1 is full. */
function memoryAfter(subject: Subject, entry: HostEntry): number {
  const { capacity, used } = entry;
  if (capacity === null) return 0;
  return share(used.memoryMib + claimOn(subject, entry).memoryMib, capacity.memoryMib);
}

/** The same for its CPUs. */
function cpusAfter(subject: Subject, entry: HostEntry): number {
  const { capacity, used } = entry;
  if (capacity === null) return 0;
  return share(used.milliCpus + claimOn(subject, entry).milliCpus, capacity.cpus * 1_000);
}

function share(claimed: number, all: number): number {
  return all > 0 ? claimed / all : 1;
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}

function othersOf(service: string, others: number | undefined, where: string): string {
  return `${count(others ?? 0, 'other instance')} of service ${service} ${where}`;
}

function count(number: number, thing: string): string {
  return `${number === 0 ? 'no' : number} ${thing}${number === 1 ? '' : 's'}`;
}
