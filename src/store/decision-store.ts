/** What people decide about groups of crash reports. */
export type DecisionKind = 'merge' | 'split' | 'assign';

/** One decision about groups, with who made it and why; one that was taken back stays as a record. */
export interface CrashDecision {
  readonly id: number;
  readonly atMs: number;
  readonly who: string;
  readonly reason: string;
  readonly kind: DecisionKind;
  /** The group; for `assign` the number of the report. */
  readonly subject: string;
  /** The group that it goes to; for `split` what it is split by. */
  readonly target: string;
  /** Null while it stands. */
  readonly undone: { readonly atMs: number; readonly who: string; readonly reason: string } | null;
}

/** Decisions about groups. Each function rejects with DATABASE_UNAVAILABLE where that is so. */
export interface DecisionStore {
  /**
   * Keeps a decision.
   *
   * @returns its id; null where another one of its kind stands on the same subject
   */
  add(decision: Omit<CrashDecision, 'id' | 'undone'>): Promise<number | null>;
  /** @returns false where there is none of that id that stands */
  undo(id: number, undone: NonNullable<CrashDecision['undone']>): Promise<boolean>;
  /** In the order in which they were made; those that were taken back only where they are wanted. */
  list(wanted: { readonly withUndone: boolean }): Promise<readonly CrashDecision[]>;
}
