import { countedMax, keyOf } from './counted.ts';
import { type CountedKind, type NumberField, numberFields, statusNumber } from './fields.ts';

/** What one worker of HAProxy has counted since it started. */
export interface Reading {
  /** Changes with each worker, so with each reload and restart. */
  readonly process: string;
  /** Rows by the names of `keyOf`; values in the order of `numberFields`, counts since the start. */
  readonly rows: ReadonlyMap<string, readonly number[]>;
  /** Things that were left out, for their number. */
  readonly omitted: number;
}

/** What to ask HAProxy for {@link readReading}: all proxies and servers, but no single listener. */
export const readingCommand = 'show info;show stat -1 7 -1';

const kinds: Readonly<Record<string, CountedKind>> = { 0: 'frontend', 1: 'backend', 2: 'server' };

/**
 * Reads the answer to {@link readingCommand}. Columns are found by their names, so that another
 * version of HAProxy may have more of them.
 *
 * @returns null where it is no such answer
 */
export function readReading(text: string): Reading | null {
  const start = text.indexOf('\n# pxname,');
  if (start < 0) return null;
  const info = infoOf(text.slice(0, start));
  const pid = info.get('Pid');
  if (pid === undefined) return null;
  const [header = '', ...lines] = text.slice(start + 3).split('\n');
  const columns = new Map(header.split(',').map((name, index) => [name, index]));
  const found = lines.flatMap((line) => rowOf(line, columns));
  // Frontends and backends say most: it is servers that are left out.
  const ordered = [
    ...found.filter(({ kind }) => kind !== 'server'),
    ...found.filter(({ kind }) => kind === 'server'),
  ];
  const kept = ordered.slice(0, countedMax - 1);
  const processRow = numberFields.map((field: NumberField) =>
    field.info === undefined ? 0 : wholeOf(info.get(field.info)),
  );
  return {
    process: `${pid} ${info.get('Start_time_sec') ?? ''}`,
    rows: new Map([['process', processRow], ...kept.map(({ key, row }) => [key, row] as const)]),
    omitted: ordered.length - kept.length,
  };
}

function infoOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\n').map((line) => line.split(': ', 2));
  return new Map(pairs.flatMap(([name, value]) => (name && value ? [[name, value] as const] : [])));
}

function rowOf(line: string, columns: ReadonlyMap<string, number>) {
  const cells = cellsOf(line);
  const cell = (name: string) => cells[columns.get(name) ?? -1] ?? '';
  const kind = kinds[cell('type')];
  if (kind === undefined) return [];
  const [proxy, server] = [cell('pxname'), kind === 'server' ? cell('svname') : ''];
  const row = numberFields.map((field: NumberField) => {
    if (!field.kinds.includes(kind)) return 0;
    return field.name === 'status' ? statusNumber(cell('status')) : wholeOf(cell(field.column));
  });
  return [{ kind, key: keyOf({ kind, proxy, server }), row }];
}

// What a health check said may have commas, and stands in quotes then.
function cellsOf(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

function wholeOf(text: string | undefined): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}
