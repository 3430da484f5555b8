// The peer of the bench of reloads: the configuration of the instance in an HAProxy on the bare host,
// reloaded by the command line of its master.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostOf, viewLab } from '../src/lab/lab-handle.ts';
import { addressOf } from '../src/lab/topology.ts';
import { eventually, type LabUnderTest } from '../test/lab/lab-under-test.ts';
import { type LoadTarget, reloadAgain, workerPid } from '../test/lab/reloads-under-load.ts';

const port = 8080;

export class ReloadsByHand implements AsyncDisposable {
  readonly target: LoadTarget;
  readonly #folder: string;
  readonly #master: ChildProcess;

  private constructor(target: LoadTarget, folder: string, master: ChildProcess) {
    this.target = target;
    this.#folder = folder;
    this.#master = master;
  }

  /**
   * @param host where the instance is
   * @param configFile what the instance's HAProxy reads
   */
  static async up(lab: LabUnderTest, host: string, configFile: string): Promise<ReloadsByHand> {
    const node = hostOf(viewLab({ name: lab.name }), host);
    const target = { address: addressOf(node).v4, port };
    const folder = await mkdtemp(join(tmpdir(), 'bridgehead-reloads-'));
    const text = (await readFile(configFile, 'utf8'))
      .replaceAll('/run/haproxy', folder)
      .replace(/^( +bind )198\.18\.\S+:80$/m, `$1${target.address}:${port}`);
    await writeFile(join(folder, 'haproxy.cfg'), text);
    const command = ['haproxy', '-W', '-S', join(folder, 'master.sock')];
    const master = spawn(
      'nsenter',
      [`--net=/run/netns/${node.namespace}`, ...command, '-f', join(folder, 'haproxy.cfg')],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const byHand = new ReloadsByHand(target, folder, master);
    try {
      await eventually(async () => {
        if ((await workerPid(folder)) === '') throw new Error('HAProxy does not answer there');
      });
      return byHand;
    } catch (error) {
      await byHand[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Reloads so many times, each as soon as the new worker of the one before answers. */
  reload(times: number, perSecond: number): Promise<void> {
    return reloadAgain(this.#folder, times, perSecond);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#master, 'exit');
    // False where it has ended already.
    if (this.#master.kill('SIGTERM')) await gone;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
