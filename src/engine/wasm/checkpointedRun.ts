// Forward and backward without holding every hidden state: only those before each piece of steps are kept, and a piece
// is computed again on the way back (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016; for recurrent
// networks Gruslys et al., "Memory-Efficient
// Backpropagation Through Time", NIPS 2016). The same kernels do the same sums in the same order, so every number is
// the same bits.
import { cellOf } from '../cells/index.js';
import { emptyNorms } from '../network/scaledBackward.js';
import type { RunChunk } from '../network/runChunk.js';
import { castResumably, cutResumably, Mover } from '../core/resumableCopy.js';
import type { Pass } from '../network/referencePass.js';
import { largestOf } from '../core/scan.js';
import { part } from '../core/resumable.js';
import { accumulate, cast, matrix, sequence, takeStep, zeros } from '../core/tensor.js';
import type { Matrix, Sequence } from '../core/tensor.js';
import type { LayerExperiment, Shapes } from '../network/experiment.js';
import type { FloatArray, Trace } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { upstreamResumably } from '../network/upstreamGradient.js';
import type { Kernels } from './instance.js';
import { blockStepsOf, FastLayer } from './layer.js';
import type { BackwardTarget, Entering, LayerShape } from './layer.js';
import { OneAtATime, PiecedTrace } from '../core/recomputedTrace.js';

/**
 * Steps of a piece: about as many as there are pieces, in whole blocks, so that the sums over a block stay those of the
 * whole chunk.
 */
export function pieceStepsOf(shapes: Omit<Shapes, 'T'>, longest: number): number {
  const block = blockStepsOf({ ...shapes, steps: longest });
  return Math.min(longest, block * Math.ceil(Math.sqrt(longest) / block));
}

/** A piece of the run and what it is computed again from. */
type Held = {
  readonly chunk: number;
  /** First step inside the chunk, and how many. */
  readonly t0: number;
  readonly steps: number;
  /** [B,H] before its first step. */
  readonly initial: FloatArray;
  /** [B,H]: total gradient of its last step; null for the last piece of a chunk. */
  g: FloatArray | null;
};

/** The pieces of a run, with a layer to compute them in. */
class Pieces {
  readonly #experiment: LayerExperiment;
  readonly #layer: FastLayer;

  constructor(experiment: LayerExperiment, layer: FastLayer) {
    this.#experiment = experiment;
    this.#layer = layer;
  }

  /** States of a piece [B,steps,H]; the layer is ready for its way back. */
  *forward({ chunk, t0, steps, initial }: Omit<Held, 'g'>): Resumable<Sequence> {
    const {
      dtype,
      shapes: { B, I, H },
      chunks,
    } = this.#experiment;
    const { xs, steps: all } = chunks[chunk]!;
    const hs = sequence(dtype, B, steps, H);
    const inputs = yield* cutResumably(dtype, { B, T: all, N: I, data: xs }, t0, t0 + steps);
    yield* this.#layer.forward(inputs.data, steps, initial, hs, 0);
    return hs;
  }

  /**
   * After `forward`: the gradients of a piece, added to those of the weights; gives the total gradient of the step
   * before it, or dh0.
   */
  *backward(piece: Held, hs: Sequence, target: BackwardTarget): Resumable<FloatArray> {
    const {
      dtype,
      shapes: { B, H },
      truncate,
    } = this.#experiment;
    const { chunk, t0, steps, g, initial } = piece;
    const enters =
      t0 === 0
        ? null
        : cast(
            dtype,
            yield* dhsOf(this.#experiment, { chunk, t0: t0 - 1, steps: 1 }, () => ({ B, T: 1, N: H, data: initial })),
          );
    yield* this.#layer.backward(
      yield* entering(this.#experiment, piece, () => hs),
      steps,
      target,
      startOf(this.#experiment, chunk) + t0,
      { offset: t0, g, enters },
    );
    return enters !== null && truncate !== null && t0 % truncate === 0 ? enters : yield* this.#layer.dh0();
  }

  gradients(): ReturnType<FastLayer['gradients']> {
    return this.#layer.gradients();
  }
}

type Stretch = Pick<Held, 'chunk' | 't0' | 'steps'>;

const startOf = ({ chunks }: LayerExperiment, chunk: number): number =>
  chunks.slice(0, chunk).reduce((sum, { steps }) => sum + steps, 0);

/** What enters at consecutive steps of a chunk. Only a loss asks for their states. */
function* entering(
  experiment: LayerExperiment,
  { chunk, t0, steps }: Stretch,
  states: () => Sequence,
): Resumable<Entering> {
  const {
    shapes: { B, T, H },
    upstream,
    loss,
    chunks,
  } = experiment;
  const start = startOf(experiment, chunk) + t0;
  if (loss !== null) return (yield* upstreamResumably(experiment, { start, steps }, states())).dhs.data;
  if (upstream.kind === 'given')
    return (yield* cutResumably('float64', { B, T, N: H, data: upstream.dhs }, start, start + steps)).data;
  return upstream.kind === 'every' ? 'every' : t0 + steps === chunks[chunk]!.steps ? 'last' : 'none';
}

/** The same as numbers [B,steps,H]. */
function* dhsOf(experiment: LayerExperiment, stretch: Stretch, states: () => Sequence): Resumable<FloatArray> {
  const enters = yield* entering(experiment, stretch, states);
  if (typeof enters !== 'string') return enters;
  const {
    shapes: { B, H },
  } = experiment;
  const { steps } = stretch;
  const values = new Float64Array(B * steps * H);
  if (enters === 'none') return values;
  const mover = new Mover();
  for (let b = 0; b < B; b++) {
    for (let t = enters === 'every' ? 0 : steps - 1; t < steps; t++) {
      values.fill(1, (b * steps + t) * H, (b * steps + t + 1) * H);
      yield* mover.count(H);
    }
  }
  return values;
}

/**
 * What `fastPass` gives, with its tensors over time computed again piece by piece. Null when not even that fits into
 * the kernels' memory.
 */
export function* longPass(kernels: Kernels, experiment: LayerExperiment): Resumable<Pass<Trace> | null> {
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
  } = experiment;
  const longest = Math.max(...experiment.chunks.map(({ steps }) => steps));
  const pieceSteps = pieceStepsOf({ B, I, H }, longest);
  const shape = { cell, dtype, B, I, H, steps: pieceSteps, truncate };
  const layer = yield* part(FastLayer.create(kernels, shape, weights), 0, 0);
  if (layer === null) return null;
  const pieces = new Pieces(experiment, layer);
  const held: Held[] = [];
  const h0Matrix = matrix(dtype, B, H);
  if (h0 !== null) h0Matrix.data.set(h0);
  const norms = emptyNorms(T, cellOf(cell));
  const states = { hNorm: new Float64Array(T), closed: new Float64Array(T) };
  const dh0 = zeros(dtype, B * H);
  const initials: Matrix[] = [];
  let largestState = 0;
  let lossValue: number | null = null;
  let start = 0;
  let state = h0Matrix;
  for (const [chunk, { steps }] of experiment.chunks.entries()) {
    if (!stateful) state = h0Matrix;
    initials.push(state);
    const first = held.length;
    const [from, middle, to] = [start / T, (start + steps / 2) / T, (start + steps) / T];
    let chunkLoss = 0;
    largestState = 0;
    let last: Sequence | null = null;
    // The first piece is the short one: blocks are counted from the end.
    for (
      let t0 = 0, t1 = steps % pieceSteps === 0 ? pieceSteps : steps % pieceSteps;
      t0 < steps;
      t0 = t1, t1 += pieceSteps
    ) {
      const piece = { chunk, t0, steps: t1 - t0, initial: cast(dtype, state.data) };
      const hs: Sequence = yield* part(
        pieces.forward(piece),
        from + ((middle - from) * t0) / steps,
        from + ((middle - from) * t1) / steps,
      );
      if (loss !== null)
        chunkLoss =
          (yield* part(upstreamResumably(experiment, { start: start + t0, steps: t1 - t0 }, hs, chunkLoss), from, from))
            .loss ?? 0;
      largestState = Math.max(largestState, yield* largestOf(hs.data));
      state = takeStep(hs, t1 - t0 - 1);
      held.push({ ...piece, g: null });
      last = hs;
    }
    if (loss !== null) lossValue = (lossValue ?? 0) + chunkLoss;
    const share = (t: number): number => to - ((to - middle) * t) / steps;
    for (let i = held.length - 1; i >= first; i--) {
      const piece = held[i]!;
      const { t0, steps: count } = piece;
      // The last piece is still in the kernels' memory.
      const hs: Sequence = last ?? (yield* part(pieces.forward(piece), share(t0 + count), share(t0 + count / 2)));
      last = null;
      const before = yield* part(
        pieces.backward(piece, hs, { dhTotal: null, dxs: null, norms, states }),
        share(t0 + count / 2),
        share(t0),
      );
      if (i > first) held[i - 1]!.g = before;
      // A state that a chunk took over from the one before is no initial state: the gradient is cut there.
      else if (chunk === 0 || !stateful) accumulate(dh0, before);
    }
    start += steps;
  }
  return {
    ...(yield* tracesOf(kernels, experiment, shape, held, initials)),
    largestState,
    gradients: yield* pieces.gradients(),
    dh0,
    norms,
    lossValue,
    states,
  };
}

/** The run's tensors over time, computed in kernels beside those that the next run may take meanwhile. */
function* tracesOf(
  kernels: Kernels,
  experiment: LayerExperiment,
  shape: LayerShape,
  held: readonly Held[],
  initials: readonly Matrix[],
): Resumable<Pick<Pass<Trace>, 'chunks' | 'hs' | 'dhTotal' | 'dxs'>> {
  const {
    dtype,
    shapes: { B, T, I, H },
    layers: [{ parameters: weights }],
    chunks,
    loss,
  } = experiment;
  let beside: Pieces | null = null;
  const turns = new OneAtATime();
  const pieces = function* (): Resumable<Pieces> {
    if (beside !== null) return beside;
    const apart = kernels.apart();
    const layer = apart === null ? null : yield* FastLayer.create(apart, shape, weights);
    if (layer === null) throw new RangeError('no memory to compute a piece of the run again');
    return (beside = new Pieces(experiment, layer));
  };
  const starts = chunks.map((_, chunk) => chunks.slice(0, chunk).reduce((sum, { steps }) => sum + steps, 0));
  const borders = held.map(({ chunk, t0 }) => starts[chunk]! + t0);
  const states = function* (i: number): Resumable<Sequence> {
    return yield* (yield* pieces()).forward(held[i]!);
  };
  let known: { readonly i: number; readonly dhTotal: FloatArray; readonly dxs: FloatArray } | null = null;
  const gradients = function* (i: number): Resumable<NonNullable<typeof known>> {
    if (known?.i === i) return known;
    const piece = held[i]!;
    const { steps } = piece;
    const hs = yield* states(i);
    const target = {
      dhTotal: sequence(dtype, B, steps, H),
      dxs: sequence(dtype, B, steps, I),
      at: borders[i]!,
      norms: emptyNorms(T, cellOf(shape.cell)),
      states: { hNorm: new Float64Array(T), closed: new Float64Array(T) },
    };
    yield* (yield* pieces()).backward(piece, hs, target);
    return (known = { i, dhTotal: target.dhTotal.data, dxs: target.dxs.data });
  };
  const trace = (
    N: number,
    make: (i: number) => Resumable<FloatArray>,
  ): { B: number; T: number; N: number; data: PiecedTrace } => ({
    B,
    T,
    N,
    data: new PiecedTrace({ B, T, N }, borders, make),
  });
  const hs = trace(H, (i) =>
    turns.run(function* () {
      return (yield* states(i)).data;
    }),
  );
  const dhs = trace(H, function* (i) {
    if (loss !== null) yield* hs.data.ready(borders[i]!);
    return yield* dhsOf(experiment, held[i]!, () => ({ B, T: held[i]!.steps, N: H, data: hs.data.piece(i) }));
  });
  const inputs: FloatArray[] = [];
  for (const { xs } of chunks) inputs.push(yield* castResumably(dtype, xs));
  return {
    hs,
    dhTotal: trace(H, (i) =>
      turns.run(function* () {
        return (yield* gradients(i)).dhTotal;
      }),
    ),
    dxs: trace(I, (i) =>
      turns.run(function* () {
        return (yield* gradients(i)).dxs;
      }),
    ),
    chunks: chunks.map(({ steps }, chunk) => {
      const of = ({
        N,
        data,
      }: {
        N: number;
        data: PiecedTrace;
      }): { B: number; T: number; N: number; data: PiecedTrace } => ({
        B,
        T: steps,
        N,
        data: data.chunk(starts[chunk]!, steps),
      });
      return {
        start: starts[chunk]!,
        steps,
        xs: { B, T: steps, N: I, data: inputs[chunk]! },
        hs: of(hs),
        initial: initials[chunk]!,
        dhs: of(dhs),
      } satisfies RunChunk;
    }),
  };
}
