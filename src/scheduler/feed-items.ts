// What there is to watch, as it is sent.

import type { FleetEvent } from '../domain/model.ts';
import { instanceObject, type Operation } from '../domain/operation.ts';
import type { Incident } from '../incidents/incident.ts';
import { viewItem } from '../protocol/incident-views.ts';
import type { WatchKind } from '../protocol/watch-views.ts';
import type { FeedItem } from './feed-ring.ts';
import {
  type HostSeen,
  hostsSeen,
  type InstanceSeen,
  instancesSeen,
  type ViewSource,
  viewOfHost,
  viewOfInstance,
  viewOperation,
  viewPool,
} from './views.ts';

/** One look at the fleet. */
export interface Sight {
  readonly source: ViewSource;
  /** Those that have not ended and the newest of the others, in any order, some perhaps twice. */
  readonly operations: readonly Operation[];
  /** The newest, in any order. */
  readonly incidents: readonly Incident[];
  /** In the order they happened. */
  readonly events: readonly FleetEvent[];
}

/** The item that was sent last of a name, undefined where there was none. */
type Known = (kind: WatchKind, name: string) => FeedItem | undefined;

/**
 * Makes items of looks. Of ten thousand instances few are others from one look to the next: where
 * all that a view is made of is the same, so is the item, and nothing is written out again.
 */
export class FeedItems {
  /** What items were made of. */
  readonly #parts = new WeakMap<FeedItem, readonly unknown[]>();

  /** All that a look has seen, hosts first; a generator, so that a large fleet can be made in turns. */
  *of(sight: Sight, known: Known): Generator<FeedItem> {
    const { source, operations, incidents, events } = sight;
    const { hosts, pools, instances } = source.fleet;
    const hostSeen = hostsSeen(source);
    for (const host of hosts) {
      const seen = hostSeen(host);
      const last = known('host', host.name);
      yield this.#item(last, partsOfHost(seen), 'host', host.name, [], () => viewOfHost(seen));
    }
    for (const pool of pools) {
      const last = known('pool', pool.name);
      const view = () => viewPool(source, pool);
      yield this.#item(last, [pool, instances], 'pool', pool.name, [], view);
    }
    const instanceSeen = instancesSeen(source);
    for (const instance of instances) {
      const { name, owner } = instance.spec;
      const seen = instanceSeen(instance);
      yield this.#item(
        known('instance', name),
        partsOfInstance(seen),
        'instance',
        name,
        [owner],
        () => {
          const { config: _, ...view } = viewOfInstance(seen);
          return view;
        },
      );
    }
    for (const item of others(source, operations, incidents, events)) {
      const last = known(item.kind, item.name);
      const isSame = last?.json === item.json && last.owners.join() === item.owners.join();
      // What is the same is kept once, however long a slow follower keeps what it is sent.
      yield isSame ? last : item;
    }
  }

  #item(
    last: FeedItem | undefined,
    parts: readonly unknown[],
    kind: WatchKind,
    name: string,
    owners: readonly string[],
    view: () => unknown,
  ): FeedItem {
    const before = last === undefined ? undefined : this.#parts.get(last);
    if (last !== undefined && before !== undefined && isSameList(before, parts)) return last;
    const made = itemOf(kind, name, owners, view());
    const item = last?.json === made.json ? { ...made, json: last.json } : made;
    this.#parts.set(item, parts);
    return item;
  }
}

function* others(
  { fleet, sessions }: ViewSource,
  operations: readonly Operation[],
  incidents: readonly Incident[],
  events: readonly FleetEvent[],
): Generator<FeedItem> {
  const owners = new Map<string, string>(
    fleet.instances.map(({ spec }) => [instanceObject(spec.name), spec.owner]),
  );
  const ownersOf = (objects: readonly string[]) => [
    ...new Set(objects.flatMap((object) => owners.get(object) ?? [])),
  ];
  for (const operation of operations.toSorted((a, b) => a.requestedMs - b.requestedMs)) {
    const view = viewOperation(operation, sessions);
    yield itemOf('operation', view.id, ownersOf(view.objects), view);
  }
  for (const incident of incidents.toSorted((a, b) => a.id - b.id)) {
    yield itemOf('incident', String(incident.id), [], viewItem(incident));
  }
  for (const event of events) {
    yield itemOf('event', String(event.id), ownersOf([event.object]), event);
  }
}

function itemOf(kind: WatchKind, name: string, owners: readonly string[], view: unknown): FeedItem {
  return { kind, name, owners, json: JSON.stringify(view) };
}

// Every part by which two views of one name can differ; what is an object is another one then.
function partsOfHost({ host, verdict: { state, reasons }, instances }: HostSeen) {
  const on = instances.map(({ name, role }) => `${name} ${role}`).join();
  return [host, state, reasons.join('\n'), on];
}

function partsOfInstance(seen: InstanceSeen): readonly unknown[] {
  const { instance, assignment, standbys, observed, isSilent, shed, kept, operation } = seen;
  return [instance, assignment, standbys.join(), observed, isSilent, shed, kept, operation];
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((part, index) => Object.is(part, b[index]));
}
