import { formatGrants, type Grants, readGrants, takesAway } from './grants.ts';
import type { MachineFiles } from './machine.ts';

/** On the disk for good. */
const grantsFile = 'grants.json';
/** Of this boot: never older than the other, and not waited for until it is on the disk. */
const bootFile = 'grants-of-boot.json';

/**
 * What a host was told, kept over restarts of its agent and, as far as others rely on it, of the host.
 *
 * A failover waits for an agent's word to be kept, and a disk on which a host's end is being cleared
 * away takes a tenth of a second to sync. What is only given to a host may be forgotten with its
 * kernel, which forgets that it answered too: it is acted on as soon as a restarted agent would know
 * of it. What is taken from a host is synced before anybody hears that it has let go.
 */
export class GrantsFile {
  readonly #files: MachineFiles;
  readonly #log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
  #text = '';
  /** A write that has not begun; what is told meanwhile goes with it. */
  #queued: Promise<void> | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    files: MachineFiles,
    log: (message: string, details?: Readonly<Record<string, unknown>>) => void,
  ) {
    this.#files = files;
    this.#log = log;
  }

  /** @throws Error where the file is there and says nothing that can be read */
  async read(bootId: string): Promise<Grants> {
    const kept = readGrants(await this.#files.readFile(grantsFile), bootId);
    const ofBoot = await this.#files.readFile(bootFile);
    // Not synced: of an earlier boot it may be anything.
    if (ofBoot?.includes(JSON.stringify(bootId)) !== true) return kept;
    return readGrants(ofBoot, bootId);
  }

  /**
   * Resolves when what the host is told now may be acted on.
   *
   * @throws Error where it could not be written: nothing may be acted on then
   */
  async keep(before: Grants, now: Grants): Promise<void> {
    const text = formatGrants(now);
    await this.#files.replaceBootFile(bootFile, text);
    const written = this.#write(text);
    if (takesAway(before, now)) return written;
    written.catch((error: unknown) =>
      this.#log('cannot keep grants for the next boot', { error: String(error) }),
    );
  }

  #write(text: string): Promise<void> {
    this.#text = text;
    this.#queued ??= this.#writing.then(() => {
      this.#queued = null;
      return this.#files.replaceFile(grantsFile, this.#text);
    });
    this.#writing = this.#queued.catch(() => undefined);
    return this.#queued;
  }
}
