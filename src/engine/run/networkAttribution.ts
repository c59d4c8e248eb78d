// Attribution of a whole network, through the kernels where they can do it, else in plain arithmetic.
import { budget, leaveOut, limit, plainBudget, plainLimit, rowSteps } from '../analysis/attribution.js';
import type { Attribution, GrowingAttribution } from '../analysis/attribution.js';
import { attributeThrough, plainThroughLayer } from '../analysis/networkAttribution.js';
import type { Resumable } from '../core/resumable.js';
import { runChunks } from '../network/chunks.js';
import { networkUpstream } from '../network/networkLoss.js';
import { fastThroughLayer } from '../wasm/networkAttribution.js';
import { workOfRow } from '../wasm/rowsBack.js';
import { noMemory, withKernels } from '../wasm/workspaces.js';
import type { Workspaces } from '../wasm/workspaces.js';
import { rowsKernelsFor } from './kernelsFor.js';
import type { AnyNetworkRun } from './networkRun.js';

/**
 * What each loss of a network's run makes of ∂L/∂s_t in one of its layers, of which `shown` is the index, and how much
 * of it arrives at each layer. Steps and sources count in the order in which that layer's direction computes: for
 * `forward` that is the position in the sequence. `attribution` fills while `steps` runs, source by source.
 */
export function attributeNetwork(
  run: AnyNetworkRun,
  shown: number,
  given: Workspaces | null = null,
): { readonly attribution: Attribution; readonly steps: Resumable<void> } {
  const attribution: GrowingAttribution = {
    sources: [],
    t: rowSteps(run.experiment.shapes.T),
    log10: new Float64Array(0),
    layers: [],
    bothSides: false,
    leftOut: null,
  };
  const workspaces = rowsKernelsFor(run.layers[0].experiment, given);
  function* fill(): Resumable<void> {
    const { dhs } = yield* networkUpstream(run.experiment, run.output);
    const layers = run.layers.map(({ experiment, result }) => ({ experiment, chunks: runChunks(experiment, result) }));
    const target = { index: shown, attribution };
    let full = false;
    const made = yield* withKernels(
      workspaces,
      function* (kernels) {
        const through = function* (...asked: Parameters<typeof plainThroughLayer>): Resumable<boolean> {
          const gone = yield* fastThroughLayer(kernels, ...asked);
          full = gone === noMemory;
          return gone === true;
        };
        const done = yield* attributeThrough(run.experiment, layers, dhs, target, through, [budget, limit]);
        return done ? attribution : full ? noMemory : null;
      },
      function* () {
        const budgets = [plainBudget, plainLimit] as const;
        yield* attributeThrough(run.experiment, layers, dhs, target, plainThroughLayer, budgets);
        return attribution;
      },
      Math.max(...run.layers.map(({ experiment }) => experiment.shapes.B * workOfRow(experiment))),
    );
    if (made === noMemory) leaveOut(attribution, 'memory');
  }
  return { attribution, steps: fill() };
}
