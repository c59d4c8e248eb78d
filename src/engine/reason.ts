// The verdict in words: the rate with its distance, then what was measured about its cause.
import type { RateSegment, Verdict } from './types.js';
import type { Evidence, NonFinite } from './verdict.js';

type Measured = Omit<Verdict, 'reason'>;

const longTrip = 100;

const significant = (value: number, digits: number): string =>
  new Intl.NumberFormat('en', { maximumSignificantDigits: digits }).format(value);

const steps = (count: number): string => {
  const told = count < 10 ? significant(count, 2) : significant(Math.round(count), 15);
  return `${told} ${told === '1' ? 'step' : 'steps'}`;
};

/** A share in percent: more digits the nearer it is to 0 or to 100 %, never rounded to either. */
function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 1e-4) return `10^${Math.floor(Math.log10(value))} %`;
  if (value < 10) return `${significant(value, 2)} %`;
  return `${significant(value, Math.max(2, Math.ceil(-Math.log10(Math.max(1 - share, 1e-8)))))} %`;
}

const times = (factor: number): string => (factor >= 1e6 ? `10^${Math.round(Math.log10(factor))}` : significant(factor, 3));

const powerOfTen = (log10: number): string => (Math.abs(log10) < 4 ? significant(10 ** log10, 2) : `10^${Math.round(log10)}`);

const mean = (values: Float64Array, from: number, to: number): number => {
  let sum = 0;
  let count = 0;
  for (let t = from; t <= to; t++) {
    if (!Number.isFinite(values[t])) continue;
    sum += values[t]!;
    count++;
  }
  return count === 0 ? NaN : sum / count;
};

/** What one factor does to the gradient at each step. */
const effect = (factor: number): string => {
  if (Math.abs(factor - 1) < 1e-5) return 'changes nothing';
  return factor < 1 ? `keeps ${percent(factor)} per step` : `multiplies it by ${times(factor)} per step`;
};

const nonFiniteWords: Readonly<Record<NonFinite['what'], (at: string) => string>> = {
  weights: () => 'The weights hold a number that is not finite, and it spreads to everything they touch.',
  inputs: (at) => `The input sequence holds a number that is not finite${at}, and it spreads to every later step.`,
  state: (at) => `The hidden state stops being finite${at}: the forward pass itself overflows, so there is no gradient to speak of.`,
  upstream: (at) => `The gradient that enters from above is not finite${at}.`,
  gradient: (at) => `The gradient stops being finite${at}, going back.`,
};

/** The rate as the predicate of "The gradient …". */
const perStep = (factor: number): string => {
  if (Math.abs(factor - 1) < 1e-6) return 'keeps its size at each step back';
  return factor < 1 ? `keeps ${percent(factor)} per step back` : `is multiplied by ${times(factor)} per step back`;
};

function theRate({ kind, perStepFactor, halfLifeSteps, onePercentSteps, log10Ratio, source, first, crossedAt, segments }: Measured, { single }: Evidence): string | null {
  if (perStepFactor === null || log10Ratio === null) return null;
  if (perStepFactor === 0) return `The gradient is exactly zero from t = ${source - 1} back: nothing before the last step is learned.`;
  const rate = perStep(perStepFactor);
  const trip = steps(source - first);
  if (kind === 'vanishing' && segments.length > 1 && log10Ratio !== -Infinity) {
    // One half-life would mislead where the rate changes; the step below which less than 1 % ever arrives is measured.
    const horizon = single.log10.findIndex((value) => value > single.log10[source]! - 2);
    return `Over most of the trip the gradient ${rate}; less than 1 % of it arrives before t = ${horizon}, and what happened there is hardly learned.`;
  }
  if (kind === 'vanishing' && halfLifeSteps !== null && onePercentSteps !== null) {
    const horizon = source - Math.ceil(onePercentSteps);
    const lost = horizon > first ? `; what happened before t = ${horizon} is hardly learned` : '';
    return `The gradient ${rate}: half is gone after ${steps(halfLifeSteps)}, 1 % is left after ${steps(onePercentSteps).replace(/ steps?$/, '')}${lost}.`;
  }
  if (kind === 'exploding' && perStepFactor > 1) {
    return `The gradient ${rate}: ten times as large after ${steps(Math.LN10 / Math.log(perStepFactor))}, ${powerOfTen(log10Ratio)} times as large over the ${trip} back to t = ${first}.`;
  }
  if (log10Ratio === -Infinity) return `Down to t = ${single.log10.findIndex((value) => Number.isFinite(value))} the gradient ${rate}.`;
  const arrives = Math.abs(log10Ratio) < 1e-6 ? 'all of it arrives' : log10Ratio < 0 ? `${percent(10 ** log10Ratio)} of it arrives` : `it arrives ${powerOfTen(log10Ratio)} times as large`;
  const passed = crossedAt === null ? '' : `, and the bound is passed at t = ${crossedAt}`;
  return `The gradient ${rate}: ${arrives} at t = ${first}, ${trip} from its source${passed}.`;
}

/** A short sequence can be healthy at a rate that would kill a long one. */
function theHorizon({ kind, perStepFactor, source, first }: Measured, { bounds }: Evidence): string | null {
  const trip = source - first;
  if (kind !== 'healthy' || perStepFactor === null || perStepFactor === 0 || trip >= longTrip) return null;
  const far = longTrip * Math.log10(perStepFactor);
  if (far < Math.log10(bounds.vanishing)) return `Healthy over ${steps(trip)}, but this rate would leave only ${percent(10 ** far)} over ${longTrip}.`;
  if (far > Math.log10(bounds.exploding)) return `Healthy over ${steps(trip)}, but this rate would make it ${powerOfTen(far)} times as large over ${longTrip}.`;
  return null;
}

/** Exactly zero is another thing than small: say where it begins and what closed the way. */
function theZero({ perStepFactor }: Measured, { single, first, source, experiment: { cell } }: Evidence): string | null {
  let t = source;
  while (t >= first && single.log10[t] !== -Infinity) t--;
  if (t < first) return null;
  const closed = single.lnSlope[t + 1] === -Infinity;
  const activation = cell === 'relu' ? `every relu that the gradient could pass at t = ${t + 1} is off (h = 0)` : `every unit that the gradient could pass at t = ${t + 1} is saturated to |h| = 1, where the slope is 0`;
  const cause = closed ? activation : 'the recurrent weights send nothing back';
  return perStepFactor === 0 ? `The cause: ${cause}.` : `From t = ${t} back it is exactly zero: ${cause}.`;
}

/** Splits the rate into what the slopes let through and what Wh makes of the rest. */
function theCause({ kind, perStepFactor }: Measured, { experiment: { cell }, single, first, source, closedShare }: Evidence): string | null {
  if (perStepFactor === null || perStepFactor === 0 || kind === 'healthy') return null;
  if (cell === 'identity') return 'The cell has no activation, so this is the work of Wh alone.';
  // The factors of step `first` lead out of the trip, to the state before it.
  const slope = Math.exp(mean(single.lnSlope, first + 1, source));
  const Wh = Math.exp(mean(single.lnWh, first + 1, source));
  const share = closedShare ?? 0;
  const closed = cell === 'relu' ? `${percent(share)} of the units are off` : share < 0.005 ? 'hardly any |h| is above 0.97' : `${percent(share)} of all |h| are above 0.97`;
  const slopes = `the slope of ${cell} ${effect(slope)} (${closed})`;
  const weights = `Wh ${effect(Wh)}`;
  if (perStepFactor > 1) return `The recurrent weights drive it: ${weights}, and ${slopes}.`;
  const activation = share < 0.1 ? 'The activation takes' : cell === 'relu' ? 'Units that are off take' : 'Saturation takes';
  return slope < Wh ? `${activation} the most: ${slopes}, ${weights}.` : `The recurrent weights take the most: ${weights}, ${slopes}.`;
}

function theChange({ segments }: Measured): string | null {
  const rates = segments.filter(({ perStepFactor }) => perStepFactor > 0);
  if (rates.length < 2) return null;
  const told = (segment: RateSegment): string => `× ${times(segment.perStepFactor)} per step from t = ${segment.to} back to t = ${segment.from}`;
  if (rates.length <= 3) return `The rate changes on the way: ${rates.toReversed().map(told).join(', then ')}.`;
  const strength = ({ from, to, perStepFactor }: RateSegment): number => Math.abs(Math.log(perStepFactor)) * (to - from);
  const strongest = rates.reduce((a, b) => (strength(b) > strength(a) ? b : a));
  return `The rate changes ${rates.length - 1} times on the way; most happens ${told(strongest)}.`;
}

function theDtype({ zeroAt, infiniteAt }: Measured, { single, first, experiment: { dtype } }: Evidence): string | null {
  if (infiniteAt !== null) return `Plain ${dtype} overflows to infinity at t = ${infiniteAt}.`;
  const lost = zeroAt !== null && zeroAt >= first && single.log10[zeroAt] !== -Infinity;
  return lost ? `Plain ${dtype} has nothing but zeros from t = ${zeroAt} back.` : null;
}

/** One to three sentences that a student can follow and an expert can check. */
export function reasonOf(verdict: Measured, evidence: Evidence): string {
  const { nonFinite } = evidence;
  const what = nonFinite === null ? null : nonFiniteWords[nonFinite.what](nonFinite.t === null ? '' : ` at t = ${nonFinite.t}`);
  if (what !== null && nonFinite?.what !== 'gradient') return what;
  const single = verdict.source === verdict.first;
  const sentences = single
    ? [what, 'There is a single step, so the gradient makes no trip back through time and there is no rate to measure.']
    : [
        what,
        theRate(verdict, evidence),
        // At most one of these: the most surprising.
        (what === null ? theDtype(verdict, evidence) : null) ?? theChange(verdict) ?? theHorizon(verdict, evidence),
        theZero(verdict, evidence) ?? theCause(verdict, evidence),
      ];
  return sentences.filter((sentence) => sentence !== null).join(' ');
}
