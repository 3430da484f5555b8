import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namespacePath } from '../../../src/lab/namespaces.ts';
import { commandOutput } from '../../../src/system/command.ts';
import { eventually } from '../lab-under-test.ts';
import { bootFiles } from './kernel.ts';

const tap = 'vm0';
const mac = '52:54:00:00:00:01';
const memoryMib = 256;
const bootLimitMs = 90_000;
const outputMax = 200_000;

/** Where the machine is, and whom its kernel tells. */
export interface MachinePlace {
  /** Namespace of the host that it stands for, and that host's address on the bridge. */
  readonly namespace: string;
  readonly own: string;
  readonly remote: { readonly address: string; readonly port: number; readonly mac: string };
}

/** A virtual machine with a real kernel on a host's bridge. It is gone when it is disposed. */
export class PanicMachine implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #namespace: string;
  #output = '';

  private constructor(process: ChildProcess, folder: string, namespace: string) {
    this.#process = process;
    this.#folder = folder;
    this.#namespace = namespace;
    process.stdout?.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString('latin1')).slice(-outputMax);
    });
    process.stderr?.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString('latin1');
    });
  }

  /** Boots it, and waits until its netconsole is on. */
  static async boot({ namespace, own, remote }: MachinePlace): Promise<PanicMachine> {
    const folder = await mkdtemp(join(tmpdir(), 'bridgehead-machine-'));
    const { kernel, initrd } = await bootFiles(folder);
    await commandOutput(['ip', '-netns', namespace, '-batch', '-'], {
      input: `tuntap add ${tap} mode tap\nlink set ${tap} master br0\nlink set ${tap} up\n`,
    });
    const words = [
      ...['console=ttyS0', 'panic=1', `own=${own}`, `remote=${remote.address}`],
      ...[`port=${remote.port}`, `mac=${remote.mac}`],
    ];
    const process = spawn(
      'nsenter',
      [
        ...[`--net=${namespacePath(namespace)}`, 'qemu-system-x86_64'],
        ...['-accel', 'tcg', '-cpu', 'max', '-smp', '1', '-m', String(memoryMib)],
        ...[
          '-display',
          'none',
          '-monitor',
          'none',
          '-serial',
          'stdio',
          '-no-reboot',
          '-nodefaults',
        ],
        ...['-kernel', kernel, '-initrd', initrd, '-append', words.join(' ')],
        ...['-netdev', `tap,id=n0,ifname=${tap},script=no,downscript=no`],
        ...['-device', `virtio-net-pci,netdev=n0,mac=${mac},romfile=`],
      ],
      { stdio: 'pipe' },
    );
    const machine = new PanicMachine(process, folder, namespace);
    try {
      await machine.says(/MACHINE READY \S+ netconsole 1/);
      await machine.says(/br0: port 1\(eth0\) entered forwarding state/);
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return machine;
  }

  /** Waits until its console shows it. */
  async says(what: RegExp): Promise<void> {
    await eventually(async () => {
      if (!what.test(this.#output))
        throw new Error(`its console says:\n${this.#output.slice(-4_000)}`);
    }, bootLimitMs);
  }

  /** Has the kernel panic by the magic key. */
  panic(): void {
    this.#process.stdin?.write('now\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGKILL');
      await once(this.#process, 'exit');
    }
    await commandOutput(['ip', '-netns', this.#namespace, 'link', 'delete', tap]).catch(() => '');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
