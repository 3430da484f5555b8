// Three hosts with a bridge each on one switch, two instances on the first, and a client at the
// switch: namespaces of the test's own, with the agent's pulse running in each host.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { WitnessReport } from '../../src/protocol/witness.ts';
import { pulseTimesDefault } from '../../src/protocol/witness.ts';
import { commandOutput, runCommand } from '../../src/system/command.ts';

export const hosts = ['h1', 'h2', 'h3'] as const;
export type Host = (typeof hosts)[number];

/** Ports of the two instances on h1, and the addresses behind them. */
export const instances = [
  { port: 'bh0000000000a1', namespace: 'i1', address: '198.18.77.11' },
  { port: 'bh0000000000a2', namespace: 'i2', address: '198.18.77.12' },
] as const;

interface Line {
  readonly atMs: number;
  readonly report?: WitnessReport;
  readonly done?: number;
  readonly ready?: boolean;
  readonly failure?: string;
  readonly warning?: string;
  readonly refused?: readonly string[];
}

export class PulseFleet implements AsyncDisposable {
  readonly #prefix = `bhp${process.pid}`;
  readonly #programs = new Map<Host, ChildProcess>();
  readonly lines = new Map<Host, Line[]>();
  #lastCommand = 0;

  static async up(priority = '1', leased: readonly Host[] = []): Promise<PulseFleet> {
    const fleet = new PulseFleet();
    try {
      await fleet.#wire();
      for (const host of hosts) await fleet.start(host, priority, leased.includes(host));
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
    return fleet;
  }

  inside(name: string): readonly [string, string] {
    return ['nsenter', `--net=/run/netns/${this.#prefix}${name}`];
  }

  async run(name: string, command: readonly string[], timeoutMs = 30_000) {
    return runCommand([...this.inside(name), ...command], { timeoutMs });
  }

  async #wire(): Promise<void> {
    const namespaces = ['sw', ...hosts, ...instances.map(({ namespace }) => namespace)];
    for (const name of namespaces) await commandOutput(['ip', 'netns', 'add', this.#prefix + name]);
    const netns = (name: string) => `/run/netns/${this.#prefix}${name}`;
    await this.#batch('sw', [
      'link add br0 type bridge',
      'link set br0 up',
      'addr add 198.18.77.250/24 dev br0',
    ]);
    for (const [index, host] of hosts.entries()) {
      await this.#batch('sw', [
        `link add to-${host} type veth peer name eth0 netns ${netns(host)}`,
        `link set to-${host} master br0 up`,
      ]);
      await this.#batch(host, [
        'link add br0 type bridge',
        'link set eth0 master br0 up',
        'link set br0 up',
        `addr add 198.18.77.${index + 1}/24 dev br0`,
      ]);
    }
    for (const { port, namespace, address } of instances) {
      await this.#batch('h1', [
        `link add ${port} type veth peer name eth0 netns ${netns(namespace)}`,
        `link set ${port} master br0 up`,
      ]);
      await this.#batch(namespace, ['link set eth0 up', `addr add ${address}/24 dev eth0`]);
    }
  }

  async #batch(name: string, lines: readonly string[]): Promise<void> {
    await commandOutput([...this.inside(name), 'ip', '-batch', '-'], {
      input: `${lines.join('\n')}\n`,
    });
  }

  async start(host: Host, priority = '1', isLeased = false): Promise<void> {
    const script = join(import.meta.dirname, 'pulse-host.ts');
    const [command, ...args] = [
      ...this.inside(host),
      process.execPath,
      script,
      priority,
      isLeased ? 'leased' : 'free',
    ];
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#programs.set(host, child);
    const lines: Line[] = [];
    this.lines.set(host, lines);
    createInterface({ input: child.stdout }).on('line', (line) =>
      lines.push(JSON.parse(line) as Line),
    );
    await until(() => lines.some(({ ready }) => ready), `${host} is ready`);
  }

  pidOf(host: Host): number {
    return this.#programs.get(host)?.pid ?? 0;
  }

  signal(host: Host, signal: NodeJS.Signals): void {
    this.#programs.get(host)?.kill(signal);
  }

  async command(host: Host, command: object): Promise<void> {
    this.#lastCommand += 1;
    const id = this.#lastCommand;
    const lines = this.lines.get(host) ?? [];
    this.#programs.get(host)?.stdin?.write(`${JSON.stringify({ ...command, id })}\n`);
    await until(
      () => lines.some(({ done }) => done === id),
      `${host} has done ${JSON.stringify(command)}`,
    );
    const failure = lines.find(({ done }) => done === id)?.failure;
    if (failure !== undefined) throw new Error(failure);
  }

  /** Everybody witnesses everybody, less what `changes` says of a witness's view of h1. */
  async assign(changes: Assigning = {}): Promise<void> {
    for (const host of hosts) await this.command(host, { assign: assignmentOf(host, changes) });
  }

  /** Renews ports, and says which of them the kernel refused. */
  async renewed(host: Host, ports: readonly string[]): Promise<readonly string[] | undefined> {
    await this.command(host, { renew: ports });
    return this.lines.get(host)?.findLast(({ refused }) => refused !== undefined)?.refused;
  }

  latest(host: Host): WitnessReport | undefined {
    return this.lines.get(host)?.findLast(({ report }) => report !== undefined)?.report;
  }

  async hears(witness: Host, host: Host): Promise<void> {
    await until(
      () =>
        this.latest(witness)?.targets.some(
          (target) => target.host === host && target.state === 'heard',
        ) === true,
      `${witness} hears ${host}`,
    );
  }

  /** Whether one ping of three comes back. */
  async answers(from: string, address: string): Promise<boolean> {
    const { code } = await this.run(from, [
      'ping',
      '-n',
      '-c',
      '3',
      '-i',
      '0.05',
      '-W',
      '0.3',
      address,
    ]);
    return code === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#programs.values()) child.kill('SIGKILL');
    for (const name of ['sw', ...hosts, ...instances.map(({ namespace }) => namespace)])
      await runCommand(['ip', 'netns', 'delete', this.#prefix + name]);
  }
}

export interface Assigning {
  readonly revision?: number;
  readonly mayGrantH1?: boolean;
  readonly wrongSecretForH1?: boolean;
  readonly quorum?: number;
}

export function assignmentOf(host: Host, changes: Assigning = {}): object {
  const others = hosts.filter((other) => other !== host);
  const secret = (witness: string, of: string, salt = '') =>
    createHash('sha256').update(`${witness} ${of}${salt}`).digest('hex');
  return {
    kind: 'pulse',
    revision: changes.revision ?? 1,
    times: pulseTimesDefault,
    quorum: changes.quorum ?? 1,
    witnesses: others.map((other) => ({ host: other, secrets: [secret(other, host)] })),
    targets: others.map((other) => ({
      host: other,
      address: `198.18.77.${hosts.indexOf(other) + 1}`,
      heartbeatPort: 7_946,
      secret: secret(host, other, other === 'h1' && changes.wrongSecretForH1 === true ? '!' : ''),
      mayGrant: other !== 'h1' || changes.mayGrantH1 !== false,
    })),
  };
}

export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (await isSo()) return;
    await wait(25);
  }
  throw new Error(`not within 10 s: ${what}`);
}
