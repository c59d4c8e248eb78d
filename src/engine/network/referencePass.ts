// Forward and backward in the run's dtype through the reference classes.
import { cellOf } from '../cells/index.js';
import { emptyNorms } from './scaledBackward.js';
import type { RunChunk } from './runChunk.js';
import type { StateMeasures, StepNorms } from './result.js';
import type { Shape } from '../core/recomputedTrace.js';
import { norm } from '../core/norm.js';
import { Rnn } from './rnn.js';
import { part } from '../core/resumable.js';
import { accumulate, cast, columnsOf, matrix, putStep, sequence, takeStep, zeros } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import type { LayerExperiment } from './experiment.js';
import type { FloatArray, Trace } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import type { Gradients } from './rnnUnit.js';
import { emptyGradients } from './rnnUnit.js';
import { upstreamSteps } from './upstreamGradient.js';

type Over<States extends Trace> = Shape & { readonly data: States };

/** Everything in the run's dtype. */
export type Pass<States extends Trace = FloatArray> = {
  readonly chunks: readonly RunChunk[];
  readonly hs: Over<States>;
  readonly dhTotal: Over<States>;
  readonly dxs: Over<States>;
  readonly gradients: Gradients;
  readonly dh0: FloatArray;
  readonly norms: StepNorms;
  readonly lossValue: number | null;
  /** What the pass measured of its states on the way; null when it did not. */
  readonly states: StateMeasures | null;
  /** max |h| of the last chunk, where somebody has looked. */
  readonly largestState?: number;
};

/** Copies a chunk into its place on the whole time axis. */
function paste(target: Sequence, chunk: Sequence, start: number): void {
  for (let b = 0; b < chunk.B; b++) {
    target.data.set(
      chunk.data.subarray(b * chunk.T * chunk.N, (b + 1) * chunk.T * chunk.N),
      (b * target.T + start) * target.N,
    );
  }
}

/** Every chunk forward and backward through the reference classes. */
export function* referencePass(experiment: LayerExperiment): Resumable<Pass> {
  const {
    cell,
    dtype,
    shapes: { B, T, I, H },
    layers: [
      {
        parameters: weights,
        initial: { h: h0 },
      },
    ],
    stateful,
    truncate,
  } = experiment;
  // Stateful always: which state a chunk starts from is decided here, h0 included.
  const rnn = new Rnn({ cell, I, H, weights }, { stateful: true, dtype });
  const h0Matrix = matrix(dtype, B, H);
  if (h0 !== null) h0Matrix.data.set(h0);
  const hs = sequence(dtype, B, T, H);
  const dhTotal = sequence(dtype, B, T, H);
  const dxs = sequence(dtype, B, T, I);
  const gradients = emptyGradients(rnn.parameters);
  const dh0 = zeros(dtype, B * H);
  const norms = emptyNorms(T, cellOf(cell));
  const chunks: RunChunk[] = [];
  let lossValue: number | null = null;
  let start = 0;
  for (const { steps, xs } of experiment.chunks) {
    const previous = chunks.at(-1);
    const initial = stateful && previous !== undefined ? takeStep(previous.hs, previous.steps - 1) : h0Matrix;
    rnn.setState(initial);
    const inputs = { B, T: steps, N: I, data: cast(dtype, xs) };
    const [from, middle, to] = [start / T, (start + steps / 3) / T, (start + steps) / T];
    const states = yield* part(rnn.forwardSteps(inputs), from, middle);
    const { dhs, loss } = yield* part(upstreamSteps(experiment, { start, steps }, states), middle, middle);
    if (loss !== null) lossValue = (lossValue ?? 0) + loss;
    const offset = start;
    const chunkDxs = yield* part(
      rnn.backwardSteps(dhs, {
        truncate,
        visit: ({ t, ds, dx, unit }) => {
          const dh = columnsOf(ds, 0, H);
          putStep(dhTotal, offset + t, dh);
          const measured = (values: FloatArray): number => cast(dtype, Float64Array.of(norm(values)))[0]!;
          norms.dh[offset + t] = measured(dh.data);
          norms.dx[offset + t] = measured(dx.data);
          for (const [name, series] of Object.entries(norms.parameters)) series[offset + t] = measured(unit[name]!);
        },
      }),
      middle,
      to,
    );
    paste(hs, states, start);
    paste(dxs, chunkDxs, start);
    for (const [name, values] of Object.entries(rnn.gradients)) accumulate(gradients[name]!, values);
    // A state that a chunk took over from the one before is no initial state: the gradient is cut there.
    if (rnn.dh !== null && (previous === undefined || !stateful)) accumulate(dh0, rnn.dh.data);
    chunks.push({ start, steps, xs: inputs, hs: states, initial, dhs });
    start += steps;
  }
  return { chunks, hs, dhTotal, dxs, gradients, dh0, norms, lossValue, states: null };
}
