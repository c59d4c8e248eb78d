/**
 * Whether the machine had no room for numbers, or for a memory of the kernels: a RangeError of V8, which throws the
 * same class for a stack that is full and for what would be written behind the end of an array. Those are faults of
 * ours.
 */
export const isOutOfMemory = (error: unknown): error is RangeError =>
  error instanceof RangeError && !/call stack|bounds|do not fit/i.test(error.message);
