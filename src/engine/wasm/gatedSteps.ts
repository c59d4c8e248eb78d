// The steps of a gated layer as a block of them is packed: states, those before the first too, and inputs.
import { Mover } from '../core/resumableCopy.js';
import { BesideTrace, copiedSteps, stepsOf } from '../core/rowTrace.js';
import { isHeld, rowOf } from '../core/tensor.js';
import type { SequenceTrace } from '../core/tensor.js';
import type { DType, FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { RunChunk } from '../network/runChunk.js';
import type { FlowAddresses, FlowLayout } from './gatedFlowLayout.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';

/** Whether a chunk can be read at any step. */
export const isHere = ({ hs: { data } }: RunChunk): boolean => isHeld(data) || data instanceof BesideTrace;

/** Steps from … t1 − 1 of a trace, computed once and held. */
function* heldPart(
  dtype: DType,
  all: SequenceTrace,
  from: number,
  t1: number,
  steps: number,
): Resumable<SequenceTrace> {
  return stepsOf(yield* copiedSteps(dtype, all, from, t1), steps, (t) => t - from);
}

/** A chunk of which only the states t0 − 1 … t1 − 1 and the inputs of the steps after are asked. */
export function* statesOf({ dtype }: LayerExperiment, chunk: RunChunk, t0: number, t1: number): Resumable<RunChunk> {
  const { xs, hs, steps } = chunk;
  return {
    ...chunk,
    xs: yield* heldPart(dtype, xs, t0, t1, steps),
    hs: yield* heldPart(dtype, hs, Math.max(0, t0 - 1), t1, steps),
  };
}

/** The same with what enters these steps. */
export function* windowOf(experiment: LayerExperiment, chunk: RunChunk, t0: number, t1: number): Resumable<RunChunk> {
  const { loss, upstream } = experiment;
  const { dhs, scaledDhs, steps } = chunk;
  const enters = loss !== null || upstream.kind === 'given';
  return {
    ...(yield* statesOf(experiment, chunk, t0, t1)),
    dhs: enters && scaledDhs === undefined ? yield* heldPart('float64', dhs, t0, t1, steps) : dhs,
    ...(scaledDhs === undefined
      ? {}
      : {
          scaledDhs: {
            data: (yield* heldPart('float64', { ...dhs, data: scaledDhs.data }, t0, t1, steps)).data,
            exponents: scaledDhs.exponents,
          },
        }),
  };
}

/**
 * Steps t0 … t1 − 1 of a chunk into the first rows of a block, and in the place of a sequence that has not begun its
 * initial states.
 */
export function* packSteps(
  { exports: { pack64, packColumns64 }, memory: { buffer } }: Kernels,
  { shapes: { B, I, H } }: LayerExperiment,
  at: Pick<FlowAddresses, 'hs' | 'cs' | 'xs' | 'staging'>,
  { blockSteps, stagingLength }: Pick<FlowLayout, 'blockSteps' | 'stagingLength'>,
  chunk: RunChunk,
  t0: number,
  t1: number,
): Resumable<void> {
  const staging = new Float64Array(buffer, at.staging, stagingLength);
  const mover = new Mover();
  const count = t1 - t0;
  const numberBytes = Float64Array.BYTES_PER_ELEMENT;
  const panel = blockSteps * B * rowBytes;
  const { steps, initial, spans, hs } = chunk;
  const parts = hs.data instanceof BesideTrace ? hs.data.parts : [hs];
  for (let b = 0; b < B; b++) {
    let s = 0;
    for (const { data, N: width } of parts) {
      const rows = (first: number, end: number): FloatArray =>
        data.subarray((b * steps + first) * width, (b * steps + end) * width);
      const start = rowOf(initial, b).data.subarray(s * H, s * H + width);
      staging.set(t0 === 0 || t0 === spans?.[b]?.from ? start : rows(t0 - 1, t0));
      staging.set(rows(t0, t1), width);
      // A sequence begins with its initial states, which are not told while they wait.
      const begins = (spans?.[b]?.from ?? 0) - t0;
      if (begins > 0 && begins < count) staging.set(start, begins * width);
      for (let column = 0; column < width; column += H, s++) {
        const to = (s === 0 ? at.hs : at.cs) + b * rowBytes;
        const from = at.staging + column * numberBytes;
        packColumns64(from, width * numberBytes, 1 + count, H, to, panel + B * rowBytes, B * rowBytes);
      }
    }
    staging.set(chunk.xs.data.subarray((b * steps + t0) * I, (b * steps + t1) * I));
    pack64(at.staging, count, I, at.xs + b * rowBytes, panel, B * rowBytes);
    yield* mover.count((1 + count) * s * H + count * I);
  }
}
