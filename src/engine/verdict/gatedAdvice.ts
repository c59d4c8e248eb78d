// The next thing to try for cells of several gates. A change is only offered when a short run with it has shown that
// it helps, and is told with what it did there.
import { t as say } from '@vscode/l10n';
import { cellOf } from '../cells/index.js';
import type { ByParameter } from '../cells/cell.js';
import type { Resumable } from '../core/resumable.js';
import { largestOf } from '../core/scan.js';
import { nearSigmaMax } from '../linalg/lanczos.js';
import { asItIs } from '../network/whatIf.js';
import type { WhatIf } from '../network/whatIf.js';
import type { TrialPlace } from '../network/trial.js';
import type { Evidence } from './evidence.js';
import { meanOver, significant, steps } from './reason.js';
import { measure } from './verdict.js';
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
  readonly parameters: Parameters;
  readonly whatIf: WhatIf;
  readonly sentence: (before: Measured, after: Measured) => string;
};

const unmeasured = (T: number): Float64Array => new Float64Array(T).fill(NaN);

/** What a short run measures; null where a number is not finite. */
function* trial(
  { trialSource, bounds }: Evidence,
  place: TrialPlace,
  parameters: Parameters,
): Resumable<Measured | null> {
  const log10 = yield* trialSource(place, parameters);
  if (log10.some((value) => Number.isNaN(value) || value === Infinity)) return null;
  const T = log10.length;
  const single = { log10, lnSlope: unmeasured(T), lnWh: unmeasured(T), bySource: null, lnPaths: null };
  return measure({ single, bounds, first: 0, source: T - 1, nonFinite: null, zeroAt: null, infiniteAt: null });
}

/** With `by` on the bias of one gate. */
function withBias(parameters: Parameters, gate: number, H: number, by: number): Parameters {
  return {
    ...parameters,
    b: parameters.b.map((value, column) => (Math.floor(column / H) === gate ? value + by : value)),
  };
}

/** With one gate's block of Wh times `factor`. */
function withBlock(parameters: Parameters, gate: number, H: number, factor: number): Parameters {
  const N = parameters.b.length;
  return {
    ...parameters,
    Wh: parameters.Wh.map((value, i) => (Math.floor((i % N) / H) === gate ? value * factor : value)),
  };
}

function* sigmaMaxOfBlock({ Wh, b }: Parameters, gate: number, H: number): Resumable<number | null> {
  if (H > largestMeasured) return null;
  const N = b.length;
  const block = Float64Array.from({ length: H * H }, (_, i) => Wh[Math.floor(i / H) * N + gate * H + (i % H)]!);
  return Number.isFinite(yield* largestOf(block)) ? yield* nearSigmaMax(block, H) : null;
}

const shown = (value: number): string => significant(value, 3);
const reachOf = ({ onePercentSteps }: Measured): string | null =>
  onePercentSteps === null ? null : steps(onePercentSteps);

type Gate = { readonly index: number; readonly name: string };

const rescaled = ({ name }: Gate, to: number): WhatIf => ({
  ...asItIs,
  rescale: { measure: 'sigmaMax', to },
  whGate: name,
});

/** The gate through which h passes most of the gradient on. */
function strongestGate({ single: { lnPaths }, first, source, experiment: { cell } }: Evidence): Gate | null {
  const { gates } = cellOf(cell);
  if (lnPaths === null) return null;
  const means = gates.map((gate) => meanOver(lnPaths[gate] ?? unmeasured(0), first + 1, source));
  const best = means.reduce((most, value) => (value > most ? value : most), -Infinity);
  const index = means.indexOf(best);
  return best === -Infinity ? null : { index, name: gates[index]! };
}

/** Against what vanishes: the gate that keeps a state more open, or the strongest gate stronger. */
function* againstVanishing(evidence: Evidence): Resumable<Candidate[]> {
  const { gates, first, source, layer, experiment } = evidence;
  const { parameters, H } = layer;
  const cell = cellOf(experiment.cell);
  const candidates: Candidate[] = [];
  const { keeper } = cell;
  const mean = keeper === undefined ? NaN : meanOver(gates?.[keeper.gate]?.mean ?? unmeasured(0), first, source);
  if (keeper !== undefined && Number.isFinite(mean))
    for (const by of [1, 2])
      candidates.push({
        parameters: withBias(parameters, cell.gates.indexOf(keeper.gate), H, by),
        whatIf: { ...asItIs, biasGate: keeper.gate, biasShift: by },
        sentence: (before, after) => keeper.raised(shown(mean), by, reachOf(before) ?? '', reachOf(after)),
      });
  const gate = strongestGate(evidence);
  const sigma = gate === null ? null : yield* sigmaMaxOfBlock(parameters, gate.index, H);
  if (gate === null || sigma === null || sigma === 0) return candidates;
  const to = Number((2 * sigma).toPrecision(3));
  candidates.push({
    parameters: withBlock(parameters, gate.index, H, to / sigma),
    whatIf: rescaled(gate, to),
    sentence: (before, after) =>
      reachOf(after) === null
        ? say(
            'Try Wh of gate {0} rescaled to a largest singular value of {1}: the gradient then does not shrink; now ' +
              'the 1 % horizon is {2}.',
            gate.name,
            to,
            reachOf(before) ?? '',
          )
        : say(
            'Try Wh of gate {0} rescaled to a largest singular value of {1}: the 1 % horizon grows ' +
              'from {2} to {3}.',
            gate.name,
            to,
            reachOf(before) ?? '',
            reachOf(after) ?? '',
          ),
  });
  return candidates;
}

/** Against what explodes: the block of the gate that enlarges most, smaller. */
function* againstExploding(evidence: Evidence): Resumable<Candidate[]> {
  const { parameters, H } = evidence.layer;
  const gate = strongestGate(evidence);
  const sigma = gate === null ? null : yield* sigmaMaxOfBlock(parameters, gate.index, H);
  if (gate === null || sigma === null || sigma === 0) return [];
  const targets = [1, sigma / 2, sigma / 4].map((to) => Number(to.toPrecision(3)));
  return targets
    .filter((to) => to < sigma)
    .map((to) => ({
      parameters: withBlock(parameters, gate.index, H, to / sigma),
      whatIf: rescaled(gate, to),
      sentence: (before, after) =>
        say(
          'Try Wh of gate {0} rescaled to a largest singular value of {1}: a step back then multiplies the ' +
            'gradient by {2} instead of {3}.',
          gate.name,
          to,
          shown(after.perStepFactor ?? 0),
          shown(before.perStepFactor ?? 0),
        ),
    }));
}

/** How far 1 % gets: everything where it does not shrink. */
const reach = ({ onePercentSteps }: Measured): number => onePercentSteps ?? Infinity;

const helps = (before: Measured, after: Measured, exploding: boolean): boolean =>
  exploding
    ? after.kind !== 'vanishing' &&
      Math.log(after.perStepFactor ?? Infinity) <= leastDamping * Math.log(before.perStepFactor ?? Infinity)
    : after.kind !== 'exploding' && reach(after) >= leastReach * reach(before) && reach(before) < Infinity;

/** Null where no short run is to be had, or none of the changes helps in it. */
export function* gatedStep(verdict: Measured, evidence: Evidence): Resumable<NextStep | null> {
  const exploding = verdict.kind === 'exploding';
  const place = evidence.trialOf(trialBudget, fewestSteps);
  if (place === null) return null;
  const before = yield* trial(evidence, place, evidence.layer.parameters);
  if (before === null) return null;
  let best: { readonly after: Measured; readonly candidate: Candidate } | null = null;
  for (const candidate of yield* exploding ? againstExploding(evidence) : againstVanishing(evidence)) {
    const after = yield* trial(evidence, place, candidate.parameters);
    if (after === null || !helps(before, after, exploding)) continue;
    if (best !== null && (exploding || reach(after) < leastReach * reach(best.after))) continue;
    best = { after, candidate };
  }
  return best === null
    ? null
    : { sentence: best.candidate.sentence(before, best.after), whatIf: best.candidate.whatIf };
}
