// The steps of a finished run, each batch item by itself, as cells and analyses see them.
import { cellOf } from '../cells/index.js';
import type { CellStep } from '../cells/cell.js';
import { addRowTimes, rowOf, takeStep } from '../core/tensor.js';
import type { FloatArray } from '../core/dtypes.js';
import type { Experiment } from './experiment.js';
import { stateBefore } from './runChunk.js';
import type { RunChunk } from './runChunk.js';
import { StepJacobian } from './stepJacobian.js';

/** One batch item at one step: what its cell saw, the states that it made [S·H], and the step's Jacobian. */
export type CellRow = { readonly step: CellStep; readonly next: FloatArray; readonly jacobian: StepJacobian };

/**
 * Step t of every batch item, with slopes as every framework computes them from the states in the run's dtype, or
 * `exact`. Exact ones take the weights of the experiment, unrounded: over hundreds of steps the rounding to float32
 * adds up in the logarithm. The states are the run's own, so that a pass stays on the run's trajectory.
 */
export function cellRows(experiment: Experiment, chunk: RunChunk, t: number, exact: boolean): CellRow[] {
  const {
    shapes: { B, I, H },
    weights,
  } = experiment;
  const cell = cellOf(experiment.cell);
  const [S, G] = [cell.states.length, cell.gates.length];
  const recurrence = { Wh: weights.Wh, H, S, G };
  const after = takeStep(chunk.hs, t);
  const before = stateBefore(chunk, t);
  const x = takeStep(chunk.xs, t);
  return Array.from({ length: B }, (_, b) => {
    const previous = rowOf(before, b).data;
    const next = rowOf(after, b).data;
    let row: Float64Array | null = null;
    const z = (): Float64Array => {
      if (row === null) {
        row = Float64Array.from(weights.b);
        addRowTimes(x.data, b * I, I, weights.Wx, row);
        addRowTimes(previous, 0, H, weights.Wh, row);
      }
      return row;
    };
    const step = { H, parameters: weights, previous, z };
    const slopes = { A: new Float64Array(S * G * H), D: new Float64Array(cell.hasD ? S * S * H : 0) };
    cell.slopes(step, next, exact, slopes);
    return { step, next, jacobian: new StepJacobian(recurrence, slopes) };
  });
}

/** The Jacobian of step t of every batch item, with all its digits. */
export const exactSteps = (experiment: Experiment, chunk: RunChunk, t: number): StepJacobian[] =>
  cellRows(experiment, chunk, t, true).map(({ jacobian }) => jacobian);

/** f'(h_t) [B,H] with all its digits. */
export function exactSlopes(experiment: Experiment, chunk: RunChunk, t: number): Float64Array {
  const { B, H } = experiment.shapes;
  const slopes = new Float64Array(B * H);
  for (const [b, { A }] of exactSteps(experiment, chunk, t).entries()) slopes.set(A, b * H);
  return slopes;
}

/** ln f'(z_t) [B,H] of these exact slopes, also where no float64 holds the slope. */
export function lnSlopes(experiment: Experiment, chunk: RunChunk, t: number, slopes: Float64Array): Float64Array {
  const { activation } = cellOf(experiment.cell);
  if (activation === null) return slopes.map(Math.log);
  const { H } = experiment.shapes;
  const rows = cellRows(experiment, chunk, t, true);
  return slopes.map((slope, i) => activation.lnSlope(slope, () => rows[Math.floor(i / H)]!.step.z()[i % H]!));
}
