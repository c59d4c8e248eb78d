// Where the single source ends in plain arithmetic, as far as the pass of the run has seen it.
import { cellOf } from '../cells/index.js';
import { maxAbs } from '../core/norm.js';
import { ready } from '../core/recomputedTrace.js';
import type { Resumable } from '../core/resumable.js';
import { takeStep } from '../core/tensor.js';
import type { Trace } from '../core/dtypes.js';
import { sourceIsAll } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Pass } from '../network/referencePass.js';
import type { PlainRange } from '../network/scaledBackward.js';

/** What `plainRange` gives, where the single source is all that the pass took back; null: it has to go once more. */
export function* knownRange(
  experiment: LayerExperiment,
  { chunks, dhTotal, norms }: Pick<Pass<Trace>, 'chunks' | 'dhTotal' | 'norms'>,
): Resumable<PlainRange | null> {
  const last = chunks.at(-1)!;
  if (!sourceIsAll(experiment, last)) return null;
  const hasMore = cellOf(experiment.cell).states.length > 1;
  const sizes = norms.ds ?? norms.dh;
  for (let t = last.start + last.steps - 1; t >= last.start; t--) {
    if (sizes[t]! > 0 && sizes[t]! < Infinity) continue;
    // Squares of float32 do not underflow in float64, in which norms are summed.
    if (sizes[t] === 0 && experiment.dtype === 'float32') return { zeroAt: t, infiniteAt: null };
    // A norm leaves the range before its numbers do, and the pass keeps those of h alone.
    if (hasMore) return null;
    yield* ready(t, dhTotal);
    const largest = maxAbs(takeStep(dhTotal, t).data);
    if (largest === 0) return { zeroAt: t, infiniteAt: null };
    if (!Number.isFinite(largest)) return { zeroAt: null, infiniteAt: t };
    yield 0;
  }
  return { zeroAt: null, infiniteAt: null };
}
