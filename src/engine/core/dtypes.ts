// The two kinds of numbers that tensors hold, and tensors that may have to be computed again.
export const dtypes = ['float32', 'float64'] as const;
export type DType = (typeof dtypes)[number];

export type FloatArray = Float32Array | Float64Array;

/**
 * Numbers of all steps of a run: an array, or what gives the same numbers without holding them all
 * (recomputedTrace.ts). Best asked in the order of time. An interface, because a type would pass for an ArrayLike,
 * which it is not.
 */
export interface Trace {
  readonly length: number;
  at(index: number): number | undefined;
  /** A view or a copy; nobody writes to it. */
  subarray(from: number, to: number): FloatArray;
}
