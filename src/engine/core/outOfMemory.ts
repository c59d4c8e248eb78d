/**
 * Whether the machine had no room for numbers, or for a memory of the kernels, by V8's words: it throws the same class
 * for a stack that is full, for what would be written behind the end of an array, and for numbers that fit nowhere.
 * Those are faults of ours, and so is a length below zero.
 */
export const isOutOfMemory = (error: unknown): error is RangeError =>
  error instanceof RangeError &&
  /memory|allocat|invalid (?:typed )?array(?: buffer)? length(?!: -)|invalid string length/i.test(error.message);
