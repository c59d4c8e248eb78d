// Eigenvalues of a square matrix. Written here because the library's QR iteration has no limit: for some small matrices
// of zeros and ones it never ends, and such a matrix can be in a user's file.
import { Mover } from '../core/resumableCopy.js';
import { norm } from '../core/norm.js';
import { largestOf } from '../core/scan.js';
import type { Resumable } from '../core/resumable.js';

/** (re, im) */
export type Eigenvalue = readonly [number, number];

const mostSweeps = 60;
/**
 * Sweeps without progress after which what rounding alone can have left beside the whole matrix counts as zero, not
 * only beside its neighbours.
 */
const patientSweeps = 20;

/**
 * All eigenvalues of a [n,n], modulus descending; NaN, before the others, for those on which the iteration gives up (60
 * sweeps without progress).
 *
 * The matrix is first taken apart into its strongly connected parts: unit i reaches unit j when a[i,j] ≠ 0. A
 * permutation that orders these parts makes the matrix block triangular, so its eigenvalues are those of the parts, and
 * a triangular or nilpotent matrix gets its diagonal exactly, where QR alone would give the n-th root of the rounding
 * error.
 */
export function* eigenvaluesOf(a: Float64Array, n: number): Resumable<Eigenvalue[]> {
  const scale = yield* largestOf(a);
  const found: Eigenvalue[] = [];
  const mover = new Mover();
  for (const part of stronglyConnected(a, n)) {
    const m = part.length;
    const block = new Float64Array(m * m);
    for (let i = 0; i < m && scale !== 0; i++) {
      for (let j = 0; j < m; j++) block[i * m + j] = a[part[i]! * n + part[j]!]! / scale;
      yield* mover.count(m);
    }
    yield* toHessenberg(block, m);
    for (const [re, im] of yield* hessenbergEigenvalues(block, m)) found.push([re * scale, im * scale]);
  }
  // An unknown one may be the largest.
  const modulus = (value: Eigenvalue): number => (Number.isNaN(value[0]) ? Infinity : Math.hypot(...value));
  return found
    .map((value) => ({ value, size: modulus(value) }))
    .sort((p, q) => (p.size === q.size ? 0 : q.size - p.size))
    .map(({ value }) => value);
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

/**
 * v and β of the reflection I − β·v·vᵀ that turns x into a multiple of e_1, v in place of x; β is 0 when there is
 * nothing to do.
 */
function reflection(x: Float64Array): number {
  const length = norm(x);
  if (length === 0) return 0;
  const head = x[0]! + (x[0]! < 0 ? -length : length);
  let sum = 1;
  for (let i = 1; i < x.length; i++) {
    x[i] = x[i]! / head;
    sum += x[i]! * x[i]!;
  }
  x[0] = 1;
  return 2 / sum;
}

/**
 * a ← P·a·P with P reflecting the units from `first` on; only rows and columns of the given windows are touched. Loops
 * run along memory.
 */
function reflect(
  a: Float64Array,
  n: number,
  first: number,
  v: Float64Array,
  columns: readonly [number, number],
  rows: readonly [number, number],
  projections: Float64Array,
): void {
  const beta = reflection(v);
  if (beta === 0) return;
  const [from, to] = columns;
  projections.fill(0, from, to + 1);
  for (let k = 0; k < v.length; k++) {
    const [factor, row] = [v[k]!, (first + k) * n];
    for (let j = from; j <= to; j++) projections[j] = projections[j]! + factor * a[row + j]!;
  }
  for (let k = 0; k < v.length; k++) {
    const [factor, row] = [beta * v[k]!, (first + k) * n];
    for (let j = from; j <= to; j++) a[row + j] = a[row + j]! - factor * projections[j]!;
  }
  let i = rows[0];
  for (; i + 3 <= rows[1]; i += 4) reflectFourRows(a, n, i * n + first, v, beta);
  for (; i <= rows[1]; i++) {
    const row = i * n + first;
    let sum = 0;
    for (let k = 0; k < v.length; k++) sum += a[row + k]! * v[k]!;
    sum *= beta;
    for (let k = 0; k < v.length; k++) a[row + k] = a[row + k]! - sum * v[k]!;
  }
}

/** Four rows at once, whose sums do not wait for each other: each is added up in the same order as one alone. */
function reflectFourRows(a: Float64Array, n: number, r0: number, v: Float64Array, beta: number): void {
  const [r1, r2, r3] = [r0 + n, r0 + 2 * n, r0 + 3 * n];
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let k = 0; k < v.length; k++) {
    const factor = v[k]!;
    s0 += a[r0 + k]! * factor;
    s1 += a[r1 + k]! * factor;
    s2 += a[r2 + k]! * factor;
    s3 += a[r3 + k]! * factor;
  }
  s0 *= beta;
  s1 *= beta;
  s2 *= beta;
  s3 *= beta;
  for (let k = 0; k < v.length; k++) {
    const factor = v[k]!;
    a[r0 + k] = a[r0 + k]! - s0 * factor;
    a[r1 + k] = a[r1 + k]! - s1 * factor;
    a[r2 + k] = a[r2 + k]! - s2 * factor;
    a[r3 + k] = a[r3 + k]! - s3 * factor;
  }
}

/** The same for three units, which is what nearly all of the work is. */
function reflectThree(
  a: Float64Array,
  n: number,
  first: number,
  v: Float64Array,
  columns: readonly [number, number],
  rows: readonly [number, number],
): void {
  const beta = reflection(v);
  if (beta === 0) return;
  const [v1, v2] = [v[1]!, v[2]!];
  const [r0, r1, r2] = [first * n, (first + 1) * n, (first + 2) * n];
  for (let j = columns[0]; j <= columns[1]; j++) {
    const sum = beta * (a[r0 + j]! + v1 * a[r1 + j]! + v2 * a[r2 + j]!);
    a[r0 + j] = a[r0 + j]! - sum;
    a[r1 + j] = a[r1 + j]! - sum * v1;
    a[r2 + j] = a[r2 + j]! - sum * v2;
  }
  for (let i = rows[0]; i <= rows[1]; i++) {
    const at = i * n + first;
    const sum = beta * (a[at]! + v1 * a[at + 1]! + v2 * a[at + 2]!);
    a[at] = a[at]! - sum;
    a[at + 1] = a[at + 1]! - sum * v1;
    a[at + 2] = a[at + 2]! - sum * v2;
  }
}

/** Numbers changed between two pauses, two or three milliseconds. */
const pauseWork = 5e5;

/** Householder reduction to upper Hessenberg form, in place. */
function* toHessenberg(a: Float64Array, n: number): Resumable<void> {
  const projections = new Float64Array(n);
  for (let k = 0, work = 0; k < n - 2; k++) {
    const v = new Float64Array(n - k - 1);
    for (let i = 0; i < v.length; i++) v[i] = a[(k + 1 + i) * n + k]!;
    reflect(a, n, k + 1, v, [k, n - 1], [0, n - 1], projections);
    for (let i = k + 2; i < n; i++) a[i * n + k] = 0;
    work += (n - k) * (2 * n - k);
    if (work > pauseWork) {
      work = 0;
      yield (0.4 * k) / n;
    }
  }
}

/** Both eigenvalues of [[a, b], [c, d]], the larger root first so that the smaller is not lost to cancellation. */
function pair(a: number, b: number, c: number, d: number): [Eigenvalue, Eigenvalue] {
  const half = (a - d) / 2;
  const discriminant = half * half + b * c;
  if (discriminant < 0) {
    const im = Math.sqrt(-discriminant);
    return [
      [d + half, im],
      [d + half, -im],
    ];
  }
  const root = half + (half < 0 ? -1 : 1) * Math.sqrt(discriminant);
  return [
    [d + root, 0],
    [root === 0 ? d : d - (b * c) / root, 0],
  ];
}

/**
 * Francis' implicit double-shift QR iteration (Golub & Van Loan, Matrix Computations, algorithm 7.5.1), eigenvalues
 * only.
 */
function* hessenbergEigenvalues(a: Float64Array, n: number): Resumable<Eigenvalue[]> {
  const at = (i: number, j: number): number => a[i * n + j]!;
  const found: Eigenvalue[] = [];
  // Equal eigenvalues leave a block in which nothing but rounding stands beside the diagonal; sweeps only turn that
  // round and round.
  const rounding = n * Number.EPSILON * norm(a);
  let high = n - 1;
  let sweeps = 0;
  while (high >= 0) {
    let low = high;
    while (low > 0) {
      const beside = Math.abs(at(low - 1, low - 1)) + Math.abs(at(low, low));
      if (
        Math.abs(at(low, low - 1)) <=
        Math.max(Number.EPSILON * (beside === 0 ? 1 : beside), sweeps > patientSweeps ? rounding : 0)
      )
        break;
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
    yield* sweep(a, n, low, high, sweeps % 10 === 0);
    yield 1 - (0.6 * high) / n;
  }
  return found;
}

/**
 * One double-shift sweep over units low … high. An exceptional shift breaks the cycles in which the ordinary one can be
 * caught.
 */
function* sweep(a: Float64Array, n: number, low: number, high: number, exceptional: boolean): Resumable<void> {
  const at = (i: number, j: number): number => a[i * n + j]!;
  const apart = Math.abs(at(high, high - 1)) + Math.abs(at(high - 1, high - 2));
  const trace = exceptional ? 1.5 * apart : at(high - 1, high - 1) + at(high, high);
  const determinant = exceptional
    ? apart * apart
    : at(high - 1, high - 1) * at(high, high) - at(high - 1, high) * at(high, high - 1);
  const three = Float64Array.of(
    at(low, low) ** 2 + at(low, low + 1) * at(low + 1, low) - trace * at(low, low) + determinant,
    at(low + 1, low) * (at(low, low) + at(low + 1, low + 1) - trace),
    at(low + 1, low) * at(low + 2, low + 1),
  );
  const projections = new Float64Array(n);
  for (let k = low, work = 0; k < high; k++) {
    const columns = [Math.max(low, k - 1), high] as const;
    const rows = [low, Math.min(k + 3, high)] as const;
    if (k > low) for (let i = 0; i < 3; i++) three[i] = k + i <= high ? at(k + i, k - 1) : 0;
    const size = Math.min(3, high - k + 1);
    if (size === 3) reflectThree(a, n, k, three, columns, rows);
    else reflect(a, n, k, three.subarray(0, size), columns, rows, projections);
    // Below the subdiagonal of the column just done stands rounding only.
    for (let i = k + 1; k > low && i < k + size; i++) a[i * n + k - 1] = 0;
    work += 3 * (high - low);
    if (work > pauseWork) {
      work = 0;
      yield 1 - (0.6 * high) / n;
    }
  }
}
