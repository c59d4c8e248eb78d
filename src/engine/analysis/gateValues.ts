// The gates of one sequence at every step, and how much of a state the gate that keeps it lets through to the end.
import { cellOf } from '../cells/index.js';
import { ready } from '../core/recomputedTrace.js';
import type { Resumable } from '../core/resumable.js';
import { runChunks } from '../network/chunks.js';
import { cellSteps } from '../network/cellRows.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { itemChunk } from '../network/runChunk.js';

/** [T,G·H], gate by gate at each step, in the order of the cell; null until they are there. */
export type GateValues = { values: Float64Array | null };

/** @throws of a cell whose gates do not open and close */
export function gateValues(
  experiment: LayerExperiment,
  result: ComputedRun,
  item: number,
): { readonly gates: GateValues; readonly steps: Resumable<void> } {
  const gates: GateValues = { values: null };
  return { gates, steps: fill(experiment, result, item, gates) };
}

function* fill(experiment: LayerExperiment, result: ComputedRun, item: number, gates: GateValues): Resumable<void> {
  const cell = cellOf(experiment.cell);
  const { gateValues: valuesOf } = cell;
  if (valuesOf === undefined) throw new Error(`The cell ${cell.name} has no gates that open and close.`);
  const { T, H } = experiment.shapes;
  const width = cell.gates.length * H;
  const one = { ...experiment, shapes: { ...experiment.shapes, B: 1 } };
  const values = new Float64Array(T * width);
  for (const whole of runChunks(experiment, result)) {
    const chunk = itemChunk(whole, item);
    for (let step = 0; step < chunk.steps; step++) {
      yield* ready(step, chunk.hs);
      const t = chunk.start + step;
      valuesOf(cellSteps(one, chunk, step)(0), values.subarray(t * width, (t + 1) * width));
      yield t / T;
    }
  }
  gates.values = values;
}

/**
 * log10 of what the keeping gate lets through from each step to the last, Π of its values at t + 1 … last, [T,H]:
 * of an LSTM Π f for c, of a GRU Π z for h. Steps before `first` and behind `last` are NaN.
 */
export function keptToTheEnd(
  values: Float64Array,
  { T, H }: { readonly T: number; readonly H: number },
  gates: { readonly count: number; readonly keeper: number },
  { first, last }: { readonly first: number; readonly last: number },
): Float64Array {
  const kept = new Float64Array(T * H).fill(NaN);
  const width = gates.count * H;
  for (let unit = 0; unit < H; unit++) {
    let sum = 0;
    for (let t = last; t >= first; t--) {
      kept[t * H + unit] = sum;
      sum += Math.log10(values[t * width + gates.keeper * H + unit]!);
    }
  }
  return kept;
}
