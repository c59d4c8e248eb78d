// Norms that neither underflow nor overflow, and the powers of two that carry a gradient beyond the range of its dtype.
import type { FloatArray } from './dtypes.js';

/** Decades of one power of two. */
export const log10Of2 = Math.log10(2);

/** Largest |value|; NaN when one of the values is. */
export function maxAbs(values: FloatArray, from = 0, to = values.length): number {
  let max = 0;
  for (let i = from; i < to; i++) {
    const value = Math.abs(values[i]!);
    // Math.max would take three times as long.
    if (value <= max) continue;
    if (Number.isNaN(value)) return NaN;
    max = value;
  }
  return max;
}

/**
 * Frobenius norm. The values are scaled before they are squared: a square under- or overflows long before the value
 * does.
 */
export function norm(values: FloatArray, from = 0, to = values.length): number {
  const max = maxAbs(values, from, to);
  if (max === 0 || !Number.isFinite(max)) return max;
  let sum = 0;
  for (let i = from; i < to; i++) {
    const scaled = values[i]! / max;
    sum += scaled * scaled;
  }
  return max * Math.sqrt(sum);
}

/** About ⌊log2 m⌋ of a finite m > 0; -Infinity for 0. */
export const exponentOf = (m: number): number => Math.floor(Math.log2(m));

// 2^±1000 is the largest step that is itself far from the ends of float64.
const stride = 1000;

/**
 * target = source·2^exponent over a range of indices. Beyond the range of float64 it gives 0 or ±Infinity, as it must;
 * NaN for an exponent that is NaN.
 */
export function scaleByPowerOfTwo(
  source: FloatArray,
  exponent: number,
  target: Float64Array,
  from = 0,
  to = source.length,
): void {
  if (Number.isNaN(exponent)) {
    target.fill(NaN, from, to);
    return;
  }
  let rest = Math.max(-4 * stride, Math.min(4 * stride, exponent));
  for (let i = from; i < to; i++) target[i] = source[i]!;
  while (rest !== 0) {
    const part = Math.max(-stride, Math.min(stride, rest));
    const factor = 2 ** part;
    for (let i = from; i < to; i++) target[i] = target[i]! * factor;
    rest -= part;
  }
}
