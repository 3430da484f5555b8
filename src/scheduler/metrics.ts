// What the scheduler and its fleet do, as metrics; the instances' own numbers are beside them.

import { operationStates } from '../domain/operation.ts';
import type { MetricFamily, Sample } from '../numbers/exposition.ts';
import {
  type CountedInstance,
  haproxyFamilies,
  seriesOfServer,
} from '../numbers/haproxy-metrics.ts';
import { instancePhase } from '../protocol/api.ts';
import type { IntakeCounts } from './log-intake.ts';
import type { NumberIntake } from './number-intake.ts';
import type { Outcome } from './scheduler.ts';
import { instanceViews, type ViewSource } from './views.ts';

/** Series of servers that a scrape has at most; the rest of the servers is left out, and counted. */
const serverSeriesMax = 200_000;
const hostStates = ['joining', 'ready', 'suspect', 'dead'] as const;

export interface MetricsSource {
  readonly version: string;
  readonly uptimeS: number;
  readonly nowMs: number;
  readonly views: ViewSource;
  readonly isArmed: boolean;
  readonly connectedHosts: number;
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly logs: IntakeCounts;
  readonly crashes: ReadonlyMap<string, number>;
  readonly numbers: Pick<NumberIntake, 'all' | 'counts'>;
  readonly certificates: readonly { readonly name: string; readonly notAfterMs: number }[];
}

/** Everything that a scheduler can say of itself, the fleet, and the instances it hears of. */
export function* metricFamilies(source: MetricsSource): Generator<MetricFamily> {
  const { views, numbers } = source;
  const instances = views.fleet.instances
    .toSorted((a, b) => a.spec.tier - b.spec.tier)
    .map((instance) => ({ instance, heard: numbers.all.get(instance.id) ?? null }));
  const counted = instances.flatMap(({ instance, heard }): readonly CountedInstance[] =>
    heard === null ? [] : [{ name: instance.spec.name, rows: heard.totals }],
  );
  const { shown, omitted } = withinLimit(counted);
  yield* ownFamilies(source, omitted);
  yield gauge(
    'bridgehead_instance_numbers_age_seconds',
    'Time since the numbers of an instance were heard last.',
    instances.flatMap(({ instance: { spec }, heard }) =>
      heard === null
        ? []
        : [one({ instance_name: spec.name }, (source.nowMs - heard.point.atMs) / 1_000)],
    ),
  );
  yield gauge(
    'bridgehead_certificate_expiry_timestamp_seconds',
    'When a certificate runs out, seconds since 1970.',
    source.certificates.map(({ name, notAfterMs }) => one({ name }, notAfterMs / 1_000)),
  );
  yield* haproxyFamilies(counted, ['process', 'frontend', 'backend']);
  yield* haproxyFamilies(shown, ['server']);
}

// The servers of the most important instances first: a limit that cut anywhere would cut them too.
function withinLimit(counted: readonly CountedInstance[]) {
  let left = Math.floor(serverSeriesMax / seriesOfServer);
  let omitted = 0;
  const shown = counted.filter(({ rows }) => {
    const servers = [...rows.keys()].filter((key) => key.startsWith('server/')).length;
    const fits = servers <= left;
    if (fits) left -= servers;
    else omitted += servers;
    return fits;
  });
  return { shown, omitted };
}

function* ownFamilies(source: MetricsSource, omitted: number): Generator<MetricFamily> {
  const { views, outcomes, logs, crashes } = source;
  const { hosts, instances } = views.fleet;
  const seen = instances.map(instanceViews(views));
  const many = (list: readonly unknown[]) => list.length;
  yield gauge('bridgehead_build_info', 'The version that runs; always 1.', [
    one({ version: source.version }, 1),
  ]);
  yield gauge('bridgehead_scheduler_uptime_seconds', 'Time since this scheduler started.', [
    one({}, source.uptimeS),
  ]);
  yield gauge(
    'bridgehead_hosts',
    'Hosts by their state.',
    hostStates.map((state) => one({ state }, many(hosts.filter((host) => host.state === state)))),
  );
  yield gauge('bridgehead_hosts_cordoned', 'Hosts on which nothing new is placed.', [
    one({}, many(hosts.filter(({ cordonReason }) => cordonReason !== null))),
  ]);
  yield gauge('bridgehead_hosts_connected', 'Hosts whose agents this scheduler hears.', [
    one({}, source.connectedHosts),
  ]);
  yield gauge(
    'bridgehead_host_ready',
    '1 where a host is ready, 0 where it is not.',
    hosts.map(({ name, state, zone }) => one({ host: name, zone }, state === 'ready' ? 1 : 0)),
  );
  yield gauge(
    'bridgehead_instances',
    'Instances by their phase.',
    instancePhase.options.map((phase) =>
      one({ phase }, many(seen.filter((view) => view.phase === phase))),
    ),
  );
  yield gauge(
    'bridgehead_instance_serving',
    '1 where an instance serves, 0 where it does not.',
    seen.map(({ name, phase }) => one({ instance_name: name }, phase === 'serving' ? 1 : 0)),
  );
  yield gauge(
    'bridgehead_instance_info',
    'Where an instance is and whose; always 1.',
    seen.map(({ name, host, owner, service, tier }) =>
      one({ instance_name: name, host: host ?? '', owner, service, tier: String(tier) }, 1),
    ),
  );
  yield* operationFamilies(views, outcomes);
  yield gauge('bridgehead_failover_armed', '1 where silent hosts are failed over, 0 where not.', [
    one({}, source.isArmed ? 1 : 0),
  ]);
  yield* [
    counter('bridgehead_log_messages_received_total', 'Messages of logs received.', logs.received),
    counter('bridgehead_log_messages_stored_total', 'Messages of logs stored.', logs.stored),
    counter(
      'bridgehead_log_messages_dropped_total',
      'Messages of logs dropped, since more came than could be stored.',
      logs.dropped,
    ),
    counter(
      'bridgehead_log_messages_unread_total',
      'Messages of logs of which nothing but the text could be read.',
      logs.unread,
    ),
  ];
  yield gauge('bridgehead_log_messages_waiting', 'Messages of logs that wait for the store.', [
    one({}, logs.waiting),
  ]);
  yield {
    ...{ name: 'bridgehead_crash_reports_total', type: 'counter' },
    help: 'Crash reports that this scheduler has kept since it started, by their kind.',
    samples: [...crashes].map(([kind, value]) => one({ kind }, value)),
  };
  yield* numberFamilies(source, omitted);
}

function* operationFamilies(
  { operations }: ViewSource,
  outcomes: ReadonlyMap<Outcome, number>,
): Generator<MetricFamily> {
  const open = Map.groupBy(operations, ({ kind, state }) => `${kind}/${state}`);
  yield gauge(
    'bridgehead_operations_open',
    'Operations that run or wait for their locks.',
    [...open].map(([key, list]) => {
      const [kind = '', state = ''] = key.split('/');
      return one({ kind, state }, list.length);
    }),
  );
  yield {
    ...{ name: 'bridgehead_operations_total', type: 'counter' },
    help: 'Operations that this scheduler has carried to their end, by how they ended.',
    samples: [...outcomes].map(([key, value]) => {
      const [kind = '', outcome = ''] = key.split('/');
      return one({ kind, outcome }, value);
    }),
  };
  yield {
    ...{ name: 'bridgehead_failovers_total', type: 'counter' },
    help: 'Failovers that this scheduler has carried to their end, by how they ended.',
    samples: operationStates
      .filter((state) => state !== 'queued' && state !== 'running')
      .map((outcome) => one({ outcome }, outcomes.get(`failover/${outcome}`) ?? 0)),
  };
}

function* numberFamilies(
  { numbers: { counts } }: MetricsSource,
  omitted: number,
): Generator<MetricFamily> {
  yield* [
    counter(
      'bridgehead_number_points_received_total',
      'Points of numbers received.',
      counts.received,
    ),
    counter('bridgehead_number_chunks_stored_total', 'Chunks of numbers stored.', counts.stored),
    counter(
      'bridgehead_number_chunks_dropped_total',
      'Chunks of numbers dropped, since the store did not take them in time.',
      counts.dropped,
    ),
  ];
  yield gauge('bridgehead_number_chunks_waiting', 'Chunks of numbers that wait for the store.', [
    one({}, counts.waiting),
  ]);
  yield gauge(
    'bridgehead_metrics_omitted_servers',
    'Servers that are left out of this answer, since it would be too long.',
    [one({}, omitted)],
  );
}

function one(labels: Readonly<Record<string, string>>, value: number): Sample {
  return { labels, value };
}

function gauge(name: string, help: string, samples: readonly Sample[]): MetricFamily {
  return { name, help, type: 'gauge', samples };
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: 'counter', samples: [one({}, value)] };
}
