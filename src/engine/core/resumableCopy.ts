// Large tensors copied, rounded and cut with pauses: a hundred million numbers take as long to move as a run of them to
// compute.
import { accumulate, dtypeOf, sequence, write, zeros } from './tensor.js';
import type { Sequence } from './tensor.js';
import type { DType, FloatArray } from './dtypes.js';
import type { Resumable } from './resumable.js';

/** Numbers moved between two pauses, one or two milliseconds where the memory is new. */
export const movedAtOnce = 2.5e5;

/** The same where a function is asked for each. */
const computedAtOnce = 1e5;

/** Copies that pause whenever so many numbers have been moved, by many short calls or by a long one. */
export class Mover {
  #moved = 0;

  /** target[at …] = source */
  *copy(source: FloatArray, target: FloatArray, at: number): Resumable<void> {
    for (let from = 0; from < source.length; from += movedAtOnce) {
      const part = source.length <= movedAtOnce ? source : source.subarray(from, from + movedAtOnce);
      write(part, target, at + from);
      yield* this.count(part.length);
    }
  }

  /** What somebody else has moved. */
  *count(numbers: number): Resumable<void> {
    if (this.isTime(numbers)) yield 0;
  }

  /** Whether it is time for a pause once so many numbers more have been moved. */
  isTime(numbers: number): boolean {
    this.#moved += numbers;
    if (this.#moved < movedAtOnce) return false;
    this.#moved = 0;
    return true;
  }
}

/** A copy rounded to `dtype`. */
export function* castResumably(dtype: DType, values: FloatArray): Resumable<FloatArray> {
  const out = zeros(dtype, values.length);
  yield* new Mover().copy(values, out, 0);
  return out;
}

/** sum += values */
export function* addResumably(values: FloatArray, sum: FloatArray): Resumable<void> {
  for (let from = 0; from < values.length; from += movedAtOnce) {
    accumulate(sum.subarray(from, from + movedAtOnce), values.subarray(from, from + movedAtOnce));
    yield 0;
  }
}

/** The steps t0 … t1 − 1 of a sequence that is held [B,t1−t0,N], as a copy rounded to `dtype`. */
export function* cutResumably(dtype: DType, { B, T, N, data }: Sequence, t0: number, t1: number): Resumable<Sequence> {
  const out = sequence(dtype, B, t1 - t0, N);
  const mover = new Mover();
  for (let b = 0; b < B; b++)
    yield* mover.copy(data.subarray((b * T + t0) * N, (b * T + t1) * N), out.data, b * (t1 - t0) * N);
  return out;
}

/** `of` of every value, as a copy in the same dtype. */
export function* mapResumably<A extends FloatArray>(values: A, of: (value: number) => number): Resumable<A> {
  // Not a slice, which would touch all of the new memory at once.
  const out = zeros(dtypeOf(values), values.length) as A;
  for (let from = 0; from < out.length; from += computedAtOnce) {
    const end = Math.min(out.length, from + computedAtOnce);
    for (let i = from; i < end; i++) out[i] = of(values[i]!);
    if (end < out.length) yield 0;
  }
  return out;
}

/** Wᵀ of a square matrix [n,n]. */
export function* transposedResumably(W: Float64Array, n: number): Resumable<Float64Array> {
  const out = new Float64Array(n * n);
  // Every number comes from another line of the cache.
  const atOnce = Math.max(1, Math.floor(movedAtOnce / (4 * n)));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) out[i * n + j] = W[j * n + i]!;
    if (i % atOnce === atOnce - 1) yield i / n;
  }
  return out;
}
