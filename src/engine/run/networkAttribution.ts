// Attribution of a whole network, in plain arithmetic.
import { rowSteps } from '../analysis/attribution.js';
import type { Attribution, GrowingAttribution } from '../analysis/attribution.js';
import { attributeThrough } from '../analysis/networkAttribution.js';
import type { Resumable } from '../core/resumable.js';
import { runChunks } from '../network/chunks.js';
import { networkUpstream } from '../network/networkLoss.js';
import type { AnyNetworkRun } from './networkRun.js';

/**
 * What each loss of a network's run makes of ∂L/∂s_t in one of its layers, of which `shown` is the index, and how much
 * of it arrives at each layer. Steps and sources count in the order in which that layer's direction computes: for
 * `forward` that is the position in the sequence. `attribution` fills while `steps` runs, source by source.
 */
export function attributeNetwork(
  run: AnyNetworkRun,
  shown: number,
): { readonly attribution: Attribution; readonly steps: Resumable<void> } {
  const attribution: GrowingAttribution = {
    sources: [],
    t: rowSteps(run.experiment.shapes.T),
    log10: new Float64Array(0),
    layers: [],
    bothSides: false,
    leftOut: null,
  };
  function* fill(): Resumable<void> {
    const { dhs } = yield* networkUpstream(run.experiment, run.output);
    const layers = run.layers.map(({ experiment, result }) => ({ experiment, chunks: runChunks(experiment, result) }));
    yield* attributeThrough(run.experiment, layers, dhs, { index: shown, attribution });
  }
  return { attribution, steps: fill() };
}
