// The float64 pass beyond the range of any dtype: norms with their exponents, and the single source that the verdict
// stands on.
import { cellOf } from '../cells/index.js';
import { maxAbs } from '../core/norm.js';
import { log10Norm, ScaledFlow } from '../core/blockFloat.js';
import type { ScaledStep } from '../core/blockFloat.js';
import {
  addRowTimes,
  matrix,
  multiplyTransposed,
  rowOf,
  sumRows,
  takeStep,
  transposedMultiply,
} from '../core/tensor.js';
import type { Matrix, Sequence, SequenceTrace } from '../core/tensor.js';
import type { Experiment } from './experiment.js';
import type { StepNorms } from './result.js';
import type { Resumable } from '../core/resumable.js';
import type { Trace } from '../core/dtypes.js';
import type { Chunk } from './upstreamGradient.js';

/**
 * A chunk after its forward pass: states in the run's dtype, `initial` [B,H] before the first step, dhs in float64 as
 * it enters.
 */
export type RunChunk = Chunk & {
  readonly xs: Sequence;
  readonly hs: SequenceTrace;
  readonly initial: Matrix;
  readonly dhs: SequenceTrace;
};

/**
 * The single source's way back, all [T], NaN outside the last chunk: log10 ‖g_t‖, and what the step did to it, ln of a
 * factor each.
 */
export type SingleSource = {
  readonly log10: Float64Array;
  /** ln(‖d_t‖/‖g_t‖): what the activation's slopes let through. */
  readonly lnSlope: Float64Array;
  /** ln(‖d_t·Whᵀ‖/‖d_t‖): what the recurrent weights made of the rest. */
  readonly lnWh: Float64Array;
};

export type Analysis<Scaled extends Trace = Float64Array> = {
  readonly log10Norms: StepNorms;
  readonly log10dhPerSequence: Float64Array;
  readonly dhScaled: Scaled;
  readonly dhExponent: Float64Array;
  readonly single: SingleSource;
};

const none = new Float64Array(0);

const unmeasured = (T: number): Float64Array => new Float64Array(T).fill(NaN);

export const emptyNorms = (T: number): StepNorms => ({
  dh: new Float64Array(T),
  dx: new Float64Array(T),
  dWx: new Float64Array(T),
  dWh: new Float64Array(T),
  db: new Float64Array(T),
});

/** The state before step t of a chunk [B,H]. */
export const stateBefore = (chunk: RunChunk, t: number): Matrix =>
  t === 0 ? chunk.initial : takeStep(chunk.hs, t - 1);

/**
 * A of step t [B,H]: the slopes as every framework computes them from the states in the run's dtype, or `exact`.
 * Exact ones take the weights of the experiment, unrounded: over hundreds of steps the rounding to float32 adds up in
 * the logarithm. The states are the run's own, so that the pass stays on the run's trajectory.
 */
function slopesAt(experiment: Experiment, chunk: RunChunk, t: number, exact: boolean): Float64Array {
  const {
    shapes: { B, H },
    weights,
  } = experiment;
  const cell = cellOf(experiment.cell);
  const h = takeStep(chunk.hs, t);
  const slopes = new Float64Array(B * H);
  const hPrev = stateBefore(chunk, t);
  const pre = new StepPreActivations(experiment, chunk, t);
  for (let b = 0; b < B; b++) {
    const z = (): Float64Array => pre.row(b);
    const step = { H, parameters: weights, previous: rowOf(hPrev, b).data, z };
    cell.slopes(step, rowOf(h, b).data, exact, { A: slopes.subarray(b * H, (b + 1) * H), D: none });
  }
  return slopes;
}

/** f'(h_t) [B,H] with all its digits. */
export const exactSlopes = (experiment: Experiment, chunk: RunChunk, t: number): Float64Array =>
  slopesAt(experiment, chunk, t, true);

/** ln f'(z_t) [B,H] of these exact slopes, also where no float64 holds the slope. */
export function lnSlopes(experiment: Experiment, chunk: RunChunk, t: number, slopes: Float64Array): Float64Array {
  const { activation } = cellOf(experiment.cell);
  if (activation === null) return slopes.map(Math.log);
  const z = new StepPreActivations(experiment, chunk, t);
  return slopes.map((slope, i) => activation.lnSlope(slope, () => z.at(i)));
}

/** z_t [B,H], each sequence's own when it is first asked for. */
class StepPreActivations {
  readonly #experiment: Experiment;
  readonly #hPrev: Matrix;
  readonly #x: Matrix;
  readonly #rows: (Float64Array | undefined)[] = [];

  constructor(experiment: Experiment, chunk: RunChunk, t: number) {
    this.#experiment = experiment;
    this.#hPrev = stateBefore(chunk, t);
    this.#x = takeStep(chunk.xs, t);
  }

  /** Number i of [B,H]. */
  at(i: number): number {
    const { H } = this.#experiment.shapes;
    const b = Math.floor(i / H);
    return this.row(b)[i - b * H]!;
  }

  /** Those of sequence b, [H]. */
  row(b: number): Float64Array {
    const { I, H } = this.#experiment.shapes;
    const { Wx, Wh, b: bias } = this.#experiment.weights;
    let row = this.#rows[b];
    if (row === undefined) {
      row = Float64Array.from(bias);
      addRowTimes(this.#x.data, b * I, I, Wx, row);
      addRowTimes(this.#hPrev.data, b * H, H, Wh, row);
      this.#rows[b] = row;
    }
    return row;
  }
}

/** Goes back over every chunk once; pauses after each timestep. */
export function* analyse(experiment: Experiment, chunks: readonly RunChunk[]): Resumable<Analysis> {
  const {
    shapes: { B, T, I, H },
    weights,
    truncate,
  } = experiment;
  const log10Norms = emptyNorms(T);
  const log10dhPerSequence = new Float64Array(B * T);
  const dhScaled = new Float64Array(B * T * H);
  const dhExponent = new Float64Array(T);
  const single: SingleSource = { log10: unmeasured(T), lnSlope: unmeasured(T), lnWh: unmeasured(T) };
  const dWx = new Float64Array(I * H);
  const dWh = new Float64Array(H * H);
  const db = new Float64Array(H);
  let done = 0;

  const keep = (chunk: RunChunk, t: number, { g, d, log10Rows }: ScaledStep): void => {
    const at = chunk.start + t;
    for (let b = 0; b < B; b++) {
      dhScaled.set(g.data.subarray(b * H, (b + 1) * H), (b * T + at) * H);
      log10dhPerSequence[b * T + at] = log10Rows[b]!;
    }
    dhExponent[at] = g.exponent;
    const dt = { rows: B, cols: H, data: d.data };
    transposedMultiply(takeStep(chunk.xs, t), dt, dWx);
    transposedMultiply(stateBefore(chunk, t), dt, dWh);
    sumRows(dt, db);
    const dx = multiplyTransposed(dt, weights.Wx, matrix('float64', B, I)).data;
    log10Norms.dh[at] = log10Norm(g.data, g.exponent);
    log10Norms.dx[at] = log10Norm(dx, d.exponent);
    log10Norms.dWx[at] = log10Norm(dWx, d.exponent);
    log10Norms.dWh[at] = log10Norm(dWh, d.exponent);
    log10Norms.db[at] = log10Norm(db, d.exponent);
  };

  for (const chunk of chunks) {
    const flow = new ScaledFlow(B, H, weights.Wh);
    const source = chunk === chunks.at(-1) ? new ScaledFlow(B, H, weights.Wh) : null;
    for (let t = chunk.steps - 1; t >= 0; t--) {
      const slopes = exactSlopes(experiment, chunk, t);
      keep(chunk, t, flow.step(takeStep(chunk.dhs, t).data, slopes));
      if (truncate !== null && t > 0 && t % truncate === 0) flow.cut();
      if (source !== null) {
        const { g, d, dh } = source.step(t === chunk.steps - 1 ? new Float64Array(B * H).fill(1) : null, slopes);
        const at = chunk.start + t;
        const [before, between, after] = [g, d, dh].map(({ data, exponent }) => log10Norm(data, exponent)) as [
          number,
          number,
          number,
        ];
        single.log10[at] = before;
        single.lnSlope[at] = (between - before) * Math.LN10;
        single.lnWh[at] = (after - between) * Math.LN10;
      }
      yield ++done / T;
    }
  }
  return { log10Norms, log10dhPerSequence, dhScaled, dhExponent, single };
}

/**
 * The first t, going back, at which plain arithmetic has nothing but zeros left, or its first infinity; null when it
 * never comes to that.
 */
export type PlainRange = { readonly zeroAt: number | null; readonly infiniteAt: number | null };

/**
 * The single source once more in the plain arithmetic of the run's dtype: the first t, going back, at which nothing but
 * zeros is left or the first infinity stands. Counted on the whole time axis; null when it never happens.
 */
export function* plainRange(experiment: Experiment, chunk: RunChunk): Resumable<PlainRange> {
  const {
    dtype,
    shapes: { B, H },
  } = experiment;
  const Wh = matrix(dtype, H, H);
  Wh.data.set(experiment.weights.Wh);
  let g = matrix(dtype, B, H);
  g.data.fill(1);
  for (let t = chunk.steps - 1; t >= 0; t--) {
    const largest = maxAbs(g.data);
    if (largest === 0) return { zeroAt: chunk.start + t, infiniteAt: null };
    // With finite states and weights, a NaN too is the child of an overflow: ∞ − ∞ inside one sum.
    if (!Number.isFinite(largest)) return { zeroAt: null, infiniteAt: chunk.start + t };
    const slopes = slopesAt(experiment, chunk, t, false);
    for (let i = 0; i < slopes.length; i++) g.data[i] = g.data[i]! * slopes[i]!;
    g = multiplyTransposed(g, Wh.data, matrix(dtype, B, H));
    yield (chunk.steps - t) / chunk.steps;
  }
  return { zeroAt: null, infiniteAt: null };
}
