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
  scaleFrom(vectors, lnSlopes, lnScales);
  return { coefficients, lnScales, magnified };
}

/**
 * The same with the largest pivot of all vectors first, where `lnWeights` are ln of what each vector counts: the k-th
 * of the elimination is `vectors[order[k]]`.
 */
export function* eliminateLargestFirst(
  vectors: readonly Float64Array[],
  lnSlopes: Float64Array,
  lnWeights: Float64Array,
): Resumable<Omit<Elimination, 'magnified'> & { readonly order: readonly number[] }> {
  const count = vectors.length;
  const coefficients = vectors.map(() => new Float64Array(count));
  const lnScales = new Float64Array(count).fill(-Infinity);
  const order = vectors.map((_, i) => i);
  const most = lnSlopes.reduce((a, b) => Math.max(a, b), -Infinity);
  // NaN where all are 0: `largestPlace` tells then.
  const slopes = lnSlopes.map((ln) => Math.exp(ln - most));
  const places = new Int32Array(count);
  const sizes = new Float64Array(count);
  const measure = (i: number): void => {
    const v = vectors[i]!;
    const p = (places[i] = placeOf(v, slopes, lnSlopes));
    sizes[i] = p < 0 ? -Infinity : Math.log(Math.abs(v[p]!)) + lnSlopes[p]! + lnWeights[i]!;
  };
  for (let i = 0; i < count; i++) measure(i);
  for (let k = 0; k < count; k++) {
    let largest = k;
    for (let m = k + 1; m < count; m++) if (sizes[order[m]!]! > sizes[order[largest]!]!) largest = m;
    const own = order[largest]!;
    [order[k], order[largest]] = [own, order[k]!];
    const l = vectors[own]!;
    if (sizes[own] === -Infinity) {
      for (const i of order.slice(k)) vectors[i]!.fill(0);
      break;
    }
    const p = places[own]!;
    const pivot = l[p]!;
    coefficients[k]![own] = pivot;
    lnScales[k] = lnSlopes[p]!;
    for (let j = 0; j < l.length; j++) l[j] = l[j]! / pivot;
    l[p] = 1;
    for (const i of order.slice(k + 1)) {
      const v = vectors[i]!;
      const c = v[p]!;
      if (c === 0) continue;
      coefficients[k]![i] = c;
      for (let j = 0; j < v.length; j++) v[j] = v[j]! - c * l[j]!;
      v[p] = 0;
      measure(i);
    }
    yield k / count;
  }
  const ordered = order.map((i) => vectors[i]!);
  scaleFrom(ordered, lnSlopes, lnScales);
  // Their columns follow the vectors.
  return { coefficients: coefficients.map((row) => Float64Array.from(order, (i) => row[i]!)), lnScales, order };
}

/** Each vector ⊙ s, under the scale of its pivot. */
function scaleFrom(vectors: readonly Float64Array[], lnSlopes: Float64Array, lnScales: Float64Array): void {
  for (const [i, v] of vectors.entries()) {
    if (lnScales[i] === -Infinity) continue;
    for (let j = 0; j < v.length; j++) if (v[j] !== 0) v[j] = v[j]! * Math.exp(lnSlopes[j]! - lnScales[i]!);
  }
}

/** The same as `largestPlace`, without a logarithm of each number where `slopes` tell, of which the largest is 1. */
function placeOf(v: Float64Array, slopes: Float64Array, lnSlopes: Float64Array): number {
  let [most, place] = [0, -1];
  for (let j = 0; j < v.length; j++) {
    const size = Math.abs(v[j]!) * slopes[j]!;
    if (size > most) [most, place] = [size, j];
  }
  return place >= 0 ? place : largestPlace(v, lnSlopes);
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
