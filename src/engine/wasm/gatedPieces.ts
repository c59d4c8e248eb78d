// Pieces of a layer of LSTM or GRU.
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { cast, sequence } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import { part } from '../core/resumable.js';
import { copiedSteps } from '../core/rowTrace.js';
import { cellOf } from '../cells/index.js';
import { cutBefore } from '../network/chunks.js';
import type { LayerExperiment, Span } from '../network/experiment.js';
import { sideBySide } from '../network/layers.js';
import type { RunChunk } from '../network/runChunk.js';
import type { PlainRange } from '../network/scaledBackward.js';
import type { Held } from './checkpointedRun.js';
import { GatedLayer } from './gatedLayer.js';
import { gatedPieceSteps, gatedShapeOf } from './gatedLayout.js';
import { sourcesOf } from './gatedPass.js';
import type { Kernels } from './instance.js';
import type { Entering } from './layer.js';
import type { Around, PieceLayer, PieceTarget, Stretch } from './pieceLayer.js';

export class GatedPieces implements PieceLayer {
  readonly #experiment: LayerExperiment;
  readonly #layer: GatedLayer;

  static *create(kernels: Kernels, experiment: LayerExperiment): Resumable<GatedPieces | null> {
    const shape = gatedShapeOf(experiment);
    const piece = { ...shape, steps: gatedPieceSteps(shape) };
    const layer = yield* GatedLayer.create(kernels, piece, experiment.layers[0].parameters);
    return layer === null ? null : new GatedPieces(experiment, layer);
  }

  private constructor(experiment: LayerExperiment, layer: GatedLayer) {
    this.#experiment = experiment;
    this.#layer = layer;
  }

  *forward(
    stretch: Stretch,
    xs: FloatArray,
    initial: FloatArray,
  ): Resumable<{ readonly states: Sequence; readonly end: FloatArray }> {
    const {
      cell,
      dtype,
      shapes: { B, H },
      chunks,
    } = this.#experiment;
    const { chunk, t0, steps } = stretch;
    const place = { t0, of: chunks[chunk]!.steps };
    yield* this.#layer.forward(xs, steps, initial, this.#spans(stretch), place);
    const own = cellOf(cell).states.map(() => sequence(dtype, B, steps, H)) as [Sequence, ...Sequence[]];
    yield* this.#layer.states(steps, own, 0);
    const states = own.length === 1 ? own[0] : yield* sideBySide(dtype, own);
    return { states, end: yield* this.#layer.endStates() };
  }

  /** What is carried are the total gradients of the states at the step before: of c as the step behind it gives it. */
  *backward(
    stretch: Stretch,
    entering: Entering,
    { carried, before }: Around,
    told: PieceTarget | null,
  ): Resumable<{ readonly carried: FloatArray; readonly initial: FloatArray | null }> {
    const {
      dtype,
      shapes: { B, H },
      chunks,
    } = this.#experiment;
    const { chunk, t0, steps } = stretch;
    const start = chunks.slice(0, chunk).reduce((sum, own) => sum + own.steps, 0) + t0;
    const enters = before === null ? null : cast(dtype, before);
    // The rows of sequences that begin here become gradients of initial states.
    const begins = (b: number): boolean => {
      const from = chunks[chunk]!.spans?.[b]?.from ?? 0;
      return from >= t0 && from < t0 + steps;
    };
    const begun = Array.from({ length: B }, (_, b) => begins(b));
    const preset = enters?.slice() ?? null;
    for (const [b, is] of begun.entries()) if (is) preset?.fill(0, b * H, (b + 1) * H);
    const target = told === null ? null : { ...told, at: start, hNorm: told.states.hNorm };
    yield* this.#layer.backward(entering, steps, target, start, { carried, before: preset });
    const parts = (yield* this.#layer.initialGradients()).map((data) => ({ B, T: 1, N: H, data }));
    const { data: next, N: width } = yield* sideBySide(dtype, parts as [Sequence, ...Sequence[]]);
    const initial = begun.includes(true) ? next.map((value, i) => (begun[Math.floor(i / width)]! ? value : 0)) : null;
    const isCut = cutBefore(this.#experiment, chunks[chunk]!, t0);
    for (const [b, is] of begun.entries()) {
      if (!is && !isCut) continue;
      const row = next.subarray(b * width, (b + 1) * width);
      row.fill(0);
      if (enters !== null) row.set(enters.subarray(b * H, (b + 1) * H));
    }
    return { carried: next, initial };
  }

  /** Of the last `backward`, at a step of its stretch; NaN where there is one. */
  largestGradient(t: number): number {
    return this.#layer.largestGradient(t);
  }

  gradients(): ReturnType<GatedLayer['gradients']> {
    return this.#layer.gradients();
  }

  /** Counted from the first step of the stretch. */
  #spans({ chunk, t0 }: Stretch): readonly Span[] | null {
    const { spans } = this.#experiment.chunks[chunk]!;
    return spans?.map(({ from, to }) => ({ from: from - t0, to: to - t0 })) ?? null;
  }
}

/** What `gatedPlainRange` gives, piece by piece. */
export function* longPlainRange(
  kernels: Kernels,
  experiment: LayerExperiment,
  held: readonly Held[],
  run: RunChunk,
): Resumable<PlainRange | null> {
  const { dtype, chunks, shapes } = experiment;
  const { start, steps } = run;
  // Nothing cuts the single source.
  const pieces = yield* part(GatedPieces.create(kernels, { ...experiment, truncate: null }), 0, 0);
  if (pieces === null) return null;
  const sources = sourcesOf(run, shapes.H);
  let carried: FloatArray | null = null;
  for (const piece of held.filter(({ chunk }) => chunk === chunks.length - 1).reverse()) {
    const { t0, steps: count, initial } = piece;
    const share = (t: number): number => (steps - t) / steps;
    const xs = yield* part(copiedSteps(dtype, run.xs, t0, t0 + count), share(t0 + count), share(t0 + count));
    yield* part(pieces.forward(piece, xs.data, initial), share(t0 + count), share(t0 + count / 2));
    const enters = (yield* copiedSteps('float64', sources, t0, t0 + count)).data;
    const before: FloatArray | null = t0 === 0 ? null : (yield* copiedSteps('float64', sources, t0 - 1, t0)).data;
    const back: { readonly carried: FloatArray } = yield* part(
      pieces.backward(piece, enters, { carried, before }, null),
      share(t0 + count / 2),
      share(t0),
    );
    for (let t = count - 1; t >= 0; t--) {
      const largest = pieces.largestGradient(t);
      if (largest === 0) return { zeroAt: start + t0 + t, infiniteAt: null };
      // With finite states and weights, a NaN too is the child of an overflow: ∞ − ∞ inside one sum.
      if (!Number.isFinite(largest)) return { zeroAt: null, infiniteAt: start + t0 + t };
    }
    carried = back.carried;
  }
  return { zeroAt: null, infiniteAt: null };
}
