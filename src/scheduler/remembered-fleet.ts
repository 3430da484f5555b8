import type { Clock } from '../domain/clock.ts';
import type { ChangeMarks } from '../store/change-marks.ts';
import { FleetMemory } from '../store/fleet-memory.ts';
import type { FleetState, Store, Transaction } from '../store/store.ts';

/** Reads the fleet as one moment has it, and more of that moment. What is the same is the same object. */
export type ReadFleet = <More>(
  more: (tx: Transaction) => Promise<More>,
) => Promise<readonly [FleetState, More]>;

/** Reads all of it each time. */
export function wholeFleet(store: Store): ReadFleet {
  return (more) =>
    store.transact(async (tx) => [await tx.fleet(), await more(tx)] as const, 'snapshot');
}

/** After so long all is read anew: a net under the memory, and no more than that. */
const forgetMs = 30_000;

/**
 * A way to look at the fleet each second that costs as much as was written since, and not as much as
 * there is. For looks that find out whether something is to be done: what is done goes by a reading of
 * its own.
 */
export function rememberedFleet(marks: Pick<ChangeMarks, 'moment'>, clock: Clock): ReadFleet {
  let memory = new FleetMemory();
  let forgottenMs = clock.monotonicMs();
  // A memory has one reader at a time.
  let turn: Promise<unknown> = Promise.resolve();
  return (more) => {
    const reading = turn.then(async () => {
      if (clock.monotonicMs() - forgottenMs >= forgetMs) {
        memory = new FleetMemory();
        forgottenMs = clock.monotonicMs();
      }
      try {
        const [{ fleet }, rest] = await marks.moment(memory, more);
        return [fleet, rest] as const;
      } catch (error) {
        memory = new FleetMemory();
        throw error;
      }
    });
    turn = reading.catch(() => undefined);
    return reading;
  };
}
