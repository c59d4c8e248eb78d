// Memory that is counted after a garbage collection: what is kept, and what is there at most.
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Kernels, Resumable } from '../../src/engine/index.js';

/** Bytes that may stay: a few results, where all of them would be tens of megabytes. */
const mostArrays = 1e6;
const mostHeap = 5e6;

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/**
 * Collects garbage now, so that what is counted is what is kept. Buffers are freed by a thread of their own, a little
 * later.
 */
export const collect = async (): Promise<void> => {
  const gc = collector();
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** After some runs, which fill what is filled once, `times` more leave nothing; `memories` are as large as before. */
export async function assertFlat(
  times: number,
  run: () => void | Promise<void>,
  memories: readonly Kernels[],
): Promise<void> {
  const sizes = (): number[] => memories.map(({ memory }) => memory.buffer.byteLength);
  for (let i = 0; i < 5; i++) await run();
  const size = sizes();
  await collect();
  const before = process.memoryUsage();
  for (let i = 0; i < times; i++) await run();
  assert.deepEqual(sizes(), size);
  await collect();
  const after = process.memoryUsage();
  assert.ok(
    after.arrayBuffers - before.arrayBuffers < mostArrays,
    `${after.arrayBuffers - before.arrayBuffers} bytes in arrays stay`,
  );
  assert.ok(after.heapUsed - before.heapUsed < mostHeap, `${after.heapUsed - before.heapUsed} bytes of heap stay`);
}

/**
 * Bytes of arrays that are held at once at most while `run` goes on, those from before it not counted: what lives after
 * a collection at every `every`-th pause.
 */
export async function mostHeld<R>(run: Resumable<R>, every: number): Promise<number> {
  const gc = collector();
  const held = async (): Promise<number> => {
    gc();
    // Buffers are freed by a thread of their own.
    await new Promise((resolve) => setTimeout(resolve, 2));
    gc();
    return process.memoryUsage().arrayBuffers;
  };
  await collect();
  const before = await held();
  let most = 0;
  for (let pause = 0; ; pause++) {
    const step = run.next();
    if (step.done === true || pause % every === 0) most = Math.max(most, await held());
    if (step.done === true) return most - before;
  }
}
