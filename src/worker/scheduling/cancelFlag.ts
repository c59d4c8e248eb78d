// How one thread stops another: a number in shared memory, seen even by a parser in the middle of a file.

/** Null where there is no shared memory: then a message has to do, which is heard at the next pause. */
export const newFlag = (): SharedArrayBuffer | null =>
  typeof SharedArrayBuffer === 'undefined' ? null : new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);

export function raise(flag: SharedArrayBuffer | null): void {
  if (flag !== null) Atomics.store(new Int32Array(flag), 0, 1);
}

/** Tells whether the flag has been raised; made once, because it is asked many times. */
export function raised(flag: SharedArrayBuffer | null): () => boolean {
  if (flag === null) return () => false;
  const cell = new Int32Array(flag);
  return () => Atomics.load(cell, 0) !== 0;
}
