// The reach of every gradient of weights through the kernels where they can do it, else in plain arithmetic.
import {
  budget,
  limit,
  none,
  plainBudget,
  plainLimit,
  plainReach,
  plan,
  workOfDistance,
} from '../analysis/gradientReach.js';
import type { GrowingReach, Reach } from '../analysis/gradientReach.js';
import type { Resumable } from '../core/resumable.js';
import { isHeld } from '../core/tensor.js';
import { runChunks } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { blockRows, fastReach } from '../wasm/gradientReach.js';
import { rowsKernelsFor } from './kernelsFor.js';
import { workOfRow } from '../wasm/rowsBack.js';
import { noMemory, withKernels } from '../wasm/workspaces.js';
import type { Workspaces } from '../wasm/workspaces.js';

/** `reach` fills while `steps` runs, from the shortest distance to the longest. */
export function reachOf(
  experiment: LayerExperiment,
  result: ComputedRun,
  given: Workspaces | null = null,
): { readonly reach: Reach; readonly steps: Resumable<void> } {
  const {
    shapes: { B, T },
    chunks,
    loss,
    upstream,
  } = experiment;
  const workspaces = rowsKernelsFor(experiment, given);
  // A loss at the last step alone is a single row on its way; the kernels skip the others, which stay zero.
  const rows =
    workspaces !== null && loss === null && upstream.kind === 'last'
      ? Math.min(T * B, chunks.length * Math.max(B, 128))
      : T * B;
  const reach: GrowingReach = { share: none, missing: none };
  // It takes several tensors over time at once: a run that does not hold one of them has no room for these.
  if (isHeld(result.layers[0].states.h))
    plan(
      experiment,
      reach,
      rows * workOfDistance(experiment),
      workspaces === null ? [plainBudget, plainLimit] : [budget, limit],
    );
  return { reach, steps: fill(experiment, result, reach, workspaces) };
}

function* fill(
  experiment: LayerExperiment,
  result: ComputedRun,
  reach: GrowingReach,
  workspaces: Workspaces | null,
): Resumable<void> {
  // A state that is not finite makes its part of dWh so, also where its slope is 0.
  if (reach.share.length === 0 || !result.layers[0].hNorm.every(Number.isFinite)) return;
  const chunks = runChunks(experiment, result);
  const { B, T } = experiment.shapes;
  const made = yield* withKernels(
    workspaces,
    (kernels) => fastReach(kernels, experiment, result, chunks, reach),
    function* () {
      if (workspaces !== null) plan(experiment, reach, T * B * workOfDistance(experiment), [plainBudget, plainLimit]);
      return reach.share.length === 0 ? reach : yield* plainReach(experiment, result, chunks, reach);
    },
    Math.min(T * B, Math.max(B, blockRows)) * workOfRow(experiment),
  );
  if (made === noMemory) Object.assign(reach, { share: none, missing: none, blocks: [] });
}
