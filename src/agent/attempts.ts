import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { ObservedInstance } from '../domain/model.ts';

const retryMs = { first: 500, most: 10_000 };

/** What keeps an instance from being what it is meant to be, and when to try again. */
export class Attempts {
  readonly #clock: Clock;
  #problem: ObservedInstance['problem'] = null;
  #failures = 0;
  #notBeforeMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get problem(): ObservedInstance['problem'] {
    return this.#problem;
  }

  get mayTry(): boolean {
    return this.#clock.monotonicMs() >= this.#notBeforeMs;
  }

  /**
   * Keeps a failure as the problem, and waits twice as long as the last time, 10 s at most.
   *
   * @returns what to tell people; null where the same has been told
   */
  fail(cause: unknown): string | null {
    const error = BridgeheadError.wrap(cause);
    const problem = problemOf(error);
    const isNew = this.#problem?.message !== problem.message;
    this.#problem = problem;
    const waitMs = Math.min(retryMs.first * 2 ** this.#failures, retryMs.most);
    this.#failures += 1;
    this.#notBeforeMs = this.#clock.monotonicMs() + waitMs;
    return isNew ? error.message : null;
  }

  /** All is well, or what is wanted has changed: the next attempt is the first. */
  forget(): void {
    this.#problem = null;
    this.#failures = 0;
    this.#notBeforeMs = 0;
  }
}

/** An error as an instance shows it. */
export function problemOf(error: BridgeheadError): NonNullable<ObservedInstance['problem']> {
  return { code: error.code, message: `${error.message}. ${error.next}` };
}
