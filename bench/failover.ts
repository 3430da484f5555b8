// A host is lost under load: its link is cut, then all its processes are killed at once. How long the
// client is without a good answer, ours and keepalived's, by the same client in one run.

import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../src/system/clock.ts';
import { commandOutput } from '../src/system/command.ts';
import { eventually, exampleFile, LabUnderTest } from '../test/lab/lab-under-test.ts';
import { KeepalivedPair, pairAddress } from './keepalived-pair.ts';

const rounds = Number(process.env['BRIDGEHEAD_BENCH_ROUNDS'] ?? 50);
const port = 7193;
const oursWatchMs = 6_000;
const client = join(import.meta.dirname, 'gap-client.ts');
const saidByClient = z.object({
  sent: z.number(),
  good: z.number(),
  isBack: z.boolean(),
  gapMs: z.number(),
});

interface Party {
  readonly name: string;
  readonly gapsMs: readonly number[];
  /** Of these, rounds in which the service did not come back while the client asked. */
  readonly failed: number;
}

/** @returns figures of all parties, and `ratios` of ours to the peer's (below 1 is better) */
export async function benchFailover(): Promise<object> {
  const byDefault = await keepalived('keepalived, adverts 1 s', 1, 8_000);
  const tuned = await keepalived('keepalived, adverts 100 ms', 0.1, 4_000);
  const ours = await bridgehead();
  const all = [byDefault, tuned, ours];
  console.log(`A host lost under load, ${rounds} rounds each; load average ${loadavg()[0]}\n`);
  const heads = ['min', 'median', 'p90', 'p99', 'max', 'failed'];
  console.log(`${''.padEnd(30)}${heads.map((head) => head.padStart(10)).join('')}`);
  for (const one of all) {
    const cells = [...Object.values(figuresOf(one)).slice(0, 5), one.failed];
    console.log(`${one.name.padEnd(30)}${cells.map((cell) => String(cell).padStart(10)).join('')}`);
  }
  console.log(`\n${all.map(histogram).join('\n')}\n`);
  const p99 = (party: Party) => quantile(party.gapsMs, 0.99);
  return {
    rounds,
    unit: 'ms',
    keepalived_default: figuresOf(byDefault),
    keepalived_tuned: figuresOf(tuned),
    ours: figuresOf(ours),
    ratios: {
      p99_vs_keepalived_default: round(p99(ours) / p99(byDefault)),
      p99_vs_keepalived_tuned: round(p99(ours) / p99(tuned)),
    },
  };
}

async function keepalived(name: string, advertS: number, watchMs: number): Promise<Party> {
  await using pair = await KeepalivedPair.up(advertS);
  return await measured(name, watchMs, async () => {
    const watching = watched(pair.client, pairAddress, watchMs);
    await systemClock.sleep(1_000 + atAnyPhase());
    const restore = await pair.kill();
    const seen = await watching;
    await restore();
    return seen;
  });
}

async function bridgehead(): Promise<Party> {
  await using lab = await LabUnderTest.up('g', port);
  const text = await readFile(exampleFile, 'utf8');
  const spec = text.replace('    tier: 0\n', '    tier: 0\n    standbys: 1\n');
  const applied = await lab.apply(spec, '--wait');
  if (applied.code !== 0) throw new Error(applied.stderr);
  return await measured('bridgehead, warm standby', oursWatchMs, async () => {
    const { host, addresses } = await whole(lab);
    const address = addresses[0]?.address ?? '';
    const watching = watched(`/run/netns/bh-${lab.name}-client`, address, oursWatchMs);
    await systemClock.sleep(1_000 + atAnyPhase());
    await lab.lab('crash', host ?? '');
    const seen = await watching;
    await lab.lab('heal', host ?? '');
    return seen;
  });
}

/** So that a kill falls anywhere between two adverts or probes. Milliseconds. */
function atAnyPhase(): number {
  return Math.random() * 1_000;
}

/** Waits until every host is there, everything serves and the standby is warm. */
function whole(lab: LabUnderTest) {
  return eventually(async () => {
    const hosts = await lab.hosts();
    if (hosts.some(({ state }) => state !== 'ready')) throw new Error('a host is not ready');
    for (const { name, phase } of await lab.instances()) {
      if (phase !== 'serving') throw new Error(`${name} is ${phase}`);
    }
    const instance = await lab.instance('shop-web');
    const [standby] = instance.standbys;
    if (standby === undefined) throw new Error('there is no standby');
    const running = await lab.docker(standby, 'ps', '--format', '{{.Names}} {{.Status}}');
    if (!/shop-web Up/.test(running) || /shop-web Up (Less|1 sec)/.test(running)) {
      throw new Error('the standby is not warm');
    }
    return instance;
  }, 120_000);
}

async function measured(
  name: string,
  watchMs: number,
  lose: () => Promise<z.infer<typeof saidByClient>>,
): Promise<Party> {
  const gapsMs: number[] = [];
  let failed = 0;
  for (let count = 0; count < rounds; count += 1) {
    const { isBack, gapMs } = await lose();
    // A service that stays away counts as long as it was watched, at the least: it must not flatter.
    gapsMs.push(isBack ? gapMs : Math.max(gapMs, watchMs));
    if (!isBack) failed += 1;
  }
  return { name, gapsMs, failed };
}

async function watched(namespace: string, address: string, durationMs: number) {
  const command = [process.execPath, client, address, String(durationMs)] as const;
  const limits = { timeoutMs: durationMs + 10_000 };
  const text = await commandOutput(['nsenter', `--net=${namespace}`, ...command], limits);
  return saidByClient.parse(JSON.parse(text));
}

function figuresOf({ gapsMs, failed }: Party) {
  const at = (share: number) => Math.round(quantile(gapsMs, share));
  return { min: at(0), median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), failed };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** One line for each 50 ms that something fell into. */
function histogram({ name, gapsMs }: Party): string {
  const widthMs = 50;
  const bins = Map.groupBy(gapsMs, (gap) => Math.floor(gap / widthMs) * widthMs);
  const lines = [...bins]
    .toSorted(([a], [b]) => a - b)
    .map(([from, gaps]) => `  ${String(from).padStart(6)} ms ${'#'.repeat(gaps.length)}`);
  return [name, ...lines].join('\n');
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
