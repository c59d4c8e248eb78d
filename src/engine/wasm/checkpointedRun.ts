// Forward and backward without holding every hidden state: only those before each piece of steps are kept, and a piece
// is computed again on the way back (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016; for recurrent
// networks Gruslys et al., "Memory-Efficient
// Backpropagation Through Time", NIPS 2016). The same kernels do the same sums in the same order, so every number is
// the same bits.
import { cellOf } from '../cells/index.js';
import { PiecedTrace } from '../core/recomputedTrace.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { Mover } from '../core/resumableCopy.js';
import { columnsTrace, copiedSteps, stepsOf } from '../core/rowTrace.js';
import { largestOf } from '../core/scan.js';
import { accumulate, columnsOf, sequence, zeros } from '../core/tensor.js';
import type { Matrix, Sequence, SequenceTrace } from '../core/tensor.js';
import type { FloatArray, Trace } from '../core/dtypes.js';
import { stateWidth } from '../network/cellRows.js';
import { scaledPart } from '../network/chunks.js';
import type { LayerExperiment } from '../network/experiment.js';
import { initialStates, sideBySide } from '../network/layers.js';
import type { Pass } from '../network/referencePass.js';
import type { StateMeasures } from '../network/result.js';
import type { RunChunk } from '../network/runChunk.js';
import { emptyNorms } from '../network/scaledBackward.js';
import { upstreamResumably } from '../network/upstreamGradient.js';
import type { Kernels } from './instance.js';
import type { Entering } from './layer.js';
import type { PieceLayer, PieceTarget, Stretch } from './pieceLayer.js';
import type { Make, PieceRoom } from './pieceRoom.js';

/** A piece of the run and what it is computed again from. */
export type Held = Stretch & {
  /** [B,S·H] before its first step. */
  readonly initial: FloatArray;
  /** What the piece behind it has left on its way back; null for the last piece of a chunk. */
  carried: FloatArray | null;
};

const startOf = ({ chunks }: LayerExperiment, chunk: number): number =>
  chunks.slice(0, chunk).reduce((sum, { steps }) => sum + steps, 0);

/** Inputs of a chunk [B,steps,I]. */
function inputsOf(experiment: LayerExperiment, chunk: number): SequenceTrace {
  const {
    shapes: { B, I },
    chunks,
    computed,
  } = experiment;
  const { steps, xs } = chunks[chunk]!;
  const start = startOf(experiment, chunk);
  return computed === undefined ? { B, T: steps, N: I, data: xs } : stepsOf(computed.xs, steps, (t) => start + t);
}

/** What enters at consecutive steps of a chunk. Only a loss asks for their states [B,steps,S·H]. */
function* entering(experiment: LayerExperiment, { chunk, t0, steps }: Stretch, states: Sequence): Resumable<Entering> {
  const {
    shapes: { B, T, H },
    upstream,
    loss,
    chunks,
    computed,
  } = experiment;
  const start = startOf(experiment, chunk) + t0;
  if (loss !== null)
    return (yield* upstreamResumably(experiment, { start, steps }, columnsTrace(states, 0, H))).dhs.data;
  const above = computed?.dhs ?? null;
  if (above !== null) return (yield* copiedSteps('float64', above, start, start + steps)).data;
  if (upstream.kind === 'given')
    return (yield* copiedSteps('float64', { B, T, N: H, data: upstream.dhs }, start, start + steps)).data;
  return upstream.kind === 'every' ? 'every' : t0 + steps === chunks[chunk]!.steps ? 'last' : 'none';
}

/** The same as numbers [B,steps,H]. */
function* dhsOf(experiment: LayerExperiment, stretch: Stretch, states: Sequence): Resumable<FloatArray> {
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

/** What the way back through a piece has to be told: what enters it, and what enters at the step before it. */
type Told = { readonly enters: Entering; readonly before: FloatArray | null };

function* toldOf(experiment: LayerExperiment, piece: Held, states: Sequence): Resumable<Told> {
  const { B } = experiment.shapes;
  const { chunk, t0, initial } = piece;
  const enters = yield* entering(experiment, piece, states);
  if (t0 === 0) return { enters, before: null };
  const step = { B, T: 1, N: initial.length / B, data: initial };
  return { enters, before: yield* dhsOf(experiment, { chunk, t0: t0 - 1, steps: 1 }, step) };
}

function* inputOf({ dtype }: LayerExperiment, xs: SequenceTrace, { t0, steps }: Stretch): Resumable<FloatArray> {
  return (yield* copiedSteps(dtype, xs, t0, t0 + steps)).data;
}

/** A layer's states alone: those before each piece, with which all of them can be computed again. */
export type Forward = {
  readonly held: readonly Held[];
  readonly make: Make<PieceLayer>;
  /** [B,T,S·H] */
  readonly states: SequenceTrace & { readonly data: PiecedTrace };
};

type Again = {
  readonly experiment: LayerExperiment;
  readonly room: PieceRoom<PieceLayer>;
  readonly make: Make<PieceLayer>;
};

/** The pieces of a chunk in the order of time. The first is the short one: blocks are counted from the end. */
function stretchesOf(steps: number, pieceSteps: number): Omit<Stretch, 'chunk'>[] {
  const stretches: Omit<Stretch, 'chunk'>[] = [];
  const first = steps % pieceSteps === 0 ? pieceSteps : steps % pieceSteps;
  for (let t0 = 0, t1 = first; t0 < steps; t0 = t1, t1 += pieceSteps) stretches.push({ t0, steps: t1 - t0 });
  return stretches;
}

function statesTrace({ experiment, room, make }: Again, held: readonly Held[]): Forward['states'] {
  const { B, T } = experiment.shapes;
  const shape = { B, T, N: stateWidth(experiment) };
  const borders = held.map(({ chunk, t0 }) => startOf(experiment, chunk) + t0);
  const inputs = experiment.chunks.map((_, chunk) => inputsOf(experiment, chunk));
  const data = new PiecedTrace(shape, borders, function* (i) {
    const piece = held[i]!;
    // Before the turn begins: inputs may be pieces of another layer.
    const xs = yield* inputOf(experiment, inputs[piece.chunk]!, piece);
    const { states } = yield* room.use(make, (layer) => layer.forward(piece, xs, piece.initial));
    return states.data;
  });
  return { ...shape, data };
}

/** Every chunk forward. Null when not even a piece fits into the kernels' memory. */
export function* longForward(
  kernels: Kernels,
  room: PieceRoom<PieceLayer>,
  experiment: LayerExperiment,
  make: Make<PieceLayer>,
  pieceSteps: number,
): Resumable<Forward | null> {
  const layer = yield* part(make(kernels), 0, 0);
  if (layer === null) return null;
  const { T } = experiment.shapes;
  const first = initialStates(experiment).data;
  const held: Held[] = [];
  let state = first;
  let start = 0;
  for (const [chunk, { steps }] of experiment.chunks.entries()) {
    if (!experiment.stateful) state = first;
    const inputs = inputsOf(experiment, chunk);
    for (const stretch of stretchesOf(steps, pieceSteps)) {
      const piece = { chunk, ...stretch, initial: state.slice(), carried: null };
      const share = (t: number): number => (start + t) / T;
      const xs = yield* inputOf(experiment, inputs, piece);
      ({ end: state } = yield* part(layer.forward(piece, xs, state), share(piece.t0), share(piece.t0 + piece.steps)));
      held.push(piece);
    }
    start += steps;
  }
  return { held, make, states: statesTrace({ experiment, room, make }, held) };
}

export type LongPass = { readonly pass: Pass<Trace>; readonly held: readonly Held[] };

/**
 * What the passes that hold everything give, with its tensors over time computed again piece by piece. Null when not
 * even a piece fits into the kernels' memory. `known`: it has gone forward before; then there is no loss.
 */
export function* longPass(
  kernels: Kernels,
  room: PieceRoom<PieceLayer>,
  experiment: LayerExperiment,
  make: Make<PieceLayer>,
  pieceSteps: number,
  known: Forward | null = null,
): Resumable<LongPass | null> {
  const {
    dtype,
    shapes: { B, T, H },
    stateful,
    loss,
  } = experiment;
  const cell = cellOf(experiment.cell);
  const layer = yield* part(make(kernels), 0, 0);
  if (layer === null) return null;
  const held: Held[] = [];
  const first = initialStates(experiment);
  const norms = emptyNorms(T, cell);
  const states = { hNorm: new Float64Array(T), closed: new Float64Array(T) };
  const dInitial = zeros(dtype, B * stateWidth(experiment));
  const initials: Matrix[] = [];
  const isRagged = experiment.chunks.some(({ spans }) => spans !== undefined);
  let largestState = 0;
  let lossValue: number | null = null;
  let start = 0;
  let state = first;
  for (const [chunk, { steps }] of experiment.chunks.entries()) {
    if (!stateful) state = first;
    initials.push(state);
    const firstPiece = held.length;
    if (known !== null) held.push(...known.held.filter((piece) => piece.chunk === chunk));
    if (known !== null) initials[chunk] = { ...first, data: held[firstPiece]!.initial };
    const [from, middle, to] = [start / T, (start + steps / 2) / T, (start + steps) / T];
    const inputs = inputsOf(experiment, chunk);
    let chunkLoss = 0;
    largestState = 0;
    let last: Sequence | null = null;
    for (const stretch of known === null ? stretchesOf(steps, pieceSteps) : []) {
      const { t0 } = stretch;
      const piece: Held = { chunk, ...stretch, initial: state.data.slice(), carried: null };
      const xs = yield* part(inputOf(experiment, inputs, piece), from, from);
      const now: { readonly states: Sequence; readonly end: FloatArray } = yield* part(
        layer.forward(piece, xs, piece.initial),
        from + ((middle - from) * t0) / steps,
        from + ((middle - from) * (t0 + piece.steps)) / steps,
      );
      const place = { start: start + t0, steps: piece.steps };
      if (loss !== null)
        chunkLoss =
          (yield* part(upstreamResumably(experiment, place, columnsTrace(now.states, 0, H), chunkLoss), from, from))
            .loss ?? 0;
      largestState = Math.max(largestState, yield* largestOf(now.states.data));
      state = { ...first, data: now.end };
      held.push(piece);
      last = now.states;
    }
    if (loss !== null) lossValue = (lossValue ?? 0) + chunkLoss;
    const share = (t: number): number => to - ((to - middle) * t) / steps;
    const ofChunk = zeros(dtype, dInitial.length);
    for (let i = held.length - 1; i >= firstPiece; i--) {
      const piece = held[i]!;
      const { t0, steps: count, carried } = piece;
      let own: Sequence | null = last;
      if (own === null) {
        const xs = yield* part(inputOf(experiment, inputs, piece), share(t0 + count), share(t0 + count));
        ({ states: own } = yield* part(
          layer.forward(piece, xs, piece.initial),
          share(t0 + count),
          share(t0 + count / 2),
        ));
      }
      // The last piece is still in the kernels' memory.
      last = null;
      const { enters, before } = yield* part(
        toldOf(experiment, piece, own),
        share(t0 + count / 2),
        share(t0 + count / 2),
      );
      const back: { readonly carried: FloatArray; readonly initial: FloatArray | null } = yield* part(
        layer.backward(piece, enters, { carried, before }, { dhTotal: null, dxs: null, norms, states }),
        share(t0 + count / 2),
        share(t0),
      );
      if (i > firstPiece) held[i - 1]!.carried = back.carried;
      if (back.initial !== null) accumulate(ofChunk, back.initial);
    }
    // A state that a chunk took over from the one before is no initial state: the gradient is cut there.
    if (chunk === 0 || !stateful) accumulate(dInitial, ofChunk);
    start += steps;
  }
  const ofState = (s: number): FloatArray =>
    columnsOf({ rows: B, cols: stateWidth(experiment), data: dInitial }, s * H, (s + 1) * H).data;
  const others = cell.states.slice(1);
  const traces = yield* tracesOf({ experiment, room, make }, held, initials, known);
  const { states: all } = traces;
  const other = (s: number): SequenceTrace => columnsTrace(all, (s + 1) * H, (s + 2) * H);
  const pass: Pass<Trace> = {
    ...traces,
    hs: columnsTrace(all, 0, H),
    ...(others.length === 0
      ? {}
      : {
          otherStates: Object.fromEntries(others.map((name, s) => [name, other(s)])),
          dOtherInitial: Object.fromEntries(others.map((name, s) => [name, ofState(s + 1)])),
        }),
    ...(cell.gated === undefined ? { largestState } : {}),
    gradients: yield* layer.gradients(),
    dh0: ofState(0),
    norms,
    lossValue,
    // The kernels' measure counts states that wait.
    states: isRagged ? null : states,
  };
  return { pass, held };
}

const emptyMeasures = (T: number): StateMeasures => ({ hNorm: new Float64Array(T), closed: new Float64Array(T) });

/** The run's tensors over time, computed in kernels beside those that the next run may take meanwhile. */
function* tracesOf(
  again: Again,
  held: readonly Held[],
  initials: readonly Matrix[],
  known: Forward | null,
): Resumable<Pick<Pass<Trace>, 'chunks' | 'dhTotal' | 'dxs'> & { readonly states: SequenceTrace }> {
  const { experiment, room, make } = again;
  const {
    cell,
    dtype,
    shapes: { B, T, I, H },
    chunks,
    loss,
    computed,
  } = experiment;
  const starts = chunks.map((_, chunk) => startOf(experiment, chunk));
  const borders = held.map(({ chunk, t0 }) => starts[chunk]! + t0);
  const inputs: SequenceTrace[] = [];
  for (const chunk of chunks.keys()) {
    const all = inputsOf(experiment, chunk);
    // What is computed is rounded already.
    inputs.push(computed === undefined ? yield* copiedSteps(dtype, all, 0, all.T) : all);
  }
  const states = known?.states ?? statesTrace(again, held);
  // Both gradients of a piece come from one way back: [B,T,H+I].
  const shape = { B, T, N: H + I };
  const gradients: SequenceTrace = {
    ...shape,
    data: new PiecedTrace(shape, borders, function* (i) {
      const piece = held[i]!;
      const { steps, initial, carried } = piece;
      const xs = yield* inputOf(experiment, inputs[piece.chunk]!, piece);
      const none = { B, T: steps, N: stateWidth(experiment), data: zeros(dtype, 0) };
      const known = loss === null ? yield* toldOf(experiment, piece, none) : null;
      const target: PieceTarget & { readonly dhTotal: Sequence; readonly dxs: Sequence } = {
        dhTotal: sequence(dtype, B, steps, H),
        dxs: sequence(dtype, B, steps, I),
        norms: emptyNorms(T, cellOf(cell)),
        states: emptyMeasures(T),
      };
      return yield* room.use(make, function* (layer) {
        const { states: own } = yield* layer.forward(piece, xs, initial);
        const { enters, before } = known ?? (yield* toldOf(experiment, piece, own));
        yield* layer.backward(piece, enters, { carried, before }, target);
        return (yield* sideBySide(dtype, [target.dhTotal, target.dxs])).data;
      });
    }),
  };
  const hs = columnsTrace(states, 0, H);
  // What a loss sends into a step is computed of its state; the other values are there.
  const dhs: SequenceTrace = {
    B,
    T,
    N: H,
    data: new PiecedTrace({ B, T, N: H }, borders, function* (i) {
      const piece = held[i]!;
      const own =
        loss === null
          ? { B, T: piece.steps, N: H, data: zeros(dtype, 0) }
          : yield* copiedSteps(dtype, hs, borders[i]!, borders[i]! + piece.steps);
      return yield* dhsOf(experiment, piece, own);
    }),
  };
  return {
    states,
    dhTotal: columnsTrace(gradients, 0, H),
    dxs: columnsTrace(gradients, H, H + I),
    chunks: chunks.map(({ steps, spans }, chunk) => {
      const start = starts[chunk]!;
      const of = (all: SequenceTrace): SequenceTrace => (steps === T ? all : stepsOf(all, steps, (t) => start + t));
      const scaledDhs = scaledPart(experiment, { start, steps });
      return {
        start,
        steps,
        xs: inputs[chunk]!,
        hs: of(states),
        initial: initials[chunk]!,
        dhs: of(dhs),
        ...(spans === undefined ? {} : { spans }),
        ...(scaledDhs === null ? {} : { scaledDhs }),
      } satisfies RunChunk;
    }),
  };
}
