// Bounds of the spectral radius of a matrix too large for all its eigenvalues.
import { movedAtOnce } from '../core/resumableCopy.js';
import { exponentOf, scaleByPowerOfTwo } from '../core/norm.js';
import { jointNormResumably, largestOf } from '../core/scan.js';
import type { Resumable } from '../core/resumable.js';

/** A^(2^14): what bounds and radius differ by shrinks to a 16,384th of its logarithm. */
const squarings = 14;

/** Some units in the last place of a number that stands in an exponent. */
const slackUnit = 4e-15;

/** C ← A·A, all [n,n]. */
export type Square = (A: Float64Array) => Resumable<Float64Array>;

/** In plain arithmetic. */
export const plainSquare = (n: number): Square =>
  function* (A) {
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
 * low ≤ ρ(A) ≤ high, proven with all rounding: |tr A^k|/n ≤ ρ^k ≤ ‖A^k‖ (Gelfand 1941) for k = 1, 2, 4, … by repeated
 * squaring, the bound of each power's error carried along. That needs no dominant eigenvalue and none that is real, so
 * a complex pair is as good as any other; power iteration would fail there. A defective or strongly non-normal A leaves
 * the bounds wide apart, as its radius is to changes the size of rounding.
 */
export function* spectralRadiusBounds(
  A: Float64Array,
  n: number,
  square: Square,
): Resumable<readonly [low: number, high: number]> {
  let power = A;
  // Of power·2^exponent; `error` bounds the norm of what rounding has added, on the scale of `power`. The trace differs
  // by at most √n times that norm.
  let [exponent, error, k] = [0, 0, 1];
  let [low, high] = [0, Infinity];
  for (let i = 0; i <= squarings; i++) {
    const size = yield* jointNormResumably([power]);
    let trace = 0;
    for (let j = 0; j < n; j++) trace += power[j * (n + 1)]!;
    // n additions, each wrong by half a unit of sums of up to Σ|a_jj| ≤ √n·size.
    const rounding = n ** 1.5 * Number.EPSILON * size;
    /** The k-th root, and how much rounding of its logarithm, which may be large, can have changed it. */
    const root = (value: number): readonly [root: number, slack: number] => {
      if (value <= 0) return [0, 0];
      const ln = (Math.log(value) + exponent * Math.LN2) / k;
      return [Math.exp(ln), slackUnit * (1 + Math.abs(ln))];
    };
    const [above, slackAbove] = root(size * (1 + n * Number.EPSILON) + error);
    const [below, slackBelow] = root((Math.abs(trace) - Math.sqrt(n) * error - rounding) / n);
    high = Math.min(high, above * (1 + slackAbove));
    low = Math.max(low, below * (1 - slackBelow));
    // A zero power proves a radius of 0 where no rounding can hide behind it.
    if (i === squarings || high === 0 || (size === 0 && error === 0)) break;
    const shift = exponentOf(yield* largestOf(power));
    if (!Number.isFinite(shift)) break;
    const scaled = new Float64Array(n * n);
    for (let at = 0; at < scaled.length; at += movedAtOnce) {
      scaleByPowerOfTwo(power, -shift, scaled, at, Math.min(scaled.length, at + movedAtOnce));
      yield i / squarings;
    }
    // Of the first power, whose scale may be any, there is none.
    const [from, by] = [yield* jointNormResumably([scaled]), error === 0 ? 0 : error * 2 ** -shift];
    const squared = yield* square(scaled);
    error = 2 * from * by + by * by + (n + 2) * Number.EPSILON * from * from;
    exponent = 2 * (exponent + shift);
    power = squared;
    k *= 2;
    yield (i + 1) / squarings;
  }
  return [low, high];
}
