// The spectrum through the kernels where they can do it, else in plain arithmetic.
import { itemChunks, mostDecomposed, plainSpectrum, unknownSpectrum, withOneItem } from '../analysis/spectrum.js';
import type { GrowingSpectrum, Spectrum } from '../analysis/spectrum.js';
import type { Resumable } from '../core/resumable.js';
import { allFinite } from '../core/scan.js';
import type { Experiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { fastSpectrum } from '../wasm/spectrum.js';
import { kernelsFor } from './kernelsFor.js';
import { withKernels } from '../wasm/workspaces.js';
import type { Workspaces } from '../wasm/workspaces.js';

/**
 * What the Jacobians J_t = diag(f'(h_t))·Whᵀ of batch item 0 say, in float64; `spectrum` fills while `steps` runs.
 * Without `stateful` a chunk knows nothing of the one before it: the exponents start anew from Q = I at its first step,
 * and the product is that of the last chunk.
 */
export function spectrumOf(
  experiment: Experiment,
  result: ComputedRun,
  given: Workspaces | null = null,
  decomposed = mostDecomposed,
): { readonly spectrum: Spectrum; readonly steps: Resumable<void> } {
  const spectrum = unknownSpectrum(experiment.shapes.T);
  return { spectrum, steps: fill(experiment, result, kernelsFor(experiment, given), spectrum, decomposed) };
}

/** The same at its end. */
export function* spectrumSteps(
  experiment: Experiment,
  result: ComputedRun,
  given: Workspaces | null = null,
  decomposed = mostDecomposed,
): Resumable<Spectrum> {
  const { spectrum, steps } = spectrumOf(experiment, result, given, decomposed);
  yield* steps;
  return spectrum;
}

function* fill(
  experiment: Experiment,
  result: ComputedRun,
  workspaces: Workspaces | null,
  spectrum: GrowingSpectrum,
  decomposed: number,
): Resumable<void> {
  const {
    shapes: { T, H },
    weights: { Wh },
  } = experiment;
  if (!(yield* allFinite([Wh]))) {
    spectrum.eigenvaluesWh = Array.from({ length: H }, () => [NaN, NaN] as const);
    return;
  }
  const chunks = yield* itemChunks(experiment, result.hs, 0);
  const own = withOneItem(experiment);
  yield* withKernels(
    workspaces,
    (kernels) => fastSpectrum(kernels, own, chunks, spectrum, decomposed),
    function* () {
      Object.assign(spectrum, unknownSpectrum(T));
      return yield* plainSpectrum(own, chunks, spectrum, decomposed);
    },
  );
}
