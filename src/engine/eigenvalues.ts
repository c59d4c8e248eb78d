// Eigenvalues of a square matrix. Written here because the library's QR iteration has no limit: for some small matrices
// of zeros and ones it never ends, and such a matrix can be in a user's file.
import { maxAbs } from './norm.js';
import type { Steps } from './types.js';

/** (re, im) */
export type Eigenvalue = readonly [number, number];

const mostSweeps = 60;

/**
 * All eigenvalues of a [n,n], modulus descending; NaN for those on which the iteration gives up (60 sweeps without progress).
 *
 * The matrix is first taken apart into its strongly connected parts: unit i reaches unit j when a[i,j] ≠ 0. A permutation that
 * orders these parts makes the matrix block triangular, so its eigenvalues are those of the parts, and a triangular or
 * nilpotent matrix gets its diagonal exactly, where QR alone would give the n-th root of the rounding error.
 */
export function* eigenvaluesOf(a: Float64Array, n: number): Steps<Eigenvalue[]> {
  const scale = maxAbs(a);
  const found: Eigenvalue[] = [];
  for (const part of stronglyConnected(a, n)) {
    const m = part.length;
    const block = Float64Array.from({ length: m * m }, (_, i) => (scale === 0 ? 0 : a[part[Math.floor(i / m)]! * n + part[i % m]!]! / scale));
    yield* toHessenberg(block, m);
    for (const [re, im] of yield* hessenbergEigenvalues(block, m)) found.push([re * scale, im * scale]);
  }
  return found.sort((p, q) => Math.hypot(...q) - Math.hypot(...p));
}

/** Tarjan's algorithm (1972), its recursion kept on a stack of its own. */
function stronglyConnected(a: Float64Array, n: number): number[][] {
  const index = new Int32Array(n).fill(-1);
  const low = new Int32Array(n);
  const open = new Uint8Array(n);
  const next = new Int32Array(n);
  const stack: number[] = [];
  const parts: number[][] = [];
  let count = 0;
  for (let root = 0; root < n; root++) {
    if (index[root] !== -1) continue;
    const path = [root];
    for (let unit = path.at(-1); unit !== undefined; unit = path.at(-1)) {
      if (index[unit] === -1) {
        index[unit] = low[unit] = count++;
        open[unit] = 1;
        stack.push(unit);
      }
      let deeper = false;
      while (next[unit]! < n && !deeper) {
        const target = next[unit]!;
        next[unit] = target + 1;
        if (a[unit * n + target] === 0) continue;
        if (index[target] === -1) {
          path.push(target);
          deeper = true;
        } else if (open[target] === 1) low[unit] = Math.min(low[unit]!, index[target]!);
      }
      if (deeper) continue;
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[unit]!);
      if (low[unit] !== index[unit]) continue;
      const part = stack.splice(stack.indexOf(unit));
      for (const member of part) open[member] = 0;
      parts.push(part);
    }
  }
  return parts;
}

/** v and β of the reflection I − β·v·vᵀ that turns x into a multiple of e_1; β is 0 when there is nothing to do. */
function reflection(x: readonly number[]): { readonly v: readonly number[]; readonly beta: number } {
  const length = Math.hypot(...x);
  if (length === 0) return { v: x, beta: 0 };
  const head = x[0]! + (x[0]! < 0 ? -length : length);
  const v = [1, ...x.slice(1).map((value) => value / head)];
  return { v, beta: 2 / v.reduce((sum, value) => sum + value * value, 0) };
}

/** a ← P·a·P with P reflecting the units from `first` on; only rows and columns of the given windows are touched. */
function reflect(a: Float64Array, n: number, first: number, { v, beta }: ReturnType<typeof reflection>, columns: readonly [number, number], rows: readonly [number, number]): void {
  if (beta === 0) return;
  for (let j = columns[0]; j <= columns[1]; j++) {
    let sum = 0;
    for (let k = 0; k < v.length; k++) sum += v[k]! * a[(first + k) * n + j]!;
    for (let k = 0; k < v.length; k++) a[(first + k) * n + j] = a[(first + k) * n + j]! - beta * sum * v[k]!;
  }
  for (let i = rows[0]; i <= rows[1]; i++) {
    let sum = 0;
    for (let k = 0; k < v.length; k++) sum += a[i * n + first + k]! * v[k]!;
    for (let k = 0; k < v.length; k++) a[i * n + first + k] = a[i * n + first + k]! - beta * sum * v[k]!;
  }
}

/** Householder reduction to upper Hessenberg form, in place. */
function* toHessenberg(a: Float64Array, n: number): Steps<void> {
  for (let k = 0; k < n - 2; k++) {
    const column = Array.from({ length: n - k - 1 }, (_, i) => a[(k + 1 + i) * n + k]!);
    reflect(a, n, k + 1, reflection(column), [k, n - 1], [0, n - 1]);
    for (let i = k + 2; i < n; i++) a[i * n + k] = 0;
    yield 0;
  }
}

/** Both eigenvalues of [[a, b], [c, d]], the larger root first so that the smaller is not lost to cancellation. */
function pair(a: number, b: number, c: number, d: number): [Eigenvalue, Eigenvalue] {
  const half = (a - d) / 2;
  const discriminant = half * half + b * c;
  if (discriminant < 0) {
    const im = Math.sqrt(-discriminant);
    return [[d + half, im], [d + half, -im]];
  }
  const root = half + (half < 0 ? -1 : 1) * Math.sqrt(discriminant);
  return [[d + root, 0], [root === 0 ? d : d - (b * c) / root, 0]];
}

/** Francis' implicit double-shift QR iteration (Golub & Van Loan, Matrix Computations, algorithm 7.5.1), eigenvalues only. */
function* hessenbergEigenvalues(a: Float64Array, n: number): Steps<Eigenvalue[]> {
  const at = (i: number, j: number): number => a[i * n + j]!;
  const found: Eigenvalue[] = [];
  let high = n - 1;
  let sweeps = 0;
  while (high >= 0) {
    let low = high;
    while (low > 0) {
      const beside = Math.abs(at(low - 1, low - 1)) + Math.abs(at(low, low));
      if (Math.abs(at(low, low - 1)) <= Number.EPSILON * (beside === 0 ? 1 : beside)) break;
      low--;
    }
    if (low >= high - 1) {
      if (low === high) found.push([at(high, high), 0]);
      else found.push(...pair(at(low, low), at(low, high), at(high, low), at(high, high)));
      high = low - 1;
      sweeps = 0;
      continue;
    }
    if (++sweeps > mostSweeps) return [...found, ...Array.from({ length: high + 1 }, (): Eigenvalue => [NaN, NaN])];
    sweep(a, n, low, high, sweeps % 10 === 0);
    yield 0;
  }
  return found;
}

/** One double-shift sweep over units low … high. An exceptional shift breaks the cycles in which the ordinary one can be caught. */
function sweep(a: Float64Array, n: number, low: number, high: number, exceptional: boolean): void {
  const at = (i: number, j: number): number => a[i * n + j]!;
  const apart = Math.abs(at(high, high - 1)) + Math.abs(at(high - 1, high - 2));
  const trace = exceptional ? 1.5 * apart : at(high - 1, high - 1) + at(high, high);
  const determinant = exceptional ? apart * apart : at(high - 1, high - 1) * at(high, high) - at(high - 1, high) * at(high, high - 1);
  let x = [
    at(low, low) ** 2 + at(low, low + 1) * at(low + 1, low) - trace * at(low, low) + determinant,
    at(low + 1, low) * (at(low, low) + at(low + 1, low + 1) - trace),
    at(low + 1, low) * at(low + 2, low + 1),
  ];
  for (let k = low; k < high; k++) {
    reflect(a, n, k, reflection(x), [Math.max(low, k - 1), high], [low, Math.min(k + 3, high)]);
    // Below the subdiagonal of the column just done stands rounding only.
    for (let i = k + 1; k > low && i < k + x.length; i++) a[i * n + k - 1] = 0;
    x = [1, 2, 3].filter((i) => k + i <= high).map((i) => at(k + i, k));
  }
}
