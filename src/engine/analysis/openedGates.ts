// One step of a cell of several gates, opened: every node of its equations, forward and backward.
import { cellOf } from '../cells/index.js';
import type { OpenedNode } from '../cells/cell.js';
import { scaleByPowerOfTwo } from '../core/norm.js';
import { takeStep } from '../core/tensor.js';
import { cellRows } from '../network/cellRows.js';
import { runChunks } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { enteringRow, itemChunk, stateBefore } from '../network/runChunk.js';
import type { StateGradients } from './stateGradients.js';

/** What reaches the states before by one path of the step: by a gate and its block of Wh [H], or beside them [S·H]. */
export type OpenedPath = { readonly name: string; readonly gradient: Float64Array };

/**
 * Of one sequence at one step. Gradients are relative to 2^`exponent`; everything is float64 along the run's own
 * states.
 */
export type OpenedGates = {
  readonly t: number;
  readonly exponent: number;
  /** Inputs and states before first, h_t last. */
  readonly nodes: readonly OpenedNode[];
  /** What enters h_t from the loss or the layer above [H], and what comes from step t + 1 [S·H], h's block first. */
  readonly dhs: Float64Array;
  readonly fromNext: Float64Array;
  /** They add up to the gradients of the states before. */
  readonly paths: readonly OpenedPath[];
};

const scaled = (values: ArrayLike<number>, exponent: number): Float64Array => {
  const out = Float64Array.from(values);
  scaleByPowerOfTwo(out, exponent, out);
  return out;
};

/** @throws of a cell of one gate, which `openUnit` opens */
export function openGates(
  experiment: LayerExperiment,
  result: ComputedRun,
  gradients: StateGradients,
  t: number,
  item: number,
): OpenedGates {
  const cell = cellOf(experiment.cell);
  if (cell.open === undefined) throw new Error(`The cell ${cell.name} has no nodes between its gates.`);
  const { I, H } = experiment.shapes;
  const { Wx } = experiment.layers[0].parameters;
  const whole = runChunks(experiment, result).findLast(({ start }) => start <= t)!;
  const chunk = itemChunk(whole, item);
  const step = t - chunk.start;
  const one = { ...experiment, shapes: { ...experiment.shapes, B: 1 } };
  const { fromNext, whole: all } = gradients.at(t);
  const { values: ds, exponent } = all;
  const { step: own, next, jacobian } = cellRows(one, chunk, step, true)[0]!;
  const previous = stateBefore(chunk, step).data;
  const before = jacobian.pullBack(ds);
  const dz = new Float64Array(jacobian.gateWidth);
  jacobian.toInputGates(ds, dz);
  const dx = Float64Array.from({ length: I }, (_, i) =>
    dz.reduce((sum, value, j) => sum + value * Wx[i * dz.length + j]!, 0),
  );
  const parts = jacobian.paths(ds, [...(cell.hasD ? ['beside'] : []), ...cell.gates]);
  const states = cell.states.map((state, s): OpenedNode => {
    const name = `${state}_{t−1}`;
    return {
      name,
      forward: name,
      value: Float64Array.from(previous.subarray(s * H, (s + 1) * H)),
      backward: `∂L/∂${name}`,
      gradient: before.slice(s * H, (s + 1) * H),
    };
  });
  const entering = enteringRow(chunk, 0, step);
  return {
    t,
    exponent,
    nodes: [
      {
        name: 'x_t',
        forward: 'x_t',
        value: Float64Array.from(takeStep(chunk.xs, step).data),
        backward: 'dz·Wx^{T}',
        gradient: dx,
      },
      ...states,
      ...cell.open(own, next, ds),
    ],
    dhs: scaled(entering.values, entering.exponent - exponent),
    fromNext: scaled(fromNext.values, fromNext.exponent - exponent),
    paths: Object.entries(parts).map(([name, gradient]) => ({ name, gradient })),
  };
}
