// Row-major tensors in one of two dtypes. A sum lives in the dtype of its result and is rounded at every addition, as
// in a framework: it decides at which step a float32 gradient dies.
import type { DType, FloatArray, Trace } from './dtypes.js';

export type Matrix = { readonly rows: number; readonly cols: number; readonly data: FloatArray };
/** [B,T,N]: a sequence of T vectors for each of B batch items. */
export type Sequence = { readonly B: number; readonly T: number; readonly N: number; readonly data: FloatArray };
/** The same to read from. */
export type SequenceTrace = { readonly B: number; readonly T: number; readonly N: number; readonly data: Trace };

export const zeros = (dtype: DType, length: number): FloatArray =>
  dtype === 'float32' ? new Float32Array(length) : new Float64Array(length);

/** target[at …] = source, rounded where the target holds float32. */
export function write(source: FloatArray, target: FloatArray, at: number): void {
  if (source instanceof Float64Array && target instanceof Float32Array) round(source, target, at);
  else target.set(source, at);
}

/** What `set` would do, which in V8 takes two to three times as long between types. */
function round(source: Float64Array, target: Float32Array, at: number): void {
  if (at + source.length > target.length) throw new RangeError('The numbers do not fit into their place.');
  const whole = source.length - (source.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const to = at + i;
    target[to] = source[i]!;
    target[to + 1] = source[i + 1]!;
    target[to + 2] = source[i + 2]!;
    target[to + 3] = source[i + 3]!;
  }
  for (let i = whole; i < source.length; i++) target[at + i] = source[i]!;
}

/** A copy rounded to `dtype`. */
export function cast(dtype: DType, values: FloatArray): FloatArray {
  const out = zeros(dtype, values.length);
  write(values, out, 0);
  return out;
}

export const dtypeOf = (data: FloatArray): DType => (data instanceof Float32Array ? 'float32' : 'float64');

export const matrix = (dtype: DType, rows: number, cols: number): Matrix => ({
  rows,
  cols,
  data: zeros(dtype, rows * cols),
});

export const sequence = (dtype: DType, B: number, T: number, N: number): Sequence => ({
  B,
  T,
  N,
  data: zeros(dtype, B * T * N),
});

/** Row i of a matrix as a matrix, in its own memory. */
export const rowOf = ({ cols, data }: Matrix, i: number): Matrix => ({
  rows: 1,
  cols,
  data: data.subarray(i * cols, (i + 1) * cols),
});

/** Columns from … to − 1 of a matrix; all of them are the matrix itself. */
export function columnsOf(all: Matrix, from: number, to: number): Matrix {
  if (to - from === all.cols) return all;
  const out = matrix(dtypeOf(all.data), all.rows, to - from);
  for (let i = 0; i < all.rows; i++)
    out.data.set(all.data.subarray(i * all.cols + from, i * all.cols + to), i * (to - from));
  return out;
}

/** target += part in its first columns. */
export function addColumns(target: Matrix, part: Matrix): Matrix {
  for (let i = 0; i < target.rows; i++) accumulate(rowOf(target, i).data.subarray(0, part.cols), rowOf(part, i).data);
  return target;
}

/** out = a·w (+ bias on every row). a [m,k], w [k,n], bias [1,n]. */
export function multiply(a: Matrix, w: FloatArray, bias: FloatArray | null, out: Matrix): Matrix {
  const { rows, cols: inner } = a;
  const { cols } = out;
  const sum = zeros(dtypeOf(out.data), cols);
  for (let i = 0; i < rows; i++) {
    if (bias === null) sum.fill(0);
    else sum.set(bias);
    addRowTimes(a.data, i * inner, inner, w, sum);
    out.data.set(sum, i * cols);
  }
  return out;
}

/** sum += row·w, where the row is `inner` numbers of `a` from `offset` on and w is [inner, sum.length]. */
export function addRowTimes(a: FloatArray, offset: number, inner: number, w: FloatArray, sum: FloatArray): void {
  const cols = sum.length;
  for (let k = 0; k < inner; k++) {
    const value = a[offset + k]!;
    const row = k * cols;
    for (let j = 0; j < cols; j++) sum[j] = sum[j]! + value * w[row + j]!;
  }
}

/** out = d·wᵀ. d [m,n], w [k,n], out [m,k]. */
export function multiplyTransposed(d: Matrix, w: FloatArray, out: Matrix): Matrix {
  const { rows, cols: inner } = d;
  const { cols } = out;
  const dotRows = dtypeOf(out.data) === 'float32' ? dotFloat32 : dotFloat64;
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < cols; k++) out.data[i * cols + k] = dotRows(d.data, i * inner, w, k * inner, inner);
  }
  return out;
}

function dotFloat32(x: FloatArray, fromX: number, y: FloatArray, fromY: number, length: number): number {
  let sum = 0;
  for (let j = 0; j < length; j++) sum = Math.fround(sum + x[fromX + j]! * y[fromY + j]!);
  return sum;
}

function dotFloat64(x: FloatArray, fromX: number, y: FloatArray, fromY: number, length: number): number {
  let sum = 0;
  for (let j = 0; j < length; j++) sum += x[fromX + j]! * y[fromY + j]!;
  return sum;
}

/** out = aᵀ·d. a [m,k], d [m,n], out [k,n]. */
export function transposedMultiply(a: Matrix, d: Matrix, out: FloatArray): FloatArray {
  const sum = zeros(dtypeOf(out), d.cols);
  for (let k = 0; k < a.cols; k++) {
    sum.fill(0);
    for (let i = 0; i < a.rows; i++) {
      const value = a.data[i * a.cols + k]!;
      for (let j = 0; j < d.cols; j++) sum[j] = sum[j]! + value * d.data[i * d.cols + j]!;
    }
    out.set(sum, k * d.cols);
  }
  return out;
}

/** out = the sum of the rows of d. */
export function sumRows(d: Matrix, out: FloatArray): FloatArray {
  out.fill(0);
  for (let i = 0; i < d.rows; i++) for (let j = 0; j < d.cols; j++) out[j] = out[j]! + d.data[i * d.cols + j]!;
  return out;
}

/** target += source. */
export function accumulate(target: FloatArray, source: FloatArray): void {
  for (let i = 0; i < target.length; i++) target[i] = target[i]! + source[i]!;
}

/** The vectors of step t, [B,N], as a copy. */
export function takeStep(s: SequenceTrace, t: number): Matrix {
  const row = (b: number): FloatArray => s.data.subarray((b * s.T + t) * s.N, (b * s.T + t + 1) * s.N);
  const first = row(0);
  const out = matrix(dtypeOf(first), s.B, s.N);
  out.data.set(first);
  for (let b = 1; b < s.B; b++) out.data.set(row(b), b * s.N);
  return out;
}

/** The steps t0 … t1 − 1 [B,t1−t0,N] as a copy. */
export function takeSteps(s: SequenceTrace, t0: number, t1: number): Sequence {
  const row = (b: number): FloatArray => s.data.subarray((b * s.T + t0) * s.N, (b * s.T + t1) * s.N);
  const first = row(0);
  const out = sequence(dtypeOf(first), s.B, t1 - t0, s.N);
  for (let b = 0; b < s.B; b++) out.data.set(b === 0 ? first : row(b), b * (t1 - t0) * s.N);
  return out;
}

/** Whether the numbers are there, and need not be computed. */
export const isHeld = (trace: Trace): trace is FloatArray =>
  trace instanceof Float32Array || trace instanceof Float64Array;

/** All numbers, computed where they are not there. */
export const heldOf = (trace: Trace): FloatArray => (isHeld(trace) ? trace : trace.subarray(0, trace.length));

/** Columns from … to − 1 of every step. */
export function columnsOfSteps({ B, T, N, data }: Sequence, from: number, to: number): Sequence {
  const out = sequence(dtypeOf(data), B, T, to - from);
  for (let row = 0; row < B * T; row++) out.data.set(data.subarray(row * N + from, row * N + to), row * (to - from));
  return out;
}

/** Copies consecutive steps into their place among all steps. */
export function paste(target: Sequence, steps: Sequence, start: number): void {
  for (let b = 0; b < steps.B; b++)
    target.data.set(
      steps.data.subarray(b * steps.T * steps.N, (b + 1) * steps.T * steps.N),
      (b * target.T + start) * target.N,
    );
}

/** Writes [B,N] as step t. */
export function putStep(s: Sequence, t: number, values: Matrix): void {
  for (let b = 0; b < s.B; b++) s.data.set(values.data.subarray(b * s.N, (b + 1) * s.N), (b * s.T + t) * s.N);
}
