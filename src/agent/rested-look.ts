import type { DesiredInstance } from '../domain/desired.ts';
import { fingerprintOf } from './container-shape.ts';
import type { Container, Machine } from './machine.ts';
import { nextStep, type Seen } from './plan.ts';

/** A look at an instance, with the process that its namespaces hang on. */
export interface Look {
  readonly container: Container | null;
  readonly pid: number;
  /** Which one its network is in; null where it does not run. */
  readonly namespace: string | null;
  readonly facts: Seen;
}

/**
 * What the last look at a standby found that had nothing left to do. It was within the last second or
 * two, and whoever promotes the standby goes by it: the next one asks the Engine and HAProxy.
 */
export class RestedLook {
  readonly #machine: Machine;
  #look: Look | null = null;
  /** Ends the wait for the look that is under way; null while none is. */
  #overtake: (() => void) | null = null;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Also where something else became desired meanwhile. @param mayRest nothing is wrong with it */
  keep(desired: DesiredInstance | null, seen: Look, mayRest: boolean): void {
    const isResting =
      mayRest &&
      desired?.role === 'standby' &&
      nextStep(desired, seen.facts, fingerprintOf(desired)) === null;
    this.#look = isResting ? seen : null;
  }

  forget(): void {
    this.#look = null;
  }

  /** The look to promote it by: into its namespace, if that is still the same; null for none. */
  readyFor(desired: DesiredInstance | null): Look | null {
    const look = this.#look;
    if (look === null || !isPromoted(desired)) return null;
    this.#look = null;
    if (this.#machine.namespaceOf(look.pid) !== look.namespace) return null;
    return nextStep(desired, look.facts, fingerprintOf(desired)) === 'take' ? look : null;
  }

  /** Something became desired: a promotion does not wait for the look under way. */
  becameDesired(desired: DesiredInstance | null): void {
    if (this.#look !== null && isPromoted(desired)) this.#overtake?.();
  }

  /** @returns what `looking` resolves with, null where a promotion has overtaken it */
  async orOvertaken(looking: Promise<Look | null>): Promise<Look | null> {
    const overtaken = Promise.withResolvers<null>();
    this.#overtake = () => overtaken.resolve(null);
    try {
      return await Promise.race([looking, overtaken.promise]);
    } finally {
      this.#overtake = null;
    }
  }
}

// Nobody else can be answering for it any more.
function isPromoted(desired: DesiredInstance | null): boolean {
  return desired?.role === 'active' && desired.released;
}
