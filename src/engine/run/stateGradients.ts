// The gradients of all states of one sequence, for whoever opens its steps.
import { StateGradients } from '../analysis/stateGradients.js';
import type { Resumable } from '../core/resumable.js';
import { runChunks } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';

/** `gradients` can be asked once `steps` is through. */
export function stateGradients(
  experiment: LayerExperiment,
  result: ComputedRun,
  item: number,
): { readonly gradients: StateGradients; readonly steps: Resumable<void> } {
  const gradients = new StateGradients(experiment, runChunks(experiment, result), item);
  return { gradients, steps: gradients.prepare() };
}
