// The float64 pass beyond the range of any dtype: norms with their exponents, and the single source that the verdict
// stands on.
import { byParameter, sizeOf } from '../cells/cell.js';
import type { Cell } from '../cells/cell.js';
import { cellOf } from '../cells/index.js';
import { log10Norm } from '../core/blockFloat.js';
import { maxAbs } from '../core/norm.js';
import {
  addColumns,
  cast,
  columnsOf,
  matrix,
  multiplyTransposed,
  rowOf,
  sumRows,
  takeStep,
  transposedMultiply,
} from '../core/tensor.js';
import { cellRows } from './cellRows.js';
import type { CellRow } from './cellRows.js';
import { stateBefore } from './runChunk.js';
import type { RunChunk } from './runChunk.js';
import { ScaledFlow } from './scaledFlow.js';
import type { ScaledStep } from './scaledFlow.js';
import type { LayerExperiment } from './experiment.js';
import type { StepNorms } from './result.js';
import type { Resumable } from '../core/resumable.js';
import type { Trace } from '../core/dtypes.js';

/**
 * The single source's way back, all [T], NaN outside the last chunk: log10 ‖g_t‖, and what the step did to it, ln of a
 * factor each.
 */
export type SingleSource = {
  readonly log10: Float64Array;
  /** ln(‖dz_t‖/‖g_t‖): what the activation's slopes let through. */
  readonly lnSlope: Float64Array;
  /** ln(‖dz_t·Whᵀ‖/‖dz_t‖): what the recurrent weights made of the rest. */
  readonly lnWh: Float64Array;
};

export type Analysis<Scaled extends Trace = Float64Array> = {
  readonly log10Norms: StepNorms;
  readonly log10dhPerSequence: Float64Array;
  readonly dhScaled: Scaled;
  readonly dhExponent: Float64Array;
  readonly single: SingleSource;
};

const unmeasured = (T: number): Float64Array => new Float64Array(T).fill(NaN);

export const emptyNorms = (T: number, cell: Cell): StepNorms => ({
  dh: new Float64Array(T),
  dx: new Float64Array(T),
  parameters: byParameter(cell, () => new Float64Array(T)),
});

/** Goes back over every chunk once; pauses after each timestep. */
export function* analyse(experiment: LayerExperiment, chunks: readonly RunChunk[]): Resumable<Analysis> {
  const {
    shapes: { B, T, I, H },
    layers: [{ parameters: weights }],
    truncate,
  } = experiment;
  const cell = cellOf(experiment.cell);
  const log10Norms = emptyNorms(T, cell);
  const log10dhPerSequence = new Float64Array(B * T);
  const dhScaled = new Float64Array(B * T * H);
  const dhExponent = new Float64Array(T);
  const single: SingleSource = { log10: unmeasured(T), lnSlope: unmeasured(T), lnWh: unmeasured(T) };
  const gradients = byParameter(cell, (spec) => new Float64Array(sizeOf(spec, I, H)));
  let done = 0;

  const keep = (
    chunk: RunChunk,
    t: number,
    { g, dz: flowing, log10Rows }: ScaledStep,
    rows: readonly CellRow[],
  ): void => {
    const at = chunk.start + t;
    // Of parameters that the cell knows alone, from the gradient of the states and so under their exponent.
    for (const { name, role } of cell.parameters) if (role === 'other') gradients[name]!.fill(0);
    for (const [b, { step, next }] of rows.entries())
      cell.addGradients?.(
        step,
        next,
        g.data.subarray(b * (g.data.length / B), (b + 1) * (g.data.length / B)),
        gradients,
      );
    const width = g.data.length / B;
    for (let b = 0; b < B; b++) {
      dhScaled.set(g.data.subarray(b * width, b * width + H), (b * T + at) * H);
      log10dhPerSequence[b * T + at] = log10Rows[b]!;
    }
    dhExponent[at] = g.exponent;
    const { exponent } = flowing;
    const dz = { rows: B, cols: flowing.data.length / B, data: flowing.data };
    transposedMultiply(takeStep(chunk.xs, t), dz, gradients.Wx);
    transposedMultiply(columnsOf(stateBefore(chunk, t), 0, H), dz, gradients.Wh);
    sumRows(dz, gradients.b);
    const dx = multiplyTransposed(dz, weights.Wx, matrix('float64', B, I)).data;
    log10Norms.dh[at] = log10Norm(g.data, g.exponent);
    log10Norms.dx[at] = log10Norm(dx, exponent);
    for (const { name, role } of cell.parameters)
      log10Norms.parameters[name]![at] = log10Norm(gradients[name]!, role === 'other' ? g.exponent : exponent);
  };

  const widths = [cell.states.length * H, cell.gates.length * H] as const;
  for (const chunk of chunks) {
    const flow = new ScaledFlow(B, ...widths);
    const source = chunk === chunks.at(-1) ? new ScaledFlow(B, ...widths) : null;
    for (let t = chunk.steps - 1; t >= 0; t--) {
      const rows = cellRows(experiment, chunk, t, true);
      const jacobians = rows.map(({ jacobian }) => jacobian);
      keep(chunk, t, flow.step(takeStep(chunk.dhs, t).data, jacobians), rows);
      if (truncate !== null && t > 0 && t % truncate === 0) flow.cut();
      if (source !== null) {
        const { g, dz, dhPrev } = source.step(
          t === chunk.steps - 1 ? new Float64Array(B * H).fill(1) : null,
          jacobians,
        );
        const at = chunk.start + t;
        const [before, between, after] = [g, dz, dhPrev].map(({ data, exponent }) => log10Norm(data, exponent)) as [
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
export function* plainRange(experiment: LayerExperiment, chunk: RunChunk): Resumable<PlainRange> {
  const {
    dtype,
    shapes: { B, H },
  } = experiment;
  const cell = cellOf(experiment.cell);
  const [S, G] = [cell.states.length, cell.gates.length];
  const Wh = cast(dtype, experiment.layers[0].parameters.Wh);
  let ds = matrix(dtype, B, S * H);
  for (let b = 0; b < B; b++) rowOf(ds, b).data.fill(1, 0, H);
  for (let t = chunk.steps - 1; t >= 0; t--) {
    const largest = maxAbs(ds.data);
    if (largest === 0) return { zeroAt: chunk.start + t, infiniteAt: null };
    // With finite states and weights, a NaN too is the child of an overflow: ∞ − ∞ inside one sum.
    if (!Number.isFinite(largest)) return { zeroAt: null, infiniteAt: chunk.start + t };
    const dz = matrix(dtype, B, G * H);
    const beside = cell.hasD ? matrix(dtype, B, S * H) : null;
    for (const [b, { jacobian }] of cellRows(experiment, chunk, t, false).entries()) {
      jacobian.toGates(rowOf(ds, b).data, rowOf(dz, b).data);
      if (beside !== null) jacobian.besideWeights(rowOf(ds, b).data, rowOf(beside, b).data);
    }
    const throughWeights = multiplyTransposed(dz, Wh, matrix(dtype, B, H));
    ds = beside === null ? throughWeights : addColumns(beside, throughWeights);
    yield (chunk.steps - t) / chunk.steps;
  }
  return { zeroAt: null, infiniteAt: null };
}
