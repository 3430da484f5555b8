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
  /** The pass under way, and the one that begins when it ends. */
  #pass: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(name: string, periodMs: number, clock: Clock, work: () => Promise<string>) {
    this.name = name;
    this.#work = work;
    this.#clock = clock;
    this.#status = { name, lastRunMs: null, tookMs: null, result: 'not run yet', error: null };
    this.#stop = clock.every(periodMs, () => {
      // A tick asks for no pass of its own: one that takes longer than the period would never rest.
      if (this.#pass === null) this.wake();
    });
  }

  get status(): ReconcilerStatus {
    return this.#status;
  }

  /** Runs the work soon; once more after it, when it is at work already. */
  wake(): void {
    void this.run();
  }

  /** Runs the work, and resolves when a pass that began after this call has ended. Never rejects. */
  run(): Promise<void> {
    if (this.#pass === null) return this.#begin();
    this.#next ??= this.#pass.then(() => this.#begin());
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#next = null;
    this.#pass = Promise.resolve()
      .then(() => this.#once())
      .finally(() => {
        if (this.#next === null) this.#pass = null;
      });
    return this.#pass;
  }

  async #once(): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    const base = { name: this.name, lastRunMs: this.#clock.wallMs() };
    const tookMs = () => this.#clock.monotonicMs() - startMs;
    try {
      const result = await this.#work();
      this.#status = { ...base, tookMs: tookMs(), result, error: null };
    } catch (error) {
      const { message } = error as Error;
      this.#status = { ...base, tookMs: tookMs(), result: 'failed', error: message };
    }
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
