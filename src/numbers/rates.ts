import { countedOf } from './counted.ts';
import {
  type CountedKind,
  type NumberField,
  numberFields,
  statusWords,
  valueOf,
} from './fields.ts';
import type { Point } from './point.ts';

/** A row as people read it: counts by the second, levels as they are. */
export interface Rates {
  readonly kind: CountedKind;
  readonly proxy: string;
  readonly server: string;
  /** Empty for the process. */
  readonly status: string;
  /** Fields that apply to it. */
  readonly perSecond: Readonly<Record<string, number>>;
  readonly levels: Readonly<Record<string, number>>;
}

/** The rows of a point. In the order of HAProxy: frontends, backends, each followed by nothing else. */
export function ratesOf({ spanMs, rows }: Point): readonly Rates[] {
  return [...rows].flatMap(([key, row]) => {
    const counted = countedOf(key);
    return counted === null ? [] : [{ ...counted, ...readable(counted.kind, row, spanMs) }];
  });
}

function readable(kind: CountedKind, row: readonly number[], spanMs: number) {
  const fields = numberFields.filter(
    ({ name, kinds }) => (kinds as readonly CountedKind[]).includes(kind) && name !== 'status',
  );
  const isCount = ({ fold }: NumberField) => fold === 'sum';
  const rate = (value: number) => (spanMs > 0 ? Math.round((value * 1e6) / spanMs) / 1e3 : 0);
  const pairs = (list: typeof fields, shown: (value: number) => number) =>
    Object.fromEntries(list.map(({ name }) => [name, shown(valueOf(row, name))]));
  return {
    status: kind === 'process' ? '' : (statusWords[valueOf(row, 'status')] ?? 'unknown'),
    perSecond: pairs(fields.filter(isCount), rate),
    levels: pairs(
      fields.filter((field) => !isCount(field)),
      (value) => value,
    ),
  };
}

/** What an instance does as a whole. */
export interface Summary {
  /** By the second, at all frontends. */
  readonly sessions: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly http4xx: number;
  readonly http5xx: number;
  /** Connections and answers of servers that failed, by the second. */
  readonly errors: number;
  readonly openSessions: number;
  readonly queue: number;
  /** Of the backends, by their sessions. */
  readonly responseMs: number;
  readonly totalMs: number;
  /** Servers that take traffic, and all but those that are not checked are counted. */
  readonly serversUp: number;
  readonly servers: number;
}

const taking = new Set(['up', 'open', 'no check']);

/** Sums up a point of an instance. */
export function summaryOf(point: Point): Summary {
  const all = ratesOf(point);
  const of = (kind: CountedKind) => all.filter((one) => one.kind === kind);
  const [frontends, backends, servers] = [of('frontend'), of('backend'), of('server')];
  const sum = (list: readonly Rates[], value: (one: Rates) => number | undefined) =>
    Math.round(list.reduce((total, one) => total + (value(one) ?? 0), 0) * 1e3) / 1e3;
  const front = (name: string) => sum(frontends, ({ perSecond }) => perSecond[name]);
  const weights = sum(backends, ({ perSecond }) => perSecond['sessions']);
  const mean = (name: string) =>
    weights === 0
      ? Math.max(0, ...backends.map(({ levels }) => levels[name] ?? 0))
      : Math.round(
          sum(backends, (one) => (one.levels[name] ?? 0) * (one.perSecond['sessions'] ?? 0)) /
            weights,
        );
  return {
    sessions: front('sessions'),
    requests: front('requests'),
    bytesIn: front('bytesIn'),
    bytesOut: front('bytesOut'),
    http4xx: front('http4xx'),
    http5xx: front('http5xx'),
    errors: sum(
      backends,
      ({ perSecond }) => (perSecond['connectErrors'] ?? 0) + (perSecond['responseErrors'] ?? 0),
    ),
    openSessions: sum(frontends, ({ levels }) => levels['openSessions']),
    queue: sum(backends, ({ levels }) => levels['queue']),
    responseMs: mean('responseMs'),
    totalMs: mean('totalMs'),
    serversUp: servers.filter(({ status }) => taking.has(status)).length,
    servers: servers.length,
  };
}
