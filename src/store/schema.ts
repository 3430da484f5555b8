import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { ConfigContent } from '../domain/config-version.ts';
import type { ErrorBody } from '../domain/errors.ts';
import type { Override } from '../domain/live.ts';
import type { Capacity, HostFacts, InstanceSpec, ObservedInstance, Tier } from '../domain/model.ts';
import type { OperationKind, OperationState, OperationStep } from '../domain/operation.ts';
import { type Pause, type RolloutRecord } from '../domain/rollout.ts';
import type { Incident, IncidentState } from '../incidents/incident.ts';

/** The tables of `sql/`, as Kysely has to know them. Network types travel as text. */
export interface Schema {
  hosts: {
    name: string;
    zone: string;
    rack: string;
    labels: JSONColumnType<Record<string, string>>;
    capacity: JSONColumnType<Capacity> | null;
    cordon_reason: string | null;
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
  attachment_contents: { sha256: string; content: Buffer };
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
  fences: { host: string; at_ms: number; reasons: JSONColumnType<readonly string[]> };
  witness_sets: { host: string; version: number; witnesses: JSONColumnType<readonly string[]> };
  leaving: { address: string; instance_id: string; epoch: number };
  sheds: {
    instance_id: string;
    host: string;
    for_instance: string;
    for_tier: Tier;
    at_ms: number;
  };
  standbys: { instance_id: string; host: string };
  config_versions: {
    instance_id: string;
    version: number;
    at_ms: number;
    who: string;
    reason: string;
    hash: string;
    content: JSONColumnType<ConfigContent>;
  };
  rollouts: {
    id: string;
    seq: Generated<string>;
    rollout: JSONColumnType<RolloutRecord>;
    pause: JSONColumnType<Pause> | null;
  };
  observations: {
    host: string;
    instance_id: string;
    at_ms: number;
    seen: JSONColumnType<ObservedInstance>;
  };
  sessions: { id: string; name: string; started_ms: number; expires_at: Date };
  connections: { session_id: string; host: string };
  revisions: { only_row: Generated<boolean>; value: string };
  operations: {
    id: string;
    seq: Generated<string>;
    kind: OperationKind;
    objects: JSONColumnType<string[]>;
    args: JSONColumnType<Record<string, string>>;
    who: string;
    reason: string;
    state: OperationState;
    observed: JSONColumnType<Record<string, string>> | null;
    steps: JSONColumnType<OperationStep[]>;
    is_forward: boolean;
    session_id: string | null;
    /** The driver gives a bigint as text. */
    token: ColumnType<string, number, number>;
    cancelled_by: string | null;
    parent_id: string | null;
    requested_ms: number;
    started_ms: number | null;
    ended_ms: number | null;
    error: JSONColumnType<ErrorBody> | null;
  };
  locks: { object: string; operation_id: string; since_ms: number };
  requests: {
    key: string;
    fingerprint: string;
    answer: JSONColumnType<Record<string, unknown>>;
    at_ms: number;
  };
  /** The driver gives a bigint as text; ids stay far below 2^53. */
  events: { id: Generated<string>; at_ms: number; kind: string; object: string; message: string };
  incidents: {
    id: Generated<string>;
    host: string;
    state: IncidentState;
    is_followed: boolean;
    first_ms: number;
    fingerprints: JSONColumnType<string[]>;
    incident: JSONColumnType<Incident>;
  };
  incident_causes: { cause: string; incident_id: string | null };
  overrides: {
    instance_id: string;
    name: string;
    override: JSONColumnType<Override>;
    who: string;
    reason: string;
    at_ms: number;
  };
  join_tokens: { id: string; host: string; secret_hash: string; expires_ms: number };
  settings: { name: string; value: string };
  secret_keys: { id: string; sealed: string; made_ms: number };
  secrets: { name: string; sealed: string };
  certificates: {
    name: string;
    owner: string;
    /** The driver gives a bigint as text. */
    version: string;
    chain: string;
    sealed_key: string;
    not_after_ms: number;
    added_by: string;
    added_ms: number;
    warned_days: number | null;
  };
}
