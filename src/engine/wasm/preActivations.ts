// z_t of one sequence at every step, as products of matrices.
import { isThere } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import type { Kernels } from './instance.js';
import { layOut } from './packedMatrix.js';
import { ready } from '../core/recomputedTrace.js';
import { SlopeBlocks } from './slopes.js';
import { noMemory } from './workspaces.js';

/** [T,H]; zero where the item is not there. */
export function* fastPreActivations(
  kernels: Kernels,
  experiment: LayerExperiment,
  item: number,
  chunks: readonly RunChunk[],
): Resumable<Float64Array | typeof noMemory> {
  const { T, H } = experiment.shapes;
  const at = layOut(kernels, SlopeBlocks.sizes(experiment));
  if (at === null) return noMemory;
  const z = new Float64Array(T * H);
  const blocks = yield* SlopeBlocks.create(kernels, experiment, { first: item, count: 1 }, at);
  for (const chunk of chunks) {
    for (let t0 = 0; t0 < chunk.steps; t0 += blocks.steps) {
      const t1 = Math.min(chunk.steps, t0 + blocks.steps);
      for (const t of [t0 - 1, t1 - 1]) if (t >= 0) yield* ready(t, chunk.hs);
      z.set(yield* blocks.preActivations(chunk, t0, t1), (chunk.start + t0) * H);
      for (let t = t0; t < t1; t++)
        if (!isThere(chunk, item, t)) z.fill(0, (chunk.start + t) * H, (chunk.start + t + 1) * H);
      yield (chunk.start + t0) / T;
    }
  }
  return z;
}
