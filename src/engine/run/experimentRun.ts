// Any experiment: which of the runs it takes.
import { cellOf } from '../cells/index.js';
import type { Resumable } from '../core/resumable.js';
import { asLayer } from '../network/experiment.js';
import type { Experiment } from '../network/experiment.js';
import { defaultBounds } from '../verdict/evidence.js';
import type { VerdictBounds } from '../verdict/evidence.js';
import type { Kernels } from '../wasm/instance.js';
import { runLongNetwork } from './longNetwork.js';
import { gatedMemoryOf } from './memoryEstimate.js';
import { asNetworkRun, runNetwork } from './networkRun.js';
import type { AnyNetworkRun } from './networkRun.js';
import { runWithin } from './run.js';

/**
 * Runs any experiment: a single layer through the kernels where they know its cell (see `runWithin`), everything else
 * layer by layer, each through the kernels where they know its cell. Gated networks that would hold more than `limit`
 * bytes keep checkpoints.
 */
export function* runExperiment(
  limit: number,
  experiment: Experiment,
  bounds: VerdictBounds = defaultBounds,
  kernels: Kernels | null = null,
): Resumable<AnyNetworkRun> {
  const layer = asLayer(experiment);
  if (layer !== null) return asNetworkRun(layer, yield* runWithin(limit, layer, bounds, kernels), experiment);
  const gated = cellOf(experiment.cell).gated === undefined ? null : kernels;
  const long =
    gated !== null && gatedMemoryOf(experiment, gated) > limit
      ? yield* runLongNetwork(experiment, bounds, gated)
      : null;
  return long ?? (yield* runNetwork(experiment, bounds, kernels));
}
