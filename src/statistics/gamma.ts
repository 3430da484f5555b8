const stirlingFrom = 10;
const terms = 500;
const tiny = 1e-300;
const precision = 1e-15;

/**
 * Natural logarithm of the gamma function for x > 0, by Stirling's series from 10 on (NIST DLMF
 * 5.11.1), and by its recurrence below. Good to some 14 digits.
 */
export function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  while (at < stirlingFrom) {
    shift += Math.log(at);
    at += 1;
  }
  const square = at * at;
  const series =
    (1 / 12 -
      (1 / 360 - (1 / 1_260 - (1 / 1_680 - 1 / (1_188 * square)) / square) / square) / square) /
    at;
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series - shift;
}

/** Natural logarithm of the number of ways to choose `k` of `n`. */
export function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/**
 * Share of a gamma distribution of shape `a` and scale 1 above `x`: by its power series below a + 1
 * (NIST DLMF 8.11.4), by its continued fraction above (8.9.2, evaluated by Lentz's method).
 */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < terms && term > sum * precision; n += 1) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - scale * sum;
  }
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < terms; n += 1) {
    const factor = -n * (n - a);
    b += 2;
    d = 1 / nonZero(factor * d + b);
    c = nonZero(b + factor / c);
    fraction *= c * d;
    if (Math.abs(c * d - 1) < precision) break;
  }
  return scale * fraction;
}

/** Probability that a chi-square with `freedom` degrees of freedom is `value` or more. */
export function chiSquareTail(value: number, freedom: number): number {
  return upperGamma(freedom / 2, value / 2);
}

function nonZero(value: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}
