// What HAProxys have counted as metrics, under the names that HAProxy's own exporter gives them, so
// that dashboards made for it can be used; `instance_name` says whose they are.

import { countedOf } from './counted.ts';
import type { MetricFamily, Sample } from './exposition.ts';
import { type CountedKind, type FieldName, statusWords, valueOf } from './fields.ts';

/** One instance's counts since it was first heard of, and its levels. */
export interface CountedInstance {
  readonly name: string;
  readonly rows: ReadonlyMap<string, readonly number[]>;
}

interface Metric {
  readonly field: FieldName;
  readonly kinds: readonly CountedKind[];
  /** Behind `haproxy_KIND_`. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** HAProxy counts in milliseconds where Prometheus has seconds. */
  readonly scale?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

const proxies: readonly CountedKind[] = ['frontend', 'backend', 'server'];
const behind: readonly CountedKind[] = ['backend', 'server'];
const milli = 1 / 1_000;

function counter(
  field: FieldName,
  kinds: readonly CountedKind[],
  name: string,
  help: string,
): Metric {
  return { field, kinds, name, help, type: 'counter' };
}

function gauge(
  field: FieldName,
  kinds: readonly CountedKind[],
  name: string,
  help: string,
  scale = 1,
): Metric {
  return { field, kinds, name, help, type: 'gauge', scale };
}

function responses(field: FieldName, code: string): Metric {
  const help = 'HTTP responses, by the class of their status.';
  const metric = counter(field, proxies, 'http_responses_total', help);
  return { ...metric, labels: { code } };
}

const metrics: readonly Metric[] = [
  gauge('openSessions', ['process'], 'current_connections', 'Open connections.'),
  gauge('sessionLimit', ['process'], 'max_connections', 'Most connections that may be open.'),
  counter('sessions', ['process'], 'connections_total', 'Connections accepted.'),
  counter('requests', ['process'], 'requests_total', 'Requests taken.'),
  gauge('idlePercent', ['process'], 'idle_time_percent', 'Part of the last second that was idle.'),
  gauge('openSessions', proxies, 'current_sessions', 'Open sessions.'),
  gauge(
    'sessionLimit',
    proxies,
    'limit_sessions',
    'Most sessions that may be open, 0 for any number.',
  ),
  counter('sessions', proxies, 'sessions_total', 'Sessions begun.'),
  counter('requests', proxies, 'http_requests_total', 'HTTP requests.'),
  counter('bytesIn', proxies, 'bytes_in_total', 'Bytes from clients.'),
  counter('bytesOut', proxies, 'bytes_out_total', 'Bytes to clients.'),
  responses('http1xx', '1xx'),
  responses('http2xx', '2xx'),
  responses('http3xx', '3xx'),
  responses('http4xx', '4xx'),
  responses('http5xx', '5xx'),
  responses('httpOther', 'other'),
  counter('deniedRequests', ['frontend', 'backend'], 'requests_denied_total', 'Requests denied.'),
  counter('deniedResponses', proxies, 'responses_denied_total', 'Responses denied.'),
  counter('requestErrors', ['frontend'], 'request_errors_total', 'Requests that were no requests.'),
  gauge('queue', behind, 'current_queue', 'Requests that wait for a server.'),
  counter(
    'connectErrors',
    behind,
    'connection_errors_total',
    'Connections to servers that failed.',
  ),
  counter('responseErrors', behind, 'response_errors_total', 'Responses of servers that failed.'),
  counter('retries', behind, 'retry_warnings_total', 'Connections to servers tried again.'),
  counter('redispatches', behind, 'redispatch_warnings_total', 'Requests given to another server.'),
  counter('clientAborts', behind, 'client_aborts_total', 'Transfers that clients broke off.'),
  counter('serverAborts', behind, 'server_aborts_total', 'Transfers that servers broke off.'),
  gauge('weight', behind, 'weight', 'Weight of the server, or of all servers that take traffic.'),
  gauge('activeServers', ['backend'], 'active_servers', 'Servers that take traffic.'),
  gauge('backupServers', ['backend'], 'backup_servers', 'Backup servers that could take traffic.'),
  gauge(
    'queueMs',
    behind,
    'queue_time_average_seconds',
    'Mean wait for a server over the last 1,024 requests.',
    milli,
  ),
  gauge(
    'connectMs',
    behind,
    'connect_time_average_seconds',
    'Mean time to connect over the last 1,024 requests.',
    milli,
  ),
  gauge(
    'responseMs',
    behind,
    'response_time_average_seconds',
    'Mean time to the response over the last 1,024 requests.',
    milli,
  ),
  gauge(
    'totalMs',
    behind,
    'total_time_average_seconds',
    'Mean time of the whole over the last 1,024 requests.',
    milli,
  ),
  counter('checkFailures', ['server'], 'check_failures_total', 'Health checks that failed.'),
  counter('timesDown', behind, 'check_up_down_total', 'Changes from up to down.'),
];

/** Words of HAProxy's exporter, each with those of `show stat` that mean it. */
const states: Readonly<Record<string, readonly string[]>> = {
  UP: ['up', 'open', 'no check'],
  DOWN: ['down', 'stop'],
  MAINT: ['maint'],
  DRAIN: ['drain'],
  NOLB: ['nolb'],
};
const statesOf: Readonly<Record<CountedKind, readonly string[]>> = {
  process: [],
  frontend: ['UP', 'DOWN'],
  backend: ['UP', 'DOWN'],
  server: Object.keys(states),
};

/** Series that a server has; of everything else there is little. */
export const seriesOfServer =
  metrics.filter(({ kinds }) => kinds.includes('server')).length + statesOf.server.length;

/** The families of everything that one kind of thing counts. */
export function haproxyFamilies(
  instances: readonly CountedInstance[],
  kinds: readonly CountedKind[],
): readonly MetricFamily[] {
  return kinds.flatMap((kind) => {
    const own = metrics.filter((metric) => metric.kinds.includes(kind));
    // Samples of one name stand together, whatever their labels.
    const byName = Map.groupBy(own, ({ name }) => name);
    const families = [...byName].map(
      ([name, list]): MetricFamily => ({
        name: `haproxy_${kind}_${name}`,
        help: list[0]?.help ?? '',
        type: list[0]?.type ?? 'gauge',
        samples: { [Symbol.iterator]: () => samplesOf(instances, kind, list) },
      }),
    );
    if (statesOf[kind].length === 0) return families;
    const status: MetricFamily = {
      ...{ name: `haproxy_${kind}_status`, type: 'gauge' },
      help: '1 for the state that it is in, 0 for the others.',
      samples: { [Symbol.iterator]: () => statusSamples(instances, kind) },
    };
    return [...families, status];
  });
}

function* rowsOf(instances: readonly CountedInstance[], kind: CountedKind) {
  for (const { name, rows } of instances) {
    for (const [key, row] of rows) {
      const counted = countedOf(key);
      if (counted?.kind !== kind) continue;
      const { proxy, server } = counted;
      const labels = {
        instance_name: name,
        ...(proxy === '' ? {} : { proxy }),
        ...(server === '' ? {} : { server }),
      };
      yield { labels, row };
    }
  }
}

function* samplesOf(
  instances: readonly CountedInstance[],
  kind: CountedKind,
  list: readonly Metric[],
): Generator<Sample> {
  for (const { labels, row } of rowsOf(instances, kind)) {
    for (const { field, scale = 1, labels: more = {} } of list) {
      yield { labels: { ...labels, ...more }, value: valueOf(row, field) * scale };
    }
  }
}

function* statusSamples(
  instances: readonly CountedInstance[],
  kind: CountedKind,
): Generator<Sample> {
  for (const { labels, row } of rowsOf(instances, kind)) {
    const word = statusWords[valueOf(row, 'status')] ?? 'unknown';
    for (const state of statesOf[kind]) {
      yield { labels: { ...labels, state }, value: states[state]?.includes(word) === true ? 1 : 0 };
    }
  }
}
