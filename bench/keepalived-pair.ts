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
      await pair.settled();
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Path of the client's network namespace. */
  get client(): string {
    return `/run/netns/${this.#prefix}client`;
  }

  /**
   * Cuts a host's link and kills its processes, in this order: a keepalived that could still speak
   * would say good-bye.
   */
  async kill(host: Host): Promise<void> {
    await this.#inside('sw', ['ip', 'link', 'set', `to-${host}`, 'down']);
    for (const name of [`keepalived-${host}`, `haproxy-${host}`]) {
      const pid = this.#children.get(name)?.pid;
      // Its children too: they are in a group of their own.
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    }
  }

  /** Plugs a killed host in again and starts it, as a host that has booted: without the address. */
  async restore(host: Host): Promise<void> {
    await this.#inside(host, ['ip', 'addr', 'flush', 'dev', 'eth0', 'to', `${pairAddress}/32`]);
    await this.#inside('sw', ['ip', 'link', 'set', `to-${host}`, 'up']);
    this.#start(host);
  }

  /** Who has the address; null while nobody has, or both do. Killed hosts are not asked. */
  async holder(): Promise<Host | null> {
    const holding: Host[] = [];
    for (const host of hosts) {
      const port = await this.#inside('sw', ['ip', 'link', 'show', `to-${host}`]);
      const text = await this.#inside(host, ['ip', '-4', 'addr', 'show', 'dev', 'eth0', 'up']);
      if (/state UP/.test(port) && text.includes(`${pairAddress}/`)) holding.push(host);
    }
    return holding.length === 1 ? (holding[0] ?? null) : null;
  }

  /**
   * Waits until one of them has had the address for four adverts with both running, when whoever
   * just started has heard the other and stands by.
   */
  async settled(): Promise<Host> {
    const neededMs = this.#advertS * 4_000 + 500;
    let since = { host: null as Host | null, ms: systemClock.monotonicMs() };
    const endMs = since.ms + 30_000;
    for (;;) {
      const [host, nowMs] = [await this.holder(), systemClock.monotonicMs()];
      for (const [name, { exitCode }] of this.#children) {
        if (exitCode !== null) throw new Error(`${name} has ended with exit code ${exitCode}`);
      }
      if (host !== since.host) since = { host, ms: nowMs };
      if (host !== null && nowMs - since.ms >= neededMs) return host;
      if (nowMs > endMs) throw new Error('the two keepalived did not settle');
      await systemClock.sleep(50);
    }
  }

  async #wire(): Promise<void> {
    for (const name of ['sw', 'client', ...hosts]) {
      await commandOutput(['ip', 'netns', 'add', this.#prefix + name]);
    }
    await this.#batch('sw', [
      'link add br0 type bridge',
      'link set br0 up',
      'link set lo up',
      `link add to-client type veth peer name eth0 netns /run/netns/${this.#prefix}client`,
      'link set to-client master br0 up',
    ]);
    await this.#batch('client', [
      'link set lo up',
      'link set eth0 up',
      'addr add 198.18.90.250/24 dev eth0',
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
    // One of a process that was killed may name another's by now, and keepalived would not start.
    for (const name of ['pid', 'vrrp.pid']) rmSync(file(name), { force: true });
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
    for (const name of ['sw', 'client', ...hosts]) {
      await runCommand(['ip', 'netns', 'delete', this.#prefix + name]);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
