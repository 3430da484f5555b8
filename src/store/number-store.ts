import type { InstanceId } from '../domain/ids.ts';

/** Seconds from one point to the next: as they came, and folded. */
export type Resolution = 5 | 60;

/** Points of one instance, as `numbers/pack.ts` makes them. */
export interface NumberChunk {
  readonly instance: InstanceId;
  readonly resolutionS: Resolution;
  /** Ends of its first and last point, wall-clock milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Where it was counted; empty for folded ones, which may be of several hosts. */
  readonly host: string;
  readonly data: Uint8Array;
}

/** Numbers of instances. Each function rejects with DATABASE_UNAVAILABLE where that is so. */
export interface NumberStore {
  append(chunks: readonly NumberChunk[]): Promise<void>;
  /** Chunks that have a point in the time, in its order; at most `limit`, the newest. */
  read(wanted: {
    readonly instance: InstanceId;
    readonly resolutionS: Resolution;
    readonly sinceMs: number;
    readonly untilMs: number;
    readonly limit: number;
  }): Promise<readonly NumberChunk[]>;
  /** Instances with points of 5 s in the time of which nothing is folded yet. */
  unfolded(fromMs: number, toMs: number, limit: number): Promise<readonly InstanceId[]>;
  /** Deletes what is older, and the oldest beyond so many bytes. @returns how many chunks */
  prune(resolutionS: Resolution, beforeMs: number, bytesMax: number): Promise<number>;
}
