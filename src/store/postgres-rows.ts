// Rows of the database as the domain's plain data.

import type { Selectable } from 'kysely';
import { canonicalAddress, familyOf } from '../domain/address.ts';
import type { Epoch, HostName, InstanceId, InstanceName, PoolName } from '../domain/ids.ts';
import type { Assignment, HostState, Instance, ServiceAddress, Shed } from '../domain/model.ts';
import type { Operation } from '../domain/operation.ts';
import type { Schema } from './schema.ts';

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

/** PostgreSQL writes IPv6 nearly as RFC 5952 does, but not in every case. */
export function canonical(text: string): string {
  return canonicalAddress(text) ?? text;
}
