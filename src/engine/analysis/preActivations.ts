// z_t of one sequence, in plain arithmetic.
import { ready } from '../core/recomputedTrace.js';
import type { Resumable } from '../core/resumable.js';
import { addRowTimes, takeStep } from '../core/tensor.js';
import type { Trace } from '../core/dtypes.js';
import { runChunks } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { isThere, stateBefore } from '../network/runChunk.js';

/**
 * z_t of one sequence at every step [T,H], null until they are there; not held where neither these nor the states are.
 */
export type PreActivations = { values: Trace | null };

/** z_t for t0 ≤ t < t1, [t1 − t0,H], in plain arithmetic; zero where the item is not there. */
export function* preActivationsBetween(
  experiment: LayerExperiment,
  result: ComputedRun,
  item: number,
  t0: number,
  t1: number,
): Resumable<Float64Array> {
  const {
    shapes: { I, H },
    layers: [
      {
        parameters: { Wx, Wh, b },
      },
    ],
  } = experiment;
  const chunks = runChunks(experiment, result);
  const out = new Float64Array((t1 - t0) * H);
  for (let t = t0; t < t1; t++) {
    const chunk = chunks.findLast(({ start }) => start <= t)!;
    if (!isThere(chunk, item, t - chunk.start)) continue;
    yield* ready(t - chunk.start, chunk.hs);
    const z = out.subarray((t - t0) * H, (t - t0 + 1) * H);
    z.set(b);
    addRowTimes(takeStep(chunk.xs, t - chunk.start).data, item * I, I, Wx, z);
    addRowTimes(stateBefore(chunk, t - chunk.start).data, item * H, H, Wh, z);
    yield (t - t0) / (t1 - t0);
  }
  return out;
}
