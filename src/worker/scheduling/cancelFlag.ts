// How one thread stops another: a number in shared memory, seen even by a parser in the middle of a file.

/**
 * Null where there is no shared memory, or none that may be sent to another thread (a page that is not isolated):
 * then a message has to do, which is heard at the next pause.
 */
export const newFlag = (): SharedArrayBuffer | null =>
  typeof SharedArrayBuffer === 'undefined' ||
  (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === false
    ? null
    : new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);

const [isRaised, isBegun] = [1, 2];

export function raise(flag: SharedArrayBuffer | null): void {
  if (flag !== null) Atomics.or(new Int32Array(flag), 0, isRaised);
}

/** The other thread works on what the flag belongs to: what only waits for its turn cannot notice anything. */
export function begin(flag: SharedArrayBuffer | null): void {
  if (flag !== null) Atomics.or(new Int32Array(flag), 0, isBegun);
}

export const hasBegun = (flag: SharedArrayBuffer | null): boolean =>
  flag !== null && (Atomics.load(new Int32Array(flag), 0) & isBegun) !== 0;

/** Tells whether the flag has been raised; made once, because it is asked many times. */
export function raised(flag: SharedArrayBuffer | null): () => boolean {
  if (flag === null) return () => false;
  const cell = new Int32Array(flag);
  return () => (Atomics.load(cell, 0) & isRaised) !== 0;
}
