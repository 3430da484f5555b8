// Metrics in the text form of Prometheus (exposition format 0.0.4).

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** All samples of one name. They may be made while they are written. */
export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: Iterable<Sample>;
}

/** What a scrape is answered with. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** A piece is written after so many samples, so that whoever writes it can do other things between. */
const pieceSamples = 1_000;

/** The text in pieces. A family without samples is left out. */
export function* exposition(families: Iterable<MetricFamily>): Generator<string> {
  let piece: string[] = [];
  for (const { name, help, type, samples } of families) {
    let isFirst = true;
    for (const { labels, value } of samples) {
      if (isFirst) piece.push(`# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n`);
      isFirst = false;
      piece.push(`${name}${labelsText(labels)} ${valueText(value)}\n`);
      if (piece.length < pieceSamples) continue;
      yield piece.join('');
      piece = [];
    }
  }
  if (piece.length > 0) yield piece.join('');
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return /["\\\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value;
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
