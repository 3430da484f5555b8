/** A figure as reports give it: with three decimals. */
export function thousandths(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
