// The gates of one sequence at every step, and how much of a state the gate that keeps it lets through to the end.
import { cellOf } from '../cells/index.js';
import { ready } from '../core/recomputedTrace.js';
import type { Resumable } from '../core/resumable.js';
import { runChunks } from '../network/chunks.js';
import { cellSteps } from '../network/cellRows.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { ComputedRun } from '../network/result.js';
import { isThere, itemChunk, stepReady } from '../network/runChunk.js';

/**
 * What the keeping gate lets through from each step to the last one that is there, in the last chunk: of an LSTM the
 * product of f for c, of a GRU that of z for h. NaN where the sequence, or what is carried to its end, is not.
 */
export type KeptToTheEnd = {
  /** log10 of the product of the gate at t + 1 … last [T,H], and its median over the units [T]. */
  readonly log10: Float64Array;
  readonly median: Float64Array;
  /** Steps over which the whole product goes. */
  readonly steps: number;
};

export type GatesOfSequence = {
  /** [T,G·H], gate by gate at each step, in the order of the cell; 0 where the sequence is not. */
  readonly values: Float64Array;
  /** Null for a cell without such a gate. */
  readonly kept: KeptToTheEnd | null;
};
/** Null until they are there. */
export type GateValues = { sequence: GatesOfSequence | null };

/** @throws of a cell whose gates do not open and close */
export function gateValues(
  experiment: LayerExperiment,
  result: ComputedRun,
  item: number,
): { readonly gates: GateValues; readonly steps: Resumable<void> } {
  const gates: GateValues = { sequence: null };
  return { gates, steps: fill(experiment, result, item, gates) };
}

function* fill(experiment: LayerExperiment, result: ComputedRun, item: number, gates: GateValues): Resumable<void> {
  const cell = cellOf(experiment.cell);
  const { gateValues: valuesOf, keeper } = cell;
  if (valuesOf === undefined) throw new Error(`The cell ${cell.name} has no gates that open and close.`);
  const { T, H } = experiment.shapes;
  const width = cell.gates.length * H;
  const one = { ...experiment, shapes: { ...experiment.shapes, B: 1 } };
  const values = new Float64Array(T * width);
  let [first, last] = [0, -1];
  for (const whole of runChunks(experiment, result)) {
    const chunk = itemChunk(whole, item);
    [first, last] = [T, -1];
    for (let step = 0; step < chunk.steps; step++) {
      if (!isThere(whole, item, step)) continue;
      const t = chunk.start + step;
      [first, last] = [Math.min(first, t), t];
      yield* stepReady(whole, step);
      yield* ready(step, whole.hs);
      valuesOf(cellSteps(one, chunk, step)(0), values.subarray(t * width, (t + 1) * width));
      yield t / (2 * T);
    }
  }
  // Where gates open and close, one of them keeps a state.
  const at = cell.gates.indexOf(keeper!.gate);
  gates.sequence = { values, kept: yield* keptToTheEnd(values, { T, H, width, at }, first, last) };
}

function* keptToTheEnd(
  values: Float64Array,
  { T, H, width, at }: { readonly T: number; readonly H: number; readonly width: number; readonly at: number },
  first: number,
  last: number,
): Resumable<KeptToTheEnd> {
  const log10 = new Float64Array(T * H).fill(NaN);
  const median = new Float64Array(T).fill(NaN);
  const sums = new Float64Array(H);
  for (let t = last; t >= first; t--) {
    log10.set(sums, t * H);
    const sorted = sums.slice().sort();
    median[t] = (sorted[(H - 1) >> 1]! + sorted[H >> 1]!) / 2;
    for (let unit = 0; unit < H; unit++) sums[unit]! += Math.log10(values[t * width + at * H + unit]!);
    yield 0.5 + (last - t) / (2 * T);
  }
  return { log10, median, steps: Math.max(0, last - first) };
}
