// One unit of the unrolled network, opened: every intermediate value of its forward and backward pass.
import { cellOf } from '../cells/index.js';
import { cellRows, exactSteps } from '../network/cellRows.js';
import { beginsAt, enteringRow, isThere, stateBefore } from '../network/runChunk.js';
import { cutBefore, runChunks } from '../network/chunks.js';
import { sizeOf } from '../cells/cell.js';
import { scaleByPowerOfTwo } from '../core/norm.js';
import { addRowTimes, takeStep } from '../core/tensor.js';
import type { CellRow } from '../network/cellRows.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import type { ComputedRun } from '../network/result.js';
import type { LayerExperiment } from '../network/experiment.js';

/**
 * Of one sequence at one step. Gradients are relative to 2^`exponent`; everything is float64 along the run's own
 * states.
 */
export type OpenedStep = {
  readonly t: number;
  /** [I], [H] */
  readonly x: Float64Array;
  readonly hPrev: Float64Array;
  /** x_t·Wx, h_{t−1}·Wh and z_t, their sum with b, [H] each; h_t as the run has it. */
  readonly fromInput: Float64Array;
  readonly fromState: Float64Array;
  readonly z: Float64Array;
  readonly h: Float64Array;
  readonly exponent: number;
  /** The two gradients that the copy node adds: from the loss, and from step t + 1 (zeros where none comes). */
  readonly dhs: Float64Array;
  readonly fromNext: Float64Array;
  readonly g: Float64Array;
  readonly slope: Float64Array;
  /** D, what goes on from the state before beside the weights; empty for cells without one. */
  readonly carry: Float64Array;
  /** g ⊙ f'(z), [H]; then dz·Wxᵀ [I] and dz·Whᵀ [H]. */
  readonly dz: Float64Array;
  readonly dx: Float64Array;
  readonly dhPrev: Float64Array;
  /** What this step adds to the gradients of the parameters that are the cell's own, by their names. */
  readonly own: Readonly<Record<string, Float64Array>>;
};

const scaled = (values: Float64Array, exponent: number): Float64Array => {
  const out = new Float64Array(values.length);
  scaleByPowerOfTwo(values, exponent, out);
  return out;
};

/** out[k] = Σ_j d[j]·W[k,j] */
const timesTransposed = (d: Float64Array, W: Float64Array, rows: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, k) => d.reduce((sum, value, j) => sum + value * W[k * d.length + j]!, 0));

function ownGradients(
  { cell: name, shapes: { I, H } }: LayerExperiment,
  { step, next }: CellRow,
  g: Float64Array,
): OpenedStep['own'] {
  const { parameters, addGradients } = cellOf(name);
  const own = parameters.filter(({ role }) => role === 'other');
  const gradients = Object.fromEntries(own.map((spec) => [spec.name, new Float64Array(sizeOf(spec, I, H))]));
  addGradients?.(step, next, g, gradients);
  return gradients;
}

/** Step t of batch item `item` with every number that goes through it, recomputed in float64 from the run's states. */
export function openStep(experiment: LayerExperiment, result: ComputedRun, t: number, item: number): OpenedStep {
  const {
    shapes: { T, I, H },
    layers: [
      {
        parameters: { Wx, Wh, b },
      },
    ],
  } = experiment;
  const [layer] = result.layers;
  const chunk = runChunks(experiment, result).findLast(({ start }) => start <= t)!;
  const step = t - chunk.start;
  const row = (data: ArrayLike<number>, N: number): Float64Array =>
    Float64Array.from({ length: N }, (_, i) => data[item * N + i]!);
  const x = row(takeStep(chunk.xs, step).data, I);
  // Where the sequence is not there, nothing has been computed.
  const there = isThere(chunk, item, step);
  const hPrev = there ? row(stateBefore(chunk, step).data, H) : new Float64Array(H);
  const fromInput = new Float64Array(b.length);
  if (there) addRowTimes(x, 0, I, Wx, fromInput);
  const fromState = new Float64Array(b.length);
  if (there) addRowTimes(hPrev, 0, H, Wh, fromState);
  const gradient = (at: number): Float64Array =>
    Float64Array.from(layer.dhScaled.subarray((item * T + at) * H, (item * T + at + 1) * H));
  const stepAt = (at: number): StepJacobian => exactSteps(experiment, chunk, at - chunk.start)[item]!;
  const exponent = layer.dhExponent[t]!;
  const g = gradient(t);
  const opened = cellRows(experiment, chunk, step, true)[item]!;
  const own = opened.jacobian;
  const dz = new Float64Array(own.gateWidth);
  own.toGates(g, dz);
  const arrives = step + 1 < chunk.steps && !cutBefore(experiment, chunk, step + 1) && !beginsAt(chunk, item, step + 1);
  const entering = enteringRow(chunk, item, step);
  const fromNext = arrives
    ? scaled(stepAt(t + 1).pullBack(gradient(t + 1)), layer.dhExponent[t + 1]! - exponent)
    : new Float64Array(H);
  return {
    t,
    x,
    hPrev,
    fromInput,
    fromState,
    exponent,
    fromNext,
    g,
    dz,
    z: fromInput.map((value, j) => (there ? value + fromState[j]! + b[j]! : 0)),
    h: row(takeStep(chunk.hs, step).data, H),
    dhs: scaled(Float64Array.from(entering.values), entering.exponent - exponent),
    slope: own.A,
    carry: own.D,
    dx: timesTransposed(dz, Wx, I),
    dhPrev: own.pullBack(g),
    own: ownGradients(experiment, opened, g),
  };
}
