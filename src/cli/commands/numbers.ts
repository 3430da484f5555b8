import type { NumbersView, RatesView, TopView } from '../../protocol/number-views.ts';
import { momentText } from '../duration.ts';
import { printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';

const refreshMs = 5_000;
/** Cursor home, and clear what is below it (ECMA-48). */
const clearScreen = '\u001B[H\u001B[J';

export interface StatsOptions {
  readonly sinceMs: number | null;
  readonly stepS: number | null;
  readonly of: string | null;
  readonly isWatching: boolean;
}

/**
 * Shows what an instance counts: everything in it as of now or over a time, or the course of one thing
 * in it.
 */
export async function stats(session: Session, name: string, options: StatsOptions): Promise<void> {
  const { sinceMs, stepS, of, isWatching } = options;
  const api = await session.connect();
  const begunMs = session.terminal.clock.wallMs();
  await repeated(session, isWatching, async () => {
    const movedMs = session.terminal.clock.wallMs() - begunMs;
    const view = await api.numbers(name, {
      sinceMs: sinceMs === null ? undefined : sinceMs + movedMs,
      stepS: stepS ?? (sinceMs !== null && of === null ? wholeStepS(begunMs - sinceMs) : undefined),
      of: of ?? undefined,
    });
    return { value: view, text: () => statsText(session, view, of !== null) };
  });
}

/** Shows what every instance does, the busiest first. */
export async function top(session: Session, isWatching: boolean): Promise<void> {
  const api = await session.connect();
  await repeated(session, isWatching, async () => {
    const view = await api.top();
    return { value: view, text: () => topText(session, view) };
  });
}

// Once, or again and again in the same place of the terminal until it is interrupted.
async function repeated(
  session: Session,
  isWatching: boolean,
  ask: () => Promise<{ readonly value: unknown; readonly text: () => string }>,
): Promise<void> {
  const { terminal, format } = session;
  for (;;) {
    const { value, text } = await ask();
    if (isWatching && format === 'json') terminal.out(`${JSON.stringify(value)}\n`);
    else {
      if (isWatching && format === 'table' && terminal.outIsTty) terminal.out(clearScreen);
      await session.print(value, text);
    }
    if (!isWatching) return;
    try {
      await terminal.clock.sleep(refreshMs, terminal.interrupted);
    } catch {
      return;
    }
  }
}

// All of a time as one point, so that there is one line for each thing; a day at the most.
function wholeStepS(spanMs: number): number {
  return Math.min(86_400, Math.max(5, Math.ceil(spanMs / 1_000)));
}

const headings = [
  ...['STATUS', 'REQ/S', 'SESS/S', 'OPEN', 'QUEUE', 'IN/S', 'OUT/S', '4XX/S', '5XX/S', 'ERR/S'],
  ...['WAIT MS', 'CONN MS', 'RESP MS', 'TOTAL MS'],
];
const right = new Set(headings.slice(1));

function statsText(session: Session, view: NumbersView, isCourse: boolean): string {
  const { instance, points, omitted, host } = view;
  if (points.length === 0) return `no numbers of ${instance}`;
  const shown = isCourse ? points : points.slice(-1);
  const rows = shown.flatMap((point) =>
    point.rows.map((row) => [isCourse ? momentText(point.atMs) : nameOf(row), ...cellsOf(row)]),
  );
  const table = tableText([isCourse ? 'UNTIL' : 'WHAT', ...headings], rows, {
    right,
    columns: session.columns,
  });
  const last = shown.at(-1);
  const over =
    last === undefined ? '' : `${Math.round(last.spanMs / 1_000)} s to ${momentText(last.atMs)}`;
  const notes = [
    `${instance}${host === null ? '' : ` on ${host}`}, ${isCourse ? 'each point' : over} by the second`,
    ...(omitted === 0 ? [] : [`${omitted} servers are left out, for their number`]),
  ];
  return `${table}\n${session.paint('dim', notes.join('; '))}`;
}

function nameOf({ kind, proxy, server }: RatesView): string {
  if (kind === 'process') return 'process';
  return printable(server === '' ? `${kind} ${proxy}` : `${kind} ${proxy}/${server}`);
}

function cellsOf({ kind, status, perSecond, levels }: RatesView): readonly string[] {
  const rate = (name: string) => (perSecond[name] === undefined ? '' : rateText(perSecond[name]));
  const level = (name: string) => (levels[name] === undefined ? '' : String(levels[name]));
  const errors = ['requestErrors', 'connectErrors', 'responseErrors'].map(
    (name) => perSecond[name] ?? 0,
  );
  const sum = errors.reduce((total, one) => total + one, 0);
  return [
    status,
    ...[rate('requests'), rate('sessions'), level('openSessions'), level('queue')],
    ...[bytesText(perSecond['bytesIn']), bytesText(perSecond['bytesOut'])],
    ...[rate('http4xx'), rate('http5xx'), kind === 'process' ? '' : rateText(sum)],
    ...[level('queueMs'), level('connectMs'), level('responseMs'), level('totalMs')],
  ];
}

function topText(session: Session, { items }: TopView): string {
  if (items.length === 0) return 'no instance has sent numbers within the last two minutes';
  const busiest = items.toSorted((a, b) => b.requests + b.sessions - (a.requests + a.sessions));
  const rows = busiest.map((one) => [
    ...[one.instance, one.host, String(one.tier), `${one.serversUp}/${one.servers}`],
    ...[
      rateText(one.requests),
      rateText(one.sessions),
      String(one.openSessions),
      String(one.queue),
    ],
    ...[bytesText(one.bytesIn), bytesText(one.bytesOut)],
    ...[rateText(one.http4xx), rateText(one.http5xx), rateText(one.errors)],
    ...[String(one.responseMs), String(one.totalMs)],
  ]);
  const columns = [
    ...['INSTANCE', 'HOST', 'TIER', 'UP', 'REQ/S', 'SESS/S', 'OPEN', 'QUEUE', 'IN/S', 'OUT/S'],
    ...['4XX/S', '5XX/S', 'ERR/S', 'RESP MS', 'TOTAL MS'],
  ];
  const flushRight = new Set(columns.slice(2));
  return tableText(columns, rows, { right: flushRight, columns: session.columns });
}

function rateText(perSecond: number): string {
  if (perSecond === 0) return '0';
  return perSecond >= 100 ? String(Math.round(perSecond)) : perSecond.toFixed(1);
}

function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return '';
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
