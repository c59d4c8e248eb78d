// A chunk of a finished forward pass.
import { ready } from '../core/recomputedTrace.js';
import type { Resumable } from '../core/resumable.js';
import { stepsOfRow } from '../core/rowTrace.js';
import { rowOf, takeStep } from '../core/tensor.js';
import type { FloatArray } from '../core/dtypes.js';
import type { Matrix, SequenceTrace } from '../core/tensor.js';
import type { LayerChunk, ScaledSteps, Span } from './experiment.js';
import type { Chunk } from './upstreamGradient.js';

/**
 * A chunk after its forward pass: states [B,steps,S·H] in the run's dtype, `initial` [B,S·H] before the first step, dhs
 * in float64 as it enters.
 */
export type RunChunk = Chunk & {
  readonly xs: SequenceTrace;
  readonly hs: SequenceTrace;
  readonly initial: Matrix;
  readonly dhs: SequenceTrace;
  /** What enters once more, where it can be outside of the range of float64. */
  readonly scaledDhs?: ScaledSteps;
  /** The steps at which each sequence is there, where they differ. */
  readonly spans?: readonly Span[];
};

/** The states before step t of a chunk [B,S·H]; of a sequence that has not begun, its initial ones. */
export function stateBefore({ initial, hs, spans }: RunChunk, t: number): Matrix {
  if (t === 0) return initial;
  const before = takeStep(hs, t - 1);
  if (spans === undefined || spans.every(({ from }) => from < t)) return before;
  const waiting = { ...before, data: before.data.slice() };
  for (const [b, { from }] of spans.entries()) if (t <= from) rowOf(waiting, b).data.set(rowOf(initial, b).data);
  return waiting;
}

/** What enters sequence b at step t [H], times 2^exponent. */
export function enteringRow(
  { dhs, scaledDhs, steps }: Pick<RunChunk, 'dhs' | 'scaledDhs' | 'steps'>,
  b: number,
  t: number,
): { readonly values: FloatArray; readonly exponent: number } {
  const H = dhs.N;
  const values = (scaledDhs?.data ?? dhs.data).subarray((b * steps + t) * H, (b * steps + t + 1) * H);
  return { values, exponent: scaledDhs?.exponents[t] ?? 0 };
}

/** Computes what step t of a chunk is read from where that is not held: its inputs and the states around it. */
export function* stepReady({ xs, hs }: RunChunk, t: number): Resumable<void> {
  if (t > 0) yield* ready(t - 1, hs);
  yield* ready(t, hs, xs);
}

/** The same of what enters step t. */
export const enteringReady = ({ dhs, scaledDhs }: RunChunk, t: number): Resumable<void> =>
  ready(t, scaledDhs === undefined ? dhs : { ...dhs, data: scaledDhs.data });

/** A chunk as if this were its only sequence. */
export function itemChunk(chunk: RunChunk, item: number): RunChunk {
  const { xs, hs, dhs, scaledDhs, initial, spans, steps } = chunk;
  const own = (sequence: SequenceTrace): SequenceTrace => stepsOfRow(sequence, item, 0, sequence.T);
  return {
    ...chunk,
    xs: own(xs),
    hs: own(hs),
    dhs: own(dhs),
    initial: { ...initial, rows: 1, data: rowOf(initial, item).data },
    ...(spans === undefined ? {} : { spans: [spans[item]!] }),
    ...(scaledDhs === undefined
      ? {}
      : { scaledDhs: { ...scaledDhs, data: own({ ...dhs, T: steps, data: scaledDhs.data }).data } }),
  };
}

/** Whether nothing goes on from step t of a sequence to the step before it, because it begins there. */
export const beginsAt = ({ spans }: Pick<RunChunk, 'spans'>, b: number, t: number): boolean =>
  t === (spans?.[b]?.from ?? 0);

/** Whether a sequence is there at step t. */
export const isThere = ({ spans }: Pick<RunChunk, 'spans'>, b: number, t: number): boolean => {
  const span = spans?.[b];
  return span === undefined || (t >= span.from && t < span.to);
};

/** How many of B sequences are there at step t. */
export function sequencesAt(chunk: Pick<RunChunk, 'spans'>, B: number, t: number): number {
  if (chunk.spans === undefined) return B;
  let count = 0;
  for (let b = 0; b < B; b++) if (isThere(chunk, b, t)) count++;
  return count;
}

/** Whether a sequence is there at a step of a run, in whichever chunk. */
export function presenceIn(chunks: readonly Pick<LayerChunk, 'steps' | 'spans'>[]): (b: number, t: number) => boolean {
  if (chunks.every(({ spans }) => spans === undefined)) return () => true;
  let start = 0;
  const placed = chunks.map((chunk) => {
    start += chunk.steps;
    return { chunk, start: start - chunk.steps };
  });
  // Whoever asks goes from step to step.
  let own = placed[0]!;
  return (b, t) => {
    if (t < own.start || t >= own.start + own.chunk.steps) own = placed.findLast((place) => place.start <= t)!;
    return isThere(own.chunk, b, t - own.start);
  };
}

/** The step at which the single source of a sequence stands: its last. */
export const sourceStep = ({ spans, steps }: Pick<RunChunk, 'spans' | 'steps'>, b: number): number =>
  (spans?.[b]?.to ?? steps) - 1;
