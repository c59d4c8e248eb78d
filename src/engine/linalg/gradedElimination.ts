// Vectors whose places lie hundreds of decades apart, as Jacobians of saturated units make them: Gram–Schmidt would
// leave nothing but rounding of the small places. Gaussian elimination first, which never mixes a large place into a
// small one, and only then Gram–Schmidt of what is left, whose places are of one size.
import type { Resumable } from '../core/resumable.js';
import { maxAbs } from '../core/norm.js';

/**
 * What takes the vectors v_i ⊙ s apart into Σ_k c_ki·s_{p(k)}·l_k, k ≤ i, every l_k at most 1 and 1 at its own p(k).
 */
export type Elimination = {
  /** c_ki at [k][i]; a row of zeros where vector k depends on those before it. */
  readonly coefficients: readonly Float64Array[];
  /** ln s_{p(k)}; −Infinity where vector k depends on those before it. */
  readonly lnScales: Float64Array;
  /** By how much the rounding of v_k is magnified in c_kk. */
  readonly magnified: Float64Array;
};

/**
 * `vectors` v_i [H] become l_i, for s = e^`lnSlopes` of any size. The pivot of a vector is its largest place in v ⊙ s;
 * the arithmetic itself never sees s, so no slope is too small (row scaling and Gaussian elimination: Higham, Accuracy
 * and Stability of Numerical Algorithms, §9.8).
 */
export function* eliminate(vectors: readonly Float64Array[], lnSlopes: Float64Array): Resumable<Elimination> {
  const count = vectors.length;
  const coefficients = vectors.map(() => new Float64Array(count));
  const lnScales = new Float64Array(count).fill(-Infinity);
  const magnified = new Float64Array(count);
  const pivots = new Int32Array(count).fill(-1);
  for (let i = 0; i < count; i++) {
    const v = vectors[i]!;
    const whole = maxAbs(v);
    for (let k = 0; k < i; k++) {
      const p = pivots[k]!;
      if (p < 0) continue;
      const c = v[p]!;
      coefficients[k]![i] = c;
      const l = vectors[k]!;
      for (let j = 0; j < v.length; j++) v[j] = v[j]! - c * l[j]!;
      v[p] = 0;
    }
    const p = largestPlace(v, lnSlopes);
    if (p < 0) v.fill(0);
    else {
      const pivot = v[p]!;
      pivots[i] = p;
      coefficients[i]![i] = pivot;
      lnScales[i] = lnSlopes[p]!;
      magnified[i] = whole / Math.abs(pivot);
      for (let j = 0; j < v.length; j++) v[j] = v[j]! / pivot;
      v[p] = 1;
    }
    yield i / count;
  }
  for (const [i, v] of vectors.entries()) {
    if (pivots[i]! < 0) continue;
    for (let j = 0; j < v.length; j++) if (v[j] !== 0) v[j] = v[j]! * Math.exp(lnSlopes[j]! - lnScales[i]!);
  }
  return { coefficients, lnScales, magnified };
}

/** Place of the largest |v_j|·s_j; −1 where there is nothing. */
function largestPlace(v: Float64Array, lnSlopes: Float64Array): number {
  let [most, place] = [-Infinity, -1];
  for (let j = 0; j < v.length; j++) {
    const size = Math.log(Math.abs(v[j]!)) + lnSlopes[j]!;
    if (size > most) [most, place] = [size, j];
  }
  return place;
}

/** ln of the largest slope over the smallest that is not 0. */
export function lnGrading(lnSlopes: Float64Array): number {
  let [most, least] = [-Infinity, Infinity];
  for (const slope of lnSlopes) {
    if (slope > most) most = slope;
    if (slope !== -Infinity && slope < least) least = slope;
  }
  return most === -Infinity ? 0 : most - least;
}
