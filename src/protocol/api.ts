// Requests and answers of the HTTP API, as schemas. The server checks with them and makes its
// OpenAPI document from them; the CLI and the lab read answers with them.

import { z } from 'zod';
import {
  finding,
  hostFacts,
  hostName,
  instanceId,
  instanceName,
  poolName,
  resources,
} from './shapes.ts';

export const applyRequest = z.object({
  /** Name of the file, for messages only. */
  source: z.string().max(1_024).default('spec'),
  /** The YAML text. */
  text: z.string().max(16 * 1024 * 1024),
  dryRun: z.boolean().default(false),
  /** Delete pools and instances that the text does not name. Hosts are never pruned. */
  prune: z.boolean().default(false),
});

export const change = z.object({
  kind: z.enum(['host', 'instance', 'pool']),
  name: z.string(),
  action: z.enum(['create', 'update', 'delete', 'none']),
  /** For updates, what differs; values as a person would write them, `config` as a unified diff in `after`. */
  fields: z.array(
    z.object({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
  ),
});
export type Change = z.infer<typeof change>;

export const applyAnswer = z.object({
  dryRun: z.boolean(),
  changes: z.array(change),
  warnings: z.array(finding),
});
export type ApplyAnswer = z.infer<typeof applyAnswer>;

export const hostView = z.object({
  name: hostName,
  state: z.enum(['joining', 'ready', 'suspect']),
  zone: z.string(),
  rack: z.string(),
  labels: z.record(z.string(), z.string()),
  cordonReason: z.string().nullable(),
  capacity: z.object({ instances: z.int(), memoryMib: z.int(), cpus: z.number() }).nullable(),
  facts: hostFacts.nullable(),
  lastSeenMs: z.number().nullable(),
  instances: z.array(z.object({ name: instanceName, role: z.enum(['active', 'standby']) })),
});
export type HostView = z.infer<typeof hostView>;

export const poolView = z.object({
  name: poolName,
  cidr: z.string(),
  range: z.object({ from: z.string(), to: z.string() }).nullable(),
  prefix: z.int(),
  gateway: z.string().nullable(),
  bridge: z.string(),
  vlan: z.int().nullable(),
  /** Addresses held by instances. */
  used: z.array(z.object({ address: z.string(), instance: instanceName })),
});
export type PoolView = z.infer<typeof poolView>;

/** `pending` has no host yet; `silent` is assigned, but its host's agent says nothing. */
export const instancePhase = z.enum([
  'pending',
  'silent',
  'preparing',
  'standby',
  'serving',
  'failed',
]);

export const instanceView = z.object({
  id: instanceId,
  name: instanceName,
  owner: z.string(),
  service: z.string(),
  tier: z.int().min(0).max(3),
  contact: z.string(),
  notes: z.string(),
  image: z.string(),
  resources,
  addresses: z.array(z.object({ address: z.string(), pool: poolName })),
  mac: z.string(),
  config: z.string(),
  configHash: z.string(),
  /** Hash that the running HAProxy reports; null where nothing runs. */
  loadedHash: z.string().nullable(),
  host: hostName.nullable(),
  epoch: z.int().nullable(),
  standbys: z.array(hostName),
  phase: instancePhase,
  problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** Id of the migration under way, null for none. */
  migration: z.string().nullable(),
});
export type InstanceView = z.infer<typeof instanceView>;

export const explainView = z.object({
  instance: instanceName,
  /** Where it is now. */
  host: hostName.nullable(),
  /** Where it would be placed if it were placed anew; null where nothing fits. */
  choice: hostName.nullable(),
  candidates: z.array(
    z.object({
      host: hostName,
      fits: z.boolean(),
      /** Why it does not fit; empty where it does. */
      refusals: z.array(z.string()),
      /** Higher is better. Parts add up to `score`. */
      score: z.number(),
      parts: z.array(z.object({ name: z.string(), value: z.number(), why: z.string() })),
    }),
  ),
});
export type ExplainView = z.infer<typeof explainView>;

export const migrateRequest = z.object({ to: hostName, reason: z.string().max(1_024).default('') });

export const migrationView = z.object({
  id: z.string(),
  instance: instanceName,
  source: hostName,
  target: hostName,
  who: z.string(),
  reason: z.string(),
  steps: z.array(
    z.object({
      phase: z.string(),
      startedMs: z.number(),
      endedMs: z.number().nullable(),
      note: z.string(),
    }),
  ),
  startedMs: z.number(),
  endedMs: z.number().nullable(),
  outcome: z.enum(['done', 'undone']).nullable(),
  error: z.string().nullable(),
});
export type MigrationView = z.infer<typeof migrationView>;

export const cordonRequest = z.object({ reason: z.string().max(1_024).default('') });

export const joinTokenRequest = z.object({
  host: hostName,
  /** Seconds until the token is void. */
  ttlS: z
    .int()
    .min(1)
    .max(7 * 86_400)
    .default(3_600),
});
export const joinTokenView = z.object({
  token: z.string(),
  host: hostName,
  expiresMs: z.number(),
});
export type JoinTokenView = z.infer<typeof joinTokenView>;

export const eventView = z.object({
  id: z.int(),
  atMs: z.number(),
  kind: z.string(),
  object: z.string(),
  message: z.string(),
});
export type EventView = z.infer<typeof eventView>;

export const statusView = z.object({
  version: z.string(),
  uptimeS: z.number(),
  store: z.enum(['embedded', 'external']),
  hosts: z.object({ ready: z.int(), total: z.int() }),
  instances: z.object({ serving: z.int(), total: z.int() }),
  /** Last result of each reconciler; `error` null where it went well. */
  reconcilers: z.array(
    z.object({
      name: z.string(),
      lastRunMs: z.number().nullable(),
      tookMs: z.number().nullable(),
      result: z.string(),
      error: z.string().nullable(),
    }),
  ),
});
export type StatusView = z.infer<typeof statusView>;

// Paths, for reference: all but the OpenAPI document want `Authorization: Bearer TOKEN`.
//   POST /v1/apply                       applyRequest   -> applyAnswer
//   GET  /v1/hosts | /v1/hosts/:name                    -> {items: hostView[]} | hostView
//   POST /v1/hosts/:name/cordon          cordonRequest  -> hostView
//   POST /v1/hosts/:name/uncordon                       -> hostView
//   GET  /v1/pools | /v1/pools/:name                    -> {items: poolView[]} | poolView
//   GET  /v1/instances | /v1/instances/:name            -> {items: instanceView[]} | instanceView
//   GET  /v1/instances/:name/explain                    -> explainView
//   POST /v1/instances/:name/migrate     migrateRequest -> 202 migrationView
//   GET  /v1/migrations/:id                             -> migrationView
//   GET  /v1/events?object=&after=&limit=               -> {items: eventView[]}
//   POST /v1/join-tokens                 joinTokenRequest -> joinTokenView
//   GET  /v1/status                                     -> statusView
//   GET  /v1/openapi.json
// An error is answered as {error: errorBody} with the status of its code.
