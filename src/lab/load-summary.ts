/** One request of a load run. Times are milliseconds on one clock. */
export interface LoadSample {
  readonly sentMs: number;
  readonly endedMs: number;
  /** Kind of failure, such as `ECONNREFUSED` or `status 503`; null for a good answer. */
  readonly error: string | null;
}

export interface LoadSummary {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  /** How many failed in which way. */
  readonly errors: Readonly<Record<string, number>>;
  /** From the sending of a request to the end of its good answer; null without any. */
  readonly latencyMs: {
    readonly p50: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
  /**
   * Longest time without a good answer: between two of them, before the first, or from the last
   * one until the last request was sent.
   */
  readonly longestGapMs: number;
}

/** Sums up a load run. */
export function summarizeLoad(samples: readonly LoadSample[]): LoadSummary {
  const good = samples.filter(({ error }) => error === null);
  const errors: Record<string, number> = {};
  for (const { error } of samples) {
    if (error !== null) errors[error] = (errors[error] ?? 0) + 1;
  }
  const latencies = good.map(({ sentMs, endedMs }) => endedMs - sentMs).toSorted((a, b) => a - b);
  return {
    sent: samples.length,
    ok: good.length,
    failed: samples.length - good.length,
    errors,
    latencyMs: {
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      max: quantile(latencies, 1),
    },
    longestGapMs: longestGap(samples, good),
  };
}

function longestGap(samples: readonly LoadSample[], good: readonly LoadSample[]): number {
  const [first] = samples;
  if (first === undefined) return 0;
  let startMs = first.sentMs;
  let lastSentMs = first.sentMs;
  for (const { sentMs } of samples) {
    startMs = Math.min(startMs, sentMs);
    lastSentMs = Math.max(lastSentMs, sentMs);
  }
  let beforeMs = startMs;
  let longestMs = 0;
  for (const endedMs of good.map((sample) => sample.endedMs).toSorted((a, b) => a - b)) {
    longestMs = Math.max(longestMs, endedMs - beforeMs);
    beforeMs = endedMs;
  }
  return round(Math.max(longestMs, lastSentMs - beforeMs));
}

/** Nearest-rank quantile of values in rising order; null for none. */
function quantile(sorted: readonly number[], share: number): number | null {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  const value = sorted[rank - 1];
  return value === undefined ? null : round(value);
}

function round(valueMs: number): number {
  return Math.round(valueMs * 100) / 100;
}
