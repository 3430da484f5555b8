import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BridgeheadError } from '../../domain/errors.ts';
import { commandOutput, runCommand } from '../../system/command.ts';
import type { LabView } from '../lab-handle.ts';
import { namespacePath } from '../namespaces.ts';
import { addressOf, type LabNode, macOfNode } from '../topology.ts';
import { until } from '../until.ts';
import { fatalCommand, faultCommand, type KernelFault } from './faults.ts';
import { bootFiles } from './kernel.ts';

const tap = 'vm0';
const mac = '52:54:00:00:00:01';
const memoryMib = 256;
const limitMs = 90_000;
const outputMax = 1_000_000;

/** Where the machine is, and whom its kernel tells. */
export interface MachinePlace {
  /** Namespace of the host that it stands for, and that host's address on the bridge. */
  readonly namespace: string;
  readonly own: string;
  /** Where its files are while it lives; has to be there. */
  readonly folder: string;
  readonly remote: { readonly address: string; readonly port: number; readonly mac: string };
}

/** The place of a machine that stands for the kernel of a lab's host, and tells the first scheduler. */
export function placeOf({ topology, sites, paths }: LabView, node: LabNode): MachinePlace {
  return {
    namespace: node.namespace,
    own: addressOf(node).v4,
    folder: paths.host(node.name).run,
    remote: {
      address: addressOf(topology.control).v4,
      port: sites[0]?.netconsolePort ?? 0,
      mac: macOfNode(topology.control, 'own'),
    },
  };
}

/** A virtual machine with a real kernel on a host's bridge. It is gone when it is disposed. */
export class PanicMachine implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #namespace: string;
  #output = '';
  #asked = 0;

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
    // It may be gone before it reads what it is told.
    process.stdin?.on('error', () => undefined);
  }

  /** Boots it, and waits until its netconsole is on. */
  static async boot(place: MachinePlace): Promise<PanicMachine> {
    const { namespace, own, remote } = place;
    const folder = await mkdtemp(join(place.folder, 'machine-'));
    try {
      const { kernel, initrd } = await bootFiles(folder);
      // Of one whose end was not ours.
      await removeTap(namespace);
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
          // It shall not outlive us, however we end.
          ...[`--net=${namespacePath(namespace)}`, 'setpriv', '--pdeathsig', 'KILL'],
          ...['qemu-system-x86_64', '-accel', 'tcg', '-cpu', 'max', '-smp', '1'],
          ...['-m', String(memoryMib), '-display', 'none', '-monitor', 'none'],
          ...['-serial', 'stdio', '-no-reboot', '-nodefaults'],
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
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** All that its console has shown, of a megabyte at most. */
  get console(): string {
    return this.#output;
  }

  /** Waits until its console shows it. @throws BridgeheadError LAB_FAILED when it does not */
  async says(what: RegExp): Promise<void> {
    const isSo = async () => what.test(this.#output) || this.#process.exitCode !== null;
    await until(limitMs, isSo);
    if (what.test(this.#output)) return;
    const when = this.#process.exitCode === null ? `within ${limitMs / 1_000} s` : 'at its end';
    throw new BridgeheadError(
      'LAB_FAILED',
      `the machine's console does not show ${what} ${when}:\n${this.#output.slice(-4_000)}`,
      'Its last lines are above.',
    );
  }

  /** Has the kernel fail in a way that it lives through, and waits until that is over. */
  async fail(fault: KernelFault): Promise<void> {
    this.#tell(faultCommand(fault));
    await this.says(new RegExp(`MACHINE DID ${this.#asked}\\b`));
  }

  /** Has the kernel die of it, and waits until it has said all that it says. */
  async die(fault: KernelFault): Promise<void> {
    this.#tell(`${fatalCommand}; ${faultCommand(fault)}`);
    // The last line that comes whatever it dies of.
    await this.says(/Kernel panic - not syncing[^]*Kernel Offset: [^\n]*\n/);
  }

  #tell(line: string): void {
    this.#asked += 1;
    this.#process.stdin?.write(`${line}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGKILL');
      await once(this.#process, 'exit');
    }
    await removeTap(this.#namespace);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function removeTap(namespace: string): Promise<void> {
  await runCommand(['ip', '-netns', namespace, 'link', 'delete', tap]);
}
