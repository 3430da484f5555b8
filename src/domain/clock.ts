/** Time as the decisions see it. Handed in everywhere, so that the simulation can own it. */
export interface Clock {
  /** Milliseconds since 1970. May jump; for records that people read, never for durations. */
  wallMs(): number;
  /** Milliseconds from an arbitrary start. Never jumps; for every duration and deadline. */
  monotonicMs(): number;
  /** Resolves after `durationMs`; rejects with the signal's reason when it is aborted. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls `task` every `periodMs` until the returned function is called. */
  every(periodMs: number, task: () => void): () => void;
}
