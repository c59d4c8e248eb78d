import type { Port } from '../../src/protocol/rpc.js';

/** Two ends of a wire inside this process. */
export function wire(): [Port, Port] {
  const listeners: ((message: unknown) => void)[] = [];
  const end = (own: number, other: number): Port => ({
    // As between threads: what is transferred is gone here.
    post: (message, transfer) => {
      const copy: unknown = structuredClone(message, { transfer: [...transfer] });
      queueMicrotask(() => listeners[other]?.(copy));
    },
    onMessage: (listener) => {
      listeners[own] = listener;
    },
  });
  return [end(0, 1), end(1, 0)];
}
