// LU, its determinant and inverse, and Cholesky as a proof, each pausing as it goes.
import { Mover } from '../core/resumableCopy.js';
import { exponentOf, maxAbs } from '../core/norm.js';
import { largestOf } from '../core/scan.js';
import type { Resumable } from '../core/resumable.js';

/** Multiplications between two pauses, some milliseconds in plain arithmetic. */
const pauseWork = 3e6;

/**
 * P·S = L·U with partial pivoting: L below the diagonal (ones on it), U above; row i of the factors is row `order[i]`
 * of S, S_ij = A_ij·2^(rows_i + columns_j).
 */
export type Factors = {
  readonly LU: Float64Array;
  readonly order: Int32Array;
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly singular: boolean;
};

/** Rounds of scaling rows and columns in turn: after that the largest number of each is near 1, or nearly so. */
const scalings = 3;

/** value·2^exponent, also where the power itself is beyond float64. */
const scaled = (value: number, exponent: number): number =>
  value * 2 ** Math.trunc(exponent / 2) * 2 ** (exponent - Math.trunc(exponent / 2));

/**
 * Powers of two, which lose no digit, that bring rows and columns to one size: only then does a small pivot say that
 * little is left.
 */
function* equilibrated(
  a: Float64Array,
  n: number,
): Resumable<{ readonly S: Float64Array; readonly rows: Int32Array; readonly columns: Int32Array }> {
  const S = new Float64Array(n * n);
  const [rows, columns] = [new Int32Array(n), new Int32Array(n)];
  /** Minus the exponent of the largest number. */
  const shiftFor = (largest: number): number => (largest === 0 || !Number.isFinite(largest) ? 0 : -exponentOf(largest));
  const mover = new Mover();
  yield* mover.copy(a, S, 0);
  for (let round = 0; round < scalings; round++) {
    const largest = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const shift = shiftFor(maxAbs(S, i * n, (i + 1) * n));
      rows[i] = rows[i]! + shift;
      for (let j = 0; j < n; j++) {
        if (shift !== 0) S[i * n + j] = scaled(S[i * n + j]!, shift);
        largest[j] = Math.max(largest[j]!, Math.abs(S[i * n + j]!));
      }
      yield* mover.count(4 * n);
    }
    const shifts = largest.map(shiftFor);
    if (shifts.every((shift) => shift === 0)) continue;
    for (let j = 0; j < n; j++) columns[j] = columns[j]! + shifts[j]!;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) if (shifts[j] !== 0) S[i * n + j] = scaled(S[i * n + j]!, shifts[j]!);
      yield* mover.count(4 * n);
    }
  }
  return { S, rows, columns };
}

/**
 * `a` [n,n], not changed. `singular`: a pivot is zero to working precision beside the largest, however the rows and
 * columns are scaled.
 */
export function* factorise(a: Float64Array, n: number): Resumable<Factors> {
  const { S: LU, rows, columns } = yield* equilibrated(a, n);
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
  return { LU, order, rows, columns, singular: !(smallest > n * Number.EPSILON * largest) };
}

/** ln|det| of what was factorised; −Infinity when it is singular. */
export const logDeterminant = ({ LU, order: { length: n }, rows, columns, singular }: Factors): number =>
  singular
    ? -Infinity
    : Array.from(
        { length: n },
        (_, i) => Math.log(Math.abs(LU[i * (n + 1)]!)) - (rows[i]! + columns[i]!) * Math.LN2,
      ).reduce((sum, value) => sum + value, 0);

/** The inverse [n,n] of what was factorised, which must not be singular. */
export function* inverse({ LU, order, rows, columns }: Factors): Resumable<Float64Array> {
  const n = order.length;
  const X = new Float64Array(n * n);
  order.forEach((column, row) => {
    X[row * n + column] = 1;
  });
  let work = 0;
  const subtract = (row: number, other: number): void => {
    const factor = LU[row * n + other]!;
    if (factor === 0) return;
    for (let j = 0; j < n; j++) X[row * n + j] = X[row * n + j]! - factor * X[other * n + j]!;
  };
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtract(i, k);
    work += i * n;
    if (work > pauseWork) {
      work = 0;
      yield (0.5 * i) / n;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtract(i, k);
    const pivot = LU[i * (n + 1)]!;
    for (let j = 0; j < n; j++) X[i * n + j] = X[i * n + j]! / pivot;
    work += (n - i) * n;
    if (work > pauseWork) {
      work = 0;
      yield 1 - (0.5 * i) / n;
    }
  }
  const mover = new Mover();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) X[i * n + j] = scaled(X[i * n + j]!, columns[i]! + rows[j]!);
    yield* mover.count(8 * n);
  }
  return X;
}

/**
 * Whether every eigenvalue of the symmetric G [n,n] is proven to be below `bound`, rounding included: Cholesky of
 * (bound − c)·I − G comes to its end, with c for the rounding of the factorisation (Rump 2006, “Verification of
 * positive definiteness”) and `rounding` for that of G itself.
 */
export function* provenBelow(G: Float64Array, n: number, bound: number, rounding: number): Resumable<boolean> {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += Math.abs(bound - G[i * (n + 1)]!);
  const diagonal =
    bound - rounding - 1.01 * (n + 2) * Number.EPSILON * trace - n * Number.EPSILON * (yield* largestOf(G));
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
    if (work > pauseWork) {
      work = 0;
      yield i / n;
    }
  }
  return true;
}
