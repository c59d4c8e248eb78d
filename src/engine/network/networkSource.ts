// The single source of a whole network in one direction: ones on the output at each sequence's last step, back through
// all layers.
import { cellOf } from '../cells/index.js';
import { jointLog10, log10Norm, ScaledRows } from '../core/blockFloat.js';
import { matrix, multiplyTransposed } from '../core/tensor.js';
import type { Resumable } from '../core/resumable.js';
import { exactSteps } from './cellRows.js';
import type { LayerExperiment } from './experiment.js';
import { sourceStep, stepReady } from './runChunk.js';
import { ByDistance } from './scaledBackward.js';
import type { RunChunk } from './runChunk.js';

/** A layer of the network with the chunks of its run. */
export type LayerChunks = { readonly experiment: LayerExperiment; readonly chunks: readonly RunChunk[] };

/** log10 of what the states of all layers receive [T], NaN outside of the last chunk. */
export type NetworkSource = {
  readonly log10: Float64Array;
  /** Of sequences of different lengths, aligned by the distance from each one's source; null where all are as long. */
  readonly bySource: Float64Array | null;
};

/**
 * log10 of the norm of what the states of all layers receive from step t + 1, each layer's h and c a coordinate of its
 * own, without the paths inside step t from a layer to the one above: the vector that the product of the network's step
 * Jacobians moves. At the source: the ones.
 *
 * At one t the step Jacobian of a stack is block lower triangular: going back through it, the gradient falls from each
 * layer's input to the layer below (dx = dz·Wxᵀ) before that layer's own step is gone through.
 */
export function* networkSource(layers: readonly LayerChunks[], T: number): Resumable<NetworkSource> {
  const log10 = new Float64Array(T).fill(NaN);
  const last = layers.map(({ chunks }) => chunks.at(-1)!);
  const [lowest] = last as [RunChunk, ...RunChunk[]];
  const { start, steps } = lowest;
  const { B } = layers[0]!.experiment.shapes;
  const widths = layers.map(({ experiment: { cell, shapes } }) => {
    const { states, gates } = cellOf(cell);
    return { state: states.length * shapes.H, gates: gates.length * shapes.H };
  });
  const flows = widths.map(({ state }) => new ScaledRows(B, state));
  const top = layers.length - 1;
  const distances = lowest.spans === undefined ? null : new ByDistance(T);
  for (let t = steps - 1; t >= 0; t--) {
    for (let b = 0; b < B; b++)
      if (sourceStep(last[top]!, b) === t)
        flows[top]!.addRow(b, new Float64Array(layers[top]!.experiment.shapes.H).fill(1), 0);
    log10[start + t] = jointLog10(
      flows.map((flow) => {
        const { data, exponent } = flow.aligned();
        return log10Norm(data, exponent);
      }),
    );
    distances?.add(
      lowest,
      t,
      Float64Array.from({ length: B }, (_, b) =>
        jointLog10(flows.map((flow) => log10Norm(flow.row(b), flow.exponents[b]!))),
      ),
    );
    for (let l = top; l >= 0; l--) {
      const { experiment } = layers[l]!;
      const { shapes, layers: specs } = experiment;
      const { Wx } = specs[0].parameters;
      const flow = flows[l]!;
      const below = l === 0 ? null : flows[l - 1]!;
      yield* stepReady(last[l]!, t);
      const jacobians = exactSteps(experiment, last[l]!, t);
      for (const [b, jacobian] of jacobians.entries()) {
        flow.normalise();
        const ds = flow.row(b);
        if (ds.every((value) => value === 0)) continue;
        const exponent = flow.exponents[b]!;
        if (below !== null) {
          const dz = new Float64Array(widths[l]!.gates);
          jacobian.toInputGates(ds, dz);
          const dx = multiplyTransposed({ rows: 1, cols: dz.length, data: dz }, Wx, matrix('float64', 1, shapes.I));
          below.addRow(b, dx.data, exponent);
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
  return { log10, bySource: distances?.log10 ?? null };
}
