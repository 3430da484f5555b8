// For tests: reads the text form of Prometheus strictly, after its description (exposition formats,
// version 0.0.4), and refuses what a scrape would refuse or take amiss.

export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const nameText = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const sampleLine = new RegExp(`^(${nameText})(?:\\{(.*)\\})? (\\S+)$`);
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;

/** @throws Error for the first line that is not right */
export function parseExposition(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ParsedFamily>();
  const helps = new Map<string, string>();
  const seen = new Set<string>();
  let current = '';
  for (const line of text.slice(0, -1).split('\n')) {
    const head = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (head !== null) {
      const [, what, name = '', rest = ''] = head;
      if (what === 'HELP') helps.set(name, rest);
      else {
        if (families.has(name)) throw new Error(`${name} is in two places`);
        if (!['counter', 'gauge'].includes(rest)) throw new Error(`type ${rest}`);
        families.set(name, { type: rest, help: helps.get(name) ?? '', samples: [] });
        current = name;
      }
      continue;
    }
    const match = sampleLine.exec(line);
    if (match === null) throw new Error(`no sample: ${line}`);
    const [, name = '', inside = '', number = ''] = match;
    const family = families.get(name);
    if (family === undefined || name !== current) throw new Error(`${name} stands alone: ${line}`);
    const series = `${name}{${inside}}`;
    if (seen.has(series)) throw new Error(`twice: ${series}`);
    seen.add(series);
    const value = Number(number);
    if (Number.isNaN(value)) throw new Error(`no number: ${line}`);
    family.samples.push({ labels: labelsOf(inside, line), value });
  }
  return families;
}

function labelsOf(inside: string, line: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  labelPattern.lastIndex = 0;
  while (labelPattern.lastIndex < inside.length) {
    const match = labelPattern.exec(inside);
    if (match === null) throw new Error(`labels: ${line}`);
    const [, name = '', value = ''] = match;
    if (Object.hasOwn(labels, name)) throw new Error(`label ${name} twice: ${line}`);
    labels[name] = value.replaceAll(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one));
  }
  return labels;
}
