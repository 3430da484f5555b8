import type { Epoch, InstanceId } from '../domain/ids.ts';
import type { MachineFiles } from './machine.ts';

/**
 * Under which epoch this host took an instance's addresses, kept over restarts of the
 * agent. After a reboot nothing is held: the kernel has forgotten all addresses.
 */
export class Hold {
  readonly #files: MachineFiles;
  readonly #file: string;
  readonly #bootId: string;

  constructor(files: MachineFiles, id: InstanceId, bootId: string) {
    this.#files = files;
    this.#file = `instances/${id}/held`;
    this.#bootId = bootId;
  }

  /** Null where the addresses are not held. */
  async epoch(): Promise<Epoch | null> {
    const text = await this.#files.readFile(this.#file);
    const [epoch, bootId] = (text ?? '').trim().split(' ');
    return bootId === this.#bootId ? (Number(epoch) as Epoch) : null;
  }

  async remember(epoch: Epoch): Promise<void> {
    await this.#files.replaceBootFile(this.#file, `${epoch} ${this.#bootId}\n`);
  }

  async forget(): Promise<void> {
    await this.#files.replaceBootFile(this.#file, 'none\n');
  }
}
