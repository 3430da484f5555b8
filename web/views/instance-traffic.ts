import type { NumbersView, RatesView } from '../../src/protocol/number-views.ts';
import { pathOf } from '../api.ts';
import { useCell } from '../cell.ts';
import { html } from '../html.ts';
import { Chart, type Line } from '../parts/chart.ts';
import { Answered, Empty, Panel } from '../parts/panel.ts';
import { useAnswer } from '../query.ts';
import { route, setQuery } from '../route.ts';

const minuteMs = 60_000;
const ranges = [
  ['15m', '15 minutes', 15 * minuteMs],
  ['1h', '1 hour', 60 * minuteMs],
  ['6h', '6 hours', 360 * minuteMs],
  ['24h', '1 day', 1_440 * minuteMs],
  ['7d', '7 days', 10_080 * minuteMs],
] as const;
/** Longer courses change slowly, and are asked for less often. */
const askShare = 120;
const askLeastMs = 5_000;

/** What an instance does, now and over hours. */
export function Traffic({ name }: { readonly name: string }) {
  const chosen = useCell(route, ({ query }) => query.get('range') ?? '15m');
  const [key, , rangeMs] = ranges.find(([one]) => one === chosen) ?? ranges[0];
  const periodMs = Math.max(askLeastMs, rangeMs / askShare);
  const path = `${pathOf('getInstanceNumbers', { path: { name } })}?range=${key}`;
  const since = () => `&since=${Date.now() - rangeMs}`;
  const asked = useAnswer<NumbersView>(path, periodMs, since);
  const acts = html`<div class="choice" role="group" aria-label="How far back">
    ${ranges.map(
      ([one, words]) => html`<button key=${one} aria-pressed=${one === key} title=${words}
      onClick=${() => setQuery({ range: one })}>${one}</button>`,
    )}
  </div>`;
  return html`<${Panel} title="Traffic" acts=${acts}>
    <${Answered} asked=${asked}>${(answer: NumbersView) =>
      answer.points.length === 0
        ? html`<${Empty}>Nothing was counted in this time. Numbers come from a serving instance every 5 s.<//>`
        : html`<${Charts} numbers=${answer} fromMs=${Date.now() - rangeMs} />`}<//>
  <//>`;
}

function Charts({ numbers, fromMs }: { readonly numbers: NumbersView; readonly fromMs: number }) {
  const { points, stepMs } = numbers;
  const toMs = Math.max(fromMs + 1, points.at(-1)?.atMs ?? Date.now());
  const line = (
    title: string,
    kind: Line['kind'],
    of: RatesView['kind'],
    value: (row: RatesView) => number | undefined,
    join: (values: readonly number[]) => number = sum,
  ): Line => ({
    ...{ name: title, kind },
    points: points.flatMap(({ atMs, rows }) => {
      const values = rows.filter((row) => row.kind === of).map((row) => value(row) ?? 0);
      return values.length === 0 ? [] : [[atMs, join(values)] as const];
    }),
  });
  const time = { fromMs, toMs, stepMs };
  const rate = (
    title: string,
    kind: Line['kind'],
    field: string,
    of: RatesView['kind'] = 'frontend',
  ) => line(title, kind, of, ({ perSecond }) => perSecond[field]);
  return html`<div class="charts">
    <${Chart} title="Requests" unit="/s" ...${time}
      lines=${[rate('requests', 'a', 'requests'), rate('4xx', 'b', 'http4xx'), rate('5xx', 'c', 'http5xx')]} />
    <${Chart} title="Sessions" unit="" ...${time} lines=${[
      line('open', 'a', 'frontend', ({ levels }) => levels['openSessions']),
      line('in the queue', 'c', 'backend', ({ levels }) => levels['queue']),
    ]} />
    <${Chart} title="Time of backends" unit="ms" ...${time} lines=${[
      line('response', 'a', 'backend', ({ levels }) => levels['responseMs'], highest),
      line('whole', 'b', 'backend', ({ levels }) => levels['totalMs'], highest),
    ]} />
    <${Chart} title="Bytes" unit="B/s" ...${time} lines=${[rate('out', 'a', 'bytesOut'), rate('in', 'b', 'bytesIn')]} />
  </div>`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function highest(values: readonly number[]): number {
  return Math.max(...values);
}
