// The HTTP API as functions: one request each, answers checked by the schemas of src/protocol.

import { z } from 'zod';
import {
  type ApplyAnswer,
  applyAnswer,
  type CapacityView,
  capacityView,
  type EventView,
  type ExplainView,
  eventView,
  explainView,
  type FailoverView,
  failoverView,
  type HostView,
  hostView,
  type InstanceView,
  instanceView,
  type JoinTokenView,
  joinTokenView,
  type OperationView,
  operationView,
  type PoolView,
  poolView,
  type RebalanceView,
  rebalanceView,
  type StatusView,
  statusView,
} from '../protocol/api.ts';
import { type CrashView, crashView } from '../protocol/crash-views.ts';
import {
  type IncidentItem,
  type IncidentView,
  incidentItem,
  incidentView,
} from '../protocol/incident-views.ts';
import {
  type EntriesView,
  type EntryRequest,
  entriesView,
  type OverrideView,
  overrideView,
  type PatternFilesView,
  patternFilesView,
  type ServerRequest,
  type ServersView,
  serversView,
  type TablesView,
  type TableView,
  tablesView,
  tableView,
} from '../protocol/live-views.ts';
import {
  type LogMessageView,
  type LogStatusView,
  type LogsView,
  logMessageView,
  logStatusView,
  logsView,
} from '../protocol/log-views.ts';
import { type NumbersView, numbersView, type TopView, topView } from '../protocol/number-views.ts';
import { type AccessCalls, accessCalls } from './access-calls.ts';
import { applyTimeoutMs, type CallOptions, createCall } from './call.ts';
import { type CertificateCalls, certificateCalls } from './certificate-calls.ts';
import { type ConfigCalls, configCalls } from './config-calls.ts';
import type { Access } from './context.ts';
import { type CrashCalls, crashCalls } from './crash-calls.ts';

export interface ApplyInput {
  readonly source: string;
  readonly text: string;
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly takeOver: boolean;
  /** Have changes of configurations go in batches. */
  readonly rollout: boolean;
  readonly reason: string;
  /** What is in the files that the text names, in Base64. */
  readonly files?: Readonly<Record<string, string>> | undefined;
}

export interface MigrateInput {
  readonly to: string;
  readonly reason: string;
  /** Get in line where the instance is locked. */
  readonly wait: boolean;
}

export interface DrainInput {
  readonly reason: string;
  /** Get in line where the host is locked. */
  readonly wait: boolean;
}

export interface RebalanceInput {
  readonly movesMax: number;
  readonly reason: string;
  /** Get in line where another one is at work. */
  readonly wait: boolean;
}

export interface OperationsInput {
  /** Only those that lock it, such as `instance/shop-web`. */
  readonly object?: string | undefined;
  /** Only those that have not ended. */
  readonly isOpen: boolean;
  readonly limit: number;
}

export interface EventsInput {
  readonly object?: string | undefined;
  /** Only events with a greater id. */
  readonly after?: number | undefined;
  readonly limit: number;
}

export interface CrashesInput {
  readonly host?: string | undefined;
  /** Only reports of this group. */
  readonly group?: string | undefined;
  readonly limit: number;
}

export interface IncidentsInput {
  readonly host?: string | undefined;
  readonly state?: string | undefined;
  /** Only those with a crash report of this group. */
  readonly group?: string | undefined;
  readonly limit: number;
}

export interface LogsInput {
  readonly query: string;
  /** Received in this time, wall-clock milliseconds. */
  readonly sinceMs?: number | null;
  readonly untilMs?: number | null;
  /** Only messages with a greater id, the next ones; else the newest. */
  readonly after?: number | undefined;
  readonly limit: number;
}

export interface NumbersInput {
  /** Wall-clock milliseconds; left out for the last point alone. */
  readonly sinceMs?: number | undefined;
  /** Seconds from one point to the next. */
  readonly stepS?: number | undefined;
  /** Only this thing, such as `backend/api`. */
  readonly of?: string | undefined;
}

/** The API, typed. Every function rejects with BridgeheadError. A `key` is an idempotency key. */
export interface ApiClient extends AccessCalls, ConfigCalls, CrashCalls, CertificateCalls {
  readonly apply: (input: ApplyInput, key: string) => Promise<ApplyAnswer>;
  readonly hosts: () => Promise<readonly HostView[]>;
  readonly host: (name: string) => Promise<HostView>;
  readonly pools: () => Promise<readonly PoolView[]>;
  readonly pool: (name: string) => Promise<PoolView>;
  readonly instances: () => Promise<readonly InstanceView[]>;
  readonly instance: (name: string) => Promise<InstanceView>;
  readonly explain: (instance: string) => Promise<ExplainView>;
  readonly migrate: (instance: string, input: MigrateInput, key: string) => Promise<OperationView>;
  readonly drain: (host: string, input: DrainInput, key: string) => Promise<OperationView>;
  readonly rebalancing: (movesMax: number) => Promise<RebalanceView>;
  readonly rebalance: (input: RebalanceInput, key: string) => Promise<OperationView>;
  /** The newest first. */
  readonly operations: (input: OperationsInput) => Promise<readonly OperationView[]>;
  readonly operation: (id: string) => Promise<OperationView>;
  readonly cancelOperation: (id: string) => Promise<OperationView>;
  readonly cordon: (host: string, reason: string) => Promise<HostView>;
  readonly uncordon: (host: string) => Promise<HostView>;
  readonly capacity: () => Promise<CapacityView>;
  readonly failover: () => Promise<FailoverView>;
  readonly disarm: (reason: string) => Promise<FailoverView>;
  readonly arm: () => Promise<FailoverView>;
  readonly confirmDead: (host: string, reason: string) => Promise<OperationView>;
  readonly events: (input: EventsInput) => Promise<readonly EventView[]>;
  readonly crashes: (input: CrashesInput) => Promise<readonly CrashView[]>;
  readonly crash: (id: number) => Promise<CrashView>;
  readonly incidents: (input: IncidentsInput) => Promise<readonly IncidentItem[]>;
  readonly incident: (id: number) => Promise<IncidentView>;
  readonly noteIncident: (id: number, text: string) => Promise<IncidentView>;
  readonly resolveIncident: (id: number, note: string) => Promise<IncidentView>;
  readonly logs: (input: LogsInput) => Promise<LogsView>;
  readonly logStatus: () => Promise<LogStatusView>;
  readonly logsAround: (id: number, lines: number) => Promise<readonly LogMessageView[]>;
  readonly numbers: (instance: string, input: NumbersInput) => Promise<NumbersView>;
  /** What every instance does now. */
  readonly top: () => Promise<TopView>;
  readonly servers: (instance: string) => Promise<ServersView>;
  /** @param server as `BACKEND/SERVER` */
  readonly setServer: (instance: string, server: string, input: ServerRequest) => Promise<string>;
  readonly patternFiles: (instance: string, kind: 'map' | 'acl') => Promise<PatternFilesView>;
  readonly entries: (instance: string, kind: 'map' | 'acl', file: string) => Promise<EntriesView>;
  readonly setEntry: (
    instance: string,
    kind: 'map' | 'acl',
    input: EntryRequest,
  ) => Promise<string>;
  readonly tables: (instance: string) => Promise<TablesView>;
  readonly table: (instance: string, table: string, key: string | null) => Promise<TableView>;
  readonly clearTable: (
    instance: string,
    table: string,
    input: { readonly key: string | null; readonly reason: string },
  ) => Promise<string>;
  readonly overrides: (instance: string) => Promise<readonly OverrideView[]>;
  readonly removeOverride: (
    instance: string,
    input: { readonly what: string; readonly reason: string },
  ) => Promise<string>;
  readonly newJoinToken: (host: string, ttlS: number) => Promise<JoinTokenView>;
  readonly status: () => Promise<StatusView>;
}

/**
 * A client of the server that `access` names.
 *
 * @throws BridgeheadError from each function, as {@link createCall} says
 */
export function createClient(access: Access, options: CallOptions): ApiClient {
  const call = createCall(access, options);
  const get = <Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer> =>
    call(schema, { method: 'GET', path });
  const post = <Answer>(path: string, schema: z.ZodType<Answer>, body?: unknown): Promise<Answer> =>
    call(schema, { method: 'POST', path, body });
  const list = <Item>(path: string, item: z.ZodType<Item>): Promise<readonly Item[]> =>
    get(path, z.object({ items: z.array(item) })).then(({ items }) => items);
  const whole = async <Item>(path: string, item: z.ZodType<Item>): Promise<readonly Item[]> => {
    // A server of before answers the whole, and has no next.
    const page = z.object({ items: z.array(item), next: z.string().nullable().default(null) });
    const all: Item[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const query: string = next === '' ? '' : `?cursor=${next}`;
      const answer = await get(`${path}${query}`, page);
      all.push(...answer.items);
      next = answer.next;
    }
    return all;
  };
  const part = encodeURIComponent;
  const instancePath = (name: string) => `/v1/instances/${part(name)}`;
  const act = (path: string, body: unknown) =>
    post(path, z.object({ text: z.string() }), body).then(({ text }) => text);
  return {
    apply: (body, key) => {
      const path = '/v1/apply';
      return call(applyAnswer, { method: 'POST', path, body, key, timeoutMs: applyTimeoutMs });
    },
    hosts: () => whole('/v1/hosts', hostView),
    host: (name) => get(`/v1/hosts/${part(name)}`, hostView),
    pools: () => whole('/v1/pools', poolView),
    pool: (name) => get(`/v1/pools/${part(name)}`, poolView),
    instances: () => whole('/v1/instances', instanceView),
    instance: (name) => get(`/v1/instances/${part(name)}`, instanceView),
    explain: (name) => get(`/v1/instances/${part(name)}/explain`, explainView),
    migrate: (name, body, key) => {
      const path = `/v1/instances/${part(name)}/migrate`;
      return call(operationView, { method: 'POST', path, body, key });
    },
    drain: (name, body, key) => {
      const path = `/v1/hosts/${part(name)}/drain`;
      return call(operationView, { method: 'POST', path, body, key });
    },
    rebalancing: (movesMax) => get(`/v1/rebalance?movesMax=${movesMax}`, rebalanceView),
    rebalance: (body, key) =>
      call(operationView, { method: 'POST', path: '/v1/rebalance', body, key }),
    operations: ({ object, isOpen, limit }) => {
      const query = new URLSearchParams({ limit: String(limit) });
      if (isOpen) query.set('open', 'true');
      if (object !== undefined) query.set('object', object);
      return list(`/v1/operations?${query.toString()}`, operationView);
    },
    operation: (id) => get(`/v1/operations/${part(id)}`, operationView),
    cancelOperation: (id) => post(`/v1/operations/${part(id)}/cancel`, operationView),
    cordon: (name, reason) => post(`/v1/hosts/${part(name)}/cordon`, hostView, { reason }),
    uncordon: (name) => post(`/v1/hosts/${part(name)}/uncordon`, hostView),
    capacity: () => get('/v1/capacity', capacityView),
    failover: () => get('/v1/failover', failoverView),
    disarm: (reason) => post('/v1/failover/disarm', failoverView, { reason }),
    arm: () => post('/v1/failover/arm', failoverView),
    confirmDead: (name, reason) =>
      post(`/v1/hosts/${part(name)}/confirm-dead`, operationView, { reason }),
    events: ({ object, after, limit }) => {
      const query = new URLSearchParams({ limit: String(limit) });
      if (object !== undefined) query.set('object', object);
      if (after !== undefined) query.set('after', String(after));
      return list(`/v1/events?${query.toString()}`, eventView);
    },
    crashes: ({ host, group, limit }) => {
      const query = new URLSearchParams({ limit: String(limit) });
      if (host !== undefined) query.set('host', host);
      if (group !== undefined) query.set('fingerprint', group);
      return list(`/v1/crashes?${query.toString()}`, crashView);
    },
    crash: (id) => get(`/v1/crashes/${id}`, crashView),
    ...configCalls({ get, post, list, call }),
    ...crashCalls({ get, post, list }),
    ...accessCalls({ get, post, list, whole }),
    ...certificateCalls({ get, post, whole }),
    incidents: ({ host, state, group, limit }) => {
      const query = new URLSearchParams({ limit: String(limit) });
      if (host !== undefined) query.set('host', host);
      if (state !== undefined) query.set('state', state);
      if (group !== undefined) query.set('fingerprint', group);
      return list(`/v1/incidents?${query.toString()}`, incidentItem);
    },
    incident: (id) => get(`/v1/incidents/${id}`, incidentView),
    noteIncident: (id, text) => post(`/v1/incidents/${id}/notes`, incidentView, { text }),
    resolveIncident: (id, note) => post(`/v1/incidents/${id}/resolve`, incidentView, { note }),
    logs: ({ query, sinceMs, untilMs, after, limit }) => {
      const given = { query, since: sinceMs, until: untilMs, after, limit };
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(given)) {
        if (value !== undefined && value !== null) search.set(name, String(value));
      }
      return get(`/v1/logs?${search.toString()}`, logsView);
    },
    logStatus: () => get('/v1/log-status', logStatusView),
    logsAround: (id, lines) => list(`/v1/logs/${id}/around?lines=${lines}`, logMessageView),
    numbers: (name, { sinceMs, stepS, of }) => {
      const given = { since: sinceMs, step: stepS, of };
      const query = new URLSearchParams();
      for (const [key, value] of Object.entries(given)) {
        if (value !== undefined) query.set(key, String(value));
      }
      return get(`/v1/instances/${part(name)}/numbers?${query.toString()}`, numbersView);
    },
    top: () => get('/v1/numbers', topView),
    servers: (name) => get(`${instancePath(name)}/servers`, serversView),
    setServer: (name, server, body) =>
      act(`${instancePath(name)}/servers/${server.split('/').map(part).join('/')}`, body),
    patternFiles: (name, kind) => get(`${instancePath(name)}/${kind}s`, patternFilesView),
    entries: (name, kind, file) =>
      get(`${instancePath(name)}/${kind}s?file=${part(file)}`, entriesView),
    setEntry: (name, kind, body) => act(`${instancePath(name)}/${kind}s`, body),
    tables: (name) => get(`${instancePath(name)}/tables`, tablesView),
    table: (name, table, key) =>
      get(
        `${instancePath(name)}/tables/${part(table)}${key === null ? '' : `?key=${part(key)}`}`,
        tableView,
      ),
    clearTable: (name, table, body) =>
      act(`${instancePath(name)}/tables/${part(table)}/clear`, body),
    overrides: (name) => list(`${instancePath(name)}/overrides`, overrideView),
    removeOverride: (name, body) => act(`${instancePath(name)}/overrides/remove`, body),
    newJoinToken: (host, ttlS) => post('/v1/join-tokens', joinTokenView, { host, ttlS }),
    status: () => get('/v1/status', statusView),
  };
}
