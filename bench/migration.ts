// Moving an instance under load: `bridgehead migrate`, and what people do by hand with Docker and
// pipework: stop the container here, start it there, give it its address, one gratuitous ARP.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/system/clock.ts';
import { commandOutput } from '../src/system/command.ts';
import { LabUnderTest, type LoadResult } from '../test/lab/lab-under-test.ts';
import { thousandths } from './thousandths.ts';

const moves = 10;
const secondsAMove = 4;
const ratePerSecond = 200;
const port = 7191;
const peerAddress = '198.18.20.1';

interface Outcome {
  readonly moves: number;
  readonly sent: number;
  readonly failed: number;
  readonly longestGapMs: number;
}

/** @returns figures of both, and `ratios` of ours to the peer's (below 1 is better than the peer) */
export async function benchMigration(): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'bridgehead-bench-'));
  chmodSync(folder, 0o755);
  await using lab = await LabUnderTest.up('m', port);
  try {
    const ours = await underLoad(lab, 'shop-web', () => migrate(lab));
    const peer = new ByHand(lab, folder);
    await peer.start();
    const byHand = await underLoad(lab, peerAddress, () => peer.move());
    report(ours, byHand);
    const ratios = {
      longest_gap_vs_by_hand: thousandths(ours.longestGapMs / byHand.longestGapMs),
      failed_vs_by_hand: byHand.failed === 0 ? null : thousandths(ours.failed / byHand.failed),
    };
    return { rate_per_second: ratePerSecond, ours, by_hand: byHand, ratios };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function underLoad(
  lab: LabUnderTest,
  target: string,
  move: () => Promise<void>,
): Promise<Outcome> {
  const loading = lab.load(target, moves * secondsAMove + 2, ratePerSecond);
  // The load must be running before the first move, or it would not see it.
  await systemClock.sleep(2_000);
  const startMs = systemClock.monotonicMs();
  for (let done = 0; done < moves; done += 1) {
    await move();
    const nextMs = startMs + (done + 1) * secondsAMove * 1_000 - 2_000;
    await systemClock.sleep(Math.max(0, nextMs - systemClock.monotonicMs()));
  }
  const { sent, failed, longestGapMs }: LoadResult = await loading;
  return { moves, sent, failed, longestGapMs };
}

async function migrate(lab: LabUnderTest): Promise<void> {
  const { host } = await lab.instance('shop-web');
  const taken = (await lab.instance('shop-api')).host;
  const to = ['host-1', 'host-2', 'host-3'].find((name) => name !== host && name !== taken) ?? '';
  const result = await lab.api('migrate', 'shop-web', '--to', to);
  if (result.code !== 0) throw new Error(result.stderr);
}

/** A container that is moved as the pipework script did it. */
class ByHand {
  readonly #lab: LabUnderTest;
  readonly #folder: string;
  #place = 0;

  constructor(lab: LabUnderTest, folder: string) {
    this.#lab = lab;
    this.#folder = folder;
  }

  get #host(): string {
    return `host-${(this.#place % 2) + 1}`;
  }

  async start(): Promise<void> {
    mkdirSync(join(this.#folder, 'etc'), { recursive: true });
    writeFileSync(
      join(this.#folder, 'etc', 'haproxy.cfg'),
      `defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend web
  bind ${peerAddress}:80
  default_backend shop
backend shop
  server shop-1 198.18.0.31:8080
  server shop-2 198.18.0.32:8080
`,
    );
    for (const host of ['host-1', 'host-2']) {
      await this.#lab.docker(
        host,
        ...['create', '--name', 'by-hand', '--network', 'none', '--user', '99:99'],
        ...['--sysctl', 'net.ipv4.ip_unprivileged_port_start=0'],
        ...['--sysctl', 'net.ipv4.ip_nonlocal_bind=1'],
        ...['--sysctl', 'net.ipv4.conf.default.arp_notify=1'],
        ...['--volume', `${this.#folder}/etc:/etc/haproxy:ro`],
        ...['bridgehead/haproxy:2.6', '-W', '-db', '-f', '/etc/haproxy/haproxy.cfg'],
      );
    }
    await this.#bringUp();
  }

  async move(): Promise<void> {
    await this.#lab.docker(this.#host, 'stop', 'by-hand');
    this.#place += 1;
    await this.#bringUp();
  }

  async #bringUp(): Promise<void> {
    await this.#lab.docker(this.#host, 'start', 'by-hand');
    const format = '{{.State.Pid}}';
    const pid = (await this.#lab.docker(this.#host, 'inspect', '-f', format, 'by-hand')).trim();
    const outside = [
      `link add byhand type veth peer name eth0 address 02:20:00:00:00:01 netns ${pid}`,
      'link set byhand master br0 up',
    ];
    const inside = [`addr add ${peerAddress}/16 dev eth0`, 'link set eth0 up'];
    await batch(`/run/netns/bh-${this.#lab.name}-${this.#host}`, outside);
    await batch(`/proc/${pid}/ns/net`, inside);
  }
}

async function batch(namespace: string, lines: readonly string[]): Promise<void> {
  await commandOutput(['nsenter', `--net=${namespace}`, 'ip', '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
  });
}

function report(ours: Outcome, byHand: Outcome): void {
  const line = (name: string, { moves: count, sent, failed, longestGapMs }: Outcome) =>
    `${name.padEnd(28)}${[count, sent, failed, Math.round(longestGapMs)]
      .map((value) => String(value).padStart(12))
      .join('')}`;
  console.log(`Moves under ${ratePerSecond} new connections a second\n`);
  const heads = ['moves', 'requests', 'failed', 'gap max ms'];
  console.log(`${''.padEnd(28)}${heads.map((head) => head.padStart(12)).join('')}`);
  console.log(line('bridgehead migrate', ours));
  console.log(line('by hand (docker, pipework)', byHand));
  console.log('');
}
