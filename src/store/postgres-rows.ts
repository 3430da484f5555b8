// Rows of the database as the domain's plain data.

import type { Selectable } from 'kysely';
import { canonicalAddress, familyOf } from '../domain/address.ts';
import type { Epoch, HostName, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import type {
  Assignment,
  Host,
  HostState,
  Instance,
  LeavingAddress,
  Pool,
  ServiceAddress,
  Shed,
  Standby,
} from '../domain/model.ts';
import type { Operation } from '../domain/operation.ts';
import type { Schema } from './schema.ts';
import type { Observation } from './store.ts';

const plainIpv4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/** An address as the domain has it. */
export function addressOf(row: {
  address: string;
  pool: string;
  prefix: number;
  gateway: string | null;
  bridge: string;
  vlan: number | null;
}): ServiceAddress {
  const { prefix, bridge, vlan } = row;
  return {
    address: canonical(row.address),
    family: familyOf(row.address),
    pool: row.pool as PoolName,
    prefix,
    gateway: row.gateway === null ? null : canonical(row.gateway),
    bridge,
    vlan,
  };
}

/** A host's state, from who hears it and whether it is fenced. */
export function stateOf(
  { name, facts }: Pick<Selectable<Schema['hosts']>, 'name' | 'facts'>,
  ready: ReadonlySet<string>,
  fenced: ReadonlySet<string>,
): HostState {
  if (fenced.has(name)) return 'dead';
  if (ready.has(name)) return 'ready';
  return facts === null ? 'joining' : 'suspect';
}

/** A host as the domain has it, but for its state. */
export function hostOf(row: Selectable<Schema['hosts']>): Omit<Host, 'state'> {
  return {
    name: row.name as HostName,
    zone: row.zone,
    rack: row.rack,
    labels: row.labels,
    capacity: row.capacity,
    cordonReason: row.cordon_reason,
    facts: row.facts,
    lastSeenMs: row.last_seen_ms,
  };
}

/** A pool as the domain has it. */
export function poolOf(row: Selectable<Schema['pools']>): Pool {
  return {
    name: row.name as PoolName,
    cidr: row.cidr,
    range:
      row.range_from === null || row.range_to === null
        ? null
        : { from: canonical(row.range_from), to: canonical(row.range_to) },
    prefix: row.prefix,
    gateway: row.gateway === null ? null : canonical(row.gateway),
    bridge: row.bridge,
    vlan: row.vlan,
  };
}

/** An instance as the domain has it, with the rows of its addresses in their order. */
export function instanceOf(
  row: Selectable<Schema['instances']>,
  addresses: readonly Selectable<Schema['addresses']>[],
): Instance {
  return {
    id: row.id as InstanceId,
    // Rows from before there were standbys have no number of them.
    spec: { ...row.spec, standbys: row.spec.standbys ?? 0, name: row.name as InstanceName },
    addresses: addresses.map(addressOf),
    rendered: row.rendered,
    configHash: row.config_hash,
  };
}

/** An assignment as the domain has it. */
export function assignmentOf(row: Selectable<Schema['assignments']>): Assignment {
  return {
    instanceId: row.instance_id as InstanceId,
    host: row.host as HostName,
    epoch: row.epoch as Epoch,
    granted: row.granted,
  };
}

/** A standby as the domain has it. */
export function standbyOf(row: Selectable<Schema['standbys']>): Standby {
  return { instanceId: row.instance_id as InstanceId, host: row.host as HostName };
}

/** An address that is being left, as the domain has it. */
export function leavingOf(row: Selectable<Schema['leaving']>): LeavingAddress {
  return {
    instanceId: row.instance_id as InstanceId,
    address: canonical(row.address),
    epoch: row.epoch as Epoch,
  };
}

/** An observation as the domain has it. */
export function observationOf(row: Selectable<Schema['observations']>): Observation {
  return { host: row.host as HostName, atMs: row.at_ms, instance: row.seen };
}

/** A shed instance as the domain has it. */
export function shedOf(row: Selectable<Schema['sheds']>): Shed {
  return {
    instanceId: row.instance_id as InstanceId,
    host: row.host as HostName,
    forInstance: row.for_instance as InstanceName,
    forTier: row.for_tier,
    atMs: row.at_ms,
  };
}

/** An operation as the domain has it. The driver gives a bigint as text. */
export function operationOf(row: Selectable<Schema['operations']>): Operation {
  return {
    id: row.id,
    kind: row.kind,
    objects: row.objects,
    args: row.args,
    who: row.who,
    reason: row.reason,
    state: row.state,
    observed: row.observed,
    steps: row.steps,
    isForward: row.is_forward,
    session: row.session_id,
    token: Number(row.token),
    cancelledBy: row.cancelled_by,
    parentId: row.parent_id,
    requestedMs: row.requested_ms,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    error: row.error,
  };
}

/** PostgreSQL writes IPv6 nearly as RFC 5952 does, but not in every case; IPv4 always. */
export function canonical(text: string): string {
  if (plainIpv4.test(text)) return text;
  return canonicalAddress(text) ?? text;
}
