// Rows of the database as the domain's plain data.

import { canonicalAddress, familyOf } from '../domain/address.ts';
import type { HostName, InstanceId, PoolName } from '../domain/ids.ts';
import type { ServiceAddress } from '../domain/model.ts';
import type { Migration, MigrationPhase } from './store.ts';

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

/** A migration as the domain has it. */
export function migrationOf(row: {
  id: string;
  instance_id: string;
  source: string;
  target: string;
  who: string;
  reason: string;
  phase: string;
  switched: boolean;
  steps: Migration['steps'];
  started_ms: number;
  ended_ms: number | null;
  outcome: string | null;
  error: string | null;
}): Migration {
  const { id, who, reason, switched, steps, error } = row;
  return {
    id,
    instanceId: row.instance_id as InstanceId,
    source: row.source as HostName,
    target: row.target as HostName,
    who,
    reason,
    phase: row.phase as MigrationPhase,
    switched,
    steps,
    startedMs: row.started_ms,
    endedMs: row.ended_ms,
    outcome: row.outcome as Migration['outcome'],
    error,
  };
}

/** PostgreSQL writes IPv6 nearly as RFC 5952 does, but not in every case. */
export function canonical(text: string): string {
  return canonicalAddress(text) ?? text;
}
