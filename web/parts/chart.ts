// Courses of numbers over time, drawn in SVG.

import { useRef, useState } from 'preact/hooks';
import { html } from '../html.ts';
import { amount, moment } from '../words.ts';

export interface Line {
  readonly name: string;
  /** Which of the chart's colours; each also has a stroke of its own. */
  readonly kind: 'a' | 'b' | 'c' | 'd';
  readonly points: readonly (readonly [atMs: number, value: number])[];
}

const width = 640;
const height = 168;
const inner = { left: 46, right: 10, top: 10, bottom: 22 };
const plotWidth = width - inner.left - inner.right;
const plotHeight = height - inner.top - inner.bottom;
/** A gap in the points longer than so many steps is drawn as one. */
const gapSteps = 3;

export interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

/** A chart with what its last and highest values are, also in words. */
export function Chart({ title, unit, lines, fromMs, toMs, stepMs }: ChartProps) {
  const svg = useRef<SVGSVGElement>(null);
  const [atMs, setAt] = useState<number | null>(null);
  const highest = Math.max(0, ...lines.flatMap(({ points }) => points.map(([, value]) => value)));
  const ticks = ticksOf(highest);
  const top = ticks.at(-1) ?? 1;
  const x = (ms: number) => inner.left + ((ms - fromMs) / Math.max(1, toMs - fromMs)) * plotWidth;
  const y = (value: number) => inner.top + plotHeight - (value / top) * plotHeight;
  const onMove = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect();
    if (box === undefined) return;
    const share = (((event.clientX - box.left) / box.width) * width - inner.left) / plotWidth;
    setAt(share < 0 || share > 1 ? null : fromMs + share * (toMs - fromMs));
  };
  const words = lines
    .map((line) => `${line.name} ${amount(nearest(line, toMs)?.[1] ?? 0)}`)
    .join(', ');
  return html`<figure class="chart">
    <figcaption>
      <h3>${title}</h3>
      <ul>${lines.map((line) => {
        const point = nearest(line, atMs ?? toMs);
        return html`<li key=${line.name}><svg viewBox="0 0 18 4" aria-hidden="true">
          <line x1="0" x2="18" y1="2" y2="2" class=${`line ${line.kind}`} /></svg>${line.name} <strong>
            ${point === null ? '–' : amount(point[1])}</strong> <span class="muted">${unit}</span></li>`;
      })}<li class="muted at">${atMs === null ? '' : moment(atMs)}</li></ul>
    </figcaption>
    <svg ref=${svg} viewBox=${`0 0 ${width} ${height}`} role="img"
      aria-label=${`${title}: now ${words} ${unit}; highest ${amount(highest)}`}
      onPointerMove=${onMove} onPointerLeave=${() => setAt(null)}>
      ${ticks.map(
        (tick) => html`<g key=${tick}>
        <line class="grid" x1=${inner.left} x2=${width - inner.right} y1=${y(tick)} y2=${y(tick)} />
          <text x=${inner.left - 8} y=${y(tick) + 3.5} text-anchor="end">${amount(tick)}</text></g>`,
      )}
      ${timesOf(fromMs, toMs).map(
        ({ ms, text, anchor }) => html`<text key=${ms} x=${x(ms)} y=${height - 6}
        text-anchor=${anchor}>${text}</text>`,
      )}
      ${lines.map((line) => html`<path key=${line.name} class=${`line ${line.kind}`} d=${pathOf(line.points, x, y, stepMs)} />`)}
      ${atMs === null ? null : html`<line class="cursor" x1=${x(atMs)} x2=${x(atMs)} y1=${inner.top} y2=${inner.top + plotHeight} />`}
    </svg>
  </figure>`;
}

function pathOf(
  points: Line['points'],
  x: (ms: number) => number,
  y: (value: number) => number,
  stepMs: number,
): string {
  let lastMs = Number.NEGATIVE_INFINITY;
  return points
    .map(([ms, value]) => {
      const verb = ms - lastMs > stepMs * gapSteps ? 'M' : 'L';
      lastMs = ms;
      return `${verb}${x(ms).toFixed(1)} ${y(value).toFixed(1)}`;
    })
    .join('');
}

function nearest({ points }: Line, atMs: number): readonly [number, number] | null {
  let best: readonly [number, number] | null = null;
  for (const point of points) {
    if (best === null || Math.abs(point[0] - atMs) < Math.abs(best[0] - atMs)) best = point;
  }
  return best;
}

/** Round values from 0 to at least the highest, three or four of them. */
export function ticksOf(highest: number): readonly number[] {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 5, 10].map((times) => times * power).find((one) => one >= rough) ?? power * 10;
  const count = Math.ceil(highest / step);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function timesOf(fromMs: number, toMs: number) {
  const isLong = toMs - fromMs > 36 * 3_600_000;
  const format = new Intl.DateTimeFormat(
    'en-GB',
    isLong ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' },
  );
  const count = 4;
  return Array.from({ length: count + 1 }, (_, index) => {
    const ms = fromMs + ((toMs - fromMs) * index) / count;
    const anchor = index === 0 ? 'start' : index === count ? 'end' : 'middle';
    return { ms, text: format.format(ms), anchor };
  });
}
