// Bounds of the spectral radius of a matrix too large for all its eigenvalues.
import { exponentOf, maxAbs, norm } from './norm.js';
import type { Steps } from './types.js';

/** A^(2^14): what bounds and radius differ by shrinks to a 16,384th of its logarithm. */
const squarings = 14;

/** C ← A·A, all [n,n]. */
export type Square = (A: Float64Array) => Steps<Float64Array>;

/** In plain arithmetic. */
export const plainSquare = (n: number): Square => function* (A) {
  const C = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const value = A[i * n + k]!;
      if (value === 0) continue;
      for (let j = 0; j < n; j++) C[i * n + j] = C[i * n + j]! + value * A[k * n + j]!;
    }
    yield i / n;
  }
  return C;
};

/**
 * low ≤ ρ(A) ≤ high, proven with all rounding: |tr A^k|/n ≤ ρ^k ≤ ‖A^k‖ (Gelfand 1941) for k = 1, 2, 4, … by repeated squaring, the bound of
 * each power's error carried along. That needs no dominant eigenvalue and none that is real, so a complex pair is as good as any other; power
 * iteration would fail there. A defective or strongly non-normal A leaves the bounds wide apart, as its radius is to changes the size of rounding.
 */
export function* spectralRadiusBounds(A: Float64Array, n: number, square: Square): Steps<readonly [low: number, high: number]> {
  let power = A;
  // Of power·2^exponent; `error` bounds the norm of what rounding has added, on the scale of `power`.
  let [exponent, error, k] = [0, 0, 1];
  let [low, high] = [0, Infinity];
  for (let i = 0; i <= squarings; i++) {
    const size = norm(power);
    let trace = 0;
    for (let j = 0; j < n; j++) trace += power[j * (n + 1)]!;
    const rounding = n * Number.EPSILON * size;
    const root = (value: number): number => (value <= 0 ? 0 : Math.exp((Math.log(value) + exponent * Math.LN2) / k));
    high = Math.min(high, root(size * (1 + n * Number.EPSILON) + error) * (1 + 4e-15));
    low = Math.max(low, root((Math.abs(trace) - n * error - rounding) / n) * (1 - 4e-15));
    // A zero power proves a radius of 0 where no rounding can hide behind it.
    if (i === squarings || high === 0 || (size === 0 && error === 0)) break;
    const shift = exponentOf(maxAbs(power));
    if (!Number.isFinite(shift)) break;
    const scaled = power.map((value) => value * 2 ** -shift);
    const [from, by] = [norm(scaled), error * 2 ** -shift];
    const squared = yield* square(scaled);
    error = 2 * from * by + by * by + (n + 2) * Number.EPSILON * from * from;
    exponent = 2 * (exponent + shift);
    power = squared;
    k *= 2;
    yield (i + 1) / squarings;
  }
  return [low, high];
}
