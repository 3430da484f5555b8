// HAProxy in a container with a published port, as Docker does it out of the box: its own bridge,
// iptables and a userland proxy. A second Engine on a host of a lab, since the lab's has none of these.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostOf, viewLab } from '../src/lab/lab-handle.ts';
import { labPaths } from '../src/lab/paths.ts';
import { cgroupName } from '../src/lab/process-table.ts';
import { commandOutput } from '../src/system/command.ts';
import { eventually, type LabUnderTest } from '../test/lab/lab-under-test.ts';

/** Of Docker's bridge: inside the host's namespace, and on no segment of the lab. */
const bridgeAddress = '198.19.255.1/24';
const name = 'published';

export class PublishedPort implements AsyncDisposable {
  readonly #lab: LabUnderTest;
  readonly #host: string;
  readonly #socket: string;
  #engine: ChildProcess | null = null;

  private constructor(lab: LabUnderTest, host: string) {
    this.#lab = lab;
    this.#host = host;
    this.#socket = join(lab.folder, 'published.sock');
  }

  /**
   * @param configFolder has haproxy.cfg, which binds port 80
   * @param port is published on all addresses of the host
   */
  static async up(
    lab: LabUnderTest,
    host: string,
    { configFolder, port, image }: { configFolder: string; port: number; image: string },
  ): Promise<PublishedPort> {
    const published = new PublishedPort(lab, host);
    try {
      await published.#startEngine();
      const tar = join(lab.folder, 'image.tar');
      await lab.docker(host, 'save', '--output', tar, image);
      await published.#docker('load', '--input', tar);
      await published.#docker(
        ...['run', '--detach', '--name', name, '--publish', `${port}:80`, '--cpus', '1'],
        ...['--user', '99:99', '--volume', `${configFolder}:/etc/haproxy:ro`],
        ...[image, '-W', '-db', '-f', '/etc/haproxy/haproxy.cfg'],
      );
      return published;
    } catch (error) {
      await published[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #startEngine(): Promise<void> {
    const view = viewLab({ name: this.#lab.name });
    const node = hostOf(view, this.#host);
    const { run } = labPaths(this.#lab.name).host(this.#host);
    const below = (part: string) => {
      const path = join(this.#lab.folder, part);
      mkdirSync(path, { recursive: true });
      return path;
    };
    const config = join(this.#lab.folder, 'published.json');
    writeFileSync(config, '{}\n');
    this.#engine = spawn(
      'nsenter',
      [
        ...[`--net=/run/netns/${node.namespace}`, 'dockerd', '--config-file', config],
        ...['--data-root', below('data'), '--exec-root', below('exec')],
        ...['--pidfile', join(this.#lab.folder, 'published.pid')],
        ...['--containerd', join(run, 'containerd.sock')],
        ...['--containerd-namespace', name, '--containerd-plugins-namespace', `${name}-plugins`],
        ...['--host', `unix://${this.#socket}`, '--group', 'root', '--bip', bridgeAddress],
        ...['--cgroup-parent', `/${cgroupName(view.state.id, node.name)}`],
        ...['--exec-opt', 'native.cgroupdriver=cgroupfs', '--log-level', 'fatal'],
      ],
      { stdio: ['ignore', 'ignore', 'inherit'], detached: true },
    );
    await eventually(() => this.#docker('version'));
  }

  #docker(...args: readonly string[]): Promise<string> {
    return commandOutput(['docker', '-H', `unix://${this.#socket}`, ...args], {
      timeoutMs: 60_000,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const engine = this.#engine;
    if (engine === null || engine.pid === undefined) return;
    this.#engine = null;
    await this.#docker('rm', '--force', name).catch(() => '');
    const ended = new Promise((resolve) => engine.once('exit', resolve));
    if (engine.exitCode === null) {
      // nsenter has become dockerd, which ends its children in order when it is told to.
      engine.kill('SIGTERM');
      await ended;
    }
  }
}
