import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import type { Epoch } from '../domain/ids.ts';

/** When a grant may be acted on that came with a wait. */
export class Turn {
  readonly #clock: Clock;
  #next: { readonly epoch: Epoch; readonly atMs: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes in a grant that came at `nowMs`, monotonic. Where it is said again, the first counts. */
  note({ epoch, waitMs }: DesiredInstance, nowMs: number): void {
    if (this.#next?.epoch !== epoch) this.#next = { epoch, atMs: nowMs + waitMs };
  }

  /** Resolves when the wait is over; one that was read from disk counts from now. */
  async come(grant: DesiredInstance): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    this.note(grant, nowMs);
    const leftMs = (this.#next?.atMs ?? nowMs) - nowMs;
    if (leftMs > 0) await this.#clock.sleep(leftMs);
  }
}
