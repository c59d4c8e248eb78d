// Forward and backward of a layer of LSTM or GRU in the run's dtype through the kernels.
import { cellOf } from '../cells/index.js';
import type { Cell } from '../cells/cell.js';
import type { FloatArray } from '../core/dtypes.js';
import { castResumably, cutResumably } from '../core/resumableCopy.js';
import { unfilledSequence } from '../core/bufferPool.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { accumulate, cast, heldOf, takeStep, zeros } from '../core/tensor.js';
import type { Sequence, SequenceTrace } from '../core/tensor.js';
import { ready } from '../core/recomputedTrace.js';
import { copiedSteps, nothing, RowTrace, sideBySideTrace } from '../core/rowTrace.js';
import type { LayerExperiment } from '../network/experiment.js';
import { scaledPart } from '../network/chunks.js';
import { initialStates, sideBySide } from '../network/layers.js';
import type { Pass } from '../network/referencePass.js';
import { sourceStep, stateBefore } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { emptyNorms } from '../network/scaledBackward.js';
import type { PlainRange } from '../network/scaledBackward.js';
import { entering, upstreamResumably } from '../network/upstreamGradient.js';
import { GatedLayer } from './gatedLayer.js';
import { gatedShapeOf } from './gatedLayout.js';
import { smallGated } from './gatedSmallRun.js';
import type { Kernels } from './instance.js';

/** A run of one chunk, in which all sequences have all steps, small enough for one call each way; null: it is none. */
function* smallPass(kernels: Kernels, experiment: LayerExperiment): Resumable<Pass | null> {
  const {
    cell,
    dtype,
    shapes: { B, T, I },
    layers: [{ parameters }],
    chunks: [chunk],
    loss,
    upstream,
  } = experiment;
  if (chunk?.steps !== T || chunk.spans !== undefined) return null;
  const run = smallGated(kernels, gatedShapeOf(experiment));
  if (run === null) return null;
  const place = { start: 0, steps: T };
  const initial = initialStates(experiment);
  const xs = { B, T, N: I, data: cast(dtype, chunk.xs) };
  run.forward(parameters, xs.data, initial.data);
  const values = loss === null ? null : yield* part(upstreamResumably(experiment, place, run.h()), 0.3, 0.3);
  const source = values?.dhs.data ?? (upstream.kind === 'given' ? upstream.dhs : upstream.kind);
  const whole = run.backward(source);
  const { states, dhTotal, dxs, gradients, dInitial, norms, measures } = whole;
  const scaledDhs = scaledPart(experiment, place);
  return {
    chunks: [
      {
        ...place,
        xs,
        hs: sideBySideTrace(states),
        initial,
        dhs: values?.dhs ?? entering(experiment, place, states[0]),
        ...(scaledDhs === null ? {} : { scaledDhs }),
      },
    ],
    hs: states[0],
    ...othersOf(cellOf(cell), states, dInitial),
    dhTotal,
    dxs,
    gradients,
    dh0: dInitial[0],
    norms,
    lossValue: values?.loss ?? null,
    states: measures,
  };
}

/** What a pass tells of the states beside h. */
function othersOf(
  { states: names }: Cell,
  states: readonly Sequence[],
  dInitial: readonly FloatArray[],
): Pick<Pass, 'otherStates' | 'dOtherInitial'> {
  if (names.length === 1) return {};
  const named = <A>(values: readonly A[]): Record<string, A> =>
    Object.fromEntries(names.slice(1).map((name, i) => [name, values[i + 1]!]));
  return { otherStates: named(states), dOtherInitial: named(dInitial) };
}

/** What `referencePass` gives, from the kernels; null when their memory does not suffice. */
export function* gatedPass(kernels: Kernels, experiment: LayerExperiment): Resumable<Pass | null> {
  return (yield* smallPass(kernels, experiment)) ?? (yield* gatedLayerPass(kernels, experiment));
}

/** The same of a run of any size and any chunks, call by call. */
export function* gatedLayerPass(kernels: Kernels, experiment: LayerExperiment): Resumable<Pass | null> {
  const {
    dtype,
    shapes: { B, T, I, H },
    layers: [{ parameters }],
    stateful,
    loss,
    upstream,
  } = experiment;
  const cell = cellOf(experiment.cell);
  const layer = yield* part(GatedLayer.create(kernels, gatedShapeOf(experiment), parameters), 0, 0);
  if (layer === null) return null;
  const start0 = initialStates(experiment);
  const states = cell.states.map(() => unfilledSequence(dtype, B, T, H)) as [Sequence, ...Sequence[]];
  const [dhTotal, dxs] = [unfilledSequence(dtype, B, T, H), unfilledSequence(dtype, B, T, I)];
  const norms = emptyNorms(T, cell);
  const hNorm = new Float64Array(T);
  const dInitial = cell.states.map(() => zeros(dtype, B * H));
  const chunks: RunChunk[] = [];
  let lossValue: number | null = null;
  let start = 0;
  for (const { steps, xs, spans } of experiment.chunks) {
    const previous = chunks.at(-1);
    const place = { start, steps };
    const initial = stateful && previous !== undefined ? takeStep(previous.hs, previous.steps - 1) : start0;
    const inputs = { B, T: steps, N: I, data: yield* castResumably(dtype, xs) };
    const [from, middle, to] = [start / T, (start + steps / 3) / T, (start + steps) / T];
    yield* part(layer.forward(inputs.data, steps, initial.data, spans), from, middle);
    yield* part(layer.states(steps, states, start), middle, middle);
    // The sequences themselves where there is but one chunk.
    const own: Sequence[] = [];
    for (const all of states) own.push(steps === T ? all : yield* cutResumably(dtype, all, start, start + steps));
    const [ownH] = own as [Sequence, ...Sequence[]];
    const hs = sideBySideTrace([ownH, ...own.slice(1)]);
    // Ones need no array.
    const ones = loss === null && upstream.kind !== 'given' ? upstream.kind : null;
    const values = ones === null ? yield* part(upstreamResumably(experiment, place, ownH), middle, middle) : null;
    if (loss !== null) lossValue = (lossValue ?? 0) + (values?.loss ?? 0);
    yield* part(layer.backward(ones ?? values!.dhs.data, steps, { dhTotal, dxs, norms, hNorm }, start), middle, to);
    // A state that a chunk took over from the one before is no initial state: the gradient is cut there.
    if (previous === undefined || !stateful)
      for (const [s, values] of (yield* layer.initialGradients()).entries()) accumulate(dInitial[s]!, values);
    const scaledDhs = scaledPart(experiment, place);
    chunks.push({
      ...place,
      xs: inputs,
      hs,
      initial,
      dhs: values?.dhs ?? entering(experiment, place, ownH),
      ...(spans === undefined ? {} : { spans }),
      ...(scaledDhs === null ? {} : { scaledDhs }),
    });
    start += steps;
  }
  return {
    chunks,
    hs: states[0],
    ...othersOf(cell, states, dInitial),
    dhTotal,
    dxs,
    gradients: yield* layer.gradients(),
    dh0: dInitial[0]!,
    norms,
    lossValue,
    // The kernels' measure counts states that wait.
    states: chunks.some(({ spans }) => spans !== undefined) ? null : { hNorm, closed: new Float64Array(T) },
  };
}

/**
 * The cell's states [B,T,H] of every step, in the order in which the layer computes; null when the memory does not
 * suffice.
 */
export function* gatedForward(
  kernels: Kernels,
  experiment: LayerExperiment,
): Resumable<readonly [Sequence, ...Sequence[]] | null> {
  const {
    dtype,
    shapes: { B, T, H },
    layers: [{ parameters }],
    stateful,
  } = experiment;
  const layer = yield* part(GatedLayer.create(kernels, gatedShapeOf(experiment), parameters), 0, 0);
  if (layer === null) return null;
  const first = initialStates(experiment);
  const states = cellOf(experiment.cell).states.map(() => unfilledSequence(dtype, B, T, H)) as [
    Sequence,
    ...Sequence[],
  ];
  let start = 0;
  for (const { steps, xs, spans } of experiment.chunks) {
    const before = states.map((all) => ({ ...all, T: 1, data: takeStep(all, Math.max(0, start - 1)).data }));
    const initial = stateful && start > 0 ? yield* sideBySide(dtype, before as [Sequence, ...Sequence[]]) : first;
    yield* part(
      layer.forward(yield* castResumably(dtype, xs), steps, initial.data, spans),
      start / T,
      (start + steps) / T,
    );
    yield* part(layer.states(steps, states, start), 0, 0);
    start += steps;
  }
  return states;
}

/** Ones on h [B,steps,H] at the last step of each sequence. */
export function sourcesOf(chunk: Omit<RunChunk, 'hs'>, H: number): SequenceTrace {
  const shape = { B: chunk.xs.B, T: chunk.steps, N: H };
  const [ones, none] = [new Float64Array(H).fill(1), new Float64Array(H)];
  const row = (b: number, t: number): Float64Array => (sourceStep(chunk, b) === t ? ones : none);
  return { ...shape, data: new RowTrace(shape, row, nothing) };
}

/** Decades behind the ends of a dtype, and steps more, by which a source that leaves its range has left it for good. */
const [decadesBehind, stepsBehind] = [2, 8];
const ends = {
  float32: { smallest: Math.log10(2 ** -149), largest: Math.log10(2) * 128 },
  float64: { smallest: Math.log10(Number.MIN_VALUE), largest: Math.log10(2) * 1024 },
} as const;

/**
 * What `plainRange` gives, from the kernels; null when their memory does not suffice. The single source in the
 * arithmetic of the dtype is one more way back through the chunk, which nothing cuts. `log10`: what the source is with
 * carried exponents [T]. It tells how far that way is to be gone.
 */
export function* gatedPlainRange(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunk: RunChunk,
  log10: Float64Array | null = null,
): Resumable<PlainRange | null> {
  const from = log10 === null || chunk.spans !== undefined ? 0 : leftFrom(experiment, chunk, log10);
  if (from > 0) {
    const { start, steps, xs, dhs } = chunk;
    const inputs = yield* copiedSteps(experiment.dtype, xs, from, steps);
    yield* ready(from - 1, chunk.hs);
    const lastSteps = { start: start + from, steps: steps - from, xs: inputs, initial: stateBefore(chunk, from), dhs };
    const found = yield* wayBack(kernels, experiment, lastSteps);
    // An end, or no memory.
    if (found?.zeroAt !== null || found.infiniteAt !== null) return found;
  }
  // Rounding kept it inside for longer, or all of it is asked for.
  return yield* wayBack(kernels, experiment, chunk);
}

/** The step of a chunk from which on a source is to be looked at that leaves the range of the dtype; else 0. */
function leftFrom({ dtype }: LayerExperiment, { start, steps }: RunChunk, log10: Float64Array): number {
  const { smallest, largest } = ends[dtype];
  for (let t = steps - 1; t > 0; t--) {
    const size = log10[start + t]!;
    if (size < smallest - decadesBehind || size > largest + decadesBehind) return Math.max(0, t - stepsBehind);
  }
  return 0;
}

/** The last steps of a chunk, forward from the states before them and back. */
function* wayBack(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunk: Omit<RunChunk, 'hs'>,
): Resumable<PlainRange | null> {
  const { start, steps, xs, initial, spans } = chunk;
  const shape = { ...gatedShapeOf(experiment), steps, truncate: null };
  const layer = yield* part(GatedLayer.create(kernels, shape, experiment.layers[0].parameters), 0, 0);
  if (layer === null) return null;
  yield* part(layer.forward(heldOf(xs.data), steps, initial.data, spans), 0, 0.5);
  yield* part(
    layer.backward(spans === undefined ? 'last' : heldOf(sourcesOf(chunk, experiment.shapes.H).data), steps, null, 0),
    0.5,
    1,
  );
  for (let t = steps - 1; t >= 0; t--) {
    const largest = layer.largestGradient(t);
    if (largest === 0) return { zeroAt: start + t, infiniteAt: null };
    // With finite states and weights, a NaN too is the child of an overflow: ∞ − ∞ inside one sum.
    if (!Number.isFinite(largest)) return { zeroAt: null, infiniteAt: start + t };
  }
  return { zeroAt: null, infiniteAt: null };
}
