// A host with a thousand addresses is lost: its link is cut, then all its processes are killed at
// once. How long until each address answers again, by tier.

import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { macOfInstance } from '../src/domain/mac.ts';
import { addressOf, macOfNode, topologyOf } from '../src/lab/topology.ts';
import type { InstanceView } from '../src/protocol/api.ts';
import { systemClock } from '../src/system/clock.ts';
import { commandOutput, runCommand } from '../src/system/command.ts';
import { LabClient } from '../test/lab/lab-client.ts';
import { eventually, LabUnderTest } from '../test/lab/lab-under-test.ts';
import type { ManyPlan, Silence } from './many-client.ts';
import { thousandths } from './thousandths.ts';

const rounds = Number(process.env['BRIDGEHEAD_BENCH_ROUNDS'] ?? 5);
const port = 7197;
const lost = 'host-1';
const others = ['host-2', 'host-3'] as const;
const tiers = [0, 1, 2, 3] as const;
const instancesATier = 5;
const addressesAnInstance = 50;
const addressCount = tiers.length * instancesATier * addressesAnInstance;
/** All have to answer again by then. */
const limitMs = 3_000;
const watchMs = 12_000;
const settleLimitMs = 240_000;
const program = join(import.meta.dirname, 'many-client.ts');
const askedAddresses = z.array(z.object({ address: z.string(), error: z.string().nullable() }));
const askAll = join(import.meta.dirname, '../src/lab/programs/ask-addresses.ts');

/** Milliseconds from the cut until it answers for good, of each address of a tier; null for never. */
type Returns = ReadonlyMap<number, readonly (number | null)[]>;

/** @returns figures by tier, and the `ratios` of the last address to come back to the limit */
export async function benchFailoverMany(): Promise<object> {
  await using lab = await LabUnderTest.up('m', port, '--no-example');
  for (const host of others) await done(lab, 'cordon', host);
  // The standbys only once both of the others may have them.
  await done(lab, 'apply', '-f', await lab.write(spec(0)), '--wait');
  for (const host of others) await done(lab, 'uncordon', host);
  await done(lab, 'apply', '-f', await lab.write(spec(1)), '--wait');
  const client = await LabClient.of(lab.name);
  const seen: Returns[] = [];
  for (let count = 0; count < rounds; count += 1) {
    const instances = await whole(lab);
    const returns = await lose(lab, instances);
    seen.push(returns);
    console.log(`round ${count + 1}: ${JSON.stringify(figuresOf([...returns.values()].flat()))}`);
    await answering(lab, instances);
    await lab.lab('heal', lost);
    if (count + 1 < rounds) await bringBack(lab, client);
  }
  return report(seen);
}

async function lose(lab: LabUnderTest, instances: readonly InstanceView[]): Promise<Returns> {
  const { client } = topologyOf(lab.name, 3);
  const targets = instances.flatMap(({ id, tier, addresses }) =>
    addresses.map(({ address }) => ({ address, mac: macOfInstance(id), tier })),
  );
  const plan: ManyPlan = {
    mac: macOfNode(client, 'own'),
    address: addressOf(client).v4,
    durationMs: watchMs,
    targets,
  };
  const file = join(lab.folder, 'many.json');
  await writeFile(file, JSON.stringify(plan));
  // What measures has to have its turn, whatever the failover takes.
  const command = ['nice', '-n', '-15', process.execPath, program, file] as const;
  const watching = commandOutput(['nsenter', `--net=/run/netns/${client.namespace}`, ...command], {
    timeoutMs: watchMs + 10_000,
  });
  await systemClock.sleep(2_000);
  await lab.lab('crash', lost);
  const silences = JSON.parse(await watching) as readonly (Silence | null)[];
  // All were cut off at once, each some time in the 100 ms after its last answer.
  const begun = silences.flatMap((silence) => silence?.fromMs ?? []).toSorted((a, b) => a - b);
  const cutMs = begun[Math.floor(begun.length / 2)] ?? 0;
  const returns = silences.map((silence, index) => ({
    tier: targets[index]?.tier ?? 0,
    afterMs: silence === null ? 0 : silence.toMs === null ? null : silence.toMs - cutMs,
  }));
  const byTier = Map.groupBy(returns, ({ tier }) => tier);
  return new Map([...byTier].map(([tier, those]) => [tier, those.map(({ afterMs }) => afterMs)]));
}

/**
 * A ping is the kernel's answer; here each address's HAProxy takes a connection too. The client's
 * neighbours are written by hand: their table has 1,024 places, shared by all namespaces.
 */
async function answering(lab: LabUnderTest, instances: readonly InstanceView[]): Promise<void> {
  const inside = ['nsenter', `--net=/run/netns/bh-${lab.name}-client`] as const;
  for (const { name, id, addresses } of instances) {
    const neighbours = addresses.map(
      ({ address }) =>
        `neigh replace ${address} lladdr ${macOfInstance(id)} dev eth0 nud permanent`,
    );
    await commandOutput([...inside, 'ip', '-batch', '-'], { input: neighbours.join('\n') });
    const targets = JSON.stringify(addresses.map(({ address }) => ({ address, port: 80 })));
    const { stdout, stderr } = await runCommand(
      [...inside, process.execPath, askAll, '5000', targets],
      { timeoutMs: 15_000 },
    );
    const answers = askedAddresses.parse(JSON.parse(stdout === '' ? '[]' : stdout));
    const silent = answers.filter(({ error }) => error !== null);
    if (answers.length === addresses.length && silent.length === 0) continue;
    throw new Error(
      `${name} takes no connections: ${JSON.stringify(silent.slice(0, 5))} ${stderr}`,
    );
  }
}

/** Waits until everything serves on the host that will be lost, with a warm standby elsewhere. */
function whole(lab: LabUnderTest): Promise<readonly InstanceView[]> {
  return eventually(async () => {
    const instances = await lab.instances();
    for (const { name, phase, host, standbys } of instances) {
      if (phase !== 'serving' || host !== lost) throw new Error(`${name} is ${phase} on ${host}`);
      if (standbys.length !== 1) throw new Error(`${name} has no standby`);
    }
    const running = await Promise.all(
      others.map((host) => lab.docker(host, 'ps', '--format', '{{.Names}} {{.Status}}')),
    );
    const warm = running
      .join('')
      .split('\n')
      .filter((line) => /Up ([2-9]|[0-9]{2}|About)/.test(line));
    if (warm.length !== instances.length) throw new Error(`${warm.length} standbys are warm`);
    return instances;
  }, settleLimitMs);
}

/** Moves everything to the host that is lost in each round. */
async function bringBack(lab: LabUnderTest, client: LabClient): Promise<void> {
  for (const { name } of await lab.instances()) {
    await eventually(async () => {
      await client.settled(name);
      const answer = await client.migrate(name, lost, 'the next round');
      if (!answer.isTaken) throw new Error(`${name}: ${answer.error.message}`);
      const { state } = await client.ended(answer.operation.id);
      if (state !== 'done') throw new Error(`${name}: ${state}`);
    }, settleLimitMs);
  }
}

function report(seen: readonly Returns[]): object {
  console.log(
    `${addressCount} addresses of ${tiers.length * instancesATier} instances on one host lost, ` +
      `${seen.length} times; load average ${loadavg()[0]}\n`,
  );
  const heads = ['first', 'median', 'p99', 'last', 'never'];
  console.log(`${''.padEnd(10)}${heads.map((head) => head.padStart(10)).join('')}`);
  const byTier = tiers.map((tier) => figuresOf(seen.flatMap((round) => round.get(tier) ?? [])));
  const all = figuresOf(seen.flatMap((round) => [...round.values()].flat()));
  for (const [name, figures] of [...byTier.entries(), ['all', all] as const]) {
    const cells = Object.values(figures).map((cell) => String(cell).padStart(10));
    console.log(`${(name === 'all' ? name : `tier ${name}`).padEnd(10)}${cells.join('')}`);
  }
  console.log('');
  const tierFigures = Object.fromEntries(byTier.map((figures, tier) => [`tier_${tier}`, figures]));
  const ratios = { last_vs_limit: thousandths(all.last / limitMs) };
  return {
    rounds: seen.length,
    addresses: addressCount,
    unit: 'ms',
    limitMs,
    all,
    ...tierFigures,
    ratios,
  };
}

/** An address that did not come back counts as long as it was watched. */
function figuresOf(returns: readonly (number | null)[]) {
  const sorted = returns.map((ms) => ms ?? watchMs).toSorted((a, b) => a - b);
  const at = (share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? watchMs);
  const never = returns.filter((ms) => ms === null).length;
  return { first: at(0), median: at(0.5), p99: at(0.99), last: at(1), never };
}

async function done(lab: LabUnderTest, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await lab.api(...args);
  if (code !== 0) throw new Error(stderr);
}

function spec(standbys: number): string {
  const hosts = [lost, ...others].map(
    (name) => `  - name: ${name}\n    capacity: { instances: 100, memoryMib: 65536, cpus: 100 }`,
  );
  const instances = tiers.flatMap((tier) =>
    Array.from({ length: instancesATier }, (_, index) => {
      const addresses = Array<string>(addressesAnInstance).fill('      - pool: many');
      return `  - name: t${tier}-${index}
    owner: bench
    service: many
    tier: ${tier}
    standbys: ${standbys}
    image: bridgehead/haproxy:2.6
    addresses:
${addresses.join('\n')}
    resources: { memoryMib: 64, cpus: 0.5, maxConnections: 200 }
    config: |
      defaults
        mode http
        timeout connect 2s
        timeout client 10s
        timeout server 10s
      frontend all
        bind :80
        http-request return status 200 content-type text/plain string "ok"`;
    }),
  );
  return `apiVersion: bridgehead/v1
pools:
  - name: many
    cidr: 198.18.16.0/21
    range: 198.18.16.10-198.18.21.255
    prefix: 16
    gateway: 198.18.0.1
    bridge: br0
hosts:
${hosts.join('\n')}
instances:
${instances.join('\n')}
`;
}
