// Lists of the API's records as tables.

import type { EventView, HostView, InstanceView, PoolView } from '../protocol/api.ts';
import { durationText, momentText } from './duration.ts';
import { oneLine } from './printable.ts';
import { shortId } from './short-id.ts';
import { tableText } from './table.ts';
import type { Paint, Style } from './terminal.ts';

export function hostsTable(hosts: readonly HostView[], nowMs: number, paint: Paint): string {
  if (hosts.length === 0) return 'no hosts';
  return tableText(
    ['NAME', 'STATE', 'ZONE', 'RACK', 'ACTIVE', 'STANDBY', 'KERNEL', 'LAST SEEN'],
    hosts.map((host) => [
      host.name,
      hostState(host, paint),
      host.zone || '-',
      host.rack || '-',
      String(host.instances.filter(({ role }) => role === 'active').length),
      String(host.instances.filter(({ role }) => role === 'standby').length),
      host.facts?.kernel ?? '-',
      agoText(host.lastSeenMs, nowMs),
    ]),
    { right: new Set(['ACTIVE', 'STANDBY']) },
  );
}

export function poolsTable(pools: readonly PoolView[]): string {
  if (pools.length === 0) return 'no pools';
  return tableText(
    ['NAME', 'CIDR', 'RANGE', 'GATEWAY', 'BRIDGE', 'VLAN', 'USED'],
    pools.map((pool) => [
      pool.name,
      pool.cidr,
      pool.range === null ? '-' : `${pool.range.from}-${pool.range.to}`,
      pool.gateway ?? '-',
      pool.bridge,
      pool.vlan === null ? '-' : String(pool.vlan),
      String(pool.used.length),
    ]),
    { right: new Set(['USED']) },
  );
}

export function instancesTable(
  instances: readonly InstanceView[],
  paint: Paint,
  columns: number,
): string {
  if (instances.length === 0) return 'no instances';
  return tableText(
    ['NAME', 'PHASE', 'HOST', 'TIER', 'OWNER', 'SERVICE', 'ADDRESSES'],
    instances.map((instance) => [
      instance.name,
      phaseText(instance, paint),
      instance.host ?? '-',
      String(instance.tier),
      instance.owner || '-',
      instance.service || '-',
      instance.addresses.map(({ address }) => address).join(' ') || '-',
    ]),
    { right: new Set(['TIER']), columns },
  );
}

export function eventsTable(events: readonly EventView[], columns: number): string {
  if (events.length === 0) return 'no events';
  return tableText(['TIME', 'KIND', 'OBJECT', 'MESSAGE'], events.map(eventCells), { columns });
}

/** One event on a line of its own, for a list that goes on. */
export function eventLine(event: EventView): string {
  return oneLine(eventCells(event).join('  '));
}

/** How a host does, with its cordon. */
export function hostState(
  { state, cordonReason }: Pick<HostView, 'state' | 'cordonReason'>,
  paint: Paint,
): string {
  const styles = { ready: 'green', joining: 'cyan', suspect: 'red', dead: 'red' } as const;
  const shown = paint(styles[state], state);
  return cordonReason === null ? shown : `${shown}, ${paint('yellow', 'cordoned')}`;
}

const phaseStyles: Readonly<Record<InstanceView['phase'], Style>> = {
  pending: 'yellow',
  shed: 'yellow',
  silent: 'red',
  preparing: 'cyan',
  standby: 'cyan',
  serving: 'green',
  failed: 'red',
};

/** How an instance does, with what it is about. */
export function phaseText({ phase, shed, operation, problem }: InstanceView, paint: Paint): string {
  const forWhom = shed === null ? '' : ` for ${shed.instance}, tier ${shed.tier}`;
  const about =
    operation !== null
      ? `, held by ${shortId(operation)}`
      : problem !== null
        ? `, ${problem.code}`
        : '';
  return paint(phaseStyles[phase], phase + forWhom) + about;
}

/** Whom an instance gave way to, since when, and how it comes back. */
export function shedText(
  { host, instance, tier, sinceMs }: NonNullable<InstanceView['shed']>,
  nowMs: number,
): string {
  return (
    `for ${instance}, tier ${tier}, on ${host}, ${agoText(sinceMs, nowMs)}; ` +
    'comes back when there is room again'
  );
}

export function agoText(atMs: number | null, nowMs: number): string {
  return atMs === null ? 'never' : `${durationText(nowMs - atMs)} ago`;
}

function eventCells({ atMs, kind, object, message }: EventView): readonly string[] {
  return [momentText(atMs), kind, object, message];
}
