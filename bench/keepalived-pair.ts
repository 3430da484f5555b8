// Two hosts with keepalived and HAProxy on one switch, as people run them: the peer of the failover
// bench. Namespaces of its own, taken down by their names.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/system/clock.ts';
import { commandOutput, runCommand } from '../src/system/command.ts';

export const pairAddress = '198.18.90.10';
const hosts = ['a', 'b'] as const;
type Host = (typeof hosts)[number];

export class KeepalivedPair implements AsyncDisposable {
  readonly #prefix = `bhk${process.pid}`;
  readonly #folder = mkdtempSync(join(tmpdir(), 'bridgehead-keepalived-'));
  readonly #advertS: number;
  readonly #children = new Map<string, ChildProcess>();

  private constructor(advertS: number) {
    this.#advertS = advertS;
  }

  /** @param advertS how often the master says that it is there, seconds */
  static async up(advertS: number): Promise<KeepalivedPair> {
    const pair = new KeepalivedPair(advertS);
    try {
      await pair.#wire();
      for (const host of hosts) pair.#start(host);
      await pair.#holder();
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Path of the client's network namespace. */
  get client(): string {
    return `/run/netns/${this.#prefix}sw`;
  }

  /** Cuts the holder's link and kills its processes, in this order. @returns what undoes it */
  async kill(): Promise<() => Promise<void>> {
    const host = await this.#holder();
    await this.#inside('sw', ['ip', 'link', 'set', `to-${host}`, 'down']);
    for (const name of [`keepalived-${host}`, `haproxy-${host}`]) {
      const pid = this.#children.get(name)?.pid;
      // Its children too, which would say good-bye: they are in a group of their own.
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    }
    return async () => {
      await this.#inside(host, ['ip', 'addr', 'flush', 'dev', 'eth0', 'to', `${pairAddress}/32`]);
      await this.#inside('sw', ['ip', 'link', 'set', `to-${host}`, 'up']);
      this.#start(host);
      await systemClock.sleep(this.#advertS * 3_000 + 2_500);
    };
  }

  async #holder(): Promise<Host> {
    for (let looks = 0; looks < 200; looks += 1) {
      for (const host of hosts) {
        const text = await this.#inside(host, ['ip', '-4', 'addr', 'show', 'dev', 'eth0', 'up']);
        if (text.includes(`${pairAddress}/`)) return host;
      }
      await systemClock.sleep(100);
    }
    throw new Error('neither keepalived took the address');
  }

  async #wire(): Promise<void> {
    for (const name of ['sw', ...hosts]) {
      await commandOutput(['ip', 'netns', 'add', this.#prefix + name]);
    }
    await this.#batch('sw', [
      'link add br0 type bridge',
      'link set br0 up',
      'link set lo up',
      'addr add 198.18.90.250/24 dev br0',
    ]);
    for (const [index, host] of hosts.entries()) {
      await this.#batch('sw', [
        `link add to-${host} type veth peer name eth0 netns /run/netns/${this.#prefix}${host}`,
        `link set to-${host} master br0 up`,
      ]);
      await this.#batch(host, [
        'link set lo up',
        'link set eth0 up',
        `addr add 198.18.90.${index + 1}/24 dev eth0`,
      ]);
      await this.#inside(host, ['sysctl', '-qw', 'net.ipv4.ip_nonlocal_bind=1']);
    }
  }

  #start(host: Host): void {
    const file = (name: string) => join(this.#folder, `${host}.${name}`);
    writeFileSync(
      file('haproxy'),
      `global
  maxconn 2000
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
frontend web
  bind ${pairAddress}:80
  http-request return status 200 content-type text/plain string ${host}
`,
    );
    // Version 3 is what knows adverts below a second (RFC 5798).
    writeFileSync(
      file('keepalived'),
      `global_defs {
  vrrp_version 3
  router_id ${host}
}
vrrp_instance web {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${host === 'a' ? 150 : 100}
  nopreempt
  advert_int ${this.#advertS}
  virtual_ipaddress {
    ${pairAddress}/24 dev eth0
  }
}
`,
    );
    this.#spawn(`haproxy-${host}`, host, ['haproxy', '-db', '-f', file('haproxy')]);
    this.#spawn(`keepalived-${host}`, host, [
      ...['keepalived', '-n', '-P', '-l', '-f', file('keepalived')],
      ...['-p', file('pid'), '-r', file('vrrp.pid')],
    ]);
  }

  #spawn(name: string, host: Host, command: readonly string[]): void {
    const net = `--net=/run/netns/${this.#prefix}${host}`;
    const child = spawn('nsenter', [net, ...command], { detached: true, stdio: 'ignore' });
    this.#children.set(name, child);
  }

  #inside(name: string, command: readonly string[]): Promise<string> {
    return commandOutput(['nsenter', `--net=/run/netns/${this.#prefix}${name}`, ...command]);
  }

  async #batch(name: string, lines: readonly string[]): Promise<void> {
    const net = `--net=/run/netns/${this.#prefix}${name}`;
    await commandOutput(['nsenter', net, 'ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { pid, exitCode } of this.#children.values()) {
      if (pid === undefined || exitCode !== null) continue;
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It was killed in its round.
      }
    }
    for (const name of ['sw', ...hosts]) {
      await runCommand(['ip', 'netns', 'delete', this.#prefix + name]);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
