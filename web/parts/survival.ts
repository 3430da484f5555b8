// The same reckoning as `bridgehead crash survival` has, drawn.

import { useMemo } from 'preact/hooks';
import type { BootView } from '../../src/protocol/boot-views.ts';
import { survivalOf } from '../../src/statistics/fleet.ts';
import {
  type Boot,
  kaplanMeier,
  logRank,
  type SurvivalStep,
} from '../../src/statistics/survival.ts';
import { html } from '../html.ts';
import { counted } from '../words.ts';
import { Empty, Table } from './panel.ts';

const curvesMax = 4;
/** With fewer crashes the test's chi-square is no guide. */
const crashesLeast = 5;
const kinds = ['a', 'b', 'c', 'd'] as const;
const meant = { group: null, unknownCrashed: false };
const size = { width: 900, height: 240, left: 44, right: 12, top: 10, bottom: 26 };

interface Curve {
  readonly group: string;
  readonly boots: readonly Boot[];
  readonly steps: readonly SurvivalStep[];
  readonly lastDays: number;
}

/** Share of boots that last longer than so many days, one curve for each value of a fact. */
export function Survival({
  boots,
  by,
}: {
  readonly boots: readonly BootView[];
  readonly by: string;
}) {
  const curves = useMemo(() => curvesOf(boots, by), [boots, by]);
  const crashes = curves.flatMap((curve) => curve.boots).filter(({ crashed }) => crashed).length;
  if (curves.length === 0) return html`<${Empty}>No boot has been watched yet.<//>`;
  const shown = curves.slice(0, curvesMax);
  const test = logRank(new Map(curves.map(({ group, boots: list }) => [group, list])));
  const verdict =
    crashes < crashesLeast
      ? `${counted(crashes, 'boot')} crashed: too few to compare by.`
      : test.p === null
        ? `${counted(crashes, 'boot')} crashed.`
        : `A difference as large comes by chance with p = ${test.p.toPrecision(2)} (log-rank test).`;
  return html`<${Curves} curves=${shown} />
    <p class="note">${verdict}</p>
    <${Table} label="Boots by group" head=${['Group', '#Boots', '#Crashed', '#Half last longer than']}
      rows=${shown.map(({ group, boots: list, steps }) => {
        const half = steps.find(({ share }) => share <= 0.5);
        return {
          key: group,
          cells: [
            group || 'all',
            list.length,
            list.filter(({ crashed }) => crashed).length,
            half === undefined ? 'not seen yet' : `${half.days.toFixed(1)} d`,
          ],
        };
      })} />`;
}

function curvesOf(boots: readonly BootView[], by: string): readonly Curve[] {
  const watched = boots.flatMap((one) => {
    const boot = survivalOf(one, meant);
    return boot === null ? [] : [{ group: by === '' ? '' : (one.facts[by] ?? 'unknown'), boot }];
  });
  return [...Map.groupBy(watched, ({ group }) => group)]
    .map(([group, list]) => {
      const own = list.map(({ boot }) => boot);
      const lastDays = Math.max(...own.map(({ untilDays }) => untilDays));
      return { group, boots: own, steps: kaplanMeier(own), lastDays };
    })
    .toSorted((a, b) => b.boots.length - a.boots.length);
}

function Curves({ curves }: { readonly curves: readonly Curve[] }) {
  const daysMax = Math.max(...curves.map(({ lastDays }) => lastDays), Number.EPSILON);
  const x = (days: number) => size.left + (days / daysMax) * (size.width - size.left - size.right);
  const y = (share: number) => size.top + (1 - share) * (size.height - size.top - size.bottom);
  const words = curves.map(
    ({ group, steps }) => `${group || 'all'} ${Math.round((steps.at(-1)?.share ?? 1) * 100)} %`,
  );
  return html`<figure class="chart wide">
    <figcaption><ul>${curves.map(
      ({ group }, index) => html`<li key=${group}>
      <svg viewBox="0 0 18 4" aria-hidden="true"><line x1="0" x2="18" y1="2" y2="2" class=${`line ${kinds[index]}`} />
        </svg>${group || 'all boots'}</li>`,
    )}</ul></figcaption>
    <svg viewBox=${`0 0 ${size.width} ${size.height}`} role="img"
      aria-label=${`Share of boots that last longer; at the end ${words.join(', ')}`}>
      ${[0, 0.25, 0.5, 0.75, 1].map(
        (tick) => html`<g key=${tick}>
        <line class="grid" x1=${size.left} x2=${size.width - size.right} y1=${y(tick)} y2=${y(tick)} />
          <text x=${size.left - 8} y=${y(tick) + 3.5} text-anchor="end">${tick * 100} %</text></g>`,
      )}
      ${[0, 0.25, 0.5, 0.75, 1].map(
        (part) => html`<text key=${part} x=${x(part * daysMax)} y=${size.height - 8}
        text-anchor=${part === 0 ? 'start' : part === 1 ? 'end' : 'middle'}>${daysText(part * daysMax)}</text>`,
      )}
      ${curves.map(
        ({ group, steps, lastDays }, index) =>
          html`<g key=${group}><path class=${`band ${kinds[index]}`} d=${bandOf(steps, lastDays, x, y)} />
            <path class=${`line ${kinds[index]}`} d=${stairs(
              steps.map(({ days, share }) => [days, share]),
              lastDays,
              x,
              y,
            )} /></g>`,
      )}
    </svg>
  </figure>`;
}

function daysText(days: number): string {
  return days >= 1 || days === 0
    ? `${Number(days.toFixed(1))} d`
    : `${Number((days * 24).toFixed(1))} h`;
}

type Scale = (value: number) => number;

function stairs(
  steps: readonly (readonly [number, number])[],
  lastDays: number,
  x: Scale,
  y: Scale,
): string {
  const at = (value: number) => value.toFixed(1);
  const parts = steps.map(([days, share]) => `H${at(x(days))}V${at(y(share))}`);
  return `M${at(x(0))} ${at(y(1))}${parts.join('')}H${at(x(lastDays))}`;
}

/** Out along the upper ends of the intervals, and back along the lower ones. */
function bandOf(steps: readonly SurvivalStep[], lastDays: number, x: Scale, y: Scale): string {
  const last = steps.at(-1);
  if (last === undefined) return '';
  const at = (value: number) => value.toFixed(1);
  const out = stairs(
    steps.map(({ days, high }) => [days, high]),
    lastDays,
    x,
    y,
  );
  const back = steps
    .map(({ days }, index) => `H${at(x(days))}V${at(y(steps[index - 1]?.low ?? 1))}`)
    .toReversed();
  return `${out}V${at(y(last.low))}${back.join('')}Z`;
}
