// The steps of a finished run, each batch item by itself, as cells and analyses see them.
import { activationOf, cellOf } from '../cells/index.js';
import { emptySlopes } from '../cells/cell.js';
import type { CellStep } from '../cells/cell.js';
import { addRowTimes, rowOf, takeStep } from '../core/tensor.js';
import type { FloatArray } from '../core/dtypes.js';
import type { LayerExperiment } from './experiment.js';
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
export function cellRows(experiment: LayerExperiment, chunk: RunChunk, t: number, exact: boolean): CellRow[] {
  const {
    shapes: { B, H },
    layers: [{ parameters: weights }],
  } = experiment;
  const cell = cellOf(experiment.cell);
  const [S, G] = [cell.states.length, cell.gates.length];
  const recurrence = { Wh: weights.Wh, H, S, G };
  const after = takeStep(chunk.hs, t);
  const stepOf = cellSteps(experiment, chunk, t);
  return Array.from({ length: B }, (_, b) => {
    const next = rowOf(after, b).data;
    const step = stepOf(b);
    const slopes = emptySlopes(cell, H);
    cell.slopes(step, next, exact, slopes);
    const within = cell.within === undefined ? null : new Float64Array(H);
    if (within !== null) cell.within?.(step, next, within);
    return { step, next, jacobian: new StepJacobian(recurrence, slopes, within) };
  });
}

/** What the cell sees of each batch item at step t, along the run's own states, in unrounded weights. */
export function cellSteps(experiment: LayerExperiment, chunk: RunChunk, t: number): (b: number) => CellStep {
  const {
    shapes: { H },
    layers: [{ parameters }],
  } = experiment;
  const before = stateBefore(chunk, t);
  const zOf = preActivationsAt(experiment, chunk, t);
  return (b) => ({
    H,
    parameters,
    previous: rowOf(before, b).data,
    z: () => zOf(b).z,
    fromInput: () => zOf(b).fromInput(),
    fromState: () => zOf(b).fromState(),
  });
}

/** The Jacobian of step t of every batch item, with all its digits. */
export const exactSteps = (experiment: LayerExperiment, chunk: RunChunk, t: number): StepJacobian[] =>
  cellRows(experiment, chunk, t, true).map(({ jacobian }) => jacobian);

/** Numbers of the states that a step hands on, S·H, and of its gates, G·H. */
export const stateWidth = ({ cell, shapes: { H } }: LayerExperiment): number => cellOf(cell).states.length * H;
export const gateWidth = ({ cell, shapes: { H } }: LayerExperiment): number => cellOf(cell).gates.length * H;

/** ln f'(z_t) [H] of these exact slopes of a single batch item, also where no float64 holds the slope. */
export function lnSlopes(experiment: LayerExperiment, chunk: RunChunk, t: number, slopes: Float64Array): Float64Array {
  const { lnSlope } = activationOf(experiment.cell);
  const zOf = preActivationsAt(experiment, chunk, t);
  return slopes.map((slope, j) => lnSlope(slope, () => zOf(0).z[j]!));
}

/** What `make` gives, made when it is first asked for. */
function once<A>(make: () => A): () => A {
  let made: A | undefined;
  return () => (made ??= make());
}

type Parts = {
  readonly z: Float64Array;
  readonly fromInput: () => Float64Array;
  readonly fromState: () => Float64Array;
};

/** z_t [G·H] of each batch item, and its two parts, each when it is first asked for. */
function preActivationsAt(experiment: LayerExperiment, chunk: RunChunk, t: number): (b: number) => Parts {
  const {
    shapes: { I, H },
    layers: [{ parameters: weights }],
  } = experiment;
  const before = stateBefore(chunk, t);
  const x = takeStep(chunk.xs, t);
  const addInput = (b: number, row: Float64Array): Float64Array => {
    row.set(weights.b);
    addRowTimes(x.data, b * I, I, weights.Wx, row);
    return row;
  };
  const addState = (b: number, row: Float64Array): Float64Array => {
    addRowTimes(rowOf(before, b).data, 0, H, weights.Wh, row);
    return row;
  };
  const empty = (): Float64Array => new Float64Array(weights.b.length);
  const rows: (Parts | undefined)[] = [];
  return (b) =>
    (rows[b] ??= {
      z: addState(b, addInput(b, empty())),
      fromInput: once(() => addInput(b, empty())),
      fromState: once(() => addState(b, empty())),
    });
}
