// One step of a cell of several gates, opened: every node of its equations, forward and backward.
import { cellOf } from '../cells/index.js';
import type { OpenedNode } from '../cells/cell.js';
import { scaleByPowerOfTwo } from '../core/norm.js';
import { takeStep } from '../core/tensor.js';
import { cellRows } from '../network/cellRows.js';
import { runChunks } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { enteringRow, isThere, itemChunk, stateBefore } from '../network/runChunk.js';
import type { StateGradients } from './stateGradients.js';

/** What a node sends on to one of those that it is made of, on the way back; both by their names. */
export type OpenedEdge = { readonly from: string; readonly to: string; readonly gradient: Float64Array };

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
  /** Those that lead to a node add up to its gradient; h_t also gets `dhs`, and the states what comes from behind. */
  readonly edges: readonly OpenedEdge[];
};

const scaled = (values: ArrayLike<number>, exponent: number): Float64Array => {
  const out = Float64Array.from(values);
  scaleByPowerOfTwo(out, exponent, out);
  return out;
};

/** @throws of a cell of one gate, which `openStep` opens */
export function openGates(
  experiment: LayerExperiment,
  result: ComputedRun,
  gradients: StateGradients,
  t: number,
  item: number,
): OpenedGates {
  const cell = cellOf(experiment.cell);
  if (cell.open === undefined || cell.entries === undefined)
    throw new Error(`The cell ${cell.name} has no nodes between its gates.`);
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
  const toInput = (from: number, to: number): Float64Array =>
    Float64Array.from({ length: I }, (_, i) => {
      let sum = 0;
      for (let j = from; j < to; j++) sum += dz[j]! * Wx[i * dz.length + j]!;
      return sum;
    });
  const byGate = jacobian.paths(ds, ['beside', ...cell.gates]);
  const { entries } = cell;
  const states = cell.states.map((state, s): OpenedNode => {
    const name = `${state}_{t−1}`;
    return {
      name,
      forward: name,
      value: Float64Array.from(previous.subarray(s * H, (s + 1) * H)),
      backward: `∂L/∂${name}`,
      gradient: before.slice(s * H, (s + 1) * H),
      place: entries.states[s]!,
      sends: {},
    };
  });
  const inner = cell.open(own, next, ds);
  const edges = inner.flatMap(({ name, sends, ofInput, ofState }): OpenedEdge[] => {
    const block = cell.gates.indexOf(ofInput ?? '') * H;
    return [
      ...Object.entries(sends).map(([to, gradient]) => ({ from: name, to, gradient })),
      ...(ofState === undefined ? [] : [{ from: name, to: 'h_{t−1}', gradient: byGate[ofState]! }]),
      ...(ofInput === undefined ? [] : [{ from: name, to: 'x_t', gradient: toInput(block, block + H) }]),
    ];
  });
  const entering = enteringRow(chunk, 0, step);
  // Where the sequence is not there, nothing has been computed.
  const told = (nodes: readonly OpenedNode[]): readonly OpenedNode[] =>
    isThere(whole, item, step) ? nodes : nodes.map((node) => ({ ...node, value: new Float64Array(node.value.length) }));
  return {
    t,
    exponent,
    nodes: told([
      {
        name: 'x_t',
        forward: 'x_t',
        value: Float64Array.from(takeStep(chunk.xs, step).data),
        backward: 'dz·Wx^{T}',
        gradient: toInput(0, dz.length),
        place: entries.x,
        sends: {},
      },
      ...states,
      ...inner,
    ]),
    dhs: scaled(entering.values, entering.exponent - exponent),
    fromNext: scaled(fromNext.values, fromNext.exponent - exponent),
    edges,
  };
}
