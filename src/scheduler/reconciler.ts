import type { Clock } from '../domain/clock.ts';

/** The last result of a reconciler, for people. */
export interface ReconcilerStatus {
  readonly name: string;
  readonly lastRunMs: number | null;
  readonly tookMs: number | null;
  /** What it did, in a few words. */
  readonly result: string;
  readonly error: string | null;
}

/**
 * Runs one piece of work when called and every period. The work takes no input, reads what it
 * needs anew, is idempotent, and does not try again by itself: the next period does.
 */
export class Reconciler implements Disposable {
  readonly name: string;
  readonly #work: () => Promise<string>;
  readonly #clock: Clock;
  readonly #stop: () => void;
  #status: ReconcilerStatus;
  #running: Promise<void> | null = null;
  #again = false;

  constructor(name: string, periodMs: number, clock: Clock, work: () => Promise<string>) {
    this.name = name;
    this.#work = work;
    this.#clock = clock;
    this.#status = { name, lastRunMs: null, tookMs: null, result: 'not run yet', error: null };
    this.#stop = clock.every(periodMs, () => this.wake());
  }

  get status(): ReconcilerStatus {
    return this.#status;
  }

  /** Runs the work soon; once more after it, when it is at work already. */
  wake(): void {
    void this.run();
  }

  /** Runs the work, and resolves when a run that began after this call has ended. Never rejects. */
  async run(): Promise<void> {
    if (this.#running !== null) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#loop();
    await this.#running;
  }

  async #loop(): Promise<void> {
    do {
      this.#again = false;
      const startMs = this.#clock.monotonicMs();
      const base = { name: this.name, lastRunMs: this.#clock.wallMs() };
      try {
        const result = await this.#work();
        this.#status = {
          ...base,
          tookMs: this.#clock.monotonicMs() - startMs,
          result,
          error: null,
        };
      } catch (error) {
        const tookMs = this.#clock.monotonicMs() - startMs;
        this.#status = { ...base, tookMs, result: 'failed', error: (error as Error).message };
      }
    } while (this.#again);
    this.#running = null;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
