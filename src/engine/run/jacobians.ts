// Singular values of the Jacobians through the kernels where they can do it, else in plain arithmetic.
import { budget, plainBudget, plainJacobians, samples } from '../analysis/jacobians.js';
import type { JacobianSeries, StepWindow } from '../analysis/jacobians.js';
import { itemOf, ownStep } from '../analysis/spectrum.js';
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

const values = ['sigmaMax', 'sigmaMin', 'log10Largest', 'log10Median', 'log10Smallest'] as const;

const seriesOf = (t: Float64Array, of: (name: (typeof values)[number]) => Float64Array): JacobianSeries => ({
  t,
  sigmaMax: of('sigmaMax'),
  sigmaMin: of('sigmaMin'),
  log10Largest: of('log10Largest'),
  log10Median: of('log10Median'),
  log10Smallest: of('log10Smallest'),
});
const unknownSeries = (t: Float64Array): JacobianSeries => seriesOf(t, () => new Float64Array(t.length).fill(NaN));

/**
 * `series` fills while `steps` runs, from the last step of the window to the first; NaN stays where the item is not
 * there.
 */
export function jacobianSeries(
  experiment: LayerExperiment,
  result: ComputedRun,
  item: number,
  given: Workspaces | null = null,
  window: StepWindow = { t0: 0, t1: experiment.shapes.T },
): { readonly series: JacobianSeries; readonly steps: Resumable<void> } {
  const workspaces = kernelsFor(experiment, given) ?? gatedKernelsFor(experiment, given);
  const t = samples(window, stateWidth(experiment), workspaces === null ? plainBudget : budget);
  const series = unknownSeries(t);
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
  const analysis = (of: JacobianSeries): Resumable<unknown> =>
    withKernels(
      workspaces,
      (kernels) =>
        cellOf(experiment.cell).gated === undefined
          ? fastJacobians(kernels, own, chunks, of)
          : denseJacobians(kernels, own, chunks, of),
      () => plainJacobians(own, chunks, of),
      stateWidth(experiment) ** 3,
    );
  if (experiment.chunks.every(({ spans }) => spans === undefined)) {
    yield* analysis(series);
    return;
  }
  // Of the samples those at which the sequence is there, counted in its own steps.
  const steps = Array.from(series.t, (t) => ownStep(experiment, item, t));
  const there = [...steps.keys()].filter((i) => steps[i] !== null);
  const [first] = there;
  if (first === undefined) return;
  const t = Float64Array.from(there, (i) => steps[i]!);
  // In one chunk they follow each other, and each number is told as soon as it is known.
  const isOne = experiment.chunks.length === 1;
  const ofSequence = isOne ? seriesOf(t, (name) => series[name].subarray(first, first + t.length)) : unknownSeries(t);
  yield* analysis(ofSequence);
  if (isOne) return;
  for (const name of values) for (const [i, place] of there.entries()) series[name][place] = ofSequence[name][i]!;
}
