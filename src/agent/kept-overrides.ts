import type { DesiredInstance } from '../domain/desired.ts';
import { applyOverrides } from './live.ts';
import type { MachineHaproxy } from './machine.ts';

/**
 * Brings an instance's HAProxy to what was changed in it and is kept: after each start and load, and
 * when that becomes more. What is kept no longer is left as it is until the next load.
 */
export class KeptOverrides {
  readonly #haproxy: MachineHaproxy;
  readonly #tell: (message: string) => void;
  /** For which process, configuration and overrides it was done last. */
  #doneFor = '';

  /** @param tell is given what could not be done */
  constructor(haproxy: MachineHaproxy, tell: (message: string) => void) {
    this.#haproxy = haproxy;
    this.#tell = tell;
  }

  /** Never fails: an instance serves also where a server that is kept in drain has gone from it. */
  async ensure(desired: DesiredInstance, pid: number, loadedHash: string | null): Promise<void> {
    const { id, overrides = [] } = desired;
    const now = JSON.stringify([pid, loadedHash, overrides]);
    if (now === this.#doneFor) return;
    const faults = await applyOverrides(this.#haproxy, id, overrides);
    this.#doneFor = now;
    for (const fault of faults) this.#tell(`what is kept does not hold: ${fault}`);
  }
}
