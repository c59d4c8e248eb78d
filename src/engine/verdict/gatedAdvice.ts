// The next thing to try for cells of several gates. A change is only offered when a short run with it has shown that
// it helps, and is told with what it did there.
import { t as say } from '@vscode/l10n';
import { cellOf } from '../cells/index.js';
import type { ByParameter, Cell } from '../cells/cell.js';
import type { Resumable } from '../core/resumable.js';
import { largestOf } from '../core/scan.js';
import { nearSigmaMax } from '../linalg/lanczos.js';
import { asItIs } from '../network/whatIf.js';
import type { WhatIf } from '../network/whatIf.js';
import { withWeights } from '../network/changedExperiment.js';
import { blockOfGate, changedLayer } from '../network/whatIfLayer.js';
import type { WhMeasures } from '../network/whatIfLayer.js';
import type { TrialPlace } from '../network/trial.js';
import type { Evidence } from './evidence.js';
import { pathMeans } from './pathMeans.js';
import { meanOver, significant, steps } from './reason.js';
import { horizonOf, measure } from './verdict.js';
import type { Measured, NextStep } from './verdict.js';

/** Multiplications of one short run: a tenth of a second in plain arithmetic, and at most six runs. */
export const trialBudget = 4e7;
/** Over fewer steps than these a rate says little. */
export const fewestSteps = 16;
/** The largest singular value of a larger block is not measured for a piece of advice. */
const largestMeasured = 256;
/** 1 % has to get so much further, and what explodes has to lose so much of its rate. */
const [leastReach, leastDamping] = [1.5, 0.5];

type Parameters = ByParameter<Float64Array>;
type Candidate = {
  readonly whatIf: WhatIf;
  /** Of each gate's block of Wh, as far as the change needs them. */
  readonly measures: readonly WhMeasures[] | null;
  readonly sentence: (before: Tried, after: Tried) => string;
};

/** `reach`: the steps after which 1 % is left; null where it does not shrink. */
type Tried = Measured & { readonly reach: number | null };

const unmeasured = (T: number): Float64Array => new Float64Array(T).fill(NaN);

/** By the one rate where it leads there, else by the curve, and beyond what was run by the rate alone. */
function reachIn(measured: Measured, log10: Float64Array): number | null {
  const { source, first, onePercentSteps } = measured;
  const { from, isByRate } = horizonOf(measured, log10);
  if (!isByRate && from > first) return source - from + 1;
  return isByRate || onePercentSteps === null ? onePercentSteps : Math.max(onePercentSteps, source - first);
}

/** What a short run measures; null where a number is not finite. */
function* trial({ trialSource, bounds }: Evidence, place: TrialPlace, parameters: Parameters): Resumable<Tried | null> {
  const log10 = yield* trialSource(place, parameters);
  if (log10.some((value) => Number.isNaN(value) || value === Infinity)) return null;
  const T = log10.length;
  const single = { log10, lnSlope: unmeasured(T), lnWh: unmeasured(T), bySource: null, lnPaths: null };
  const measured = yield* measure({
    single,
    bounds,
    first: 0,
    source: T - 1,
    nonFinite: null,
    zeroAt: null,
    infiniteAt: null,
  });
  return { ...measured, reach: reachIn(measured, log10) };
}

/** The layer's parameters with the change of a candidate: a block that is rescaled is not zero. */
function* changedParameters({ layer, experiment }: Evidence, { whatIf, measures }: Candidate): Resumable<Parameters> {
  const cell = cellOf(experiment.cell);
  const { Wh } = layer.parameters;
  const other = yield* changedLayer(cell, layer, layer.layer, whatIf, { Wh, gates: measures });
  return withWeights(layer, cell, other as Exclude<typeof other, string>).parameters;
}

function* sigmaMaxOfBlock({ Wh }: Parameters, gate: number, H: number): Resumable<number | null> {
  if (H > largestMeasured) return null;
  const block = blockOfGate(Wh, H, gate);
  return Number.isFinite(yield* largestOf(block)) ? yield* nearSigmaMax(block, H) : null;
}

const shown = (value: number): string => significant(value, 3);
const reachOf = ({ reach }: Tried): string | null => (reach === null ? null : steps(reach));

type Gate = { readonly index: number; readonly name: string };

/** One gate's block of Wh, whose largest singular value is `sigma`, brought to another. */
const rescaled = (
  { gates }: Cell,
  { index, name }: Gate,
  sigma: number,
  to: number,
): Pick<Candidate, 'whatIf' | 'measures'> => ({
  whatIf: { ...asItIs, rescale: { measure: 'sigmaMax', to }, whGate: name },
  measures: gates.map((_, g) => ({ spectralRadius: null, sigmaMax: g === index ? sigma : null })),
});

/** The gate through which h passes most of the gradient on. */
function strongestGate({ single: { lnPaths }, first, source, experiment: { cell } }: Evidence): Gate | null {
  const { gates } = cellOf(cell);
  // Of gates side by side each is measured.
  const shares = pathMeans(lnPaths!, { first, source }).filter(({ path }) => gates.includes(path));
  const best = shares.reduce((most, one) => (one.share > most.share ? one : most), { path: '', share: 0 });
  return best.share === 0 ? null : { index: gates.indexOf(best.path), name: best.path };
}

/** Against what vanishes: the gate that keeps a state more open, or the strongest gate stronger. */
function* againstVanishing(evidence: Evidence): Resumable<Candidate[]> {
  const { gates, first, source, layer, experiment } = evidence;
  const { parameters, H } = layer;
  const cell = cellOf(experiment.cell);
  const candidates: Candidate[] = [];
  // Of gates side by side one keeps a state, and each is measured.
  const keeper = cell.keeper!;
  const mean = meanOver(gates![keeper.gate]!.mean, first, source);
  if (Number.isFinite(mean))
    for (const by of [1, 2])
      candidates.push({
        whatIf: { ...asItIs, biasGate: keeper.gate, biasShift: by },
        measures: null,
        sentence: (before, after) => keeper.raised(shown(mean), by, reachOf(before)!, reachOf(after)),
      });
  const gate = strongestGate(evidence);
  const sigma = gate === null ? null : yield* sigmaMaxOfBlock(parameters, gate.index, H);
  if (gate === null || sigma === null || sigma === 0) return candidates;
  const to = Number((2 * sigma).toPrecision(3));
  candidates.push({
    ...rescaled(cell, gate, sigma, to),
    // What helps has a horizon before it.
    sentence: (before, after) =>
      reachOf(after) === null
        ? say(
            'Try Wh of gate {0} rescaled to a largest singular value of {1}: the gradient then does not shrink; now ' +
              'the 1 % horizon is {2}.',
            gate.name,
            to,
            reachOf(before)!,
          )
        : say(
            'Try Wh of gate {0} rescaled to a largest singular value of {1}: the 1 % horizon grows ' +
              'from {2} to {3}.',
            gate.name,
            to,
            reachOf(before)!,
            reachOf(after)!,
          ),
  });
  return candidates;
}

/** Against what explodes: the block of the gate that enlarges most, smaller. */
function* againstExploding(evidence: Evidence): Resumable<Candidate[]> {
  const { parameters, H } = evidence.layer;
  const cell = cellOf(evidence.experiment.cell);
  const gate = strongestGate(evidence);
  const sigma = gate === null ? null : yield* sigmaMaxOfBlock(parameters, gate.index, H);
  if (gate === null || sigma === null || sigma === 0) return [];
  const targets = [1, sigma / 2, sigma / 4].map((to) => Number(to.toPrecision(3)));
  return targets
    .filter((to) => to < sigma)
    .map((to) => ({
      ...rescaled(cell, gate, sigma, to),
      sentence: (before, after) =>
        say(
          'Try Wh of gate {0} rescaled to a largest singular value of {1}: a step back then multiplies the ' +
            'gradient by {2} instead of {3}.',
          gate.name,
          to,
          shown(after.perStepFactor!),
          shown(before.perStepFactor!),
        ),
    }));
}

/** How far 1 % gets: everything where it does not shrink. */
const far = ({ reach }: Tried): number => reach ?? Infinity;

/** The same at the rate over most of the way, which says more of two changes than where the curve meets 1 %. */
const byRate = ({ onePercentSteps }: Tried): number => onePercentSteps ?? Infinity;

const helps = (before: Tried, after: Tried, exploding: boolean): boolean =>
  exploding
    ? after.kind !== 'vanishing' && Math.log(after.perStepFactor!) <= leastDamping * Math.log(before.perStepFactor!)
    : after.kind !== 'exploding' && far(after) >= leastReach * far(before) && far(before) < Infinity;

/** Null where no short run is to be had, or none of the changes helps in it. */
export function* gatedStep(verdict: Measured, evidence: Evidence): Resumable<NextStep | null> {
  const exploding = verdict.kind === 'exploding';
  const place = yield* evidence.trialOf(trialBudget, fewestSteps);
  if (place === null) return null;
  const before = yield* trial(evidence, place, evidence.layer.parameters);
  if (before === null) return null;
  let best: { readonly after: Tried; readonly candidate: Candidate } | null = null;
  for (const candidate of yield* exploding ? againstExploding(evidence) : againstVanishing(evidence)) {
    const after = yield* trial(evidence, place, yield* changedParameters(evidence, candidate));
    if (after === null || !helps(before, after, exploding)) continue;
    if (best !== null && (exploding || byRate(after) < leastReach * byRate(best.after))) continue;
    best = { after, candidate };
  }
  if (best === null) return null;
  const { candidate, after } = best;
  const sentence = candidate.sentence(before, after);
  const { steps: count } = place.chunk;
  return {
    // The whole run may say other numbers.
    sentence: place.isPart ? say('{0} That is measured on {1} of one sequence.', sentence, steps(count)) : sentence,
    whatIf: candidate.whatIf,
  };
}
