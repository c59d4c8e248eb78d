// Arms the injector of faults.cjs, here and in every thread that loads it: the N-th step of a kind into the world
// fails, once or from there on every time.
import { createRequire } from 'node:module';
import path from 'node:path';
import { setEnvironmentData } from 'node:worker_threads';

const control = new Int32Array(new SharedArrayBuffer(5 * Int32Array.BYTES_PER_ELEMENT));
setEnvironmentData('rnn-gradients faults', control.buffer);

export const faultKinds = ['allocation', 'file', 'message', 'thread'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** The injector in this thread; the engine's thread has it through test/fixtures/worker/faulty.cjs. */
createRequire(import.meta.url)(path.resolve('test/support/faults.cjs'));
export const faultyWorker = path.resolve('test/fixtures/worker/faulty.cjs');

/** Steps of a kind are counted from now on; the `n`-th fails, with `persistent` all after it too. */
export function arm(kind: FaultKind, n: number, persistent: boolean): void {
  [Math.min(n, 2 ** 31 - 1), persistent ? 1 : 0, 0, 0].forEach((value, i) => Atomics.store(control, 1 + i, value));
  Atomics.store(control, 0, 1 + faultKinds.indexOf(kind));
}

/** Ends that; how many steps there were, and how many of them failed. */
export function disarm(): { readonly steps: number; readonly failed: number } {
  Atomics.store(control, 0, 0);
  return { steps: Atomics.load(control, 3), failed: Atomics.load(control, 4) };
}
