// An experiment with some of its parts changed, to see what the gradient would do; the files it came from know nothing
// of it.
import { t as say } from '@vscode/l10n';
import { eigenvaluesOf } from '../linalg/eigenvalues.js';
import { initialiseResumably } from './initialise.js';
import type { Initialisation } from './initialise.js';
import { sigmaMaxOf } from '../linalg/lanczos.js';
import { mapResumably } from '../core/resumableCopy.js';
import { largestOf } from '../core/scan.js';
import { part } from '../core/resumable.js';
import type { CellName } from '../cells/index.js';
import type { LayerExperiment, LayerUpstream } from './experiment.js';
import type { Resumable } from '../core/resumable.js';

/** Two measures of a square matrix, each of which a factor can set. */
export type Measure = 'spectralRadius' | 'sigmaMax';

/** What is another than in the files; null: as it is there. Wh is initialised first and rescaled then. */
export type WhatIf = {
  readonly cell: CellName | null;
  /** Wh anew. */
  readonly initialise: { readonly way: Initialisation; readonly seed: number } | null;
  /** Wh times the factor that gives it this measure. */
  readonly rescale: { readonly measure: Measure; readonly to: number } | null;
  /** Wx times this. */
  readonly inputScale: number | null;
  /** Added to every b_j. */
  readonly biasShift: number | null;
  readonly clipNorm: number | 'off' | null;
  readonly truncate: number | 'off' | null;
  /** Ones flow in from above at the last step of every chunk, at each step, or at this step t alone. */
  readonly lossAt: 'last' | 'every' | number | null;
};

export const asItIs: WhatIf = {
  cell: null,
  initialise: null,
  rescale: null,
  inputScale: null,
  biasShift: null,
  clipNorm: null,
  truncate: null,
  lossAt: null,
};

/** Measures of Wh; null where they were not taken. */
export type WhMeasures = Readonly<Record<Measure, number | null>>;

/** Larger matrices are not decomposed unless the spectral radius itself is asked for. */
const freelyDecomposed = 256;

/** Wh [H,H] as `initialise` leaves it, before it is rescaled. */
export function* recurrentOf(
  { shapes: { H }, layers: [{ parameters }] }: LayerExperiment,
  anew: WhatIf['initialise'],
): Resumable<Float64Array> {
  return (anew === null ? null : yield* initialiseResumably(anew.way, H, H, anew.seed)) ?? parameters.Wh;
}

/**
 * Both measures of Wh [H,H]; the spectral radius of a large one only when `needed`. NaN when a number is not finite.
 */
export function* measureRecurrent(
  Wh: Float64Array,
  H: number,
  anew: WhatIf['initialise'],
  needed: Measure | null,
): Resumable<WhMeasures> {
  if (anew?.way === 'orthogonal' || anew?.way === 'identity') return { spectralRadius: 1, sigmaMax: 1 };
  const largest = yield* largestOf(Wh);
  if (!Number.isFinite(largest)) return { spectralRadius: NaN, sigmaMax: NaN };
  const sigmaMax = yield* part(sigmaMaxOf(Wh, H), 0, 0.2);
  yield 0.2;
  if (needed !== 'spectralRadius' && H > freelyDecomposed) return { spectralRadius: null, sigmaMax };
  const [first] = yield* eigenvaluesOf(Wh, H);
  return { spectralRadius: first === undefined ? 0 : Math.hypot(...first), sigmaMax };
}

/** The factor that gives a matrix the wanted measure, or the sentence that says why there is none. */
export function factorFor({ measure, to }: NonNullable<WhatIf['rescale']>, measures: WhMeasures): number | string {
  const now = measures[measure];
  if (now === null || Number.isNaN(now))
    return say('Wh holds numbers that are not finite, so that no factor gives it a size.');
  if (now === 0 && to !== 0)
    return measure === 'sigmaMax'
      ? say('Wh is zero, and no factor changes that.')
      : say('The spectral radius of Wh is 0, and no factor changes that.');
  if (now === 0) return 1;
  return to / now;
}

function upstreamAt(lossAt: NonNullable<WhatIf['lossAt']>, { B, T, H }: LayerExperiment['shapes']): LayerUpstream {
  if (typeof lossAt === 'string') return { kind: lossAt };
  const dhs = new Float64Array(B * T * H);
  for (let b = 0; b < B; b++) dhs.fill(1, (b * T + lossAt) * H, (b * T + lossAt + 1) * H);
  return { kind: 'given', dhs };
}

const limit = (wanted: number | 'off' | null, now: number | null): number | null =>
  wanted === null ? now : wanted === 'off' ? null : wanted;

/**
 * The changed experiment with the measures of its Wh, or the sentence that says why there is none. `Wh` and `measures`
 * are those before rescaling.
 */
export function* changed(
  experiment: LayerExperiment,
  whatIf: WhatIf,
  Wh: Float64Array,
  measures: WhMeasures,
): Resumable<{ readonly experiment: LayerExperiment; readonly measures: WhMeasures } | string> {
  const {
    shapes,
    layers: [layer],
  } = experiment;
  const { Wx, b } = layer.parameters;
  const { rescale, inputScale, biasShift, lossAt } = whatIf;
  if (lossAt !== null && experiment.loss !== null)
    return say('The loss of this experiment has targets for its own steps, so it cannot be moved.');
  if (typeof lossAt === 'number' && !(lossAt >= 0 && lossAt < shapes.T))
    return say('There is no step {0}: the steps are 0 to {1}.', lossAt, shapes.T - 1);
  const factor = rescale === null ? 1 : factorFor(rescale, measures);
  if (typeof factor === 'string') return factor;
  const times = (value: number | null): number | null => (value === null ? null : value * factor);
  return {
    experiment: {
      ...experiment,
      cell: whatIf.cell ?? experiment.cell,
      layers: [
        {
          ...layer,
          parameters: {
            ...layer.parameters,
            Wx: inputScale === null ? Wx : yield* mapResumably(Wx, (value) => value * inputScale),
            Wh: factor === 1 ? Wh : yield* mapResumably(Wh, (value) => value * factor),
            b: biasShift === null ? b : b.map((value) => value + biasShift),
          },
        },
      ],
      upstream: lossAt === null ? experiment.upstream : upstreamAt(lossAt, shapes),
      clipNorm: limit(whatIf.clipNorm, experiment.clipNorm),
      truncate: limit(whatIf.truncate, experiment.truncate),
    },
    measures: { spectralRadius: times(measures.spectralRadius), sigmaMax: times(measures.sigmaMax) },
  };
}
