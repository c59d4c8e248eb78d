// What the measurements of the single source amount to. The spectral radius has no say here.
import type { Resumable } from '../core/resumable.js';
import { seriesSharing } from '../core/series.js';
import type { Curve } from '../linalg/slopeFit.js';
import { stretches, theilSen } from '../linalg/slopeFit.js';
import type { WhatIf } from '../network/whatIf.js';
import { isForward } from './evidence.js';
import type { Evidence, NonFinite } from './evidence.js';

/** What there is to measure: the single source and the bounds. */
export type Sourced = Pick<Evidence, 'single' | 'first' | 'source' | 'bounds' | 'nonFinite' | 'zeroAt' | 'infiniteAt'>;

/** `fading`: less arrives than there was, but it has not vanished. */
export type VerdictKind = 'vanishing' | 'fading' | 'healthy' | 'exploding' | 'nonfinite';

/**
 * A stretch of steps over which the gradient changes at one rate, t counted on the whole time axis, both ends included.
 * The factor is 0 where the gradient is exactly zero.
 */
export type RateSegment = { readonly from: number; readonly to: number; readonly perStepFactor: number };

export type Verdict = {
  readonly kind: VerdictKind;
  /**
   * What the gradient's norm is multiplied by for each step back in time (robust fit); null when there is no trip to
   * measure.
   */
  readonly perStepFactor: number | null;
  /** Steps after which half is left; null when the gradient does not shrink. */
  readonly halfLifeSteps: number | null;
  /** Steps after which 1 % is left; null when the gradient does not shrink. */
  readonly onePercentSteps: number | null;
  /**
   * log10 of the gradient's norm at the first step over that at its source; -Infinity when it is exactly zero, null
   * when not measured.
   */
  readonly log10Ratio: number | null;
  /** Where the single source sits (t) and the first step (t) that the ratio is measured to. */
  readonly source: number;
  readonly first: number;
  /** Going back from the source: the first t at which the bound of the verdict is passed; null for healthy. */
  readonly crossedAt: number | null;
  /**
   * Going back: the first t at which plain arithmetic of the dtype reaches exactly zero, or infinity; null when it
   * never does.
   */
  readonly zeroAt: number | null;
  readonly infiniteAt: number | null;
  readonly segments: readonly RateSegment[];
  /** What is not finite first; where that is in the forward pass, nothing is measured above. */
  readonly nonFinite: NonFinite | null;
  /**
   * What the measurements say about the reason, as plain English sentences: the rate with its distance, then the cause.
   */
  readonly reason: string;
};

/** A sentence that names one change, and the change, of the layer that the verdict is about. */
export type NextStep = { readonly sentence: string; readonly whatIf: WhatIf };

/** What the verdict has measured, before it is put into words. */
export type Measured = Omit<Verdict, 'reason'>;

/** Steps over which a gradient that keeps `factor` per step falls to `share`; null when it does not shrink. */
const stepsUntil = (share: number, factor: number | null): number | null =>
  factor !== null && factor < 1 ? Math.log(share) / Math.log(factor) : null;

/** By how much the distance that the rate tells may differ from the measured one: this share, and a step. */
const mostOff = 0.2;

/** How far back more than 1 % of the source arrives. */
export type Horizon = {
  /** The first step at which it does; no later than `first` where it does everywhere. */
  readonly from: number;
  /**
   * Whether the verdict's one rate says so. It would mislead where the rate changes on the way, or where the first
   * steps back, which leave the source, take more or less than the others.
   */
  readonly isByRate: boolean;
};

/** The first step of the trip at which more than 1 % of the source arrives. */
export const onePercentFrom = ({ source, first }: Pick<Measured, 'source' | 'first'>, log10: Float64Array): number =>
  log10.findIndex((value, t) => t >= first && value > log10[source]! - 2);

/** `log10` is the single source. */
export function horizonOf(
  { source, first, segments, onePercentSteps }: Pick<Measured, 'source' | 'first' | 'segments' | 'onePercentSteps'>,
  log10: Float64Array,
): Horizon {
  const measured = onePercentFrom({ source, first }, log10);
  if (segments.length > 1 || onePercentSteps === null) return { from: measured, isByRate: false };
  const trip = source - first;
  const isByRate =
    measured > first
      ? Math.abs(source - measured + 1 - onePercentSteps) <= 1 + mostOff * onePercentSteps
      : onePercentSteps >= (1 - mostOff) * trip - 1;
  return { from: isByRate ? source - Math.ceil(onePercentSteps) : measured, isByRate };
}

/** By how much what arrives may differ from what the rate leads to: `mostOff` of its decades, and a factor of 2. */
const mostBeside = Math.log10(2);
/** Where one grows and the other shrinks, no more than by this. */
const mostAcross = 0.01;

/** Whether the verdict's one rate leads to about what arrives; else a step or two do what the others do not. */
export function leadsThere({
  source,
  first,
  segments,
  perStepFactor,
  log10Ratio,
}: Pick<Measured, 'source' | 'first' | 'segments' | 'perStepFactor' | 'log10Ratio'>): boolean {
  if (segments.length > 1 || perStepFactor === null || log10Ratio === null) return false;
  const led = (source - first) * Math.log10(perStepFactor);
  const beside = Math.abs(led - log10Ratio);
  return led * log10Ratio > 0 ? beside <= mostBeside + mostOff * Math.abs(log10Ratio) : beside <= mostAcross;
}

/** ln ‖g_t‖ of steps from … to against t. */
function curveOf(log10: Float64Array, from: number, to: number): Curve {
  const series = seriesSharing(to + 1 - from, 2);
  const [x, y] = [series(), series()];
  for (let i = 0; i < x.length; i++) {
    x[i] = from + i;
    y[i] = log10[from + i]! * Math.LN10;
  }
  return { x, y };
}

/** The factor per step back through a part of a curve: its slope against t is the negative of the rate going back. */
const factorOf = ({ x, y }: Curve, from: number, to: number): number =>
  Math.exp(-theilSen({ x: x.subarray(from, to + 1), y: y.subarray(from, to + 1) }));

/**
 * First step, going back, after which every norm is finite (not zero, not NaN): the stretch in which there is a rate.
 */
function measuredFrom({ single, first, source }: Sourced): number {
  let t = source;
  while (t > first && Number.isFinite(single.log10[t - 1])) t--;
  return t;
}

/**
 * The last step of a trip that a rate counts. The source itself (ones) has not yet taken the directions in which the
 * gradient travels; it counts only when there is little else.
 */
export const lastRated = (from: number, source: number): number => (source - from >= 3 ? source - 1 : source);

/** `curve`: from step `from` to the source. */
function rate({ single: { log10 }, source, first }: Sourced, from: number, curve: Curve): number | null {
  if (source === first || Number.isNaN(log10[first])) return null;
  if (from === source) return log10[source - 1] === -Infinity ? 0 : null;
  return factorOf(curve, 0, lastRated(from, source) - from);
}

function* segmentsOf(
  { single: { log10 }, source, first }: Sourced,
  from: number,
  curve: Curve,
  overall: number | null,
): Resumable<RateSegment[]> {
  const zero = from > first && log10[from - 1] === -Infinity ? [{ from: first, to: from - 1, perStepFactor: 0 }] : [];
  if (from === source) return zero;
  const found = stretches(curve);
  // One stretch has the one rate of the verdict: two fits of the same curve would differ in the third digit.
  if (found.length === 1 && overall !== null) return [...zero, { from, to: source, perStepFactor: overall }];
  const rates: RateSegment[] = [];
  for (const stretch of found) {
    yield 0;
    const perStepFactor = factorOf(curve, stretch.from, stretch.to);
    rates.push({ from: from + stretch.from, to: from + stretch.to, perStepFactor });
  }
  return [...zero, ...rates];
}

function kindOf({ nonFinite, infiniteAt, bounds }: Sourced, log10Ratio: number | null): VerdictKind {
  if (nonFinite !== null) return 'nonfinite';
  // Without a ratio there was a single step, or one step alone was too much even for the carried exponent.
  if (log10Ratio === null) return infiniteAt === null ? 'healthy' : 'exploding';
  if (log10Ratio < Math.log10(bounds.vanishing)) return 'vanishing';
  if (log10Ratio < Math.log10(bounds.fading)) return 'fading';
  return log10Ratio > Math.log10(bounds.exploding) ? 'exploding' : 'healthy';
}

function crossing({ single: { log10 }, bounds, first, source }: Sourced, kind: VerdictKind): number | null {
  if (kind === 'healthy' || kind === 'nonfinite') return null;
  const bound = Math.log10(bounds[kind]);
  for (let t = source; t >= first; t--) {
    const ratio = log10[t]! - log10[source]!;
    if (kind === 'exploding' ? ratio > bound : ratio < bound) return t;
  }
  return null;
}

/** A gradient at states that are not finite is none, also where its arithmetic goes on. */
const unmeasured = ({ source, first, nonFinite }: Sourced): Measured => ({
  kind: 'nonfinite',
  perStepFactor: null,
  halfLifeSteps: null,
  onePercentSteps: null,
  log10Ratio: null,
  source,
  first,
  crossedAt: null,
  zeroAt: null,
  infiniteAt: null,
  segments: [],
  nonFinite,
});

/**
 * The measurements of a verdict. The rate is a Theil–Sen fit of ln ‖g_t‖; the bounds are those of AUTOTRAINER's
 * detectors unless given.
 */
export function* measure(evidence: Sourced): Resumable<Measured> {
  const {
    single: { log10 },
    source,
    first,
    zeroAt,
    infiniteAt,
    nonFinite,
  } = evidence;
  if (isForward(nonFinite)) return unmeasured(evidence);
  const ratio = log10[first]! - log10[source]!;
  const log10Ratio = source === first || Number.isNaN(ratio) || ratio === Infinity ? null : ratio;
  const kind = kindOf(evidence, log10Ratio);
  const from = measuredFrom(evidence);
  const curve = curveOf(log10, from, source);
  const perStepFactor = rate(evidence, from, curve);
  yield 0;
  return {
    kind,
    perStepFactor,
    halfLifeSteps: stepsUntil(0.5, perStepFactor),
    onePercentSteps: stepsUntil(0.01, perStepFactor),
    log10Ratio,
    source,
    first,
    crossedAt: crossing(evidence, kind),
    zeroAt,
    infiniteAt,
    segments: yield* segmentsOf(evidence, from, curve, perStepFactor),
    nonFinite,
  };
}
