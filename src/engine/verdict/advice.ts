// The next thing to try: one change that goes against the measured cause of the verdict.
import { t as say } from '@vscode/l10n';
import { cellOf } from '../cells/index.js';
import type { CellName } from '../cells/index.js';
import { nearSigmaMax } from '../linalg/lanczos.js';
import { meanOver, steps } from './reason.js';
import { stateBefore } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { ready } from '../core/recomputedTrace.js';
import { largestOf, scanned } from '../core/scan.js';
import { addRowTimes, takeStep } from '../core/tensor.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { FloatArray } from '../core/dtypes.js';
import { gatedStep } from './gatedAdvice.js';
import { onePercentFrom } from './verdict.js';
import type { NextStep, Measured } from './verdict.js';
import type { Resumable } from '../core/resumable.js';
import type { Drive, Evidence } from './evidence.js';
import { asItIs } from '../network/whatIf.js';
import type { WhatIf } from '../network/whatIf.js';

const sampledSteps = 8;
/** The largest singular value of a larger Wh is not measured for a piece of advice. */
const largestMeasured = 512;
/** Closed units take part of the blame from this share on. */
const closedMatters = 0.1;
const leastTruncation = 1.5;
const seed = 1;

/** sum += row·w for the first `inner` numbers of `row`. */
function* addProduct(row: FloatArray, inner: number, w: Float64Array, sum: Float64Array): Resumable<void> {
  const atOnce = Math.ceil(scanned / sum.length);
  for (let k = 0; k < inner; k += atOnce) {
    addRowTimes(row, k, Math.min(atOnce, inner - k), w.subarray(k * sum.length), sum);
    yield 0;
  }
}

/** Of the first sequence of a chunk, at a few steps. */
export function* sampleDrive(
  {
    shapes: { I, H },
    layers: [
      {
        parameters: { Wx, Wh, b },
      },
    ],
  }: LayerExperiment,
  chunk: RunChunk,
): Resumable<Drive> {
  // Of all gates.
  const N = b.length;
  const count = Math.min(sampledSteps, chunk.steps);
  const off: number[] = [];
  let [recurrent, input] = [0, 0];
  for (let i = 0; i < count; i++) {
    const t = Math.floor(((i + 0.5) * chunk.steps) / count);
    const [fromState, fromInput] = [new Float64Array(N), new Float64Array(N)];
    for (const at of [t - 1, t]) if (at >= 0) yield* ready(at, chunk.hs, chunk.xs);
    yield* addProduct(stateBefore(chunk, t).data, H, Wh, fromState);
    yield* addProduct(takeStep(chunk.xs, t).data, I, Wx, fromInput);
    for (let j = 0; j < N; j++) {
      recurrent += Math.abs(fromState[j]!) / (N * count);
      input += Math.abs(fromInput[j]!) / (N * count);
      const z = fromState[j]! + fromInput[j]! + b[j]!;
      if (z <= 0) off.push(-z);
    }
  }
  off.sort((x, y) => x - y);
  return {
    recurrent,
    input,
    bias: b.reduce((sum, x) => sum + Math.abs(x), 0) / N,
    meanBias: b.reduce((sum, x) => sum + x, 0) / N,
    offBy: off[Math.floor(0.9 * (off.length - 1))] ?? 0,
  };
}

const change = (part: Partial<WhatIf>): WhatIf => ({ ...asItIs, ...part });
const rounded = (value: number): number => Number(value.toPrecision(2));

const orthogonal = (): NextStep => ({
  sentence: say('Try an orthogonal Wh: it keeps the length of every gradient that passes it.'),
  whatIf: change({ initialise: { way: 'orthogonal', seed } }),
});
const boundWh = (cell: CellName): NextStep => ({
  sentence: cellOf(cell).hasD
    ? say('Try Wh rescaled to a largest singular value of 1: then the weights enlarge no gradient that passes them.')
    : say('Try Wh rescaled to a largest singular value of 1: then no step back can enlarge the gradient.'),
  whatIf: change({ rescale: { measure: 'sigmaMax', to: 1 } }),
});

function smallerInputs(cell: CellName, drive: Drive): NextStep {
  const factor = rounded(Math.min(0.5, 1 / Math.max(drive.input, 1e-300)));
  return {
    sentence: say(
      'Try Wx times {0}: it is mostly the inputs that push the units to where the slope of {1} is small.',
      factor,
      cell,
    ),
    whatIf: change({ inputScale: factor }),
  };
}

/** Units that are closed, or slopes that are small, take most of the gradient. */
function* openUnits(
  verdict: Measured,
  { experiment: { cell }, closedShare, driveOf, sigmaMax }: Evidence,
): Resumable<NextStep> {
  const drive = yield* driveOf();
  if (cellOf(cell).closing?.kind === 'off') {
    const shift = rounded(drive.offBy);
    return shift > 0 && Number.isFinite(shift)
      ? {
          sentence: say(
            'Try every bias raised by {0}: most of the units that are off come on, and let the gradient through.',
            shift,
          ),
          whatIf: change({ biasShift: shift }),
        }
      : orthogonal();
  }
  if (drive.input > drive.recurrent && drive.input > drive.bias) return smallerInputs(cell, drive);
  const shift = -rounded(drive.meanBias);
  // A shift takes most of the bias away only where most of it has one sign.
  if (drive.bias > drive.recurrent && 2 * Math.abs(shift) > drive.bias)
    return {
      sentence: say(
        'Try every bias shifted by {0}: it is mostly the bias that pushes the units to where the slope of {1} ' +
          'is small.',
        shift,
        cell,
      ),
      whatIf: change({ biasShift: shift }),
    };
  if (closedShare! >= closedMatters)
    return {
      sentence: say(
        'Try an orthogonal Wh: the present one pushes the units into saturation, where the slope is nearly 0.',
      ),
      whatIf: change({ initialise: { way: 'orthogonal', seed } }),
    };
  return compensate(verdict, yield* sigmaMax());
}

/** A Wh that is larger by what each step loses. */
function compensate({ perStepFactor, log10Ratio, source, first }: Measured, sigma: number | null): NextStep {
  // Where a few steps lose what the others keep, the loss of the trip shared among all of them.
  const kept = perStepFactor === null || perStepFactor < 1 ? perStepFactor : 10 ** (log10Ratio! / (source - first));
  if (sigma === null || sigma === 0 || kept === null || kept === 0) return orthogonal();
  const to = Number((sigma / kept).toPrecision(3));
  if (!Number.isFinite(to)) return orthogonal();
  return {
    sentence: say('Try Wh rescaled to a largest singular value of {0}: it makes up for what each step loses.', to),
    whatIf: change({ rescale: { measure: 'sigmaMax', to } }),
  };
}

/** As far as 1 % of the single source is measured to get, at whichever rates: no rate leads further than the trip. */
function truncateLater({ source, first }: Measured, { log10 }: Evidence['single'], k: number): NextStep | null {
  const trip = source - first + 1;
  const reach = source - onePercentFrom({ source, first }, log10) + 1;
  if (k >= trip || reach < leastTruncation * k) return null;
  if (reach >= trip)
    return {
      sentence: say(
        'Try no truncation: it cuts the gradient after {0}, and by itself it would survive the whole trip.',
        steps(k),
      ),
      whatIf: change({ truncate: 'off' }),
    };
  return {
    sentence: say(
      'Try truncation after {0} steps: it cuts the gradient after {1}, and more than 1 % would arrive from ' +
        'further away.',
      reach,
      k,
    ),
    whatIf: change({ truncate: reach }),
  };
}

/** The largest singular value of Wh, where that is quickly told. */
export function* quickSigmaMax(Wh: Float64Array, H: number): Resumable<number | null> {
  if (H > largestMeasured || !Number.isFinite(yield* largestOf(Wh))) return null;
  return yield* nearSigmaMax(Wh, H);
}

/** Of a pass that overflows, forward through Wh or back. A Wh that enlarges nothing is not what drives it. */
function* afterOverflow({ nonFinite, experiment: { cell }, sigmaMax }: Evidence): Resumable<NextStep | null> {
  const sigma = yield* sigmaMax();
  if (sigma !== null && sigma <= 1) return null;
  if (nonFinite?.what === 'gradient') return boundWh(cell);
  return nonFinite?.what === 'state' && nonFinite.overflow.part === 'state'
    ? {
        ...boundWh(cell),
        sentence: say(
          'Try Wh rescaled to a largest singular value of 1: then it enlarges neither the state nor the gradient.',
        ),
      }
    : null;
}

/** Null where nothing is wrong, or where no change of the network would mend it. */
export function* nextStep(verdict: Measured, evidence: Evidence): Resumable<NextStep | null> {
  const {
    nonFinite,
    experiment: { cell, truncate },
    single,
    first,
    source,
  } = evidence;
  // What there is to change of one Wh is another thing for gates side by side.
  const isGated = cellOf(cell).gates.length > 1;
  if (isGated && nonFinite !== null) return null;
  if (nonFinite !== null) return yield* afterOverflow(evidence);
  const { kind, perStepFactor } = verdict;
  if (kind === 'exploding' && !isGated) return boundWh(cell);
  if (kind === 'healthy' || kind === 'fading') {
    const later = truncate === null ? null : truncateLater(verdict, single, truncate);
    if (later !== null || kind === 'healthy') return later;
  }
  if (isGated) return yield* gatedStep(verdict, evidence);
  const { closing, hasD } = cellOf(cell);
  // Where a state also goes on beside the weights, closed units alone do not make it vanish.
  if (perStepFactor === null || closing === null || hasD) return orthogonal();
  let closedAt = source - 1;
  while (closedAt >= first && single.log10[closedAt] !== -Infinity) closedAt--;
  if (closedAt >= first)
    return single.lnSlope[closedAt + 1] === -Infinity ? yield* openUnits(verdict, evidence) : orthogonal();
  const slope = meanOver(single.lnSlope, first + 1, source);
  return slope < meanOver(single.lnWh, first + 1, source) ? yield* openUnits(verdict, evidence) : orthogonal();
}
