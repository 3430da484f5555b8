// What there is to watch, as it is sent.

import type { FleetEvent } from '../domain/model.ts';
import { instanceObject, type Operation } from '../domain/operation.ts';
import type { Incident } from '../incidents/incident.ts';
import { viewItem } from '../protocol/incident-views.ts';
import type { WatchKind } from '../protocol/watch-views.ts';
import type { FeedItem } from './feed-ring.ts';
import { hostViews, instanceViews, type ViewSource, viewOperation, viewPool } from './views.ts';

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

/** All that a look has seen, hosts first; a generator, so that a large fleet can be made in turns. */
export function* itemsOf({ source, operations, incidents, events }: Sight): Generator<FeedItem> {
  const { hosts, pools, instances } = source.fleet;
  const owners = new Map<string, string>(
    instances.map(({ spec }) => [instanceObject(spec.name), spec.owner]),
  );
  const ownersOf = (objects: readonly string[]) => [
    ...new Set(objects.flatMap((object) => owners.get(object) ?? [])),
  ];
  const hostView = hostViews(source);
  for (const host of hosts) yield item('host', host.name, [], hostView(host));
  for (const pool of pools) yield item('pool', pool.name, [], viewPool(source, pool));
  const instanceView = instanceViews(source);
  for (const instance of instances) {
    const { config: _, ...view } = instanceView(instance);
    yield item('instance', view.name, [view.owner], view);
  }
  for (const operation of operations.toSorted((a, b) => a.requestedMs - b.requestedMs)) {
    const view = viewOperation(operation, source.sessions);
    yield item('operation', view.id, ownersOf(view.objects), view);
  }
  for (const incident of incidents.toSorted((a, b) => a.id - b.id)) {
    yield item('incident', String(incident.id), [], viewItem(incident));
  }
  for (const event of events) {
    yield item('event', String(event.id), ownersOf([event.object]), event);
  }
}

function item(kind: WatchKind, name: string, owners: readonly string[], view: unknown): FeedItem {
  return { kind, name, owners, json: JSON.stringify(view) };
}
