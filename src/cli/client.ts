// The HTTP API as functions: one request each, answers checked by the schemas of src/protocol.

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
import { requestsBy } from './requests.ts';

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
  readonly state?: IncidentItem['state'] | undefined;
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

const filesOf = {
  map: { get: 'getInstanceMaps', post: 'postInstanceMaps' },
  acl: { get: 'getInstanceAcls', post: 'postInstanceAcls' },
} as const;

/**
 * A client of the server that `access` names.
 *
 * @throws BridgeheadError from each function, as {@link createCall} says
 */
export function createClient(access: Access, options: CallOptions): ApiClient {
  const requests = requestsBy(createCall(access, options));
  const { ask, list, whole, act } = requests;
  return {
    apply: (body, key) =>
      ask('postApply', { body }, applyAnswer, { key, timeoutMs: applyTimeoutMs }),
    hosts: () => whole('getHosts', hostView),
    host: (name) => ask('getHost', { path: { name } }, hostView),
    pools: () => whole('getPools', poolView),
    pool: (name) => ask('getPool', { path: { name } }, poolView),
    instances: () => whole('getInstances', instanceView),
    instance: (name) => ask('getInstance', { path: { name } }, instanceView),
    explain: (name) => ask('getInstanceExplain', { path: { name } }, explainView),
    migrate: (name, body, key) =>
      ask('postInstanceMigrate', { path: { name }, body }, operationView, { key }),
    drain: (name, body, key) =>
      ask('postHostDrain', { path: { name }, body }, operationView, { key }),
    rebalancing: (movesMax) => ask('getRebalance', { query: { movesMax } }, rebalanceView),
    rebalance: (body, key) => ask('postRebalance', { body }, operationView, { key }),
    operations: ({ object, isOpen, limit }) => {
      const query = { object, limit, open: isOpen ? 'true' : undefined };
      return list('getOperations', { query }, operationView);
    },
    operation: (id) => ask('getOperation', { path: { id } }, operationView),
    cancelOperation: (id) => ask('postOperationCancel', { path: { id } }, operationView),
    cordon: (name, reason) => ask('postHostCordon', { path: { name }, body: { reason } }, hostView),
    uncordon: (name) => ask('postHostUncordon', { path: { name } }, hostView),
    capacity: () => ask('getCapacity', {}, capacityView),
    failover: () => ask('getFailover', {}, failoverView),
    disarm: (reason) => ask('postFailoverDisarm', { body: { reason } }, failoverView),
    arm: () => ask('postFailoverArm', {}, failoverView),
    confirmDead: (name, reason) =>
      ask('postHostConfirmDead', { path: { name }, body: { reason } }, operationView),
    events: (query) => list('getEvents', { query }, eventView),
    crashes: ({ group: fingerprint, ...query }) =>
      list('getCrashes', { query: { ...query, fingerprint } }, crashView),
    crash: (id) => ask('getCrash', { path: { id } }, crashView),
    ...configCalls(requests),
    ...crashCalls(requests),
    ...accessCalls(requests),
    ...certificateCalls(requests),
    incidents: ({ group: fingerprint, ...query }) =>
      list('getIncidents', { query: { ...query, fingerprint } }, incidentItem),
    incident: (id) => ask('getIncident', { path: { id } }, incidentView),
    noteIncident: (id, text) =>
      ask('postIncidentNotes', { path: { id }, body: { text } }, incidentView),
    resolveIncident: (id, note) =>
      ask('postIncidentResolve', { path: { id }, body: { note } }, incidentView),
    logs: ({ sinceMs, untilMs, ...rest }) => {
      const query = { ...rest, since: sinceMs ?? undefined, until: untilMs ?? undefined };
      return ask('getLogs', { query }, logsView);
    },
    logStatus: () => ask('getLogStatus', {}, logStatusView),
    logsAround: (id, lines) =>
      list('getLogAround', { path: { id }, query: { lines } }, logMessageView),
    numbers: (name, { sinceMs: since, stepS: step, of }) =>
      ask('getInstanceNumbers', { path: { name }, query: { since, step, of } }, numbersView),
    top: () => ask('getNumbers', {}, topView),
    servers: (name) => ask('getInstanceServers', { path: { name } }, serversView),
    setServer: (name, which, body) => {
      const [backend = '', server = ''] = which.split('/');
      return act('postInstanceServer', { path: { name, backend, server }, body });
    },
    patternFiles: (name, kind) => ask(filesOf[kind].get, { path: { name } }, patternFilesView),
    entries: (name, kind, file) =>
      ask(filesOf[kind].get, { path: { name }, query: { file } }, entriesView),
    setEntry: (name, kind, body) => act(filesOf[kind].post, { path: { name }, body }),
    tables: (name) => ask('getInstanceTables', { path: { name } }, tablesView),
    table: (name, table, key) => {
      const query = { key: key ?? undefined };
      return ask('getInstanceTable', { path: { name, table }, query }, tableView);
    },
    clearTable: (name, table, body) =>
      act('postInstanceTableClear', { path: { name, table }, body }),
    overrides: (name) => list('getInstanceOverrides', { path: { name } }, overrideView),
    removeOverride: (name, body) => act('postInstanceOverridesRemove', { path: { name }, body }),
    newJoinToken: (host, ttlS) => ask('postJoinTokens', { body: { host, ttlS } }, joinTokenView),
    status: () => ask('getStatus', {}, statusView),
  };
}
