// Forward and backward in the run's dtype through the kernels.
import { cellOf } from '../cells/index.js';
import { emptyNorms } from '../network/scaledBackward.js';
import type { RunChunk } from '../network/runChunk.js';
import type { Pass } from '../network/referencePass.js';
import { castResumably, cutResumably } from '../core/resumableCopy.js';
import { unfilledSequence } from '../core/bufferPool.js';
import { part } from '../core/resumable.js';
import { accumulate, cast, matrix, takeStep, zeros } from '../core/tensor.js';
import type { Sequence, SequenceTrace } from '../core/tensor.js';
import { scaledPart } from '../network/chunks.js';
import { initialStates } from '../network/layers.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import { entering, upstreamResumably } from '../network/upstreamGradient.js';
import type { Kernels } from './instance.js';
import { FastLayer } from './layer.js';
import type { LayerShape } from './layer.js';
import { isSmall, runWhole } from './smallRun.js';

/**
 * A run of one chunk whose upstream gradient does not depend on its states, small enough for one call; null when it is
 * none.
 */
function smallPass(kernels: Kernels, experiment: LayerExperiment, shape: LayerShape): Pass | null {
  const {
    dtype,
    shapes: { B, T, I, H },
    layers: [
      {
        parameters: weights,
        initial: { h: h0 },
      },
    ],
    loss,
    upstream,
    scaledUpstream,
    chunks: [chunk],
  } = experiment;
  if (chunk?.steps !== T || loss !== null || !isSmall(shape)) return null;
  // Of a reverse direction steps are cut at other places, and a network's layers have more that enters.
  if (scaledUpstream !== undefined || cutOffsetOf(experiment, T) !== 0) return null;
  const initial = matrix(dtype, B, H);
  if (h0 !== null) initial.data.set(h0);
  const inputs = { B, T, N: I, data: cast(dtype, chunk.xs) };
  const whole = runWhole(
    kernels,
    shape,
    weights,
    inputs.data,
    initial.data,
    upstream.kind === 'given' ? upstream.dhs : upstream.kind,
  );
  if (whole === null) return null;
  const { hs, dhTotal, dxs, gradients, dh0, norms, states } = whole;
  const place = { start: 0, steps: T };
  let made: SequenceTrace | null = null;
  const chunk0 = {
    ...place,
    xs: inputs,
    hs,
    initial,
    get dhs() {
      return (made ??= entering(experiment, place, hs));
    },
  };
  return { chunks: [chunk0], hs, dhTotal, dxs, gradients, dh0, norms, states, lossValue: null };
}

/** What is added to t so that multiples of the truncation are the steps before which the gradient is cut. */
export const cutOffsetOf = ({ truncate, layers: [{ direction }] }: LayerExperiment, steps: number, t0 = 0): number =>
  truncate === null ? 0 : direction === 'forward' ? t0 : truncate - ((steps - t0) % truncate);

/** h [B,T,H] of every step, in the order in which the layer computes; null when the memory does not suffice. */
export function* fastForward(kernels: Kernels, experiment: LayerExperiment): Resumable<Sequence | null> {
  const {
    cell,
    dtype,
    shapes: { B, T, I, H },
    layers: [{ parameters }],
    stateful,
    truncate,
    chunks,
  } = experiment;
  const shape = { cell, dtype, B, I, H, steps: Math.max(...chunks.map(({ steps }) => steps)), truncate };
  const layer = yield* part(FastLayer.create(kernels, shape, parameters), 0, 0);
  if (layer === null) return null;
  const first = initialStates(experiment);
  const hs = unfilledSequence(dtype, B, T, H);
  let start = 0;
  for (const { steps, xs } of chunks) {
    const initial = stateful && start > 0 ? takeStep(hs, start - 1) : first;
    const inputs = yield* castResumably(dtype, xs);
    yield* part(layer.forward(inputs, steps, initial.data, hs, start), start / T, (start + steps) / T);
    start += steps;
  }
  return hs;
}

/** What `referencePass` gives, from the kernels; null when their memory does not suffice. */
export function* fastPass(kernels: Kernels, experiment: LayerExperiment): Resumable<Pass | null> {
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
    loss,
    upstream,
  } = experiment;
  const longest = Math.max(...experiment.chunks.map(({ steps }) => steps));
  const shape: LayerShape = { cell, dtype, B, I, H, steps: longest, truncate };
  const small = smallPass(kernels, experiment, shape);
  if (small !== null) return small;
  const layer = yield* part(FastLayer.create(kernels, shape, weights), 0, 0);
  if (layer === null) return null;
  const h0Matrix = matrix(dtype, B, H);
  if (h0 !== null) h0Matrix.data.set(h0);
  const [hs, dhTotal, dxs] = [
    unfilledSequence(dtype, B, T, H),
    unfilledSequence(dtype, B, T, H),
    unfilledSequence(dtype, B, T, I),
  ];
  const norms = emptyNorms(T, cellOf(cell));
  const states = { hNorm: new Float64Array(T), closed: new Float64Array(T) };
  const dh0 = zeros(dtype, B * H);
  const chunks: RunChunk[] = [];
  let lossValue: number | null = null;
  let start = 0;
  for (const { steps, xs } of experiment.chunks) {
    const previous = chunks.at(-1);
    const place = { start, steps };
    const initial = stateful && previous !== undefined ? takeStep(previous.hs, previous.steps - 1) : h0Matrix;
    const inputs = { B, T: steps, N: I, data: yield* castResumably(dtype, xs) };
    const [from, middle, to] = [start / T, (start + steps / 3) / T, (start + steps) / T];
    yield* part(layer.forward(inputs.data, steps, initial.data, hs, start), from, middle);
    // The sequence itself where there is but one chunk.
    const chunkHs = steps === T ? hs : yield* cutResumably(dtype, hs, start, start + steps);
    // Ones need no array.
    const ones = loss === null && upstream.kind !== 'given' ? upstream.kind : null;
    const values = ones === null ? yield* part(upstreamResumably(experiment, place, chunkHs), middle, middle) : null;
    if (loss !== null) lossValue = (lossValue ?? 0) + (values?.loss ?? 0);
    const source = ones ?? values!.dhs.data;
    const piece = { offset: cutOffsetOf(experiment, steps), g: null, enters: null };
    yield* part(layer.backward(source, steps, { dhTotal, dxs, norms, states }, start, piece), middle, to);
    // A state that a chunk took over from the one before is no initial state: the gradient is cut there.
    if (previous === undefined || !stateful) accumulate(dh0, yield* layer.dh0());
    const scaledDhs = scaledPart(experiment, place);
    chunks.push({
      ...place,
      xs: inputs,
      hs: chunkHs,
      initial,
      dhs: values?.dhs ?? entering(experiment, place, chunkHs),
      ...(scaledDhs === null ? {} : { scaledDhs }),
    });
    start += steps;
    yield start / T;
  }
  return { chunks, hs, dhTotal, dxs, gradients: yield* layer.gradients(), dh0, norms, lossValue, states };
}
