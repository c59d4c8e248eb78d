// The single source of a whole network in one direction: ones on the output at each sequence's last step, back through
// all layers.
import { cellOf } from '../cells/index.js';
import { log10Norm, ScaledRows } from '../core/blockFloat.js';
import type { Resumable } from '../core/resumable.js';
import { exactSteps } from './cellRows.js';
import type { LayerExperiment } from './experiment.js';
import { sourceStep } from './runChunk.js';
import type { RunChunk } from './runChunk.js';

/** A layer of the network with the chunks of its run. */
export type LayerChunks = { readonly experiment: LayerExperiment; readonly chunks: readonly RunChunk[] };

/**
 * log10 of the norm of what the states of all layers receive from step t + 1, each layer's h and c a coordinate of its
 * own, without the paths inside step t from a layer to the one above: the vector that the product of the network's step
 * Jacobians moves. At the source: the ones. [T], NaN outside of the last chunk.
 *
 * At one t the step Jacobian of a stack is block lower triangular: going back through it, the gradient falls from each
 * layer's input to the layer below (dx = dz·Wxᵀ) before that layer's own step is gone through.
 */
export function* networkSource(layers: readonly LayerChunks[], T: number): Resumable<Float64Array> {
  const log10 = new Float64Array(T).fill(NaN);
  const last = layers.map(({ chunks }) => chunks.at(-1)!);
  const [{ start, steps }] = last as [RunChunk, ...RunChunk[]];
  const { B } = layers[0]!.experiment.shapes;
  const widths = layers.map(({ experiment: { cell, shapes } }) => {
    const { states, gates } = cellOf(cell);
    return { state: states.length * shapes.H, gates: gates.length * shapes.H };
  });
  const flows = widths.map(({ state }) => new ScaledRows(B, state));
  const top = layers.length - 1;
  for (let t = steps - 1; t >= 0; t--) {
    for (let b = 0; b < B; b++)
      if (sourceStep(last[top]!, b) === t)
        flows[top]!.addRow(b, new Float64Array(layers[top]!.experiment.shapes.H).fill(1), 0);
    log10[start + t] = jointLog10(flows);
    for (let l = top; l >= 0; l--) {
      const { experiment } = layers[l]!;
      const { shapes, layers: specs } = experiment;
      const { Wx } = specs[0].parameters;
      const flow = flows[l]!;
      const below = l === 0 ? null : flows[l - 1]!;
      const jacobians = exactSteps(experiment, last[l]!, t);
      for (const [b, jacobian] of jacobians.entries()) {
        flow.normalise();
        const ds = flow.row(b);
        if (ds.every((value) => value === 0)) continue;
        const exponent = flow.exponents[b]!;
        if (below !== null) {
          const dz = new Float64Array(widths[l]!.gates);
          jacobian.toInputGates(ds, dz);
          below.addRow(b, timesTransposed(dz, Wx, shapes.I), exponent);
        }
        const next = jacobian.pullBack(ds);
        ds.set(next);
        flow.exponents[b] = exponent;
        if (t === (last[l]!.spans?.[b]?.from ?? 0)) ds.fill(0);
      }
      flow.normalise();
    }
    yield (steps - t) / steps;
  }
  return log10;
}

/** dz·Wxᵀ [I] */
function timesTransposed(dz: Float64Array, Wx: Float64Array, I: number): Float64Array {
  const N = dz.length;
  const dx = new Float64Array(I);
  for (let k = 0; k < I; k++) {
    let sum = 0;
    for (let j = 0; j < N; j++) sum += dz[j]! * Wx[k * N + j]!;
    dx[k] = sum;
  }
  return dx;
}

/** log10 of the norm of several vectors as one. */
function jointLog10(flows: readonly ScaledRows[]): number {
  const parts = flows.map((flow) => {
    const { data, exponent } = flow.aligned();
    return log10Norm(data, exponent);
  });
  const largest = parts.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(largest)) return largest;
  return largest + 0.5 * Math.log10(parts.reduce((sum, part) => sum + 100 ** (part - largest), 0));
}
