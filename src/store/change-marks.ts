/** How far what people watch has been written, as one moment sees it. */
export interface ChangeMark {
  /** Grows with each write, also with one whose transaction has not ended or comes to nothing. */
  readonly count: bigint;
  /** Grows when a transaction that has written ends. */
  readonly ended: bigint;
}

/** Where a scheduler sees that something was written, by itself or by another one. */
export interface ChangeMarks {
  /** @throws BridgeheadError DATABASE_UNAVAILABLE */
  mark(): Promise<ChangeMark>;
}
