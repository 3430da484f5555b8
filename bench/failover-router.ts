// A host dies with its link up, as one that panics does, and the client is behind a router that keeps
// its ARP entries for an hour. The switch still knows the old port for the instance's MAC address, and
// the announcements that would tell it otherwise are dropped, more and more of them.

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { commandOutput } from '../src/system/command.ts';
import { exampleFile, LabUnderTest } from '../test/lab/lab-under-test.ts';
import { killSilently, whole } from './fleet-under-loss.ts';
import { lossOf } from './gap-watch.ts';
import { machineFacts } from './machine-facts.ts';
import { quantile } from './quantile.ts';

const port = 7199;
const limitMs = 60_000;
const droppedShares = [0, 10, 50, 100] as const;
const farAddress = '198.19.0.2';
const routerAddress = '198.19.0.1';
const table = 'bridge bench_router';

/**
 * @param args `--rounds N` of each share, 5 unless told
 * @returns figures by share of dropped announcements, and the `ratios` of each to none dropped
 */
export async function benchFailoverRouter(args: readonly string[]): Promise<object> {
  const options = { rounds: { type: 'string', default: '5' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const rounds = z.coerce.number().int().min(1).max(100).parse(values.rounds);
  const machine = await machineFacts();
  const gaps = await measured(rounds);
  console.log(`\nA host dies with its link up; client behind a router; ${rounds} rounds each; ms`);
  console.log(
    `${'announcements dropped'.padEnd(24)}${'min'.padStart(9)}${'median'.padStart(9)}${'max'.padStart(9)}`,
  );
  for (const [share, gapsMs] of gaps) {
    const cells = Object.values(figuresOf(gapsMs)).map((cell) => String(cell).padStart(9));
    console.log(`${`${share} %`.padEnd(24)}${cells.join('')}`);
  }
  const median = (share: number) => figuresOf(gaps.get(share) ?? []).median;
  const parts = droppedShares.filter((share) => share > 0);
  return {
    ...{ machine, rounds, unit: 'ms' },
    dropped: Object.fromEntries([...gaps].map(([share, gapsMs]) => [share, figuresOf(gapsMs)])),
    ratios: Object.fromEntries(
      parts.map((share) => [
        `median_${share}_vs_none`,
        Math.round((100 * median(share)) / median(0)) / 100,
      ]),
    ),
  };
}

async function measured(rounds: number): Promise<ReadonlyMap<number, readonly number[]>> {
  await using lab = await LabUnderTest.up('r', port);
  const text = await readFile(exampleFile, 'utf8');
  const spec = text.replace('    tier: 0\n', '    tier: 0\n    standbys: 1\n');
  const applied = await lab.apply(spec, '--wait');
  if (applied.code !== 0) throw new Error(applied.stderr);
  await using far = await FarClient.of(lab);
  const gaps = new Map<number, number[]>(droppedShares.map((share) => [share, []]));
  for (let count = 0; count < rounds; count += 1) {
    for (const share of droppedShares) {
      const { host, address } = await whole(lab, 'shop-web');
      await far.drop(address, share);
      const { gap } = await lossOf(far.namespace, address, limitMs, () => killSilently(lab, host));
      gaps.get(share)?.push(gap.nextMs - gap.lastMs);
      await lab.lab('crash', host);
      await far.dropNothing();
      await lab.lab('heal', host);
    }
  }
  return gaps;
}

/** A client that reaches the lab's segment through its gateway only. Taken down by its name. */
class FarClient implements AsyncDisposable {
  readonly #name: string;
  readonly #router: string;

  private constructor(lab: LabUnderTest) {
    this.#name = `bh-${lab.name}-far`;
    this.#router = `bh-${lab.name}-switch`;
  }

  static async of(lab: LabUnderTest): Promise<FarClient> {
    const far = new FarClient(lab);
    await commandOutput(['ip', 'netns', 'add', far.#name]);
    await far.#route(`link add far type veth peer name eth0 netns ${far.#name}
link set far up
addr add ${routerAddress}/24 dev far`);
    const inside = ['ip', '-netns', far.#name, '-batch', '-'] as const;
    const lines = `link set lo up
link set eth0 up
addr add ${farAddress}/24 dev eth0
route add default via ${routerAddress}
`;
    await commandOutput(inside, { input: lines });
    await far.#atRouter(['sysctl', '-qw', 'net.ipv4.ip_forward=1']);
    await far.#atRouter(['sysctl', '-qw', 'net.ipv4.neigh.sw0.base_reachable_time_ms=3600000']);
    return far;
  }

  /** Path of its network namespace. */
  get namespace(): string {
    return `/run/netns/${this.#name}`;
  }

  /** Drops a share of the address's gratuitous ARP before the switch learns from it. Per cent. */
  async drop(address: string, share: number): Promise<void> {
    await this.dropNothing();
    if (share === 0) return;
    const isMeant = share === 100 ? '' : `numgen random mod 100 < ${share}`;
    const gratuitous = `arp saddr ip ${address} arp daddr ip ${address}`;
    await this.#nft(`table ${table} {
  chain announcements {
    type filter hook prerouting priority -300
    ${gratuitous} ${isMeant} drop
  }
}`);
  }

  dropNothing(): Promise<void> {
    return this.#nft(`table ${table} {}\ndelete table ${table}`);
  }

  async #nft(rules: string): Promise<void> {
    await this.#atRouter(['nft', '-f', '-'], `${rules}\n`);
  }

  async #route(lines: string): Promise<void> {
    await commandOutput(['ip', '-netns', this.#router, '-batch', '-'], { input: `${lines}\n` });
  }

  async #atRouter(command: readonly string[], input = ''): Promise<void> {
    await commandOutput(['nsenter', `--net=/run/netns/${this.#router}`, ...command], { input });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await commandOutput(['ip', 'netns', 'delete', this.#name]);
  }
}

function figuresOf(gapsMs: readonly number[]) {
  const at = (share: number) => Math.round(quantile(gapsMs, share));
  return { min: at(0), median: at(0.5), max: at(1) };
}
