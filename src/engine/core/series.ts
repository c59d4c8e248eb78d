// Series of numbers over the steps of a run.

/** The longest series, in steps, that shares a buffer with others. */
const mostShared = 512;

/**
 * Gives series of T zeros, one at a call. The first `count` short ones are windows on one buffer: a buffer of its own
 * costs such a series more than all that is written to it. A message that carries one of them carries its buffer.
 */
export function seriesSharing(T: number, count: number): () => Float64Array {
  const own = (): Float64Array => new Float64Array(T);
  if (T > mostShared) return own;
  const { buffer, BYTES_PER_ELEMENT } = new Float64Array(T * count);
  let made = 0;
  return () => (made < count ? new Float64Array(buffer, T * made++ * BYTES_PER_ELEMENT, T) : own());
}
