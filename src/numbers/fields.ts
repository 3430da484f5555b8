// What is kept of each thing that HAProxy counts, and where it stands in HAProxy's answers.

/** The whole process, a frontend, a backend, or one server of a backend. */
export type CountedKind = 'process' | 'frontend' | 'backend' | 'server';

export interface NumberField {
  readonly name: string;
  /** Column of `show stat`. */
  readonly column: string;
  /** Name in `show info`, for the process. */
  readonly info?: string;
  readonly kinds: readonly CountedKind[];
  /**
   * What becomes of the values of several readings: a count is summed, of a level the highest is
   * shown, of a mean the mean, of the rest what was read last.
   */
  readonly fold: 'sum' | 'highest' | 'mean' | 'last';
}

const all: readonly CountedKind[] = ['process', 'frontend', 'backend', 'server'];
const proxies: readonly CountedKind[] = ['frontend', 'backend', 'server'];
const behind: readonly CountedKind[] = ['backend', 'server'];

function count<Name extends string>(
  name: Name,
  column: string,
  kinds = proxies,
  info?: string,
): NumberField & { readonly name: Name } {
  return { name, column, kinds, fold: 'sum', ...(info === undefined ? {} : { info }) };
}

/**
 * The fields of a row of numbers, in their order: it is that of the stream and of what is stored, so
 * a new field goes to the end. Columns after HAProxy's management guide, 9.1.
 */
export const numberFields = [
  count('sessions', 'stot', all, 'CumConns'),
  count('requests', 'req_tot', all, 'CumReq'),
  count('bytesIn', 'bin'),
  count('bytesOut', 'bout'),
  count('http1xx', 'hrsp_1xx'),
  count('http2xx', 'hrsp_2xx'),
  count('http3xx', 'hrsp_3xx'),
  count('http4xx', 'hrsp_4xx'),
  count('http5xx', 'hrsp_5xx'),
  count('httpOther', 'hrsp_other'),
  count('deniedRequests', 'dreq', ['frontend', 'backend']),
  count('deniedResponses', 'dresp'),
  count('requestErrors', 'ereq', ['frontend']),
  count('connectErrors', 'econ', behind),
  count('responseErrors', 'eresp', behind),
  count('retries', 'wretr', behind),
  count('redispatches', 'wredis', behind),
  count('clientAborts', 'cli_abrt', behind),
  count('serverAborts', 'srv_abrt', behind),
  count('checkFailures', 'chkfail', ['server']),
  count('timesDown', 'chkdown', behind),
  { name: 'openSessions', column: 'scur', info: 'CurrConns', kinds: all, fold: 'highest' },
  { name: 'queue', column: 'qcur', kinds: behind, fold: 'highest' },
  { name: 'sessionLimit', column: 'slim', info: 'Maxconn', kinds: all, fold: 'last' },
  { name: 'weight', column: 'weight', kinds: behind, fold: 'last' },
  { name: 'activeServers', column: 'act', kinds: behind, fold: 'last' },
  { name: 'backupServers', column: 'bck', kinds: behind, fold: 'last' },
  { name: 'queueMs', column: 'qtime', kinds: behind, fold: 'mean' },
  { name: 'connectMs', column: 'ctime', kinds: behind, fold: 'mean' },
  { name: 'responseMs', column: 'rtime', kinds: behind, fold: 'mean' },
  { name: 'totalMs', column: 'ttime', kinds: behind, fold: 'mean' },
  { name: 'idlePercent', column: '', info: 'Idle_pct', kinds: ['process'], fold: 'mean' },
  { name: 'status', column: 'status', kinds: proxies, fold: 'last' },
] as const satisfies readonly NumberField[];

export type FieldName = (typeof numberFields)[number]['name'];

/** Place of each field in a row. */
export const fieldIndex = Object.fromEntries(
  numberFields.map(({ name }, index) => [name, index]),
) as Readonly<Record<FieldName, number>>;

/** The words of HAProxy for the state of a proxy or server; the number in a row is the place here. */
export const statusWords = [
  'unknown',
  'open',
  'up',
  'down',
  'drain',
  'maint',
  'nolb',
  'no check',
  'stop',
] as const;
export type StatusWord = (typeof statusWords)[number];

/** `UP 1/3` and `MAINT (via b/s)` are said of what is up and in maintenance. */
export function statusNumber(text: string): number {
  const word = text.toLowerCase();
  const index = statusWords.findIndex((known) => word === known || word.startsWith(`${known} `));
  return index < 0 ? 0 : index;
}

/** A row's value in one field. */
export function valueOf(row: readonly number[], name: FieldName): number {
  return row[fieldIndex[name]] ?? 0;
}
