// How one thread stops another: a number in shared memory, seen even by a parser in the middle of a file.
import type { CancelFlag } from '../../protocol/index.js';

const hasSharedMemory = (): boolean =>
  typeof SharedArrayBuffer !== 'undefined' &&
  (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;

const [isRaised, isBegun] = [1, 2];

/** Of flags that are names: what is known of them on this thread, while what they belong to goes on. */
const named = new Map<number, number>();
let lastName = 0;

/**
 * A name where there is no shared memory, or none that may be sent to another thread (a page that is not isolated):
 * then messages carry it over, and are heard at the next pause.
 */
export const newFlag = (): SharedArrayBuffer | number =>
  hasSharedMemory() ? new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) : ++lastName;

/** What the flag belongs to begins; until its end messages about a name are taken in. */
export function hold(flag: CancelFlag): void {
  if (typeof flag === 'number' && !named.has(flag)) named.set(flag, 0);
}

/** It has ended. */
export function release(flag: CancelFlag): void {
  if (typeof flag === 'number') named.delete(flag);
}

function mark(flag: CancelFlag, bit: number): void {
  if (flag === null) return;
  if (typeof flag !== 'number') Atomics.or(new Int32Array(flag), 0, bit);
  else if (named.has(flag)) named.set(flag, (named.get(flag) ?? 0) | bit);
}

const reader = (flag: CancelFlag, bit: number): (() => boolean) => {
  if (flag === null) return () => false;
  if (typeof flag === 'number') return () => ((named.get(flag) ?? 0) & bit) !== 0;
  const cell = new Int32Array(flag);
  return () => (Atomics.load(cell, 0) & bit) !== 0;
};

export const raise = (flag: CancelFlag): void => mark(flag, isRaised);

/** The other thread works on what the flag belongs to: what only waits for its turn cannot notice anything. */
export const begin = (flag: CancelFlag): void => mark(flag, isBegun);

export const hasBegun = (flag: CancelFlag): boolean => reader(flag, isBegun)();

/** Tells whether the flag has been raised; made once, because it is asked many times. */
export const raised = (flag: CancelFlag): (() => boolean) => reader(flag, isRaised);
