// The logistic function, and slopes to full precision from pre-activations.

/** σ(z) = 1/(1 + e^(−z)); e of a positive number is never formed, so that nothing overflows. */
export function logistic(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** σ'(z) = σ(z)·σ(−z), which keeps its digits where σ·(1 − σ) has lost them. */
export const logisticSlope = (z: number): number => logistic(z) * logistic(-z);

/**
 * tanh'(z) = 1/cosh²z to full relative precision: neither 1 − tanh²z, which loses its digits near |h| = 1 and is 0 from
 * |z| = 19.1 on, nor cosh²z, which overflows from 355 on. 0 only below 2^-1074, |z| > 373.
 */
export function tanhSlope(z: number): number {
  const h = Math.tanh(z);
  if (h * h !== 1) return 1 / Math.cosh(z) ** 2;
  // 4·e^(−2|z|)/(1 + e^(−2|z|))², where the denominator rounds to 1; the square comes last, because e^(−2|z|) alone
  // would be subnormal where its multiple is not.
  return (2 * Math.exp(-Math.abs(z))) ** 2;
}

/** h − tanh(z), also where both are so near to ±1 that tanh(z) has lost the digits of their difference. */
export function lessTanh(h: number, z: number): number {
  if (Math.abs(z) < 1) return h - Math.tanh(z);
  // tanh|z| = 1 − 2/(e^{2|z|} + 1); h − 1 is exact near 1.
  const sign = Math.sign(z);
  return h - sign + (sign * 2) / (Math.exp(2 * Math.abs(z)) + 1);
}

/** Below this a slope is subnormal and has lost digits. */
const leastNormal = 2 ** -1022;

/** ln f'(z) of a slope that is exact; `lnSmall` is taken where the slope itself has left the range of float64. */
export const lnOf = (slope: number, lnSmall: () => number): number =>
  slope < leastNormal ? lnSmall() : Math.log(slope);
