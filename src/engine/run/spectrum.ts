// The spectrum through the kernels where they can do it, else in plain arithmetic.
import {
  glance,
  itemOf,
  stepsOfItem,
  stepsOfProduct,
  leadingCounts,
  mostDecomposed,
  plainGlance,
  unknownSpectrum,
} from '../analysis/spectrum.js';
import { cellOf } from '../cells/index.js';
import { stateWidth } from '../network/cellRows.js';
import { plainExponents, plainSpectrum } from '../analysis/plainSpectrum.js';
import type { GrowingSpectrum, Item, Spectrum } from '../analysis/spectrum.js';
import { finish, part, withLooks } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { allFinite } from '../core/scan.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { denseExponents, denseLeading } from '../wasm/denseSpectrum.js';
import { gatedSigmaMax, sigmaSlots } from '../wasm/gatedSigma.js';
import { gatedKernelsFor, kernelsFor } from './kernelsFor.js';
import { askElsewhere, leadingTask } from './layerTasks.js';
import type { Leading } from './layerTasks.js';
import { fastExponents, fastSpectrum } from '../wasm/spectrum.js';
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
  const spectrum = unknownSpectrum(stepsOfItem(experiment, 0), stepsOfProduct(experiment, 0));
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

/** Whether the leading exponents tell the largest: not where the product of the Jacobians is zero, or not finite. */
export const tellsLargest = ({ lyapunov }: Spectrum): boolean => Number.isFinite(lyapunov?.[0]);

/** The spectrum without the exponents that take long; all of it where the leading ones do not tell the largest. */
export function* leadingSpectrum(
  experiment: LayerExperiment,
  result: ComputedRun,
  workspaces: Workspaces | null = null,
  within?: number,
): Resumable<Spectrum> {
  const { spectrum, steps, rest } = growingSpectrum(experiment, result, workspaces, mostDecomposed, within);
  yield* part(steps, 0, 1);
  if (!tellsLargest(spectrum)) yield* part(rest(), 1, 1);
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
  yield* withKernels(
    workspaces,
    (kernels) => fastSpectrum(kernels, own, chunks, spectrum, decomposed, count),
    function* () {
      Object.assign(spectrum, unknownSpectrum(own.shapes.T, spectrum.productSteps));
      const item = { experiment: own, chunks };
      const led = dense !== null && (yield* part(gatedSpectrum(dense, item, spectrum, count), 0, 0.9));
      const begin = dense === null ? 0 : 0.9;
      return yield* part(plainSpectrum(own, chunks, spectrum, decomposed, led ? 0 : count), begin, 1);
    },
    stateWidth(experiment) ** 3,
  );
}

/**
 * The first `count` exponents of LSTM or GRU, where that is not 0, and σ_max of every step: side by side where a thread
 * is free for the former. What the kernels cannot say stays unknown; false where that is so of the exponents.
 */
function* gatedSpectrum(
  workspaces: Workspaces,
  own: Item,
  spectrum: GrowingSpectrum,
  count: number,
): Resumable<boolean> {
  const { experiment, chunks } = own;
  const work = function* (kernels: Kernels): Resumable<boolean> {
    // Others have the threads where these kernels have none.
    const mayAsk = count > 0 && kernels.team !== null;
    const asked = mayAsk ? askElsewhere(yield* part(leadingTask(own, count), 0, 0), workspaces.origin) : null;
    let [led, isAwaited] = [count === 0, asked !== null];
    const leading = function* (): Resumable<void> {
      if (!led) led = (yield* denseLeading(kernels, experiment, chunks, spectrum, count)) !== null;
    };
    const answered = function* (): Resumable<void> {
      if (!isAwaited) return;
      const answer = (yield* asked!.answer) as Leading | null;
      [led, isAwaited] = [answer !== null, false];
      Object.assign(spectrum, answer);
    };
    try {
      const begin = asked === null && !led ? 0.4 : 0;
      if (asked === null) yield* part(leading(), 0, begin);
      const sigmaMax = gatedSigmaMax(kernels, experiment, chunks, spectrum.jacobianSigmaMax);
      const look = (): void => {
        if (asked?.isAnswered() === true) finish(answered());
      };
      yield* part(withLooks(sigmaMax, look), begin, 1);
      yield* part(answered(), 1, 1);
      if (asked !== null) yield* part(leading(), 1, 1);
      return led;
    } finally {
      asked?.end();
    }
  };
  return (yield* workspaces.use(work, sigmaSlots * workOfRow(experiment))) ?? false;
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
