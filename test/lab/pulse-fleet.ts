// Three hosts with a bridge each on one switch, two instances on the first, and a client at the
// switch: namespaces of the test's own, with the agent's pulse running in each host.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { LeaseReading } from '../../src/agent/lapses.ts';
import { productionTimings } from '../../src/detection/timings.ts';
import type { WitnessFrame } from '../../src/protocol/pulse-frames.ts';
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
  readonly report?: WitnessFrame;
  readonly lease?: LeaseReading;
  readonly done?: number;
  readonly ready?: boolean;
  readonly failure?: string;
  readonly warning?: string;
}

export class PulseFleet implements AsyncDisposable {
  readonly #prefix = `bhp${process.pid}`;
  readonly #programs = new Map<Host, ChildProcess>();
  readonly lines = new Map<Host, Line[]>();
  readonly #folder = mkdtempSync(join(tmpdir(), 'bridgehead-pulse-'));
  #lastCommand = 0;

  static async up(): Promise<PulseFleet> {
    const fleet = new PulseFleet();
    try {
      await fleet.#wire();
      for (const host of hosts) await fleet.start(host);
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

  async start(host: Host): Promise<void> {
    const script = join(import.meta.dirname, 'pulse-host.ts');
    const promises = join(this.#folder, host);
    const [command, ...args] = [...this.inside(host), process.execPath, script, promises];
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
    for (const witness of hosts) {
      for (const host of hosts.filter((one) => one !== witness)) {
        await this.hears(witness, host);
        await this.resume(witness, host, ['*']);
      }
    }
  }

  /** Gives one host alone its assignment. */
  async assignTo(host: Host): Promise<void> {
    await this.command(host, { assign: assignmentOf(host) });
  }

  /** What a witness last said of a host. */
  latest(witness: Host, host: Host) {
    const reports = this.lines.get(witness)?.findLast(({ report }) => report !== undefined)?.report;
    return reports?.reports.find((one) => one.host === host);
  }

  /** What its kernel says of a host's lease now. */
  async lease(host: Host): Promise<LeaseReading> {
    await this.command(host, { read: true });
    const said = this.lines.get(host)?.findLast(({ lease }) => lease !== undefined)?.lease;
    if (said === undefined) throw new Error(`${host} has not said how it stands with its lease`);
    return said;
  }

  async hears(witness: Host, host: Host): Promise<void> {
    await until(() => this.latest(witness, host)?.state === 'hears', `${witness} hears ${host}`);
  }

  /** Asks a witness that says that a host is silent to promise it, and waits for its word. */
  async promise(witness: Host, host: Host, sessions: readonly string[]): Promise<void> {
    const silences = this.latest(witness, host)?.silences ?? 0;
    for (const session of sessions) {
      await this.command(witness, { promise: { host, silences, session } });
    }
    const said = () => this.latest(witness, host)?.promised.join() === sessions.join();
    await until(said, `${witness} has promised ${sessions.join(' and ')}`);
  }

  /** Makes a witness's grants begin: nobody counts on what it may have said before. */
  async resume(witness: Host, host: Host, sessions: readonly string[]): Promise<void> {
    const silences = this.latest(witness, host)?.silences ?? 0;
    await this.command(witness, { resume: { host, silences, sessions } });
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
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export interface Assigning {
  readonly isH1Fenced?: boolean;
  readonly wrongSecretForH1?: boolean;
  readonly quorum?: number;
}

export function assignmentOf(host: Host, changes: Assigning = {}): object {
  const others = hosts.filter((other) => other !== host);
  const secret = (witness: string, of: string, salt = '') =>
    createHash('sha256').update(`${witness} ${of}${salt}`).digest('hex');
  return {
    ...{ type: 'pulse', session: 's', version: 1, timings: productionTimings },
    quorum: changes.quorum ?? 1,
    witnesses: others.map((other) => ({ host: other, secret: secret(other, host) })),
    targets: others.map((other) => ({
      host: other,
      address: `198.18.77.${hosts.indexOf(other) + 1}`,
      secret: secret(host, other, other === 'h1' && changes.wrongSecretForH1 === true ? '!' : ''),
      isFenced: other === 'h1' && changes.isH1Fenced === true,
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
