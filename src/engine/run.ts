import { activations } from './activation.js';
import { analyse, emptyNorms, plainRange } from './analyse.js';
import type { RunChunk } from './analyse.js';
import { jointNorm, maxAbs, norm } from './norm.js';
import { Rnn } from './rnn.js';
import { part } from './steps.js';
import { accumulate, cast, matrix, putStep, sequence, takeStep, zeros } from './tensor.js';
import type { Sequence } from './tensor.js';
import { defaultBounds } from './types.js';
import type { Experiment, FloatArray, RunResult, StepNorms, Steps, VerdictBounds } from './types.js';
import type { Gradients } from './unit.js';
import { emptyGradients } from './unit.js';
import { upstreamOf } from './upstream.js';
import { judge } from './verdict.js';
import type { NonFinite } from './verdict.js';

/** What the reference classes gave, in the run's dtype. */
type Pass = {
  readonly chunks: readonly RunChunk[];
  readonly hs: Sequence;
  readonly dhTotal: Sequence;
  readonly dxs: Sequence;
  readonly gradients: Gradients;
  readonly dh0: FloatArray;
  readonly norms: StepNorms;
  readonly lossValue: number | null;
};

/** Copies a chunk into its place on the whole time axis. */
function paste(target: Sequence, chunk: Sequence, start: number): void {
  for (let b = 0; b < chunk.B; b++) {
    target.data.set(chunk.data.subarray(b * chunk.T * chunk.N, (b + 1) * chunk.T * chunk.N), (b * target.T + start) * target.N);
  }
}

/** Every chunk forward and backward through the reference classes. */
function* pass(experiment: Experiment): Steps<Pass> {
  const { cell, dtype, shapes: { B, T, I, H }, weights, h0, stateful, truncate } = experiment;
  // Stateful always: which state a chunk starts from is decided here, h0 included.
  const rnn = new Rnn({ cell, I, H, weights }, { stateful: true, dtype });
  const h0Matrix = matrix(dtype, B, H);
  if (h0 !== null) h0Matrix.data.set(h0);
  const hs = sequence(dtype, B, T, H);
  const dhTotal = sequence(dtype, B, T, H);
  const dxs = sequence(dtype, B, T, I);
  const gradients = emptyGradients(rnn.parameters);
  const dh0 = zeros(dtype, B * H);
  const norms = emptyNorms(T);
  const chunks: RunChunk[] = [];
  let lossValue: number | null = null;
  let start = 0;
  for (const { steps, xs } of experiment.chunks) {
    const previous = chunks.at(-1);
    const initial = stateful && previous !== undefined ? takeStep(previous.hs, previous.steps - 1) : h0Matrix;
    rnn.setState(initial);
    const inputs = { B, T: steps, N: I, data: cast(dtype, xs) };
    const [from, middle, to] = [start / T, (start + steps / 3) / T, (start + steps) / T];
    const states = yield* part(rnn.forwardSteps(inputs), from, middle);
    const { dhs, loss } = upstreamOf(experiment, { start, steps }, states);
    if (loss !== null) lossValue = (lossValue ?? 0) + loss;
    const offset = start;
    const chunkDxs = yield* part(rnn.backwardSteps(dhs, {
      truncate,
      visit: ({ t, dhTotal: g, dx, unit }) => {
        putStep(dhTotal, offset + t, g);
        const contributions = { dh: g.data, dx: dx.data, dWx: unit.dWx, dWh: unit.dWh, db: unit.db };
        for (const name of ['dh', 'dx', 'dWx', 'dWh', 'db'] as const) norms[name][offset + t] = cast(dtype, Float64Array.of(norm(contributions[name])))[0]!;
      },
    }), middle, to);
    paste(hs, states, start);
    paste(dxs, chunkDxs, start);
    for (const name of ['dWx', 'dWh', 'db'] as const) accumulate(gradients[name], rnn.gradients[name]);
    // A state that a chunk took over from the one before is no initial state: the gradient is cut there.
    if (rnn.dh !== null && (previous === undefined || !stateful)) accumulate(dh0, rnn.dh.data);
    chunks.push({ start, steps, xs: inputs, hs: states, initial, dhs });
    start += steps;
  }
  return { chunks, hs, dhTotal, dxs, gradients, dh0, norms, lossValue };
}

/** Scales the parameter gradients so that their norm as one vector is at most `bound` (Pascanu et al. 2013, algorithm 1). Gives the factor. */
function clip(gradients: Gradients, bound: number): number {
  const tensors = [gradients.dWx, gradients.dWh, gradients.db];
  const total = jointNorm(tensors);
  const factor = total > bound ? bound / total : 1;
  if (factor < 1) for (const tensor of tensors) tensor.set(tensor.map((value) => value * factor));
  return factor;
}

const allFinite = (values: FloatArray): boolean => Number.isFinite(maxAbs(values));

/** The first thing that is not finite in the dtype, in the order in which the run meets it: forward in time, then back. */
function nonFiniteIn(experiment: Experiment, { chunks, hs, dhTotal, dxs, gradients, dh0 }: Pass): NonFinite | null {
  const { weights: { Wx, Wh, b }, dtype } = experiment;
  if (![Wx, Wh, b].every((w) => allFinite(cast(dtype, w)))) return { what: 'weights', t: null };
  for (const [what, tensor] of [['inputs', 'xs'], ['state', 'hs'], ['upstream', 'dhs']] as const) {
    for (const chunk of chunks) {
      const values = { ...chunk[tensor], data: cast(dtype, chunk[tensor].data) };
      if (allFinite(values.data)) continue;
      const steps = Array.from({ length: chunk.steps }, (_, t) => t);
      return { what, t: chunk.start + steps.findIndex((t) => !allFinite(takeStep(values, t).data)) };
    }
  }
  if ([dhTotal.data, dxs.data].every(allFinite)) return [gradients.dWx, gradients.dWh, gradients.db, dh0].every(allFinite) ? null : { what: 'gradient', t: null };
  const steps = Array.from({ length: hs.T }, (_, t) => t);
  return { what: 'gradient', t: steps.findLast((t) => !allFinite(takeStep(dhTotal, t).data) || !allFinite(takeStep(dxs, t).data)) ?? null };
}

/** Of every step: the norm of the state, the share of saturated units, and the share that lets (nearly) nothing through. */
function* statesOf({ cell, shapes: { T } }: Experiment, hs: Sequence): Steps<{ readonly hNorm: Float64Array; readonly saturation: Float64Array | null; readonly closed: Float64Array | null }> {
  const { saturatedAbove } = activations[cell];
  const hNorm = new Float64Array(T);
  const share = new Float64Array(T);
  for (let t = 0; t < T; t++) {
    const h = takeStep(hs, t).data;
    hNorm[t] = norm(h);
    let count = 0;
    for (const value of h) if (saturatedAbove === null ? value <= 0 : Math.abs(value) > saturatedAbove) count++;
    share[t] = count / h.length;
    yield (t + 1) / T;
  }
  return { hNorm, saturation: saturatedAbove === null ? null : share, closed: cell === 'identity' ? null : share };
}

/**
 * Runs an experiment: forward and backward in its dtype, the same gradient in float64 with its exponent carried, and the verdict.
 * Pauses at least once a timestep. Non-finite numbers spread as in plain arithmetic and end in the verdict `nonfinite`.
 */
export function* runSteps(experiment: Experiment, bounds: VerdictBounds = defaultBounds): Steps<RunResult> {
  const { shapes, clipNorm } = experiment;
  const result = yield* part(pass(experiment), 0, 0.5);
  const { chunks, hs, dhTotal, dxs, gradients, dh0, norms, lossValue } = result;
  const nonFinite = nonFiniteIn(experiment, result);
  const clipFactor = clipNorm === null ? null : clip(gradients, clipNorm);
  const { single, ...logs } = yield* part(analyse(experiment, chunks), 0.5, 0.9);
  const last = chunks.at(-1)!;
  const { zeroAt, infiniteAt } = nonFinite === null || nonFinite.what === 'gradient' ? yield* part(plainRange(experiment, last), 0.9, 0.98) : { zeroAt: null, infiniteAt: null };
  const { hNorm, saturation, closed } = yield* part(statesOf(experiment, hs), 0.98, 1);
  const trip = closed?.subarray(last.start);
  const verdict = judge({
    experiment, bounds, single, first: last.start, source: shapes.T - 1, nonFinite, zeroAt, infiniteAt,
    closedShare: trip === undefined ? null : trip.reduce((sum, value) => sum + value, 0) / trip.length,
  });
  return {
    shapes, chunkStarts: chunks.map(({ start }) => start), hs: hs.data, dhTotal: dhTotal.data, dxs: dxs.data,
    dWx: gradients.dWx, dWh: gradients.dWh, db: gradients.db, dh0, norms, ...logs, log10SingleSource: single.log10,
    hNorm, saturation, lossValue, clipFactor, verdict,
  };
}
