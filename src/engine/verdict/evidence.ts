// What a verdict rests on.
import type { ByParameter } from '../cells/cell.js';
import type { Resumable } from '../core/resumable.js';
import type { LayerExperiment, LayerSpec } from '../network/experiment.js';
import type { GateMeasures } from '../network/result.js';
import type { EarlierEntry } from '../network/lossSteps.js';
import type { TrialPlace } from '../network/trial.js';
import type { SingleSource } from '../network/scaledBackward.js';

/**
 * Bounds of the verdict: the single-source gradient's last norm over its first. Those of vanishing and exploding are
 * AUTOTRAINER's detectors; between vanishing and healthy it fades.
 */
export type VerdictBounds = { readonly vanishing: number; readonly fading: number; readonly exploding: number };
/** Where nobody sets others: shares of the first norm, and a multiple of it. */
export const defaultBounds: VerdictBounds = { vanishing: 1e-3, fading: 0.1, exploding: 70 };

/**
 * What drives the units of a run, sampled: mean |h·Wh|, |x·Wx| and |b|, the mean of b, and what nine in ten of the
 * units that are off (z < 0) lack.
 */
export type Drive = {
  readonly recurrent: number;
  readonly input: number;
  readonly bias: number;
  readonly meanBias: number;
  readonly offBy: number;
};

/** A number of a step that is not finite, by its sequence and its unit, or the input's number; both from 0. */
export type PlacedValue = { readonly sequence: number; readonly unit: number; readonly value: number };

/** The largest |h_t| of one sequence. */
export type SizeAt = { readonly t: number; readonly size: number };

/**
 * The part of h_{t−1}·Wh + x_t·Wx + b that is the largest where a state is not finite, and the largest numbers in it.
 * `before`: of the state that goes in; `from`: of the first that is not 0, null where it has not grown since.
 */
export type Overflow =
  | { readonly part: 'state'; readonly before: SizeAt; readonly from: SizeAt | null; readonly weight: number }
  | { readonly part: 'input'; readonly largest: number; readonly weight: number }
  | { readonly part: 'bias'; readonly weight: number };

/** The first thing that is not finite, in the order in which a run meets it. */
export type NonFinite =
  | { readonly what: 'weights'; readonly t: null; readonly parameter: string; readonly value: number }
  | ({ readonly what: 'inputs'; readonly t: number } & PlacedValue)
  | ({ readonly what: 'state'; readonly t: number; readonly overflow: Overflow } & PlacedValue)
  | { readonly what: 'upstream'; readonly t: number }
  | { readonly what: 'gradient'; readonly t: number | null };

/** The forward pass already: then there is no gradient whose rate could be told. */
export const isForward = (nonFinite: NonFinite | null): boolean =>
  nonFinite !== null && nonFinite.what !== 'upstream' && nonFinite.what !== 'gradient';

/** All that the verdict and its reason rest on. */
export type Evidence = {
  readonly experiment: Pick<LayerExperiment, 'cell' | 'dtype' | 'truncate' | 'shapes'>;
  readonly bounds: VerdictBounds;
  readonly single: SingleSource;
  /** Where a step, in the order in which the layer computes, lies in the sequence. */
  readonly positionOf: (t: number) => number;
  /** The last chunk: where the source's trip ends and begins. */
  readonly first: number;
  readonly source: number;
  /** What enters before the source: each of it teaches the steps before it, so that its reach is what counts. */
  readonly earlier: EarlierEntry | null;
  readonly nonFinite: NonFinite | null;
  readonly zeroAt: number | null;
  readonly infiniteAt: number | null;
  /**
   * Mean share over the trip of units that let (nearly) nothing through: |h| > 0.97, or a relu at 0; null when the cell
   * has none.
   */
  readonly closedShare: number | null;
  readonly driveOf: () => Resumable<Drive>;
  /** Of a cell whose gates open and close; else null. */
  readonly gates: Readonly<Record<string, GateMeasures>> | null;
  /** The layer as it is. */
  readonly layer: LayerSpec;
  /** A place for short runs of so many multiplications each; null where a step alone takes too much. */
  readonly trialOf: (budget: number, fewest: number) => Resumable<TrialPlace | null>;
  /** log10 of the single source of such a run with other parameters: see ../network/trial.ts. */
  readonly trialSource: (place: TrialPlace, parameters: ByParameter<Float64Array>) => Resumable<Float64Array>;
  /** Of Wh; null when it takes too long to be told. */
  readonly sigmaMax: () => Resumable<number | null>;
};
