import type { Generated, JSONColumnType } from 'kysely';
import type { Capacity, HostFacts, InstanceSpec, ObservedInstance } from '../domain/model.ts';
import type { MigrationStep } from './store.ts';

/** The tables of `sql/`, as Kysely has to know them. Network types travel as text. */
export interface Schema {
  hosts: {
    name: string;
    zone: string;
    rack: string;
    labels: JSONColumnType<Record<string, string>>;
    capacity: JSONColumnType<Capacity> | null;
    cordon_reason: string | null;
    state: Generated<'joining' | 'ready' | 'suspect'>;
    facts: JSONColumnType<HostFacts> | null;
    last_seen_ms: number | null;
  };
  pools: {
    name: string;
    cidr: string;
    range_from: string | null;
    range_to: string | null;
    prefix: number;
    gateway: string | null;
    bridge: string;
    vlan: number | null;
  };
  instances: {
    id: string;
    name: string;
    spec: JSONColumnType<InstanceSpec>;
    rendered: string;
    config_hash: string;
    last_epoch: Generated<number>;
  };
  addresses: {
    address: string;
    instance_id: string;
    position: number;
    pool: string;
    prefix: number;
    gateway: string | null;
    bridge: string;
    vlan: number | null;
  };
  assignments: { instance_id: string; host: string; epoch: number; granted: boolean };
  standbys: { instance_id: string; host: string };
  observations: {
    host: string;
    instance_id: string;
    at_ms: number;
    seen: JSONColumnType<ObservedInstance>;
  };
  migrations: {
    id: string;
    instance_id: string;
    source: string;
    target: string;
    who: string;
    reason: string;
    phase: string;
    switched: boolean;
    steps: JSONColumnType<MigrationStep[]>;
    started_ms: number;
    ended_ms: number | null;
    outcome: string | null;
    error: string | null;
  };
  /** The driver gives a bigint as text; ids stay far below 2^53. */
  events: { id: Generated<string>; at_ms: number; kind: string; object: string; message: string };
  join_tokens: { id: string; host: string; secret_hash: string; expires_ms: number };
  settings: { name: string; value: string };
}
