/** Values of one name, each a point. */
export interface Strip {
  readonly name: string;
  readonly gapsMs: readonly number[];
}

const width = 760;
const left = 220;
const rowHeight = 44;
const top = 44;

/**
 * A picture (SVG) with a row for each strip and a point for each value, on one axis whose steps are
 * tenfold: what is ten times longer lies as far off as what is ten times shorter.
 */
export function stripPlot(title: string, strips: readonly Strip[]): string {
  const values = strips.flatMap(({ gapsMs }) => gapsMs);
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values)));
  const at = (value: number) =>
    left + ((width - left - 20) * Math.log10(value / low)) / Math.log10(high / low);
  const bottom = top + strips.length * rowHeight;
  const ticks = ticksOf(low, high).map(
    (tick) =>
      `<line x1="${at(tick)}" x2="${at(tick)}" y1="${top}" y2="${bottom}" stroke="#8884"/>` +
      `<text x="${at(tick)}" y="${bottom + 16}" text-anchor="middle">${tick}</text>`,
  );
  const rows = strips.flatMap(({ name, gapsMs }, index) => {
    const middle = top + (index + 0.5) * rowHeight;
    // Spread by their order, so that equal values are seen as many.
    const points = gapsMs.map((value, order) => {
      const y = middle + (((order * 7) % 11) - 5) * 2.4;
      return `<circle cx="${at(value).toFixed(1)}" cy="${y.toFixed(1)}" r="2.6"/>`;
    });
    return [
      `<text x="${left - 10}" y="${middle + 4}" text-anchor="end">${name}</text>`,
      `<g fill="#2563eb" fill-opacity=".55">${points.join('')}</g>`,
    ];
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 28}" font-family="sans-serif" font-size="12" fill="#666">
<text x="10" y="22" font-size="14">${title}</text>
${[...ticks, ...rows].join('\n')}
</svg>
`;
}

function ticksOf(low: number, high: number): readonly number[] {
  const ticks: number[] = [];
  for (let decade = low; decade <= high; decade *= 10) {
    for (const step of [1, 2, 5]) if (decade * step <= high) ticks.push(decade * step);
  }
  return ticks;
}
