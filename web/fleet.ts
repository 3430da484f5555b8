// The fleet as it was heard last. What has not changed stays the same object, so that of ten thousand
// instances only those are drawn anew that are others.

import { capacityOf } from '../src/placement/capacity.ts';
import type { EventView, HostView, OperationView } from '../src/protocol/api.ts';
import type { IncidentItem } from '../src/protocol/incident-views.ts';
import type { WatchDelete, WatchedInstance, WatchPut } from '../src/protocol/watch-views.ts';
import { Cell } from './cell.ts';

/** Ended operations and events that are remembered; the API has more. */
const endedMax = 100;
const eventsMax = 200;

export type HostBrief = Omit<HostView, 'instances'>;
export type InstanceBrief = Omit<WatchedInstance, 'addresses'> & {
  readonly addresses: readonly string[];
};

/** What is on a host: those that run there, and those that it stands by for. */
export interface OnHost {
  readonly active: readonly InstanceBrief[];
  readonly standby: readonly InstanceBrief[];
}

export interface Fleet {
  readonly hosts: ReadonlyMap<string, HostBrief>;
  readonly instances: ReadonlyMap<string, InstanceBrief>;
  readonly onHosts: ReadonlyMap<string, OnHost>;
  /** The newest first: all that have not ended, and the last of the others. */
  readonly operations: readonly OperationView[];
  readonly incidents: readonly IncidentItem[];
  readonly events: readonly EventView[];
}

/** Null until all of it has been heard. */
export const fleet = new Cell<Fleet | null>(null);

const nothing: OnHost = { active: [], standby: [] };

export function onHost(one: Fleet, host: string): OnHost {
  return one.onHosts.get(host) ?? nothing;
}

export function isOpen({ state }: Pick<OperationView, 'state'>): boolean {
  return state === 'queued' || state === 'running';
}

/** Takes what a watch says, and makes fleets of it. */
export class FleetBook {
  #hosts = new Map<string, HostBrief>();
  #instances = new Map<string, InstanceBrief>();
  #operations = new Map<string, OperationView>();
  #incidents = new Map<string, IncidentItem>();
  #events = new Map<string, EventView>();
  #onHosts: ReadonlyMap<string, OnHost> = new Map();
  /** Whether something was heard since the last fleet was made that changes who is where. */
  #isMoved = true;

  /** Forgets all: what there is follows. */
  reset(): void {
    this.#hosts = new Map();
    this.#instances = new Map();
    this.#operations = new Map();
    this.#incidents = new Map();
    this.#events = new Map();
    this.#isMoved = true;
  }

  put(said: WatchPut): void {
    switch (said.kind) {
      case 'host': {
        const { instances: _, ...host } = said.object;
        // What it may carry is reckoned from its facts where nobody has said it.
        const capacity = capacityOf(host);
        keep(this.#hosts, said.name, { ...host, capacity });
        break;
      }
      case 'instance': {
        const addresses = said.object.addresses.map(({ address }) => address);
        const isOther = keep(this.#instances, said.name, { ...said.object, addresses });
        if (isOther) this.#isMoved = true;
        break;
      }
      case 'operation':
        keep(this.#operations, said.name, said.object);
        break;
      case 'incident':
        keep(this.#incidents, said.name, said.object);
        break;
      case 'event':
        keep(this.#events, said.name, said.object);
        break;
      case 'pool':
        break;
    }
  }

  delete({ kind, name }: WatchDelete): void {
    if (kind === 'host') this.#hosts.delete(name);
    if (kind === 'instance' && this.#instances.delete(name)) this.#isMoved = true;
  }

  /** The fleet as it is now. */
  fleet(): Fleet {
    if (this.#isMoved) this.#onHosts = placed(this.#onHosts, this.#instances);
    this.#isMoved = false;
    const operations = [...this.#operations.values()].toSorted(
      (a, b) => b.requestedMs - a.requestedMs,
    );
    for (const one of operations.filter((each) => !isOpen(each)).slice(endedMax)) {
      this.#operations.delete(one.id);
    }
    const events = [...this.#events.values()].toSorted((a, b) => b.id - a.id);
    for (const one of events.slice(eventsMax)) this.#events.delete(String(one.id));
    return {
      hosts: new Map(this.#hosts),
      instances: new Map(this.#instances),
      onHosts: this.#onHosts,
      operations,
      incidents: [...this.#incidents.values()].toSorted((a, b) => b.id - a.id),
      events,
    };
  }
}

function placed(
  last: ReadonlyMap<string, OnHost>,
  instances: ReadonlyMap<string, InstanceBrief>,
): ReadonlyMap<string, OnHost> {
  const found = new Map<string, { active: InstanceBrief[]; standby: InstanceBrief[] }>();
  const at = (host: string) => {
    const there = found.get(host) ?? { active: [], standby: [] };
    found.set(host, there);
    return there;
  };
  for (const one of instances.values()) {
    if (one.host !== null) at(one.host).active.push(one);
    for (const host of one.standbys) at(host).standby.push(one);
  }
  const next = new Map<string, OnHost>();
  for (const [host, lists] of found) {
    lists.active.sort(byWeight);
    lists.standby.sort(byWeight);
    const before = last.get(host);
    const isSame =
      before !== undefined &&
      isSameList(before.active, lists.active) &&
      isSameList(before.standby, lists.standby);
    next.set(host, isSame ? before : lists);
  }
  return next;
}

const collator = new Intl.Collator('en', { numeric: true });

/** The most important first. */
function byWeight(a: InstanceBrief, b: InstanceBrief): number {
  return a.tier - b.tier || collator.compare(a.name, b.name);
}

function isSameList<Item>(a: readonly Item[], b: readonly Item[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** @returns whether it is another than before */
function keep<Value>(map: Map<string, Value>, name: string, value: Value): boolean {
  if (isSame(map.get(name), value)) return false;
  map.set(name, value);
  return true;
}

/** Whether two values of JSON are equal, whose keys come in one order. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) =>
    isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
