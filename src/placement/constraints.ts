import type { ErrorCode } from '../domain/errors.ts';
import { shortageOf } from './capacity.ts';
import { claimOn, type HostEntry, type Subject } from './fleet-index.ts';
import type { Refusal } from './input.ts';

/**
 * Why the instance may not run on the host, or null where it may. The text is made only when it
 * is asked for: a plan for a large fleet refuses millions of pairs and prints a handful. Ask at
 * once, before the plan goes on: it reads the usage of that moment.
 */
type Refuse = (subject: Subject, entry: HostEntry) => (() => string) | null;

export interface Constraint {
  readonly code: ErrorCode;
  /** What the refused hosts have in common, to follow a number: `3 cordoned`. */
  readonly label: string;
  readonly refuse: Refuse;
}

const ready: Refuse = (_subject, { host }) => {
  switch (host.state) {
    case 'ready':
      return null;
    case 'joining':
      return () => `${host.name} is joining: its agent was never connected`;
    case 'dead':
      return () => `${host.name} is dead: proven to answer for nothing`;
    case 'suspect':
      return () => `${host.name} is suspect: its agent fell silent`;
  }
};

const notCordoned: Refuse = (_subject, { host }) => {
  const { name, cordonReason } = host;
  if (cordonReason === null) return null;
  return () => `${name} is cordoned: ${cordonReason.trim() || 'no reason was given'}`;
};

const factsKnown: Refuse = (_subject, { host }) =>
  host.facts !== null ? null : () => `${host.name} has not told its facts yet`;

const imageHeld: Refuse = ({ instance }, { host }) => {
  const { image } = instance.spec;
  if (host.facts?.images.some(({ reference }) => reference === image) !== false) return null;
  return () => `${host.name} does not hold image ${image}`;
};

const bridgesThere: Refuse = ({ pools }, { host }) => {
  for (const [name, pool] of pools) {
    if (pool === null) return () => `pool ${name} does not exist`;
    if (host.facts === null) continue;
    const bridge = host.facts.bridges.find(({ name }) => name === pool.bridge);
    if (bridge === undefined) {
      return () => `${host.name} has no bridge ${pool.bridge}, which pool ${name} is on`;
    }
    if (pool.vlan !== null && !bridge.vlanAware) {
      return () =>
        `bridge ${pool.bridge} of ${host.name} is not VLAN-aware, and pool ${name} is on ` +
        `VLAN ${pool.vlan}`;
    }
  }
  return null;
};

const zoneAllowed: Refuse = ({ instance }, { host }) => {
  const { zones } = instance.spec.placement;
  if (zones.length === 0 || zones.includes(host.zone)) return null;
  return () => `${host.name} is in zone ${host.zone}, not in ${zones.join(' or ')}`;
};

const rackAllowed: Refuse = ({ instance }, { host }) => {
  const { racks } = instance.spec.placement;
  if (racks.length === 0 || racks.includes(host.rack)) return null;
  return () => `${host.name} is in rack ${host.rack}, not in ${racks.join(' or ')}`;
};

const labelsMatch: Refuse = ({ instance }, { host }) => {
  for (const [label, wanted] of Object.entries(instance.spec.placement.labels)) {
    const value = Object.hasOwn(host.labels, label) ? host.labels[label] : undefined;
    if (value === wanted) continue;
    return () =>
      value === undefined
        ? `${host.name} has no label ${label}, wanted is ${label}=${wanted}`
        : `${host.name} has label ${label}=${value}, wanted is ${label}=${wanted}`;
  }
  return null;
};

const companyAllowed: Refuse = ({ instance, avoided }, entry) => {
  const other = avoided.size === 0 ? undefined : avoided.get(entry);
  if (other === undefined) return null;
  return () =>
    `${entry.host.name} has ${other}, which must not share a host with ${instance.spec.name}`;
};

const roomNotKept: Refuse = ({ instance }, { host, keptFor }) => {
  if (keptFor === null || instance.spec.tier <= keptFor.tier) return null;
  return () => `${host.name} is making room for ${keptFor.instance}, tier ${keptFor.tier}`;
};

const roomLeft: Refuse = (subject, entry) => {
  const { host, capacity, used } = entry;
  if (capacity === null) return null;
  const claim = claimOn(subject, entry);
  switch (shortageOf(capacity, used, claim)) {
    case null:
      return null;
    case 'instances':
      return () => `${host.name} carries ${used.instances} instances of ${capacity.instances}`;
    case 'memory':
      return () =>
        `${host.name} has ${used.memoryMib} of ${capacity.memoryMib} MiB claimed, ` +
        `wanted are ${claim.memoryMib} MiB more`;
    case 'cpus':
      return () =>
        `${host.name} has ${used.milliCpus / 1_000} of ${capacity.cpus} CPUs claimed, ` +
        `wanted are ${claim.milliCpus / 1_000} more`;
  }
};

/** Those whose answer stays the same while a plan is made, in the order a person wants to know. */
export const fixedConstraints: readonly Constraint[] = [
  { code: 'HOST_NOT_READY', label: 'not ready', refuse: ready },
  { code: 'HOST_CORDONED', label: 'cordoned', refuse: notCordoned },
  { code: 'HOST_NOT_READY', label: 'without known facts', refuse: factsKnown },
  { code: 'IMAGE_MISSING', label: 'without the image', refuse: imageHeld },
  { code: 'NO_PLACE', label: 'without the bridge', refuse: bridgesThere },
  { code: 'NO_PLACE', label: 'outside the wanted zones', refuse: zoneAllowed },
  { code: 'NO_PLACE', label: 'outside the wanted racks', refuse: rackAllowed },
  { code: 'NO_PLACE', label: 'without the wanted labels', refuse: labelsMatch },
];

/** Those whose answer changes with each instance that is placed. */
export const movingConstraints: readonly Constraint[] = [
  { code: 'NO_PLACE', label: 'with an instance to avoid', refuse: companyAllowed },
  { code: 'NO_CAPACITY', label: 'making room for another', refuse: roomNotKept },
  { code: 'NO_CAPACITY', label: 'without room', refuse: roomLeft },
];

/** True where nothing but room may keep the instance off the host, and it may have that made. */
export function mayHaveRoomMade(subject: Subject, entry: HostEntry): boolean {
  return [companyAllowed, roomNotKept].every((refuse) => refuse(subject, entry) === null);
}

/** Every reason why the instance may not run on the host; empty where it may. */
export function refusalsOf(subject: Subject, entry: HostEntry): readonly Refusal[] {
  return [...fixedConstraints, ...movingConstraints].flatMap(({ code, refuse }) => {
    const text = refuse(subject, entry);
    return text === null ? [] : [{ code, message: text() }];
  });
}
