// What `place` must decide, written as slowly and plainly as can be: no index, no cache, every
// number added up anew for every pair of instance and host. For tests only.

import type { Host, Instance } from '../domain/model.ts';
import type { PlacementInput } from './input.ts';
import { hashText, rendezvousWeight } from './rendezvous.ts';

/** Host of each instance that had none, by instance name; null where none fits. */
export function naivePlace(input: PlacementInput): Map<string, string | null> {
  const decided = new Map<string, string | null>();
  const waiting = input.instances
    .filter((one) => !input.assignments.some(({ instanceId }) => instanceId === one.id))
    .toSorted((a, b) => (placeKey(a) < placeKey(b) ? -1 : 1));
  let now = input;
  for (const instance of waiting) {
    const ranked = now.hosts
      .filter((host) => naiveFits(now, instance, host))
      .toSorted(
        (a, b) =>
          naiveScore(now, instance, b) - naiveScore(now, instance, a) ||
          pull(instance, b) - pull(instance, a) ||
          (a.name < b.name ? -1 : 1),
      );
    const chosen = ranked[0];
    decided.set(instance.spec.name, chosen?.name ?? null);
    if (chosen === undefined) continue;
    const assignment = { instanceId: instance.id, host: chosen.name, epoch: 1 as never };
    now = { ...now, assignments: [...now.assignments, { ...assignment, granted: true }] };
  }
  return decided;
}

/** Instances on the host: active and standby, each once. */
export function occupantsOf(input: PlacementInput, host: Host): Instance[] {
  return input.instances.filter(({ id }) =>
    [...input.assignments, ...input.standbys].some(
      (one) => one.instanceId === id && one.host === host.name,
    ),
  );
}

/** Instances that are active on the host. */
export function activesOf(input: PlacementInput, host: Host): Instance[] {
  return input.instances.filter(({ id }) =>
    input.assignments.some((one) => one.instanceId === id && one.host === host.name),
  );
}

/** True where one of the two asked not to share a host with the other. */
export function areFoes(a: Instance, b: Instance): boolean {
  return (
    a !== b &&
    (a.spec.placement.avoid.includes(b.spec.name) || b.spec.placement.avoid.includes(a.spec.name))
  );
}

/** What the host may carry, in MiB, thousandths of a CPU and instances. */
export function limitsOf(host: Host): { memory: number; milliCpus: number; instances: number } {
  const { capacity, facts } = host;
  return {
    memory: capacity?.memoryMib ?? Math.floor((facts?.memoryMib ?? 0) * 0.8),
    milliCpus: (capacity?.cpus ?? (facts?.cpus ?? 0) * 4) * 1_000,
    instances: capacity?.instances ?? 1_000,
  };
}

export function memoryOf(instances: readonly Instance[]): number {
  return instances.reduce((sum, { spec }) => sum + spec.resources.memoryMib, 0);
}

export function milliCpusOf(instances: readonly Instance[]): number {
  return instances.reduce((sum, { spec }) => sum + Math.round(spec.resources.cpus * 1_000), 0);
}

function placeKey({ spec }: Instance): string {
  return `${spec.tier} ${spec.name}`;
}

function pull(instance: Instance, host: Host): number {
  return rendezvousWeight(hashText(instance.id), hashText(host.name));
}

/** The host's occupants with the instance among them. */
function withIt(others: readonly Instance[], instance: Instance): Instance[] {
  return [...others.filter((other) => other !== instance), instance];
}

function naiveFits(input: PlacementInput, instance: Instance, host: Host): boolean {
  const { facts } = host;
  const { image, placement, addresses } = instance.spec;
  const { zones, racks, labels } = placement;
  const occupants = withIt(occupantsOf(input, host), instance);
  const actives = withIt(activesOf(input, host), instance);
  const limits = limitsOf(host);
  return (
    host.state === 'ready' &&
    host.cordonReason === null &&
    facts !== null &&
    facts.images.some(({ reference }) => reference === image) &&
    addresses.every((wish) => {
      const pool = input.pools.find(({ name }) => name === wish.pool);
      const bridge = facts.bridges.find(({ name }) => name === pool?.bridge);
      return pool !== undefined && bridge !== undefined && (pool.vlan === null || bridge.vlanAware);
    }) &&
    (zones.length === 0 || zones.includes(host.zone)) &&
    (racks.length === 0 || racks.includes(host.rack)) &&
    Object.entries(labels).every(([label, value]) => host.labels[label] === value) &&
    !occupants.some((other) => areFoes(instance, other)) &&
    occupants.length <= limits.instances &&
    memoryOf(occupants) <= limits.memory &&
    milliCpusOf(actives) <= limits.milliCpus
  );
}

function naiveScore(input: PlacementInput, instance: Instance, host: Host): number {
  const actives = activesOf(input, host);
  const limits = limitsOf(host);
  const inService = (hosts: readonly Host[]): number =>
    hosts
      .flatMap((one) => activesOf(input, one))
      .filter(({ spec }) => spec.service === instance.spec.service).length;
  const sameZone = input.hosts.filter(({ zone }) => zone === host.zone);
  const sameRack = sameZone.filter(({ rack }) => rack === host.rack);
  const memory = memoryOf(withIt(occupantsOf(input, host), instance)) / limits.memory;
  const cpus = milliCpusOf(withIt(actives, instance)) / limits.milliCpus;
  const crowd = Math.min(10, actives.filter(({ spec }) => spec.tier === 0).length);
  const isWarm = input.standbys.some(
    (one) => one.instanceId === instance.id && one.host === host.name,
  );
  return (
    -1_000 * (inService(sameZone) + inService(sameRack) + inService([host])) -
    Math.round(600 * Math.max(memory, cpus)) -
    10 * instance.spec.tier * crowd +
    (isWarm ? 1_000_000 : 0)
  );
}
