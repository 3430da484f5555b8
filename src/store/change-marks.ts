import type { FleetMemory, FleetMoment } from './fleet-memory.ts';
import type { Transaction } from './store.ts';

/** How far what people watch has been written, as one moment sees it. */
export interface ChangeMark {
  /** Grows with each write, also with one whose transaction has not ended or comes to nothing. */
  readonly count: bigint;
  /** Grows when a transaction that has written ends. */
  readonly ended: bigint;
}

/** Where a scheduler sees that something was written, by itself or by another one, and what. */
export interface ChangeMarks {
  /** @throws BridgeheadError DATABASE_UNAVAILABLE */
  mark(): Promise<ChangeMark>;

  /**
   * Reads the fleet as of now, taking from the memory what was not written since, and `more` of the
   * same moment.
   *
   * @throws BridgeheadError DATABASE_UNAVAILABLE; the memory is not to be used any more then
   */
  moment<More>(
    memory: FleetMemory,
    more: (tx: Transaction) => Promise<More>,
  ): Promise<readonly [FleetMoment, More]>;
}
