// A network's layers as experiments of their own: what each gets from below, and which way its time runs.
import { cellOf } from '../cells/index.js';
import { finish } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { castResumably, cutResumably, movedAtOnce, Mover } from '../core/resumableCopy.js';
import { dtypeOf, heldOf, matrix, rowOf, sequence, zeros } from '../core/tensor.js';
import type { Matrix, Sequence, SequenceTrace } from '../core/tensor.js';
import { stepsOf } from '../core/rowTrace.js';
import type { DType, FloatArray } from '../core/dtypes.js';
import type { Direction, Experiment, LayerChunk, LayerExperiment, LayerSpec, ScaledSteps } from './experiment.js';

/** Layers by their number, each with its directions: `forward` first. */
export function stackOf({ layers }: Pick<Experiment, 'layers'>): readonly (readonly LayerSpec[])[] {
  const stack: LayerSpec[][] = [];
  for (const spec of layers) (stack[spec.layer] ??= []).push(spec);
  return stack;
}

/** 1, or 2 where layers also run from a sequence's last step to its first. */
export const directionsOf = ({ layers }: Pick<Experiment, 'layers'>): number =>
  layers.some(({ direction }) => direction === 'reverse') ? 2 : 1;

/** The states of a layer's direction before its first step [B,S·H]; zeros where none are given. */
export function initialStates({ cell, dtype, shapes: { B, H }, layers: [{ initial }] }: LayerExperiment): Matrix {
  const { states } = cellOf(cell);
  const first = matrix(dtype, B, states.length * H);
  for (const [s, name] of states.entries()) {
    const values = initial[name] ?? null;
    if (values !== null)
      for (let b = 0; b < B; b++) rowOf(first, b).data.set(values.subarray(b * H, (b + 1) * H), s * H);
  }
  return first;
}

/** Steps of each sequence of a chunk [B]. */
export const lengthsOf = (
  { shapes: { B } }: Pick<Experiment, 'shapes'>,
  { steps, lengths }: Experiment['chunks'][number],
) => lengths ?? new Array<number>(B).fill(steps);

/** Where each sequence of a chunk is, in the order in which a direction computes; {} where all have the whole chunk. */
export const spansOf = (
  { steps, lengths }: Pick<Experiment['chunks'][number], 'steps' | 'lengths'>,
  direction: Direction,
): Pick<LayerChunk, 'spans'> =>
  lengths === undefined
    ? {}
    : {
        spans: lengths.map((length) =>
          direction === 'forward' ? { from: 0, to: length } : { from: steps - length, to: steps },
        ),
      };

/** [B,T,N] with the steps of every chunk from last to first: between position and order of computation, both ways. */
export function* reversed<A extends FloatArray>(
  data: A,
  { B, N }: { readonly B: number; readonly N: number },
  chunks: readonly { readonly steps: number }[],
): Resumable<A> {
  const T = chunks.reduce((sum, { steps }) => sum + steps, 0);
  const out = zeros(dtypeOf(data), data.length) as A;
  const mover = new Mover();
  for (let b = 0; b < B; b++) {
    let start = 0;
    for (const { steps } of chunks) {
      for (let t = 0; t < steps; t++) {
        const from = (b * T + start + t) * N;
        out.set(data.subarray(from, from + N), (b * T + start + steps - 1 - t) * N);
        yield* mover.count(N);
      }
      start += steps;
    }
  }
  return out;
}

/** One value a step [T], between position and order of computation, both ways. */
export const reversedSeries = <A extends FloatArray>(series: A, chunks: readonly { readonly steps: number }[]): A =>
  finish(reversed(series, { B: 1, N: 1 }, chunks));

/** Rows of fewer numbers than this are copied one by one: a window on each takes longer. */
const fewNumbers = 96;

/** Sequences side by side: [B,T,N₁ + N₂ + …]. */
export function* sideBySide(dtype: DType, parts: readonly [Sequence, ...Sequence[]]): Resumable<Sequence> {
  const [{ B, T }] = parts;
  const N = parts.reduce((sum, part) => sum + part.N, 0);
  const out = sequence(dtype, B, T, N);
  let column = 0;
  for (const part of parts) {
    const atOnce = Math.ceil(movedAtOnce / part.N);
    for (let row = 0; row < B * T; row += atOnce) {
      copyRows(part, out, column, row, Math.min(B * T, row + atOnce));
      if (row + atOnce < B * T) yield 0;
    }
    column += part.N;
  }
  return out;
}

/** The rows first … end − 1 of a sequence into columns of a wider one. */
function copyRows(part: Sequence, out: Sequence, column: number, first: number, end: number): void {
  const [from, to] = [part.data, out.data];
  const { N } = part;
  for (let row = first; row < end; row++) {
    const [start, target] = [row * N, row * out.N + column];
    if (N < fewNumbers) for (let i = 0; i < N; i++) to[target + i] = from[start + i]!;
    else to.set(from.subarray(start, start + N), target);
  }
}

/** What enters a layer from above, in the order of positions. */
export type FromAbove = { readonly dhs: Sequence; readonly scaled: ScaledSteps | null };

/**
 * A layer's direction as an experiment of its own over `input` [B,T,I], with what enters from above (null: nothing
 * yet). Clipping and loss are the network's.
 */
export function* layerExperiment(
  experiment: Experiment,
  spec: LayerSpec,
  input: Sequence,
  above: FromAbove | null,
): Resumable<LayerExperiment> {
  const { shapes, chunks } = experiment;
  const { B, T } = shapes;
  const scaled = above?.scaled ?? null;
  function* turned<A extends FloatArray>(data: A, N: number): Resumable<A> {
    return spec.direction === 'forward' ? data : yield* reversed(data, { B, N }, chunks);
  }
  const xs = { ...input, data: yield* turned(input.data, input.N) };
  let start = 0;
  const own: LayerChunk[] = [];
  for (const chunk of chunks) {
    const { steps } = chunk;
    const { data } = yield* cutResumably('float64', xs, start, start + steps);
    own.push({ steps, xs: data as Float64Array, ...spansOf(chunk, spec.direction) });
    start += steps;
  }
  return {
    name: experiment.name,
    cell: experiment.cell,
    dtype: experiment.dtype,
    shapes: { B, T, I: input.N, H: spec.H },
    layers: [spec],
    chunks: own,
    stateful: experiment.stateful,
    truncate: experiment.truncate,
    clipNorm: null,
    loss: null,
    // Without what is above it there is only a way forward, which asks for none.
    upstream:
      above === null
        ? { kind: 'last' }
        : {
            kind: 'given',
            dhs: (yield* castResumably('float64', yield* turned(above.dhs.data, spec.H))) as Float64Array,
          },
    ...(scaled === null
      ? {}
      : {
          scaledUpstream: {
            data: yield* turned(heldOf(scaled.data), spec.H),
            exponents: spec.direction === 'forward' ? scaled.exponents : reversedSeries(scaled.exponents, chunks),
          },
        }),
  };
}

/** [B,T,N] with the steps of every chunk from last to first: as `reversed`, and not held. */
export function reversedTrace(
  all: SequenceTrace,
  direction: Direction,
  chunks: readonly { readonly steps: number }[],
): SequenceTrace {
  if (direction === 'forward') return all;
  const order = reversedSeries(
    Float64Array.from({ length: all.T }, (_, t) => t),
    chunks,
  );
  return stepsOf(all, all.T, (t) => order[t]!);
}

/** What enters a layer from above where it is computed when it is asked for, and at which steps [T] it does. */
export type ComputedAbove = {
  readonly dhs: SequenceTrace;
  readonly scaled: ScaledSteps | null;
  readonly enters: Float64Array | null;
};

/** As `layerExperiment`, over what is computed when it is asked for. */
export function computedLayer(
  experiment: Experiment,
  spec: LayerSpec,
  input: SequenceTrace,
  above: ComputedAbove | null,
): LayerExperiment {
  const { chunks } = experiment;
  const { direction } = spec;
  const none = new Float64Array();
  const scaled = above?.scaled ?? null;
  const given = above?.enters ?? null;
  const enters = given === null || direction === 'forward' ? given : reversedSeries(given, chunks);
  const turned = (all: SequenceTrace): SequenceTrace => reversedTrace(all, direction, chunks);
  return {
    ...experiment,
    shapes: { ...experiment.shapes, I: input.N, H: spec.H },
    layers: [spec],
    chunks: chunks.map((chunk) => ({ steps: chunk.steps, xs: none, ...spansOf(chunk, direction) })),
    clipNorm: null,
    loss: null,
    // Without what is above it there is only a way forward, which asks for none.
    upstream: above === null ? { kind: 'last' } : { kind: 'given', dhs: none },
    computed: { xs: turned(input), dhs: above === null ? null : turned(above.dhs), enters },
    ...(scaled === null || above === null
      ? {}
      : {
          scaledUpstream: {
            data: turned({ ...above.dhs, data: scaled.data }).data,
            exponents: direction === 'forward' ? scaled.exponents : reversedSeries(scaled.exponents, chunks),
          },
        }),
  };
}
