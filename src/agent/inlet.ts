import type { Clock } from '../domain/clock.ts';
import type { Epoch } from '../domain/ids.ts';
import type { QuiesceResult } from '../protocol/frames.ts';
import { notHere, staleEpoch } from './instance-errors.ts';
import type { MachineNetwork } from './machine.ts';

const openPollMs = 5;
/** How long after its limit a quiesce ends by itself, should nobody come to end it. */
const spareMs = 3_000;

export interface InletSurroundings {
  /** Name of the instance, for people. */
  readonly name: string;
  readonly network: MachineNetwork;
  readonly clock: Clock;
  /** First process of the instance's container; 0 where it does not run. */
  readonly pid: () => Promise<number>;
  /** Epoch of this host's grant as of now; undefined where it has none. */
  readonly epoch: () => Epoch | undefined;
}

/** The way in for new connections to one instance: shut before its addresses move, open after. */
export class Inlet {
  readonly #around: InletSurroundings;
  #isShut = false;

  constructor(around: InletSurroundings) {
    this.#around = around;
  }

  /**
   * Lets no new connection in and waits until the open ones have ended, at most `limitMs`.
   *
   * @throws BridgeheadError SOURCE_MISMATCH where the instance does not run here; EPOCH_STALE where
   * this host's grant has, or gets meanwhile, another epoch
   */
  async shut(epoch: Epoch, limitMs: number): Promise<QuiesceResult> {
    const { network, clock, name } = this.#around;
    this.#demand(epoch);
    const pid = await this.#around.pid();
    if (pid === 0) throw notHere(name);
    this.#demand(epoch);
    this.#isShut = true;
    const startMs = clock.monotonicMs();
    await network.quiesce(pid, limitMs + spareMs);
    // Whoever took a grant that came meanwhile may have opened it before it was shut.
    if (this.#around.epoch() !== epoch) await network.endQuiesce(pid);
    this.#demand(epoch);
    let open = await network.openConnections(pid);
    while (open > 0 && clock.monotonicMs() - startMs < limitMs) {
      await clock.sleep(openPollMs);
      open = await network.openConnections(pid);
    }
    return { openConnections: open, tookMs: clock.monotonicMs() - startMs };
  }

  /** What an agent before this one had shut opens by itself: the kernel's own timer does it. */
  async open(pid: number): Promise<void> {
    if (!this.#isShut || pid === 0) return;
    this.#isShut = false;
    await this.#around.network.endQuiesce(pid);
  }

  #demand(epoch: Epoch): void {
    const current = this.#around.epoch();
    if (current === undefined) throw notHere(this.#around.name);
    if (current !== epoch) throw staleEpoch(this.#around.name, epoch, current);
  }
}
