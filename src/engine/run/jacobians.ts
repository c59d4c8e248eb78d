// Singular values of the Jacobians through the kernels where they can do it, else in plain arithmetic.
import { budget, plainBudget, plainJacobians, samples } from '../analysis/jacobians.js';
import type { JacobianSeries, StepWindow } from '../analysis/jacobians.js';
import { itemOf } from '../analysis/spectrum.js';
import { cellOf } from '../cells/index.js';
import type { Resumable } from '../core/resumable.js';
import { allFinite } from '../core/scan.js';
import { stateWidth } from '../network/cellRows.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { fastJacobians } from '../wasm/jacobians.js';
import { denseJacobians } from '../wasm/denseSpectrum.js';
import { gatedKernelsFor, kernelsFor } from './kernelsFor.js';
import { withKernels } from '../wasm/workspaces.js';
import type { Workspaces } from '../wasm/workspaces.js';

/** `series` fills while `steps` runs, from the last step of the window to the first. */
export function jacobianSeries(
  experiment: LayerExperiment,
  result: ComputedRun,
  item: number,
  given: Workspaces | null = null,
  window: StepWindow = { t0: 0, t1: experiment.shapes.T },
): { readonly series: JacobianSeries; readonly steps: Resumable<void> } {
  const workspaces = kernelsFor(experiment, given) ?? gatedKernelsFor(experiment, given);
  const t = samples(window, stateWidth(experiment), workspaces === null ? plainBudget : budget);
  const empty = (): Float64Array => new Float64Array(t.length).fill(NaN);
  const series = {
    t,
    sigmaMax: empty(),
    sigmaMin: empty(),
    log10Largest: empty(),
    log10Median: empty(),
    log10Smallest: empty(),
  };
  return { series, steps: fill(experiment, result, item, series, workspaces) };
}

function* fill(
  experiment: LayerExperiment,
  result: ComputedRun,
  item: number,
  series: JacobianSeries,
  workspaces: Workspaces | null,
): Resumable<void> {
  if (!(yield* allFinite([experiment.layers[0].parameters.Wh]))) return;
  const { experiment: own, chunks } = yield* itemOf(experiment, result, item);
  yield* withKernels(
    workspaces,
    (kernels) =>
      cellOf(experiment.cell).gated === undefined
        ? fastJacobians(kernels, own, chunks, series)
        : denseJacobians(kernels, own, chunks, series),
    () => plainJacobians(own, chunks, series),
    stateWidth(experiment) ** 3,
  );
}
