// What can be said of a block of numbers as it stands in a file, before anything is run.
import { eigenvaluesOf } from '../linalg/eigenvalues.js';
import { sigmaMaxOf } from '../linalg/lanczos.js';
import { maxAbs, norm } from '../core/norm.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';

/** Of finite numbers only; `notFinite` counts the others. An empty block has NaN for min, mean and max. */
export type NumberFacts = {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  readonly frobenius: number;
  readonly notFinite: number;
};

/** Lets others in, called now and then while a large block is measured; may throw to give up. */
type Tick = () => void;
const never: Tick = () => undefined;
/** Numbers between two ticks, less one. */
const numbersMask = 0xffff;

/** @param tick called now and then; what it throws ends the measuring */
export function measureNumbers(data: Float64Array, tick = never): NumberFacts {
  let [min, max, count] = [Infinity, -Infinity, 0];
  for (let i = 0; i < data.length; i++) {
    if ((i & numbersMask) === 0) tick();
    const x = data[i]!;
    if (!Number.isFinite(x)) continue;
    if (x < min) min = x;
    if (x > max) max = x;
    count++;
  }
  // A sum of large numbers can overflow where their mean does not.
  const scale = Math.max(max, -min) * count < Number.MAX_VALUE ? 1 : 2 ** -64;
  return {
    count: data.length,
    min: count === 0 ? NaN : min,
    mean: count === 0 ? NaN : sumOf(data, scale, tick) / count / scale,
    max: count === 0 ? NaN : max,
    frobenius: norm(data),
    notFinite: data.length - count,
  };
}

/**
 * Σ scale·x over the finite ones, with what each addition rounds away added at the end (Neumaier 1974): numbers that
 * cancel leave 0.
 */
function sumOf(data: Float64Array, scale: number, tick: Tick): number {
  let [sum, rest] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    if ((i & numbersMask) === 0) tick();
    const x = data[i]!;
    if (!Number.isFinite(x)) continue;
    const term = x * scale;
    const next = sum + term;
    rest += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
  }
  return sum + rest;
}

/**
 * Of the inputs of sequences [B,T,I]: `dead` are zero at every step of every sequence, `constant` have one other value
 * throughout.
 */
export type InputFacts = { readonly dead: readonly number[]; readonly constant: readonly number[] };

/** @param data [B,T,I] */
export function measureInputs(data: Float64Array, I: number, tick = never): InputFacts {
  const varies = new Uint8Array(I);
  for (let at = I; at < data.length; at++) {
    if ((at & numbersMask) === 0) tick();
    if (data[at] !== data[at % I]) varies[at % I] = 1;
  }
  const still = Array.from({ length: I }, (_, i) => i).filter((i) => data.length > I && varies[i] === 0);
  return { dead: still.filter((i) => data[i] === 0), constant: still.filter((i) => data[i] !== 0) };
}

/** Rows or columns [rows,columns] that are zero throughout: units or inputs that nothing flows through. */
export function zeroLines(
  data: Float64Array,
  rows: number,
  columns: number,
  tick = never,
): { readonly rows: readonly number[]; readonly columns: readonly number[] } {
  const [rowUsed, columnUsed] = [new Uint8Array(rows), new Uint8Array(columns)];
  for (let i = 0; i < data.length; i++) {
    if ((i & numbersMask) === 0) tick();
    if (data[i] === 0) continue;
    rowUsed[Math.floor(i / columns)] = 1;
    columnUsed[i % columns] = 1;
  }
  const unused = (used: Uint8Array): number[] => Array.from(used, (_, i) => i).filter((i) => used[i] === 0);
  return { rows: unused(rowUsed), columns: unused(columnUsed) };
}

export type MatrixFacts = {
  /** Largest singular value: the most that one multiplication can stretch a vector. */
  readonly sigmaMax: number;
  /** Largest modulus of an eigenvalue; null for a matrix that is not square, and where nobody asked. */
  readonly spectralRadius: number | null;
  /** ‖WᵀW − I‖ (Frobenius), 0 for an orthogonal matrix; null for a matrix that is not square. */
  readonly orthogonalityError: number | null;
};

/** AᵀA of a [rows,columns], or AAᵀ where that is smaller. */
function* gram(
  a: Float64Array,
  rows: number,
  columns: number,
): Resumable<{ readonly data: Float64Array; readonly n: number }> {
  const n = Math.min(rows, columns);
  const data = new Float64Array(n * n);
  const inner = Math.max(rows, columns);
  const [step, stride] = columns <= rows ? [columns, 1] : [1, columns];
  for (let k = 0; k < inner; k++) {
    for (let i = 0; i < n; i++) {
      const value = a[k * step + i * stride]!;
      if (value === 0) continue;
      for (let j = 0; j < n; j++) data[i * n + j] = data[i * n + j]! + value * a[k * step + j * stride]!;
    }
    yield k / inner;
  }
  return { data, n };
}

/**
 * Singular values, eigenvalues and orthogonality of a [rows,columns] of finite numbers; NaN throughout when one is not
 * finite. Takes about 10·n³ operations, n³ of them without the eigenvalues.
 */
export function* measureMatrix(
  a: Float64Array,
  rows: number,
  columns: number,
  withRadius = true,
): Resumable<MatrixFacts> {
  const square = rows === columns;
  const asksRadius = square && withRadius;
  const scale = maxAbs(a);
  if (!Number.isFinite(scale))
    return { sigmaMax: NaN, spectralRadius: asksRadius ? NaN : null, orthogonalityError: square ? NaN : null };
  if (scale === 0)
    return { sigmaMax: 0, spectralRadius: asksRadius ? 0 : null, orthogonalityError: square ? Math.sqrt(rows) : null };
  const { data, n } = yield* part(
    gram(
      a.map((value) => value / scale),
      rows,
      columns,
    ),
    0,
    0.1,
  );
  // The largest singular value of the symmetric Gram matrix is the square of the matrix's own.
  const sigmaMax = Math.sqrt(yield* part(sigmaMaxOf(data, n), 0.1, 0.2)) * scale;
  yield 0.2;
  if (!square) return { sigmaMax, spectralRadius: null, orthogonalityError: null };
  const difference = data.map((value, i) => value * scale * scale - (i % (n + 1) === 0 ? 1 : 0));
  const orthogonalityError = norm(difference);
  if (!asksRadius) return { sigmaMax, spectralRadius: null, orthogonalityError };
  const [largest] = yield* eigenvaluesOf(a, n);
  return { sigmaMax, spectralRadius: Math.hypot(...largest!), orthogonalityError };
}
