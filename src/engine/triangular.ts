// LU, its determinant and inverse, and Cholesky as a proof, each pausing as it goes.
import { maxAbs } from './norm.js';
import type { Steps } from './types.js';

/** Multiplications between two pauses, some milliseconds in plain arithmetic. */
const pauseWork = 3e6;

/** P·A = L·U with partial pivoting: L below the diagonal (ones on it), U above; row i of the factors is row `order[i]` of A. */
export type Factors = { readonly LU: Float64Array; readonly order: Int32Array; readonly singular: boolean };

/** `a` [n,n], not changed. `singular`: a pivot is zero to working precision beside the largest. */
export function* factorise(a: Float64Array, n: number): Steps<Factors> {
  const LU = a.slice();
  const order = Int32Array.from({ length: n }, (_, i) => i);
  let work = 0;
  let [smallest, largest] = [Infinity, 0];
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(LU[i * n + k]!) > Math.abs(LU[best * n + k]!)) best = i;
    if (best !== k) {
      const row = LU.slice(best * n, (best + 1) * n);
      LU.copyWithin(best * n, k * n, (k + 1) * n);
      LU.set(row, k * n);
      [order[k], order[best]] = [order[best]!, order[k]!];
    }
    const pivot = LU[k * n + k]!;
    smallest = Math.min(smallest, Math.abs(pivot));
    largest = Math.max(largest, Math.abs(pivot));
    if (pivot === 0) continue;
    for (let i = k + 1; i < n; i++) {
      const factor = LU[i * n + k]! / pivot;
      LU[i * n + k] = factor;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) LU[i * n + j] = LU[i * n + j]! - factor * LU[k * n + j]!;
    }
    work += (n - k) ** 2;
    if (work > pauseWork) {
      work = 0;
      yield k / n;
    }
  }
  return { LU, order, singular: !(smallest > n * Number.EPSILON * largest) };
}

/** ln|det| of what was factorised; −Infinity when it is singular. */
export const logDeterminant = ({ LU, order: { length: n }, singular }: Factors): number =>
  (singular ? -Infinity : Array.from({ length: n }, (_, i) => Math.log(Math.abs(LU[i * (n + 1)]!))).reduce((sum, value) => sum + value, 0));

/** The inverse [n,n] of what was factorised, which must not be singular. */
export function* inverse({ LU, order }: Factors): Steps<Float64Array> {
  const n = order.length;
  const X = new Float64Array(n * n);
  order.forEach((column, row) => { X[row * n + column] = 1; });
  let work = 0;
  const subtract = (row: number, other: number): void => {
    const factor = LU[row * n + other]!;
    if (factor === 0) return;
    for (let j = 0; j < n; j++) X[row * n + j] = X[row * n + j]! - factor * X[other * n + j]!;
  };
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtract(i, k);
    work += i * n;
    if (work > pauseWork) { work = 0; yield (0.5 * i) / n; }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtract(i, k);
    const pivot = LU[i * (n + 1)]!;
    for (let j = 0; j < n; j++) X[i * n + j] = X[i * n + j]! / pivot;
    work += (n - i) * n;
    if (work > pauseWork) { work = 0; yield 1 - (0.5 * i) / n; }
  }
  return X;
}

/**
 * Whether every eigenvalue of the symmetric G [n,n] is proven to be below `bound`, rounding included: Cholesky of (bound − c)·I − G comes to its
 * end, with c for the rounding of the factorisation (Rump 2006, “Verification of positive definiteness”) and `rounding` for that of G itself.
 */
export function* provenBelow(G: Float64Array, n: number, bound: number, rounding: number): Steps<boolean> {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += Math.abs(bound - G[i * (n + 1)]!);
  const diagonal = bound - rounding - 1.01 * (n + 2) * Number.EPSILON * trace - n * Number.EPSILON * maxAbs(G);
  const R = new Float64Array(n * n);
  let work = 0;
  // Row by row: R[i] of the lower triangular factor from the rows before it.
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? diagonal - G[i * n + j]! : -G[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= R[i * n + k]! * R[j * n + k]!;
      if (i !== j) R[i * n + j] = sum / R[j * (n + 1)]!;
      else if (sum > 0) R[i * n + j] = Math.sqrt(sum);
      else return false;
    }
    work += (i * i) / 2;
    if (work > pauseWork) { work = 0; yield i / n; }
  }
  return true;
}
