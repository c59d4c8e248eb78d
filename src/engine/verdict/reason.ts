// The verdict in words: the rate with its distance, then what was measured about its cause.
import { t as say } from '@vscode/l10n';
import { cellOf } from '../cells/index.js';
import { log10Of2 } from '../core/norm.js';
import type { CellName } from '../cells/index.js';
import type { Closing } from '../cells/closing.js';
import { horizonOf, leadsThere } from './verdict.js';
import type { RateSegment, Measured } from './verdict.js';
import type { EarlierEntry } from '../network/lossSteps.js';
import type { Evidence, NonFinite, Overflow } from './evidence.js';
import { pathMeans } from './pathMeans.js';
import type { PathMean } from './pathMeans.js';

const longTrip = 100;

/**
 * As `Intl.NumberFormat('en', { maximumSignificantDigits: digits })` writes it, whose data take longer to load than a
 * small network takes to run: the shortest text of a number, rounded half up, its whole part in groups of three.
 */
export function significant(value: number, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa, power] = Math.abs(value).toExponential().split('e') as [string, string];
  const all = mantissa.replace('.', '');
  let kept = all.slice(0, digits);
  let exponent = Number(power);
  if (all.charAt(digits) >= '5') {
    const up = String(Number(kept) + 1);
    exponent += up.length - kept.length;
    kept = up;
  }
  let end = kept.length;
  while (kept[end - 1] === '0') end--;
  kept = kept.slice(0, end);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${kept}`;
  const whole = kept.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const part = kept.slice(exponent + 1);
  const grouped = whole.length > 3 ? whole.replace(/\B(?=(?:\d{3})+$)/g, ',') : whole;
  return `${sign}${grouped}${part === '' ? '' : `.${part}`}`;
}

const counted = (count: number): string => (count < 10 ? significant(count, 2) : significant(Math.round(count), 15));

export const steps = (count: number): string => {
  const told = counted(count);
  return told === '1' ? say('{0} step', told) : say('{0} steps', told);
};

/** Languages part the sign from the number, or do not. */
const inPercent = (value: string): string => say('{0} %', value);

/** A share in percent: more digits the nearer it is to 0 or to 100 %, never rounded to either. */
function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 1e-4) return inPercent(`10^${Math.round(Math.log10(value))}`);
  if (value < 10) return inPercent(significant(value, 2));
  return inPercent(significant(value, Math.max(2, Math.ceil(-Math.log10(Math.max(1 - share, 1e-8))))));
}

/** As many digits as tell it from 1. */
const times = (factor: number): string =>
  factor >= 1e6 || factor < 1e-6
    ? `10^${Math.round(Math.log10(factor))}`
    : significant(factor, Math.max(3, 1 + Math.ceil(-Math.log10(Math.max(Math.abs(factor - 1), 1e-8)))));

/** The share 10^log10 in percent, also below the range of float64. */
const percentOfPower = (log10: number): string =>
  log10 < -300 ? inPercent(`10^${Math.round(log10 + 2)}`) : percent(10 ** log10);

const powerOfTen = (log10: number): string =>
  Math.abs(log10) < 4 ? significant(10 ** log10, 2) : `10^${Math.round(log10)}`;

type Placed = Pick<Evidence, 'positionOf' | 'source' | 'first'>;

/** Whether the way back leads to later positions, as in a reverse direction: what is lost lies behind then. */
const leadsOn = ({ positionOf, source, first }: Placed): boolean => positionOf(source) < positionOf(first);

/** Mean of the finite values of steps from … to; NaN when there is none. */
export const meanOver = (values: Float64Array, from: number, to: number): number => {
  let sum = 0;
  let count = 0;
  for (let t = from; t <= to; t++) {
    if (!Number.isFinite(values[t])) continue;
    sum += values[t]!;
    count++;
  }
  return count === 0 ? NaN : sum / count;
};

/** A size beside the ends of a dtype. */
const sized = (value: number): string =>
  value < 1e6 && value >= 1e-3 ? significant(value, 2) : value.toExponential(1).replace('+', '');

/** What makes a state infinite, or no number. */
function overflowWords(
  overflow: Overflow,
  { positionOf, experiment: { dtype } }: Pick<Evidence, 'positionOf' | 'experiment'>,
): string {
  const end = say('{0} ends at {1}', dtype, dtype === 'float32' ? '3.4e38' : '1.8e308');
  const weight = sized(overflow.weight);
  if (overflow.part === 'input')
    return say(
      'Most of it comes from x·Wx: |x| is up to {0} at this step, |Wx| up to {1}, and {2}.',
      sized(overflow.largest),
      weight,
      end,
    );
  if (overflow.part === 'bias') return say('Most of it comes from b: |b| is up to {0}, and {1}.', weight, end);
  const { before, from } = overflow;
  if (from === null)
    return say(
      'Most of it comes from h·Wh: |h| is up to {0} before this step, |Wh| up to {1}, and {2}.',
      sized(before.size),
      weight,
      end,
    );
  return say(
    'Most of it comes from h·Wh: the largest |h| has grown from {0} at t = {1} to {2} at t = {3}, {4} times per ' +
      'step, and {5}.',
    sized(from.size),
    positionOf(from.t),
    sized(before.size),
    positionOf(before.t),
    times(Math.exp((Math.log(before.size) - Math.log(from.size)) / (before.t - from.t))),
    end,
  );
}

/** What is not finite first on the way forward. */
function forwardWords(
  nonFinite: NonFinite & { readonly what: 'weights' | 'inputs' | 'state' },
  evidence: Evidence,
): string {
  const { positionOf, layer, experiment } = evidence;
  const shown = significant(nonFinite.value, 2);
  if (nonFinite.what === 'weights')
    return say(
      'The forward pass is not finite: {0} holds {1}. So no rate of the gradient can be told.',
      nonFinite.parameter,
      shown,
    );
  const { t, sequence, unit } = nonFinite;
  const ofOne =
    nonFinite.what === 'state'
      ? say('h of unit {0}', unit)
      : layer.layer === 0
        ? say('input {0}', unit)
        : say('input {0} (from the layer below)', unit);
  const whose = experiment.shapes.B === 1 ? ofOne : say('{0} in sequence {1}', ofOne, sequence + 1);
  const stops = leadsOn(evidence)
    ? say(
        'The forward pass is not finite from t = {0} back: {1} is {2} there. So no rate of the gradient can be told.',
        positionOf(t),
        whose,
        shown,
      )
    : say(
        'The forward pass is not finite from t = {0} on: {1} is {2} there. So no rate of the gradient can be told.',
        positionOf(t),
        whose,
        shown,
      );
  return nonFinite.what === 'state' ? `${stops} ${overflowWords(nonFinite.overflow, evidence)}` : stops;
}

function nonFiniteWords(nonFinite: NonFinite, evidence: Evidence): string {
  switch (nonFinite.what) {
    case 'weights':
    case 'inputs':
    case 'state':
      return forwardWords(nonFinite, evidence);
    case 'upstream':
      return say(
        'The gradient that enters from above stops being finite at t = {0}, going back.',
        evidence.positionOf(nonFinite.t),
      );
    case 'gradient':
      return nonFinite.t === null
        ? say('The gradient stops being finite, going back.')
        : say('The gradient stops being finite at t = {0}, going back.', evidence.positionOf(nonFinite.t));
  }
}

/** The rate as a sentence of its own, without a full stop: it begins a longer one. */
const perStep = (factor: number): string => {
  if (Math.abs(factor - 1) < 1e-6) return say('The gradient keeps its size at each step back');
  return factor < 1
    ? say('The gradient keeps {0} per step back', percent(factor))
    : say('The gradient is multiplied by {0} per step back', times(factor));
};

/** The same inside a sentence. */
const perStepInside = (factor: number): string => {
  if (Math.abs(factor - 1) < 1e-6) return say('the gradient keeps its size at each step back');
  return factor < 1
    ? say('the gradient keeps {0} per step back', percent(factor))
    : say('the gradient is multiplied by {0} per step back', times(factor));
};

/** How much of the gradient reaches the first step, and how far that is: what follows a rate and its colon. */
function arrivalAfter(rate: string, log10Ratio: number, first: number, trip: string, crossedAt: number | null): string {
  if (Math.abs(log10Ratio) < 1e-6) {
    return crossedAt === null
      ? say('{0}: all of it arrives at t = {1}, {2} from its source.', rate, first, trip)
      : say(
          '{0}: all of it arrives at t = {1}, {2} from its source, and the bound is passed at t = {3}.',
          rate,
          first,
          trip,
          crossedAt,
        );
  }
  if (log10Ratio < 0) {
    const share = percentOfPower(log10Ratio);
    return crossedAt === null
      ? say('{0}: {1} of it arrives at t = {2}, {3} from its source.', rate, share, first, trip)
      : say(
          '{0}: {1} of it arrives at t = {2}, {3} from its source, and the bound is passed at t = {4}.',
          rate,
          share,
          first,
          trip,
          crossedAt,
        );
  }
  const size = powerOfTen(log10Ratio);
  return crossedAt === null
    ? say('{0}: it arrives {1} times as large at t = {2}, {3} from its source.', rate, size, first, trip)
    : say(
        '{0}: it arrives {1} times as large at t = {2}, {3} from its source, and the bound is passed at t = {4}.',
        rate,
        size,
        first,
        trip,
        crossedAt,
      );
}

/** The same without a rate: where it changes on the way, no single one leads to what arrives. */
function arrivalAlone(log10Ratio: number, first: number, trip: string, crossedAt: number | null): string {
  if (Math.abs(log10Ratio) < 1e-6)
    return crossedAt === null
      ? say('All of the gradient arrives at t = {0}, {1} from its source.', first, trip)
      : say(
          'All of the gradient arrives at t = {0}, {1} from its source, and the bound is passed at t = {2}.',
          first,
          trip,
          crossedAt,
        );
  if (log10Ratio < 0) {
    const share = percentOfPower(log10Ratio);
    return crossedAt === null
      ? say('{0} of the gradient arrives at t = {1}, {2} from its source.', share, first, trip)
      : say(
          '{0} of the gradient arrives at t = {1}, {2} from its source, and the bound is passed at t = {3}.',
          share,
          first,
          trip,
          crossedAt,
        );
  }
  const size = powerOfTen(log10Ratio);
  return crossedAt === null
    ? say('The gradient arrives {0} times as large at t = {1}, {2} from its source.', size, first, trip)
    : say(
        'The gradient arrives {0} times as large at t = {1}, {2} from its source, and the bound is passed at t = {3}.',
        size,
        first,
        trip,
        crossedAt,
      );
}

/**
 * The rate over most of the trip: the median of the stretches, each counted by its steps. A fit of all of it lies
 * between them, where none of them is.
 */
function usualFactor(segments: readonly RateSegment[]): number {
  const stepsOf = ({ from, to }: RateSegment): number => to - from + 1;
  let left = segments.reduce((sum, segment) => sum + stepsOf(segment), 0) / 2;
  const usual = segments
    .toSorted((a, b) => a.perStepFactor - b.perStepFactor)
    .find((segment) => (left -= stepsOf(segment)) <= 0);
  return usual!.perStepFactor;
}

type Reach = { readonly earlier: EarlierEntry; readonly on: boolean };

/** How many steps what enters before the source teaches, where the rate changes on the way. */
function reachOver({ earlier, on }: Reach, count: number, inside: string, end: number): string {
  const reach = steps(count);
  if (earlier === 'above') {
    if (count === 0)
      return say('What comes from above teaches hardly more than its own step: over most of the trip {0}.', inside);
    return on
      ? say(
          'What comes from above teaches the {0} after it: from the first step, over most of the trip {1}, and less ' +
            'than 1 % of it arrives after t = {2}.',
          reach,
          inside,
          end,
        )
      : say(
          'What comes from above teaches the {0} before it: from the last step, over most of the trip {1}, and less ' +
            'than 1 % of it arrives before t = {2}.',
          reach,
          inside,
          end,
        );
  }
  if (count === 0) return say('Each loss teaches hardly more than its own step: over most of the trip {0}.', inside);
  return on
    ? say(
        'Each loss teaches the {0} after it: from one at the first step, over most of the trip {1}, and less ' +
          'than 1 % of it arrives after t = {2}.',
        reach,
        inside,
        end,
      )
    : say(
        'Each loss teaches the {0} before it: from one at the last step, over most of the trip {1}, and less ' +
          'than 1 % of it arrives before t = {2}.',
        reach,
        inside,
        end,
      );
}

/** The same where one rate tells it. */
function reachByRate({ earlier, on }: Reach, count: number, inside: string, half: string): string {
  const reach = steps(count);
  if (earlier === 'above') {
    if (count < 1)
      return say(
        'What comes from above teaches hardly more than its own step: {0}, half is gone after {1}.',
        inside,
        half,
      );
    return on
      ? say('What comes from above teaches the {0} after it: {1}, half is gone after {2}.', reach, inside, half)
      : say('What comes from above teaches the {0} before it: {1}, half is gone after {2}.', reach, inside, half);
  }
  if (count < 1)
    return say('Each loss teaches hardly more than its own step: {0}, half is gone after {1}.', inside, half);
  return on
    ? say('Each loss teaches the {0} after it: {1}, half is gone after {2}.', reach, inside, half)
    : say('Each loss teaches the {0} before it: {1}, half is gone after {2}.', reach, inside, half);
}

function theRate(
  { kind, perStepFactor, halfLifeSteps, onePercentSteps, log10Ratio, source, first, crossedAt, segments }: Measured,
  { single, positionOf, earlier }: Pick<Evidence, 'single' | 'positionOf' | 'earlier'>,
): string | null {
  if (perStepFactor === null || log10Ratio === null) return null;
  const on = leadsOn({ positionOf, source, first });
  if (perStepFactor === 0 && earlier !== null)
    return earlier === 'above'
      ? say('The gradient is exactly zero one step away: what comes from above teaches its own step alone.')
      : say('The gradient is exactly zero one step away from its loss: each loss teaches its own step alone.');
  if (perStepFactor === 0)
    return on
      ? say(
          'The gradient is exactly zero from t = {0} on: nothing after t = {1} is learned.',
          positionOf(source - 1),
          positionOf(source),
        )
      : say(
          'The gradient is exactly zero from t = {0} back: nothing before the last step is learned.',
          positionOf(source - 1),
        );
  const trip = steps(source - first);
  const rate = perStep(perStepFactor);
  const crossed = crossedAt === null ? null : positionOf(crossedAt);
  const isLed = leadsThere({ source, first, segments, perStepFactor, log10Ratio });
  const arrival = (): string =>
    isLed
      ? arrivalAfter(rate, log10Ratio, positionOf(first), trip, crossed)
      : arrivalAlone(log10Ratio, positionOf(first), trip, crossed);
  const isLost = kind === 'vanishing' || kind === 'fading';
  const { from: horizon, isByRate } = horizonOf({ source, first, segments, onePercentSteps }, single.log10);
  const changes = segments.length > 1;
  if (isLost && log10Ratio !== -Infinity && (changes || (onePercentSteps !== null && !isByRate))) {
    // With a bound above 1 % that may be nowhere.
    if (horizon <= first) return arrival();
    const [inside, end] = [perStepInside(changes ? usualFactor(segments) : perStepFactor), positionOf(horizon)];
    if (earlier !== null) return reachOver({ earlier, on }, source - horizon, inside, end);
    return on
      ? say(
          'Over most of the trip {0}; less than 1 % of it arrives after t = {1}, and what happened there is ' +
            'hardly learned.',
          inside,
          end,
        )
      : say(
          'Over most of the trip {0}; less than 1 % of it arrives before t = {1}, and what happened there is ' +
            'hardly learned.',
          inside,
          end,
        );
  }
  // What fades seldom falls to 1 % on the way: then it is told how much arrives.
  if (isLost && halfLifeSteps !== null && onePercentSteps !== null && (kind === 'vanishing' || horizon > first)) {
    const half = steps(halfLifeSteps);
    const last = counted(onePercentSteps);
    if (horizon <= first) return say('{0}: half is gone after {1}, 1 % is left after {2}.', rate, half, last);
    if (earlier !== null) return reachByRate({ earlier, on }, onePercentSteps, perStepInside(perStepFactor), half);
    const end = positionOf(horizon);
    return on
      ? say(
          '{0}: half is gone after {1}, 1 % is left after {2}; what happened after t = {3} is hardly learned.',
          rate,
          half,
          last,
          end,
        )
      : say(
          '{0}: half is gone after {1}, 1 % is left after {2}; what happened before t = {3} is hardly learned.',
          rate,
          half,
          last,
          end,
        );
  }
  if (kind === 'exploding' && perStepFactor > 1 && isLed) {
    return say(
      '{0}: ten times as large after {1}, {2} times as large over the {3} back to t = {4}.',
      rate,
      steps(Math.LN10 / Math.log(perStepFactor)),
      powerOfTen(log10Ratio),
      trip,
      positionOf(first),
    );
  }
  if (log10Ratio === -Infinity) {
    const least = positionOf(single.log10.findIndex((value) => Number.isFinite(value)));
    const inside = perStepInside(perStepFactor);
    return on ? say('Up to t = {0} {1}.', least, inside) : say('Down to t = {0} {1}.', least, inside);
  }
  return arrival();
}

/** Powers of ten that say nothing but that a rate holds for a few steps only. */
const farDecades = 6;

/** A short sequence can be healthy at a rate that would kill a long one. */
function theHorizon(verdict: Measured, { bounds }: Evidence): string | null {
  const { kind, perStepFactor, source, first } = verdict;
  const trip = source - first;
  if (kind !== 'healthy' || perStepFactor === null || trip >= longTrip || !leadsThere(verdict)) return null;
  const far = longTrip * Math.log10(perStepFactor);
  /** A rate of a few steps that leads so far is told by where the verdict would turn. */
  const turnsAfter = (bound: number): string =>
    steps(Math.max(trip, Math.floor(Math.log(bound) / Math.log(perStepFactor) + 1e-9)) + 1);
  if (far < Math.min(-farDecades, Math.log10(bounds.vanishing)))
    return say(
      'Healthy over {0}, but at this rate less than {1} is left after {2}.',
      steps(trip),
      percent(bounds.vanishing),
      turnsAfter(bounds.vanishing),
    );
  if (far > Math.max(farDecades, Math.log10(bounds.exploding)))
    return say(
      'Healthy over {0}, but at this rate it is more than {1} times as large after {2}.',
      steps(trip),
      powerOfTen(Math.log10(bounds.exploding)),
      turnsAfter(bounds.exploding),
    );
  if (far < Math.log10(bounds.vanishing))
    return say(
      'Healthy over {0}, but this rate would leave only {1} over {2}.',
      steps(trip),
      percentOfPower(far),
      longTrip,
    );
  if (far > Math.log10(bounds.exploding))
    return say(
      'Healthy over {0}, but this rate would make it {1} times as large over {2}.',
      steps(trip),
      powerOfTen(far),
      longTrip,
    );
  return null;
}

/** Exactly zero is another thing than small: say where it begins and what closed the way. */
function theZero(
  { perStepFactor }: Measured,
  { single, positionOf, first, source, experiment: { cell } }: Evidence,
): string | null {
  let t = source;
  while (t >= first && single.log10[t] !== -Infinity) t--;
  if (t < first) return null;
  const { closing } = cellOf(cell);
  const cause =
    closing !== null && single.lnSlope[t + 1] === -Infinity
      ? closing.everyUnit(positionOf(t + 1))
      : say('the recurrent weights send nothing back');
  return perStepFactor === 0
    ? say('The cause: {0}.', cause)
    : leadsOn({ positionOf, source, first })
      ? say('From t = {0} on it is exactly zero: {1}.', positionOf(t), cause)
      : say('From t = {0} back it is exactly zero: {1}.', positionOf(t), cause);
}

/** What the recurrent weights do to the gradient at each step. */
const weightsPerStep = (factor: number): string => {
  if (Math.abs(factor - 1) < 1e-5) return say('Wh changes nothing');
  return factor < 1
    ? say('Wh keeps {0} per step', percent(factor))
    : say('Wh multiplies it by {0} per step', times(factor));
};

/** What the slopes of the activation do to it, with the share of units that are closed. */
function slopesPerStep(cell: CellName, closing: Closing, factor: number, share: number): string {
  const closed = closing.share(share, percent(share));
  if (Math.abs(factor - 1) < 1e-5) return say('the slope of {0} changes nothing ({1})', cell, closed);
  return factor < 1
    ? say('the slope of {0} keeps {1} per step ({2})', cell, percent(factor), closed)
    : say('the slope of {0} multiplies it by {1} per step ({2})', cell, times(factor), closed);
}

/** A path of a step, as part of a sentence. */
export const pathWords = (cell: CellName, path: string): string => {
  if (path !== 'beside') return say('the path through h by {0}', path);
  return cellOf(cell).states.length > 1 ? say('the forget gate (through c)') : say('the update gate');
};

/** A path that carries at every step keeps what the gradient does, within this factor. */
const likeRate = 1.25;

/** Of a cell with several paths from step to step: the one that carries the most, and what is left of the others. */
function whatCarries(
  { perStepFactor, segments, first, source }: Measured,
  cell: CellName,
  lnPaths: Readonly<Record<string, Float64Array>>,
): string | null {
  const means = pathMeans(lnPaths, { first, source });
  const [most, second] = means.toSorted((a, b) => b.factor - a.factor);
  if (most === undefined || second === undefined) return null;
  const off = Math.abs(Math.log(most.factor / (segments.length > 1 ? usualFactor(segments) : perStepFactor!)));
  if (!(off <= Math.log(likeRate))) {
    // Several carry, at the same steps or one after the other: none of them keeps what the gradient does.
    const [one, other] = means.toSorted((a, b) => b.share - a.share) as [PathMean, PathMean];
    return say(
      'Of what goes back through a step {0} carries {1} on average, {2} {3}.',
      pathWords(cell, one.path),
      percent(one.share),
      pathWords(cell, other.path),
      percent(other.share),
    );
  }
  const told = ({ factor }: PathMean): string => (factor <= 1 ? percent(factor) : say('{0} times', times(factor)));
  const words = pathWords(cell, most.path);
  if (second.factor < 1e-3)
    return say('What carries is {0}, which keeps {1} per step; every other path is dead.', words, told(most));
  return say(
    'What carries most is {0}, which keeps {1} per step; next is {2} with {3}.',
    words,
    told(most),
    pathWords(cell, second.path),
    told(second),
  );
}

/** Splits the rate into what the slopes let through and what Wh makes of the rest. */
function theCause(
  verdict: Measured,
  { experiment: { cell }, single, first, source, closedShare }: Evidence,
): string | null {
  const { kind, perStepFactor } = verdict;
  if (single.lnPaths !== null && perStepFactor !== null && perStepFactor !== 0)
    return whatCarries(verdict, cell, single.lnPaths);
  if (perStepFactor === null || perStepFactor === 0 || kind === 'healthy') return null;
  const { closing, hasD } = cellOf(cell);
  // What goes on beside the weights is neither the work of slopes nor of Wh: no split of these two tells it.
  if (hasD) return null;
  if (closing === null) return say('The cell has no activation, so this is the work of Wh alone.');
  // The factors of step `first` lead out of the trip, to the state before it.
  const slope = Math.exp(meanOver(single.lnSlope, first + 1, source));
  const Wh = Math.exp(meanOver(single.lnWh, first + 1, source));
  const share = closedShare!;
  const slopes = slopesPerStep(cell, closing, slope, share);
  const weights = weightsPerStep(Wh);
  // The mean over the trip, as the verdict: one step alone may undo what the others do.
  if (slope * Wh > 1) return say('The recurrent weights drive it: {0}, and {1}.', weights, slopes);
  if (slope >= Wh) return say('The recurrent weights take the most: {0}, {1}.', weights, slopes);
  if (share < 0.1) return say('The activation takes the most: {0}, {1}.', slopes, weights);
  return closing.takesMost(slopes, weights);
}

/** One step back that changes more than all others together; null when there is none. */
function theJump({ source, first }: Measured, { single: { log10 }, positionOf }: Evidence): string | null {
  let [all, most, at] = [0, 0, source];
  for (let t = source; t > first && Number.isFinite(log10[t - 1]); t--) {
    const change = Math.abs(log10[t - 1]! - log10[t]!);
    all += change;
    if (change > most) [most, at] = [change, t];
  }
  if (!(most > all / 2)) return null;
  const change = log10[at - 1]! - log10[at]!;
  return change < 0
    ? say(
        'One step does more than all others: from t = {0} back to t = {1}, {2} of it is left.',
        positionOf(at),
        positionOf(at - 1),
        percentOfPower(change),
      )
    : say(
        'One step does more than all others: from t = {0} back to t = {1} it becomes {2} times as large.',
        positionOf(at),
        positionOf(at - 1),
        powerOfTen(change),
      );
}

function theChange(verdict: Measured, evidence: Evidence): string | null {
  const rates = verdict.segments.filter(({ perStepFactor }) => perStepFactor > 0);
  if (rates.length === 0 || (rates.length === 1 && leadsThere(verdict))) return null;
  const { positionOf: at } = evidence;
  const jump = theJump(verdict, evidence);
  if (jump !== null || rates.length === 1) return jump;
  const told = ({ from, to, perStepFactor }: RateSegment): string =>
    say('× {0} per step from t = {1} back to t = {2}', times(perStepFactor), at(to), at(from));
  if (rates.length <= 3) {
    const [one, two, three] = rates.toReversed().map(told) as [string, string, string?];
    return three === undefined
      ? say('The rate changes on the way: {0}, then {1}.', one, two)
      : say('The rate changes on the way: {0}, then {1}, then {2}.', one, two, three);
  }
  const strength = ({ from, to, perStepFactor }: RateSegment): number =>
    Math.abs(Math.log(perStepFactor)) * (to - from);
  const strongest = rates.reduce((a, b) => (strength(b) > strength(a) ? b : a));
  return say('The rate changes {0} times on the way; most happens {1}.', rates.length - 1, told(strongest));
}

/** log10 of the smallest positive number of float32, 2^−149, and of 2^128, which is above the largest. */
const [log10OfSmallest, log10OfLargest] = [-149 * log10Of2, 128 * log10Of2];

/** Of a run in float64, where its gradient leaves what float32 can hold. */
function theFloat32({ single, positionOf, source, first, experiment: { dtype } }: Evidence): string | null {
  if (dtype !== 'float64') return null;
  for (let t = source; t >= first; t--) {
    const log10 = single.log10[t]!;
    if (log10 >= log10OfLargest)
      return say('At t = {0} its norm is above the largest number of float32.', positionOf(t));
    if (log10 >= log10OfSmallest) continue;
    if (log10 === -Infinity) return null;
    return leadsOn({ positionOf, source, first })
      ? say('From t = {0} on its norm is below the smallest number of float32.', positionOf(t))
      : say('From t = {0} back its norm is below the smallest number of float32.', positionOf(t));
  }
  return null;
}

function theDtype(
  { zeroAt, infiniteAt }: Measured,
  { single, positionOf, source, first, experiment: { dtype } }: Evidence,
): string | null {
  if (infiniteAt !== null) return say('Plain {0} overflows to infinity at t = {1}.', dtype, positionOf(infiniteAt));
  const lost = zeroAt !== null && zeroAt >= first && single.log10[zeroAt] !== -Infinity;
  if (!lost) return null;
  return leadsOn({ positionOf, source, first })
    ? say('Plain {0} has nothing but zeros from t = {1} on.', dtype, positionOf(zeroAt))
    : say('Plain {0} has nothing but zeros from t = {1} back.', dtype, positionOf(zeroAt));
}

/** The rate with its distance, as a sentence; null where there is none to tell. */
export const rateOf = (
  measured: Measured,
  evidence: Pick<Evidence, 'single' | 'positionOf' | 'earlier'>,
): string | null => theRate(measured, evidence);

/** One to three sentences that a student can follow and an expert can check. */
export function reasonOf(verdict: Measured, evidence: Evidence): string {
  const { nonFinite } = evidence;
  const what = nonFinite === null ? null : nonFiniteWords(nonFinite, evidence);
  if (what !== null && nonFinite?.what !== 'gradient') return what;
  const single = verdict.source === verdict.first;
  const sentences = single
    ? [
        what,
        say('There is a single step, so the gradient makes no trip back through time and there is no rate to measure.'),
      ]
    : [
        what,
        theRate(verdict, evidence),
        // At most one of these: the most surprising.
        (what === null ? theDtype(verdict, evidence) : null) ??
          theChange(verdict, evidence) ??
          theFloat32(evidence) ??
          theHorizon(verdict, evidence),
        theZero(verdict, evidence) ?? theCause(verdict, evidence),
      ];
  return sentences.filter((sentence) => sentence !== null).join(' ');
}
