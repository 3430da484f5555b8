// What a load run found. Pure, so that the figures can be tested.

import { z } from 'zod';

export const loadResult = z.object({
  sent: z.int(),
  ok: z.int(),
  failed: z.int(),
  /** How often each error was met, by its code or `HTTP <status>`. */
  errors: z.record(z.string(), z.int()),
  /** Of good answers only; 0 where there was none. */
  latencyMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
  /** Longest time without a good answer, from the start of the run to its end. */
  longestGapMs: z.number(),
});
export type LoadResult = z.infer<typeof loadResult>;

/** One request's end. Times are milliseconds from the start of the run. */
export interface LoadSample {
  readonly endedMs: number;
  readonly latencyMs: number;
  /** Null for a good answer. */
  readonly error: string | null;
}

/**
 * Sums up a run that lasted `durationMs`. The time before the first and after the last good answer
 * counts as a gap too, or a service that never comes back would look well.
 */
export function summarizeLoad(samples: readonly LoadSample[], durationMs: number): LoadResult {
  const good = samples.filter(({ error }) => error === null);
  const latencies = good.map(({ latencyMs }) => latencyMs).toSorted((a, b) => a - b);
  const errors: Record<string, number> = {};
  for (const { error } of samples) {
    if (error !== null) errors[error] = (errors[error] ?? 0) + 1;
  }
  return {
    sent: samples.length,
    ok: good.length,
    failed: samples.length - good.length,
    errors,
    latencyMs: {
      p50: round(percentile(latencies, 0.5)),
      p99: round(percentile(latencies, 0.99)),
      max: round(latencies.at(-1) ?? 0),
    },
    longestGapMs: round(
      longestGap(
        good.map(({ endedMs }) => endedMs),
        durationMs,
      ),
    ),
  };
}

/** Nearest-rank percentile of ascending values; 0 for none. `share` is above 0 and at most 1. */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? 0;
}

function longestGap(goodMs: readonly number[], durationMs: number): number {
  let last = 0;
  let longest = 0;
  for (const at of goodMs.toSorted((a, b) => a - b)) {
    longest = Math.max(longest, at - last);
    last = at;
  }
  return Math.max(longest, durationMs - last, 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
