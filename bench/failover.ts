// A host is lost under load: its link is cut, then all its processes are killed at once. How long the
// client is without a good answer, ours and keepalived's, by the same client in one run.

import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { eventView, operationView } from '../src/protocol/api.ts';
import { exampleFile, LabUnderTest } from '../test/lab/lab-under-test.ts';
import { killHost, whole } from './fleet-under-loss.ts';
import { lossOf, sharedMs } from './gap-watch.ts';
import { KeepalivedPair, pairAddress } from './keepalived-pair.ts';
import { machineFacts } from './machine-facts.ts';
import { stripPlot } from './plot.ts';
import { quantile } from './quantile.ts';
import { thousandths } from './thousandths.ts';

const port = 7193;
const limitMs = 15_000;
const slowestShown = 3;
const parts: Readonly<Record<string, (course: Course) => number>> = {
  suspected: ({ suspectedMs }) => suspectedMs,
  proven: ({ provenMs }) => provenMs,
  decided: ({ decidedMs }) => decidedMs,
  'last lease over': ({ leaseOverMs }) => leaseOverMs,
  answered: ({ answeredMs }) => answeredMs,
};

interface Party {
  readonly name: string;
  readonly gapsMs: readonly number[];
}

interface OurParty {
  readonly name: string;
  readonly gapsMs: number[];
  readonly courses: Course[];
}

/** One of our rounds: when its parts were over, milliseconds after the cut. */
interface Course {
  /** When a scheduler heard the last words; null where none were said, or heard. */
  readonly toldMs: number | null;
  /** When a scheduler saw that too few witnesses heard the host. */
  readonly suspectedMs: number;
  /** When enough of them had promised to grant it nothing. */
  readonly provenMs: number;
  readonly decidedMs: number;
  readonly leaseOverMs: number;
  readonly answeredMs: number;
  /** What the witnesses said of it. */
  readonly reasons: string;
}

/**
 * @param args `--rounds N` of each party, 50 unless told; `--plot FILE` for a picture (SVG)
 * @returns figures of all parties, and `ratios` of ours to the peer's (below 1 is better)
 */
export async function benchFailover(args: readonly string[]): Promise<object> {
  const options = { rounds: { type: 'string', default: '50' }, plot: { type: 'string' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const rounds = z.coerce.number().int().min(1).max(1_000).parse(values.rounds);
  const byDefault = await keepalived('keepalived, adverts 1 s', 1, rounds);
  const tuned = await keepalived('keepalived, adverts 100 ms', 0.1, rounds);
  const { plain: ours, panic } = await bridgehead(rounds);
  const parties = [byDefault, tuned, ours, panic];
  const machine = await machineFacts();
  report(machine, rounds, parties);
  if (values.plot !== undefined) {
    await writeFile(values.plot, stripPlot('Host lost: time without an answer, ms', parties));
  }
  const p99 = ({ gapsMs }: Party) => quantile(gapsMs, 0.99);
  return {
    ...{ machine, rounds, unit: 'ms' },
    keepalived_default: figuresOf(byDefault.gapsMs),
    keepalived_tuned: figuresOf(tuned.gapsMs),
    ours: figuresOf(ours.gapsMs),
    ours_course: courseOf(ours.courses),
    ours_with_last_words: figuresOf(panic.gapsMs),
    ours_with_last_words_course: courseOf(panic.courses),
    ratios: {
      p99_vs_keepalived_default: thousandths(p99(ours) / p99(byDefault)),
      p99_vs_keepalived_tuned: thousandths(p99(ours) / p99(tuned)),
      p99_with_last_words_vs_keepalived_tuned: thousandths(p99(panic) / p99(tuned)),
    },
  };
}

async function keepalived(name: string, advertS: number, rounds: number): Promise<Party> {
  await using pair = await KeepalivedPair.up(advertS);
  const gapsMs: number[] = [];
  while (gapsMs.length < rounds) {
    const before = await pair.settled();
    const { gap } = await lossOf(pair.client, pairAddress, limitMs, () => pair.kill(before));
    if ((await pair.holder()) === before) throw new Error(`${before} was killed and holds still`);
    gapsMs.push(gap.nextMs - gap.lastMs);
    await pair.restore(before);
  }
  return { name, gapsMs };
}

// Both of ours on one lab, by turns: what a round leaves behind is the same for either.
async function bridgehead(rounds: number): Promise<{ plain: OurParty; panic: OurParty }> {
  await using lab = await LabUnderTest.up('g', port);
  const text = await readFile(exampleFile, 'utf8');
  const spec = text.replace('    tier: 0\n', '    tier: 0\n    standbys: 1\n');
  const applied = await lab.apply(spec, '--wait');
  if (applied.code !== 0) throw new Error(applied.stderr);
  const client = `/run/netns/bh-${lab.name}-client`;
  const plain = ourParty('bridgehead, warm standby');
  const panic = ourParty('bridgehead, with last words');
  for (let count = 0; count < 2 * rounds; count += 1) {
    const party = count % 2 === 0 ? plain : panic;
    const { host, address } = await whole(lab, 'shop-web');
    const offsetMs = Date.now() - sharedMs();
    const kill = () => killHost(lab, host, party === panic);
    const { gap, result: cutMs } = await lossOf(client, address, limitMs, kill);
    const now = await lab.instance('shop-web');
    if (now.host === host) throw new Error(`${host} was killed and holds still`);
    party.gapsMs.push(gap.nextMs - gap.lastMs);
    party.courses.push(await courseAfter(lab, host, { cutMs, offsetMs, gap }));
    await lab.lab('crash', host);
    await lab.lab('heal', host);
  }
  return { plain, panic };
}

function ourParty(name: string): OurParty {
  return { name, gapsMs: [], courses: [] };
}

async function courseAfter(
  lab: LabUnderTest,
  host: string,
  seen: { readonly cutMs: number; readonly offsetMs: number; readonly gap: { nextMs: number } },
): Promise<Course> {
  const { stdout } = await lab.api('ops', 'list', '--all', '-o', 'json');
  const operations = z.array(operationView).parse(JSON.parse(stdout));
  const failover = operations.find(
    ({ kind, args }) => kind === 'failover' && args['host'] === host,
  );
  if (failover === undefined) throw new Error(`nothing failed ${host} over`);
  const after = (wallMs: number) => wallMs - seen.offsetMs - seen.cutMs;
  const said = await lab.api('events', '--object', `host/${host}`, '-o', 'json');
  const words = z
    .array(eventView)
    .parse(JSON.parse(said.stdout))
    .filter(({ kind, atMs }) => kind === 'host.last-words' && after(atMs) > -limitMs)
    .at(-1);
  const observed = (what: string) => after(Number(failover.observed?.[what]));
  return {
    toldMs: words === undefined ? null : after(words.atMs),
    suspectedMs: observed('suspectedMs'),
    provenMs: observed('provenMs'),
    decidedMs: after(failover.requestedMs),
    leaseOverMs: observed('silencedMs'),
    answeredMs: seen.gap.nextMs - seen.cutMs,
    reasons: String(failover.observed?.['reasons']).replaceAll('\n', '; '),
  };
}

function report(
  machine: Readonly<Record<string, string | number>>,
  rounds: number,
  parties: readonly (Party | OurParty)[],
): void {
  for (const [name, value] of Object.entries(machine)) console.log(`${name}: ${value}`);
  console.log(`\nA host lost under load, ${rounds} rounds each; ms without a good answer`);
  if (rounds <= 100) console.log('(of up to 100 rounds the p99 is the largest)');
  const heads = ['min', 'median', 'p90', 'p99', 'max'];
  console.log(`\n${''.padEnd(30)}${heads.map((head) => head.padStart(9)).join('')}`);
  for (const { name, gapsMs } of parties) {
    const cells = Object.values(figuresOf(gapsMs));
    console.log(`${name.padEnd(30)}${cells.map((cell) => String(cell).padStart(9)).join('')}`);
  }
  for (const party of parties) {
    if (!('courses' in party)) continue;
    console.log(`\n${party.name}, after the cut: median and largest`);
    for (const [name, { median, max }] of Object.entries(courseOf(party.courses))) {
      console.log(
        `${`  ${name}`.padEnd(30)}${String(median).padStart(9)}${String(max).padStart(9)}`,
      );
    }
    console.log('  its slowest rounds, one a line');
    for (const course of slowest(party.courses)) console.log(`    ${courseText(course)}`);
  }
  console.log(`\n${parties.map(histogram).join('\n')}\n`);
}

function slowest(courses: readonly Course[]): readonly Course[] {
  return courses.toSorted((a, b) => b.answeredMs - a.answeredMs).slice(0, slowestShown);
}

function courseText(course: Course): string {
  const told = course.toldMs === null ? '' : `last words ${Math.round(course.toldMs)}, `;
  const rest = Object.entries(parts).map(([name, of]) => `${name} ${Math.round(of(course))}`);
  return `${told}${rest.join(', ')} (${course.reasons})`;
}

function figuresOf(gapsMs: readonly number[]) {
  const at = (share: number) => Math.round(quantile(gapsMs, share));
  return { min: at(0), median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function courseOf(courses: readonly Course[]) {
  const of = (values: readonly number[]) => {
    const { median, max } = figuresOf(values);
    return { median, max };
  };
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [name, of(courses.map(part))]),
  );
}

/** One line for each 20 ms, or 100 where they are long, that something fell into. */
function histogram({ name, gapsMs }: Party): string {
  const widthMs = quantile(gapsMs, 1) > 1_000 ? 100 : 20;
  const bins = Map.groupBy(gapsMs, (gap) => Math.floor(gap / widthMs) * widthMs);
  const lines = [...bins]
    .toSorted(([a], [b]) => a - b)
    .map(([from, gaps]) => `  ${String(from).padStart(6)} ms ${'#'.repeat(gaps.length)}`);
  return [name, ...lines].join('\n');
}
