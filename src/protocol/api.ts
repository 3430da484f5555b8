// Requests and answers of the HTTP API, as schemas. The server checks with them and makes its
// OpenAPI document from them; the CLI and the lab read answers with them.

import { z } from 'zod';
import { operationKinds, operationStates } from '../domain/operation.ts';
import {
  errorBody,
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
  /** Let instances get another owner than they have. */
  takeOver: z.boolean().default(false),
  /** Have changes of configurations go in batches, also where the spec does not ask for it. */
  rollout: z.boolean().default(false),
  /** Why, for the journal and the versions of configurations. */
  reason: z.string().max(1_024).default(''),
  /** What is in the files that the text names as attachments, in Base64, by their paths there. */
  files: z.record(z.string().max(4_096), z.string().max(6 * 1024 * 1024)).optional(),
});

export const change = z.object({
  kind: z.enum(['host', 'instance', 'pool']),
  name: z.string(),
  action: z.enum(['create', 'update', 'delete', 'none']),
  /**
   * For updates, what differs; values as a person would write them, `config` as a unified diff in
   * `after`. In a dry run also `rendered`, likewise: what HAProxy reads.
   */
  fields: z.array(
    z.object({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
  ),
});
export type Change = z.infer<typeof change>;

export const applyAnswer = z.object({
  dryRun: z.boolean(),
  changes: z.array(change),
  warnings: z.array(finding),
  /** What was begun to bring the fleet there; empty for a dry run. */
  operations: z.array(
    z.object({ id: z.string(), kind: z.enum(operationKinds), objects: z.array(z.string()) }),
  ),
});
export type ApplyAnswer = z.infer<typeof applyAnswer>;

export const hostView = z.object({
  name: hostName,
  state: z.enum(['joining', 'ready', 'suspect', 'dead']),
  zone: z.string(),
  rack: z.string(),
  labels: z.record(z.string(), z.string()),
  cordonReason: z.string().nullable(),
  capacity: z.object({ instances: z.int(), memoryMib: z.int(), cpus: z.number() }).nullable(),
  facts: hostFacts.nullable(),
  lastSeenMs: z.number().nullable(),
  instances: z.array(z.object({ name: instanceName, role: z.enum(['active', 'standby']) })),
  /** What its witnesses say, as the scheduler that was asked has heard it. */
  verdict: z.object({
    state: z.enum(['alive', 'suspect', 'silenced', 'unwitnessed']),
    reasons: z.array(z.string()),
  }),
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

/**
 * `pending` has no host yet; `shed` gave its room to a more important one, and comes back when there
 * is room again; `silent` is assigned, but its host's agent says nothing.
 */
export const instancePhase = z.enum([
  'pending',
  'shed',
  'silent',
  'preparing',
  'standby',
  'serving',
  'failed',
]);

/** Whom an instance without a host gave way to, where and when. */
export const shedView = z.object({
  host: hostName,
  instance: instanceName,
  tier: z.int().min(0).max(3),
  sinceMs: z.number(),
});

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
  attachments: z
    .array(
      z.object({
        name: z.string(),
        sha256: z.string(),
        sizeBytes: z.int(),
        /** What the configuration may call it beside its name. */
        path: z.string().nullable(),
      }),
    )
    .default([]),
  configHash: z.string(),
  /** Hash that the running HAProxy reports; null where nothing runs. */
  loadedHash: z.string().nullable(),
  /**
   * Processes of configurations before, whose connections have not ended, and since when (wall clock)
   * the oldest is one; null for none.
   */
  oldWorkers: z.object({ count: z.int(), sinceMs: z.number() }).nullable().default(null),
  host: hostName.nullable(),
  epoch: z.int().nullable(),
  standbys: z.array(hostName),
  phase: instancePhase,
  /** Null unless its phase is `shed`. */
  shed: shedView.nullable(),
  problem: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** What was changed in it while it ran and is done again after each load, in words. */
  kept: z.array(z.string()),
  /** Id of the operation that holds it, null for none. */
  operation: z.string().nullable(),
});
export type InstanceView = z.infer<typeof instanceView>;

export const explainView = z.object({
  instance: instanceName,
  /** Where it is now. */
  host: hostName.nullable(),
  /** Where it would be placed if it were placed anew; null where nothing fits. */
  choice: hostName.nullable(),
  /** Whom it gave way to; null where it has a host, or never had to. */
  shed: shedView.nullable(),
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

export const migrateRequest = z.object({
  to: hostName,
  reason: z.string().max(1_024).default(''),
  /** Get in line where the instance is locked, instead of being refused. */
  wait: z.boolean().default(false),
});

export const drainRequest = z.object({
  reason: z.string().max(1_024).default(''),
  /** Get in line where the host is locked, instead of being refused. */
  wait: z.boolean().default(false),
});

const movesMax = z.coerce.number().int().min(1).max(1_000).default(10);

/** The query of the plan. */
export const rebalanceQuery = z.object({ movesMax });

export const rebalanceRequest = z.object({
  movesMax,
  reason: z.string().max(1_024).default(''),
  /** Get in line where another one is at work, instead of being refused. */
  wait: z.boolean().default(false),
});

export const rebalanceView = z.object({
  moves: z.array(
    z.object({ instance: instanceName, from: hostName, to: hostName, explanation: z.string() }),
  ),
});
export type RebalanceView = z.infer<typeof rebalanceView>;

const words = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

export const operationView = z.object({
  id: z.string(),
  kind: z.enum(operationKinds),
  /** What it is about, in a few words: `migrate shop-web from host-1 to host-2`. */
  title: z.string(),
  /** What it locks, such as `instance/shop-web`. */
  objects: z.array(z.string()),
  args: words,
  who: z.string(),
  reason: z.string(),
  state: z.enum(operationStates),
  /** What was seen when it began; null while it waits. */
  observed: words.nullable(),
  steps: z.array(
    z.object({
      name: z.string(),
      startedMs: z.number(),
      endedMs: z.number().nullable(),
      note: z.string(),
    }),
  ),
  /** True once it can only be completed, not undone. */
  isForward: z.boolean(),
  /** Scheduler that runs it; null where it waits, has ended, or that scheduler is gone. */
  holder: z.string().nullable(),
  /** Fencing token: grows with each scheduler that takes it over. */
  token: z.int(),
  cancelledBy: z.string().nullable(),
  parentId: z.string().nullable(),
  requestedMs: z.number(),
  startedMs: z.number().nullable(),
  endedMs: z.number().nullable(),
  error: errorBody.nullable(),
});
export type OperationView = z.infer<typeof operationView>;

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
  /** The schedulers that hold a lease on the store, and which one answers here. */
  scheduler: z.string(),
  schedulers: z.array(z.string()),
  /** `heard` are those whose agents are connected to the scheduler that answers. */
  hosts: z.object({ ready: z.int(), heard: z.int(), total: z.int() }),
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

export const failoverView = z.object({
  /** Why nothing is failed over; null where it is. */
  disarmed: z.string().nullable(),
  hosts: z.array(hostView.pick({ name: true, state: true, verdict: true })),
});
export type FailoverView = z.infer<typeof failoverView>;

export const capacityView = z.object({
  losses: z.array(
    z.object({
      kind: z.enum(['host', 'rack', 'zone']),
      name: z.string(),
      hosts: z.array(hostName),
      instances: z.int(),
      promoted: z.int(),
      placed: z.int(),
      /** Those on other hosts that would give way, and to whom. */
      shed: z.array(
        z.object({ name: instanceName, tier: z.int().min(0).max(3), for: instanceName }),
      ),
      stranded: z.array(
        z.object({ name: instanceName, tier: z.int().min(0).max(3), why: z.string() }),
      ),
    }),
  ),
});
export type CapacityView = z.infer<typeof capacityView>;

export const disarmRequest = z.object({ reason: z.string().max(1_024).default('') });
export const confirmDeadRequest = z.object({ reason: z.string().max(1_024).default('') });

// Paths, for reference: all but the OpenAPI document want `Authorization: Bearer TOKEN`.
//   POST /v1/apply                       applyRequest   -> applyAnswer
//   GET  /v1/hosts | /v1/hosts/:name                    -> {items: hostView[]} | hostView
//   POST /v1/hosts/:name/cordon          cordonRequest  -> hostView
//   POST /v1/hosts/:name/uncordon                       -> hostView
//   POST /v1/hosts/:name/confirm-dead    confirmDeadRequest -> 202 operationView
//   GET  /v1/failover                                   -> failoverView
//   POST /v1/failover/disarm             disarmRequest  -> failoverView
//   POST /v1/failover/arm                               -> failoverView
//   GET  /v1/capacity                                   -> capacityView
//   GET  /v1/pools | /v1/pools/:name                    -> {items: poolView[]} | poolView
//   GET  /v1/instances | /v1/instances/:name            -> {items: instanceView[]} | instanceView
//   GET  /v1/instances/:name/explain                    -> explainView
//   POST /v1/instances/:name/migrate     migrateRequest -> 202 operationView
//   POST /v1/hosts/:name/drain           drainRequest   -> 202 operationView
//   GET  /v1/rebalance?movesMax=                        -> rebalanceView, what it would do
//   POST /v1/rebalance                   rebalanceRequest -> 202 operationView
//   GET  /v1/operations?object=&open=&limit=            -> {items: operationView[]}, newest first
//   GET  /v1/operations/:id                             -> operationView
//   POST /v1/operations/:id/cancel                      -> operationView
//   GET  /v1/events?object=&after=&cursor=&limit=       -> {items: eventView[], next}
//   GET  /v1/crashes?host=&fingerprint=&limit=          -> {items: crashView[]} (crash-views.ts)
//   GET  /v1/crashes/:id                                -> crashView
//   GET  /v1/incidents?host=&state=&fingerprint=&limit= -> {items: incidentItem[]} (incident-views.ts)
//   GET  /v1/incidents/:id                              -> incidentView
//   POST /v1/incidents/:id/notes      incidentNoteRequest -> incidentView
//   POST /v1/incidents/:id/resolve incidentResolveRequest -> incidentView
//   GET  /v1/logs?query=&since=&until=&after=&limit=    -> logsView (log-views.ts)
//   GET  /v1/logs/:id/around?lines=                     -> {items: logMessageView[]}
//   GET  /v1/log-status                                 -> logStatusView
//   POST /v1/join-tokens                 joinTokenRequest -> joinTokenView
//   GET  /v1/status                                     -> statusView
//   GET  /v1/openapi.json
// apply, migrate and drain take an `Idempotency-Key` header (1 to 128 characters): repeated with the
// same key and body they answer what they answered before, and do nothing again.
// An error is answered as {error: errorBody} with the status of its code.
