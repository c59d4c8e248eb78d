// Pre-activations through the kernels where they can do it, else in plain arithmetic.
import { preActivationsBetween } from '../analysis/preActivations.js';
import type { PreActivations } from '../analysis/preActivations.js';
import { PiecedTrace } from '../core/recomputedTrace.js';
import type { Resumable } from '../core/resumable.js';
import { isHeld } from '../core/tensor.js';
import { runChunks } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { fastPreActivations } from '../wasm/preActivations.js';
import { kernelsFor } from './kernelsFor.js';
import { noMemory, withKernels } from '../wasm/workspaces.js';
import type { Workspaces } from '../wasm/workspaces.js';

/** Numbers that are held, 512 MiB. */
const mostHeld = 2 ** 26;
/** Steps whose pre-activations are computed at once where they are not. */
const stepsAtOnce = 256;

/**
 * z_t of one batch item, [T,H] in float64: `z` fills up while `steps` go on.
 * @param most numbers from which on they are not held but computed again when they are asked for
 */
export function preActivations(
  experiment: LayerExperiment,
  result: ComputedRun,
  item: number,
  given: Workspaces | null = null,
  most = mostHeld,
): { readonly z: PreActivations; readonly steps: Resumable<void> } {
  const z: PreActivations = { values: null };
  return { z, steps: fill(experiment, result, item, z, kernelsFor(experiment, given), most) };
}

function* fill(
  experiment: LayerExperiment,
  result: ComputedRun,
  item: number,
  z: PreActivations,
  workspaces: Workspaces | null,
  most: number,
): Resumable<void> {
  const { T, H } = experiment.shapes;
  if (!isHeld(result.layers[0].states.h) && T * H > most) {
    const starts = Array.from({ length: Math.ceil(T / stepsAtOnce) }, (_, i) => i * stepsAtOnce);
    z.values = new PiecedTrace({ B: 1, T, N: H }, starts, (i) =>
      preActivationsBetween(experiment, result, item, starts[i]!, starts[i + 1] ?? T),
    );
    return;
  }
  const fast = yield* withKernels(
    workspaces,
    (kernels) => fastPreActivations(kernels, experiment, item, runChunks(experiment, result)),
    () => preActivationsBetween(experiment, result, item, 0, T),
  );
  z.values = fast === noMemory ? yield* preActivationsBetween(experiment, result, item, 0, T) : fast;
}
