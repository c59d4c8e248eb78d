// The spectrum through the kernels where they can do it, else in plain arithmetic.
import {
  glance,
  itemOf,
  stepsOfItem,
  leadingCounts,
  mostDecomposed,
  plainGlance,
  unknownSpectrum,
} from '../analysis/spectrum.js';
import { cellOf } from '../cells/index.js';
import { stateWidth } from '../network/cellRows.js';
import { plainExponents, plainSpectrum } from '../analysis/plainSpectrum.js';
import type { GrowingSpectrum, Spectrum } from '../analysis/spectrum.js';
import type { Resumable } from '../core/resumable.js';
import { allFinite } from '../core/scan.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { denseExponents, denseLeading } from '../wasm/denseSpectrum.js';
import { gatedSigmaMax, sigmaSlots } from '../wasm/gatedSigma.js';
import { gatedKernelsFor, kernelsFor } from './kernelsFor.js';
import { fastExponents, fastSpectrum } from '../wasm/spectrum.js';
import { part } from '../core/resumable.js';
import type { Kernels } from '../wasm/instance.js';
import { workOfRow } from '../wasm/rowsBack.js';
import { withKernels } from '../wasm/workspaces.js';
import type { Workspaces } from '../wasm/workspaces.js';

/**
 * What the Jacobians J_t = diag(f'(h_t))·Whᵀ of batch item 0 say, in float64; `spectrum` fills while `steps` runs.
 * Without `stateful` a chunk knows nothing of the one before it: the exponents start anew from Q = I at its first step,
 * and the product is that of the last chunk.
 */
export function spectrumOf(
  experiment: LayerExperiment,
  result: ComputedRun,
  workspaces: Workspaces | null = null,
  decomposed = mostDecomposed,
): { readonly spectrum: Spectrum; readonly steps: Resumable<void> } {
  const { spectrum, steps, rest } = growingSpectrum(experiment, result, workspaces, decomposed);
  return {
    spectrum,
    steps: (function* (): Resumable<void> {
      yield* part(steps, 0, 0.3);
      yield* part(rest(), 0.3, 1);
    })(),
  };
}

/**
 * The same in two parts: `steps` has all exponents only where they are a matter of a glance, otherwise the leading
 * ones, and not the product of all Jacobians (`lyapunovKnown` tells); then `rest` gives what is missing. `within`: how
 * much T·H³ is a glance.
 */
export function growingSpectrum(
  experiment: LayerExperiment,
  result: ComputedRun,
  given: Workspaces | null = null,
  decomposed = mostDecomposed,
  within = kernelsFor(experiment, given) === null ? plainGlance : glance,
): { readonly spectrum: Spectrum; readonly steps: Resumable<void>; readonly rest: () => Resumable<void> } {
  const workspaces = kernelsFor(experiment, given);
  const spectrum = unknownSpectrum(stepsOfItem(experiment, 0));
  const counts = leadingCounts(experiment, within);
  const later = counts.length > 0;
  const dense = gatedKernelsFor(experiment, given);
  const rest = (): Resumable<void> => exponents(experiment, result, workspaces ?? dense, spectrum, counts);
  const steps = function* (): Resumable<void> {
    const whole = later ? 1 : 0.3;
    yield* part(allButExponents(experiment, result, workspaces, dense, spectrum, decomposed, counts[0] ?? 0), 0, whole);
    if (!later) yield* part(rest(), whole, 1);
  };
  return { spectrum, steps: steps(), rest: later ? rest : nothing };
}

// eslint-disable-next-line require-yield -- the generator that is over at once
function* nothing(): Resumable<void> {
  return;
}

/** The spectrum at its end. */
export function* spectrumResumably(
  experiment: LayerExperiment,
  result: ComputedRun,
  workspaces: Workspaces | null = null,
  decomposed = mostDecomposed,
): Resumable<Spectrum> {
  const { spectrum, steps } = spectrumOf(experiment, result, workspaces, decomposed);
  yield* steps;
  return spectrum;
}

function* allButExponents(
  experiment: LayerExperiment,
  result: ComputedRun,
  workspaces: Workspaces | null,
  dense: Workspaces | null,
  spectrum: GrowingSpectrum,
  decomposed: number,
  count: number,
): Resumable<void> {
  const {
    shapes: { H },
    layers: [
      {
        parameters: { Wh },
      },
    ],
  } = experiment;
  if (!(yield* allFinite([Wh]))) {
    spectrum.eigenvaluesWh = Array.from({ length: H }, () => [NaN, NaN] as const);
    return;
  }
  const { experiment: own, chunks } = yield* itemOf(experiment, result, 0);
  const leading = (first: number) => (kernels: Kernels) => denseLeading(kernels, own, chunks, spectrum, first);
  const sigmaMax = (kernels: Kernels) => gatedSigmaMax(kernels, own, chunks, spectrum.jacobianSigmaMax);
  yield* withKernels(
    workspaces,
    (kernels) => fastSpectrum(kernels, own, chunks, spectrum, decomposed, count),
    function* () {
      Object.assign(spectrum, unknownSpectrum(own.shapes.T));
      const led = count > 0 && dense !== null ? yield* part(dense.use(leading(count)), 0, 0.1) : null;
      if (dense !== null) yield* part(dense.use(sigmaMax, sigmaSlots * workOfRow(own)), 0.1, 0.9);
      const begin = dense === null ? 0 : 0.9;
      return yield* part(plainSpectrum(own, chunks, spectrum, decomposed, led === null ? count : 0), begin, 1);
    },
    stateWidth(experiment) ** 3,
  );
}

function* exponents(
  experiment: LayerExperiment,
  result: ComputedRun,
  workspaces: Workspaces | null,
  spectrum: GrowingSpectrum,
  counts: readonly number[],
): Resumable<void> {
  const {
    shapes: { H },
    layers: [
      {
        parameters: { Wh },
      },
    ],
  } = experiment;
  if (!(yield* allFinite([Wh]))) {
    spectrum.lyapunovKnown = H * cellOf(experiment.cell).states.length;
    return;
  }
  const { experiment: own, chunks } = yield* itemOf(experiment, result, 0);
  yield* withKernels(
    workspaces,
    (kernels) =>
      cellOf(experiment.cell).gated === undefined
        ? fastExponents(kernels, own, chunks, spectrum, counts)
        : denseExponents(kernels, own, chunks, spectrum, counts),
    () => plainExponents(own, chunks, spectrum, counts),
    stateWidth(experiment) ** 3,
  );
}
