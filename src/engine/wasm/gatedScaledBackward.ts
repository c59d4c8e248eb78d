// What is told of a gated run beyond the range of any dtype, as ../network/scaledBackward.ts and networkSource.ts tell
// it, through the kernels.
import type { ByParameter } from '../cells/cell.js';
import { cellOf } from '../cells/index.js';
import { unfilled } from '../core/bufferPool.js';
import { part } from '../core/resumable.js';
import { PiecedTrace } from '../core/recomputedTrace.js';
import { columnsTrace } from '../core/rowTrace.js';
import { heldOf, sequence } from '../core/tensor.js';
import type { Sequence, SequenceTrace } from '../core/tensor.js';
import type { Trace } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { DescendingSource } from '../network/descendingSource.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { LayerChunks, NetworkSource } from '../network/networkSource.js';
import { sideBySideTrace } from '../core/rowTrace.js';
import type { TrialPlace } from '../network/trial.js';
import type { RunChunk } from '../network/runChunk.js';
import { ByDistance, nothingMeasured } from '../network/scaledBackward.js';
import type { Analysis, SentDown } from '../network/scaledBackward.js';
import { insideFlowRange, throughChunks } from './flowBack.js';
import { GatedFlow } from './gatedFlow.js';
import { GatedLayer } from './gatedLayer.js';
import { gatedShapeOf } from './gatedLayout.js';
import type { FlowPiece, Kept, Noting } from './gatedFlow.js';
import { sourcesOf } from './gatedPass.js';
import { windowOf } from './gatedSteps.js';
import type { Kernels } from './instance.js';
import type { PieceRoom } from './pieceRoom.js';

/**
 * What `analyse` gives, from the kernels. Null when they cannot say: not enough memory, weights near the ends of
 * float64, or a number that left its range; then `analyse` has to, and fills `down` anew.
 */
export function* gatedAnalyse(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  down: SentDown | null = null,
  descending: DescendingSource | null = null,
): Resumable<Analysis | null> {
  const { B, T, H } = experiment.shapes;
  const dhScaled = unfilled('float64', B * T * H);
  const kept = { dhScaled, inputExponents: null, down };
  const rest = yield* flowBack(kernels, experiment, chunks, kept, null, descending);
  if (rest === null) return null;
  return { ...rest, dhScaled };
}

/** What goes down from a layer beyond the range of any dtype, step t being `data`·2^`exponents[t]`. */
export type GoesDown = {
  readonly data: SequenceTrace;
  /** −Infinity where nothing goes down. */
  readonly exponents: Float64Array;
};

/** The same without holding the gradients, which are computed again in pieces of at least so many steps. */
export function* gatedLongAnalyse(
  kernels: Kernels,
  room: PieceRoom<GatedFlow>,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  pieceSteps: number,
): Resumable<{ readonly analysis: Analysis<Trace>; readonly down: GoesDown } | null> {
  const { I, H } = experiment.shapes;
  const noting = { found: [], steps: pieceSteps };
  const exponents = new Float64Array(experiment.shapes.T);
  const target = { dhScaled: null, inputExponents: exponents, down: null };
  const rest = yield* flowBack(kernels, experiment, chunks, target, noting);
  if (rest === null) return null;
  const both = againTrace(room, experiment, noting.found, 0, experiment.shapes.T);
  return {
    analysis: { ...rest, dhScaled: columnsTrace(both, 0, H).data },
    down: { data: columnsTrace(both, H, H + I), exponents },
  };
}

function* flowBack(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  kept: Pick<Kept, 'dhScaled' | 'inputExponents' | 'down'>,
  noting: Noting | null,
  descending: DescendingSource | null = null,
): Resumable<Omit<Analysis, 'dhScaled'> | null> {
  const { T } = experiment.shapes;
  if (!(yield* insideFlowRange(experiment.layers[0].parameters))) return null;
  const flow = yield* part(GatedFlow.create(kernels, experiment), 0, 0);
  if (flow === null) return null;
  const result = nothingMeasured(experiment);
  const distances = chunks.at(-1)?.spans === undefined ? null : new ByDistance(T);
  const target = { ...result, ...kept, distances };
  const known = yield* throughChunks(chunks, T, (chunk) =>
    flow.chunk(chunk, target, chunk === chunks.at(-1), noting, descending),
  );
  return known ? { ...result, single: { ...result.single, bySource: distances?.log10 ?? null } } : null;
}

/** The gradients of h and x of all pieces side by side [B,T,H+I], of which the first step is `start` of the run. */
function againTrace(
  room: PieceRoom<GatedFlow>,
  experiment: LayerExperiment,
  found: readonly FlowPiece[],
  start: number,
  T: number,
): SequenceTrace {
  const { B, I, H } = experiment.shapes;
  const pieces = found
    .map((piece, i) => {
      const before = found[i + 1];
      return { piece, t0: before?.chunk === piece.chunk ? before.t1 : 0 };
    })
    .sort((a, b) => a.piece.chunk.start + a.t0 - b.piece.chunk.start - b.t0);
  const shape = { B, T, N: H + I };
  const borders = pieces.map(({ piece, t0 }) => piece.chunk.start + t0 - start);
  const make = (kernels: Kernels): Resumable<GatedFlow | null> => GatedFlow.create(kernels, experiment);
  const data = new PiecedTrace(shape, borders, function* (i) {
    const { piece, t0 } = pieces[i]!;
    // Before the turn begins: what enters may be a piece of the layer above.
    const chunk = yield* windowOf(experiment, piece.chunk, t0, piece.t1);
    return yield* room.use(make, (flow) => flow.again({ ...piece, chunk }, t0));
  });
  return { ...shape, data };
}

/**
 * What `networkSource` gives, from the kernels, layer by layer from the top: what a step sends down enters the same
 * step of the layer below. Null when they cannot say: then `networkSource` has to. With `long` what goes down is not
 * held, but computed again in pieces.
 */
export function* gatedNetworkSource(
  kernels: Kernels,
  layers: readonly LayerChunks[],
  T: number,
  long: { readonly room: PieceRoom<GatedFlow>; readonly pieceSteps: number } | null = null,
): Resumable<NetworkSource | null> {
  const source = new DescendingSource();
  for (const { experiment, chunks } of [...layers].reverse()) {
    const { parameters } = experiment.layers[0];
    if (!(yield* insideFlowRange(parameters))) return null;
    const { start, steps, xs, hs, initial, spans } = chunks.at(-1)!;
    const { B, I, H } = experiment.shapes;
    const last = { start, steps, xs, hs, initial, ...(spans === undefined ? {} : { spans }) };
    // At the top each sequence's source is what enters.
    const dhs = sourcesOf({ ...last, dhs: xs }, H);
    const own: LayerExperiment = {
      ...experiment,
      truncate: null,
      loss: null,
      upstream: spans === undefined ? { kind: 'last' } : { kind: 'given', dhs: new Float64Array() },
    };
    const flow: GatedFlow | null = yield* part(GatedFlow.create(kernels, own), 0, 0);
    if (flow === null) return null;
    const entering = { ...last, dhs };
    const noting: Noting | null = long === null ? null : { found: [], steps: long.pieceSteps };
    const { above } = source;
    const goesDown = experiment !== layers[0]!.experiment;
    const found = yield* flow.through(above === null ? entering : { ...entering, scaledDhs: above }, goesDown, noting);
    if (found === null) return null;
    const { received, ofSequences, data: held, exponents } = found;
    const data =
      goesDown && long !== null
        ? columnsTrace(againTrace(long.room, own, noting!.found, start, steps), H, H + I).data
        : held;
    source.pass(last, B, H, { received, ofSequences, down: data === null ? null : { data, exponents } });
  }
  return yield* source.known(T, layers[0]!.chunks.at(-1)!);
}

/** What `trialSource` gives, from the kernels; null when they cannot say: then `trialSource` has to. */
export function* gatedTrialSource(
  kernels: Kernels,
  { experiment, chunk }: TrialPlace,
  parameters: ByParameter<Float64Array>,
): Resumable<Float64Array | null> {
  const {
    cell,
    dtype,
    shapes: { H },
    layers: [layer],
  } = experiment;
  const { steps } = chunk;
  const changed: LayerExperiment = {
    ...experiment,
    layers: [{ ...layer, parameters }],
    // Only their number counts; the numbers are those of the chunk.
    chunks: [{ steps, xs: new Float64Array() }],
    truncate: null,
  };
  const forward = yield* GatedLayer.create(kernels, gatedShapeOf(changed), parameters);
  if (forward === null) return null;
  yield* forward.forward(heldOf(chunk.xs.data), steps, chunk.initial.data);
  const states = cellOf(cell).states.map(() => sequence(dtype, 1, steps, H)) as [Sequence, ...Sequence[]];
  yield* forward.states(steps, states, 0);
  const run = { ...chunk, hs: sideBySideTrace(states) };
  return (yield* gatedNetworkSource(kernels, [{ experiment: changed, chunks: [run] }], steps))?.log10 ?? null;
}
