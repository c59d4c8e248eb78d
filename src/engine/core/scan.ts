// Looks at all numbers of large tensors, with pauses.
import { maxAbs, norm } from './norm.js';
import { ready } from './recomputedTrace.js';
import { isHeld, takeStep } from './tensor.js';
import type { SequenceTrace } from './tensor.js';
import type { DType, FloatArray } from './dtypes.js';
import type { Resumable } from './resumable.js';

/** Numbers looked through between two pauses, half a millisecond, and a few before it has been compiled. */
export const scanned = 2.5e5;

/** max |value|; NaN when one of the values is. */
export function* largestOf(...tensors: readonly FloatArray[]): Resumable<number> {
  let largest = 0;
  for (const values of tensors) {
    for (let from = 0; from < values.length; from += scanned) {
      largest = Math.max(largest, maxAbs(values, from, Math.min(values.length, from + scanned)));
      if (values.length > scanned) yield 0;
    }
  }
  return largest;
}

/** Norm of several tensors read as one vector. */
export function* jointNormResumably(tensors: readonly FloatArray[]): Resumable<number> {
  const parts: number[] = [];
  for (const tensor of tensors) {
    for (let from = 0; from < tensor.length; from += scanned) {
      parts.push(norm(tensor, from, Math.min(tensor.length, from + scanned)));
      if (tensor.length > scanned) yield 0;
    }
  }
  return norm(Float64Array.from(parts));
}

/** Whether all values are finite once they are rounded to the dtype. */
export function* allFinite(tensors: readonly FloatArray[], dtype: DType = 'float64'): Resumable<boolean> {
  const largest = yield* largestOf(...tensors);
  // Rounding keeps the order, so the largest tells for all.
  return Number.isFinite(dtype === 'float32' ? Math.fround(largest) : largest);
}

/** The same of a tensor over time, which may have to be computed. */
export function* sequenceFinite(values: SequenceTrace): Resumable<boolean> {
  if (isHeld(values.data)) return yield* allFinite([values.data]);
  for (let t = 0; t < values.T; t++) if (!(yield* finiteAt(values, t, 'float64'))) return false;
  return true;
}

/** Whether all values of step t are finite once they are rounded to the dtype. */
export function* finiteAt(values: SequenceTrace, t: number, dtype: DType): Resumable<boolean> {
  yield* ready(t, values);
  const finite = yield* allFinite([takeStep(values, t).data], dtype);
  yield 0;
  return finite;
}
