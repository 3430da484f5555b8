/**
 * The smallest value that at least `share` of the values do not exceed (nearest rank). Of up to 100
 * values the 99th percentile is the largest.
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
