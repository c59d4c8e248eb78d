import { nextStep, quickSigmaMax, sampleDrive } from '../verdict/advice.js';
import { cellOf } from '../cells/index.js';
import { analyse, plainRange } from '../network/scaledBackward.js';
import type { Analysis, PlainRange, SentDown } from '../network/scaledBackward.js';
import { rememberChunks } from '../network/chunks.js';
import { fastAnalyse, longAnalyse } from '../wasm/scaledBackward.js';
import type { Kernels } from '../wasm/instance.js';
import { fastPlainRange } from '../wasm/rangeScan.js';
import type { LayerNorms, StateMeasures, StepNorms } from '../network/result.js';
import { isThere, sequencesAt } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { longForward, longPass } from '../wasm/checkpointedRun.js';
import type { Forward } from '../wasm/checkpointedRun.js';
import { ElementwisePieces, elementwisePieceSteps } from '../wasm/elementwisePieces.js';
import { gatedPieceSteps, gatedShapeOf } from '../wasm/gatedLayout.js';
import { GatedPieces, longPlainRange } from '../wasm/gatedPieces.js';
import { PieceRoom } from '../wasm/pieceRoom.js';
import type { Make } from '../wasm/pieceRoom.js';
import type { PieceLayer } from '../wasm/pieceLayer.js';
import { ready } from '../core/recomputedTrace.js';
import { fastPass } from '../wasm/pass.js';
import { gatedAnalyse, gatedLongAnalyse, gatedTrialSource } from '../wasm/gatedScaledBackward.js';
import type { GoesDown } from '../wasm/gatedScaledBackward.js';
import type { GatedFlow } from '../wasm/gatedFlow.js';
import { gatedPass, gatedPlainRange } from '../wasm/gatedPass.js';
import { gatedKernelsFor, passKernelsFor } from './kernelsFor.js';
import { knownRange } from './knownRange.js';
import { nonFiniteIn } from './nonFinite.js';
import { rememberNextStep } from './nextSteps.js';
import { fitGatedMemory, fitMemory, gatedMemoryOf, memoryOf } from './memoryEstimate.js';
import { maxAbs, norm } from '../core/norm.js';
import { referencePass } from '../network/referencePass.js';
import type { Pass } from '../network/referencePass.js';
import { largestOf } from '../core/scan.js';
import { clip } from './clip.js';
import { dropSpare } from '../core/bufferPool.js';
import { part } from '../core/resumable.js';
import { earlierEntry, lossSteps } from '../network/lossSteps.js';
import { isHeld, rowOf, takeStep } from '../core/tensor.js';
import { trialPlace, trialSource } from '../network/trial.js';
import type { SequenceTrace } from '../core/tensor.js';
import { defaultBounds, isForward } from '../verdict/evidence.js';
import type { AnyRun, RunResult } from './result.js';
import type { DescendingSource } from '../network/descendingSource.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import type { Trace } from '../core/dtypes.js';
import { networkUpstream } from '../network/networkLoss.js';
import type { Evidence, VerdictBounds } from '../verdict/evidence.js';
import { horizonOf } from '../verdict/verdict.js';
import type { Verdict } from '../verdict/verdict.js';
import { judge } from '../verdict/judge.js';

/** Of every step: the norm of the state, and the share of units that let (nearly) nothing through. */
function* statesOf(
  { cell, shapes: { B, T } }: LayerExperiment,
  hs: SequenceTrace,
  chunks: readonly RunChunk[],
): Resumable<StateMeasures> {
  const isClosed = cellOf(cell).closing?.isClosed ?? (() => false);
  const hNorm = new Float64Array(T);
  const closed = new Float64Array(T);
  for (const chunk of chunks)
    for (let step = 0; step < chunk.steps; step++) {
      const t = chunk.start + step;
      yield* ready(t, hs);
      const states = takeStep(hs, t);
      hNorm[t] = norm(states.data);
      let [count, units] = [0, 0];
      for (let b = 0; b < B; b++) {
        if (!isThere(chunk, b, step)) continue;
        units += hs.N;
        for (const value of rowOf(states, b).data) if (isClosed(value)) count++;
      }
      closed[t] = units === 0 ? 0 : count / units;
      yield (t + 1) / T;
    }
  return { hNorm, closed };
}

/** The share of units that are closed over the steps of a chunk, each step for as many sequences as it has. */
function closedShareOf(chunk: RunChunk, closed: Float64Array, B: number): number {
  let [sum, rows] = [0, 0];
  for (let step = 0; step < chunk.steps; step++) {
    const count = sequencesAt(chunk, B, step);
    sum += count * closed[chunk.start + step]!;
    rows += count;
  }
  return sum / rows;
}

const log10Largest = { float32: Math.log10(2) * 128, float64: Math.log10(2) * 1024 } as const;
const log10Smallest = { float32: Math.log10(2) * -149, float64: Math.log10(2) * -1074 } as const;

/** max |h| */
function* largestStateOf(hs: SequenceTrace): Resumable<number> {
  if (isHeld(hs.data)) return yield* largestOf(hs.data);
  let largest = 0;
  for (let t = 0; t < hs.T; t++) {
    yield* ready(t, hs);
    largest = Math.max(largest, maxAbs(takeStep(hs, t).data));
  }
  return largest;
}

/**
 * True when the single source's way back keeps so far from the ends of the dtype's range that plain arithmetic reaches
 * neither: a sum of H products is at most ‖d‖·max|Wh|·√H, and what a norm above the smallest number by this margin
 * leaves is not all zero.
 */
function* staysInside(
  {
    cell,
    dtype,
    shapes: { H },
    layers: [
      {
        parameters: { Wh },
      },
    ],
  }: LayerExperiment,
  single: Analysis['single'],
  largestState: () => Resumable<number>,
): Resumable<boolean> {
  const margin = 6;
  const growth = Math.max(0, Math.log10((yield* largestOf(Wh)) * H));
  const inside = single.log10.every(
    (value) =>
      Number.isNaN(value) || (value + growth + margin < log10Largest[dtype] && value - margin > log10Smallest[dtype]),
  );
  const digitsTo = cellOf(cell).slopeKeepsDigitsTo;
  // Slopes that are right to 1e-4 stay inside the margin over thousands of steps.
  return inside && (digitsTo === Infinity || (yield* largestState()) <= digitsTo);
}

/**
 * Runs an experiment: forward and backward in its dtype, the same gradient in float64 with its exponent carried, and
 * the verdict.
 * With `kernels` the WebAssembly does the work, without them (or where they cannot) the reference classes; the numbers
 * are the same to rounding.
 * Fills `down`; `descending` is taken through the layer, or lost.
 * Pauses every few milliseconds. Non-finite numbers spread as in plain arithmetic and end in the verdict `nonfinite`.
 */
export function* runResumably(
  experiment: LayerExperiment,
  bounds: VerdictBounds = defaultBounds,
  given: Kernels | null = null,
  down: SentDown | null = null,
  descending: DescendingSource | null = null,
): Resumable<RunResult> {
  const pass = yield* part(passOf(experiment, given), 0, 0.5);
  const analysis = yield* part(analysisOf(experiment, given, pass.chunks, down, descending), 0.5, 0.9);
  return yield* part(concludeRun(experiment, bounds, given, pass, analysis), 0.9, 1);
}

/** Forward and backward in the run's dtype. */
export function* passOf(experiment: LayerExperiment, given: Kernels | null): Resumable<Pass> {
  const kernels = passKernelsFor(experiment, given);
  if (kernels !== null) fitMemory(kernels, experiment, 'whole');
  const gated = gatedKernelsFor(experiment, given);
  if (gated !== null) fitGatedMemory(gated, experiment, 'whole');
  const quick =
    kernels !== null
      ? yield* fastPass(kernels, experiment)
      : gated === null
        ? null
        : yield* gatedPass(gated, experiment);
  return quick ?? (yield* referencePass(experiment));
}

/** The gradient beyond the range of any dtype. Fills `down`; `descending` is taken through the layer, or lost. */
export function* analysisOf(
  experiment: LayerExperiment,
  given: Kernels | null,
  chunks: readonly RunChunk[],
  down: SentDown | null,
  descending: DescendingSource | null,
): Resumable<Analysis> {
  const [kernels, gated] = [passKernelsFor(experiment, given), gatedKernelsFor(experiment, given)];
  const quick =
    gated !== null
      ? yield* gatedAnalyse(gated, experiment, chunks, down, descending)
      : kernels === null
        ? null
        : yield* fastAnalyse(kernels, experiment, chunks, down, descending);
  if (quick === null) descending?.lose();
  return quick ?? (yield* analyse(experiment, chunks, down));
}

/** What both together say, with the verdict. */
export function concludeRun(
  experiment: LayerExperiment,
  bounds: VerdictBounds,
  given: Kernels | null,
  pass: Pass,
  analysis: Analysis,
): Resumable<RunResult> {
  const [kernels, gated] = [passKernelsFor(experiment, given), gatedKernelsFor(experiment, given)];
  function* range(last: RunChunk): Resumable<PlainRange | null> {
    return kernels !== null
      ? yield* fastPlainRange(kernels, experiment, last)
      : gated === null
        ? null
        : yield* gatedPlainRange(gated, experiment, last, analysis.single.log10);
  }
  return conclude(experiment, bounds, pass, analysis, range, gated);
}

/**
 * `runResumably` for runs of any length: where everything held at once would take more than `limit` bytes, tensors over
 * time are kept as checkpoints and computed again when they are asked for. Every number is the same bits either way.
 */
export function* runWithin(
  limit: number,
  experiment: LayerExperiment,
  bounds: VerdictBounds = defaultBounds,
  given: Kernels | null,
): Resumable<AnyRun> {
  const gated = gatedKernelsFor(experiment, given);
  if (gated !== null && gatedMemoryOf(experiment, gated) > limit) {
    fitGatedMemory(gated, experiment, 'pieces');
    dropSpare();
    const long = yield* runGatedPieces(gated, roomsFor(gated), experiment, bounds);
    return long?.result ?? (yield* runResumably(experiment, bounds, given));
  }
  const kernels = passKernelsFor(experiment, given);
  if (kernels === null || memoryOf(experiment, kernels).whole <= limit)
    return yield* runResumably(experiment, bounds, given);
  fitMemory(kernels, experiment, 'pieces');
  dropSpare();
  const make = (own: Kernels): Resumable<ElementwisePieces | null> => ElementwisePieces.create(own, experiment);
  const pieceSteps = elementwisePieceSteps(experiment);
  const room = new PieceRoom<PieceLayer>(kernels);
  const found = yield* part(longPass(kernels, room, experiment, make, pieceSteps), 0, 0.5);
  if (found === null) return yield* runResumably(experiment, bounds, kernels);
  const { pass } = found;
  const quick = yield* part(longAnalyse(kernels, experiment, pass.chunks, pieceSteps), 0.5, 0.9);
  const analysis: Analysis<Trace> = quick ?? (yield* part(analyse(experiment, pass.chunks), 0.5, 0.9));
  const range = (last: RunChunk): Resumable<PlainRange | null> => fastPlainRange(kernels, experiment, last);
  return yield* part(conclude(experiment, bounds, pass, analysis, range, null), 0.9, 1);
}

/** Memories for what a run with checkpoints computes again. */
export type Rooms = { readonly passes: PieceRoom<PieceLayer>; readonly flows: PieceRoom<GatedFlow> };

export const roomsFor = (kernels: Kernels): Rooms => ({
  passes: new PieceRoom<PieceLayer>(kernels),
  flows: new PieceRoom<GatedFlow>(kernels),
});

const gatedPieces =
  (experiment: LayerExperiment): Make<PieceLayer> =>
  (kernels) =>
    GatedPieces.create(kernels, experiment);

/** A gated layer forward alone, with checkpoints; null when not even a piece fits into the kernels' memory. */
export const gatedForwardPieces = (
  kernels: Kernels,
  { passes }: Rooms,
  experiment: LayerExperiment,
): Resumable<Forward | null> =>
  longForward(kernels, passes, experiment, gatedPieces(experiment), gatedPieceSteps(gatedShapeOf(experiment)));

/**
 * A gated layer with checkpoints, and what goes down from it beyond the range of any dtype. Null when not even a piece
 * fits into the kernels' memory. `known`: where it has gone forward before.
 */
export function* runGatedPieces(
  kernels: Kernels,
  { passes, flows }: Rooms,
  experiment: LayerExperiment,
  bounds: VerdictBounds,
  known: Forward | null = null,
): Resumable<{ readonly result: AnyRun; readonly down: GoesDown } | null> {
  const make = known?.make ?? gatedPieces(experiment);
  const pieceSteps = gatedPieceSteps(gatedShapeOf(experiment));
  const found = yield* part(longPass(kernels, passes, experiment, make, pieceSteps, known), 0, 0.5);
  if (found === null) return null;
  const { pass, held } = found;
  const quick = yield* part(gatedLongAnalyse(kernels, flows, experiment, pass.chunks, pieceSteps), 0.5, 0.9);
  const { analysis, down } = quick ?? (yield* part(plainLongAnalyse(experiment, pass.chunks), 0.5, 0.9));
  const range = (last: RunChunk): Resumable<PlainRange | null> => longPlainRange(kernels, experiment, held, last);
  const result = yield* part(conclude(experiment, bounds, pass, analysis, range, kernels), 0.9, 1);
  return { result, down };
}

/** The same in plain arithmetic, which holds its gradients: where a number has left the range of the kernels. */
function* plainLongAnalyse(
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
): Resumable<{ readonly analysis: Analysis; readonly down: GoesDown }> {
  const { B, T, I } = experiment.shapes;
  const sent = { data: new Float64Array(B * T * I), exponents: new Float64Array(T) };
  const analysis = yield* analyse(experiment, chunks, sent);
  const all = { B, T, N: I, data: sent.data };
  const exponents = sent.exponents.map((exponent, t) =>
    takeStep(all, t).data.every((value) => value === 0) ? -Infinity : exponent,
  );
  return { analysis, down: { data: all, exponents } };
}

/** Without that of the inputs, which is the network's. */
const layerNorms = ({ dh, dc, ds, parameters }: StepNorms): LayerNorms => ({
  dh,
  ...(dc === undefined ? {} : { dc }),
  ...(ds === undefined ? {} : { ds }),
  parameters,
});

const mapOthers = <States extends Trace>(states: Pass<States>['otherStates'] = {}): Record<string, States> =>
  Object.fromEntries(Object.entries(states).map(([name, { data }]) => [name, data]));

/** A verdict with its steps as positions in the sequence; its reason tells them so already. */
function verdictInPositions(verdict: Verdict, positionOf: (t: number) => number): Verdict {
  const at = (t: number | null): number | null => (t === null ? null : positionOf(t));
  return {
    ...verdict,
    source: positionOf(verdict.source),
    first: positionOf(verdict.first),
    crossedAt: at(verdict.crossedAt),
    zeroAt: at(verdict.zeroAt),
    infiniteAt: at(verdict.infiniteAt),
    segments: verdict.segments
      .map(({ from, to, perStepFactor }) => ({ from: positionOf(to), to: positionOf(from), perStepFactor }))
      .reverse(),
  };
}

function* conclude<States extends Trace, Scaled extends Trace>(
  experiment: LayerExperiment,
  bounds: VerdictBounds,
  pass: Pass<States>,
  analysis: Analysis<Scaled>,
  /** Where plain arithmetic has nothing left, or too much; null: the kernels cannot say. */
  range: (last: RunChunk) => Resumable<PlainRange | null>,
  /** For trials of other parameters. */
  gated: Kernels | null,
): Resumable<RunResult<States, Scaled>> {
  const { cell, shapes, clipNorm } = experiment;
  const { chunks, hs, dhTotal, dxs, gradients, dh0, norms, lossValue } = pass;
  const nonFinite = yield* part(nonFiniteIn(experiment, pass), 0, 0);
  const layer = experiment.layers[0];
  let clipFactor: number | null = null;
  if (clipNorm !== null) {
    const loss = experiment.loss === null ? null : (yield* part(networkUpstream(experiment, hs), 0, 0)).loss;
    clipFactor = yield* part(clip([{ spec: layer, gradients }], experiment, loss, clipNorm), 0, 0);
  }
  const { single, log10Norms, gates, ...logs } = analysis;
  const last = chunks.at(-1)!;
  const { hNorm, closed } = pass.states ?? (yield* part(statesOf(experiment, hs, chunks), 0, 0.2));
  // Where no unit is nearly closed, all are far below the limit.
  function* largestState(): Resumable<number> {
    if (closed.subarray(last.start).every((share) => share === 0)) return 0;
    return pass.largestState ?? (yield* largestStateOf(last.hs));
  }
  yield 0.2;
  const reachesAnEnd =
    (nonFinite === null || nonFinite.what === 'gradient') &&
    !(yield* part(staysInside(experiment, single, largestState), 0.2, 0.3));
  yield 0.3;
  const known = reachesAnEnd ? yield* part(knownRange(experiment, pass), 0.3, 0.3) : { zeroAt: null, infiniteAt: null };
  const { zeroAt, infiniteAt } =
    known ?? (yield* part(range(last), 0.3, 1)) ?? (yield* part(plainRange(experiment, last), 0.3, 1));
  const { closing } = cellOf(cell);
  const entering = yield* part(lossSteps(experiment), 1, 1);
  const positionOf = (t: number): number => {
    if (layer.direction === 'forward') return t;
    const { start, steps } = chunks.findLast((chunk) => chunk.start <= t)!;
    return 2 * start + steps - 1 - t;
  };
  const evidence: Evidence = {
    experiment,
    bounds,
    single: { ...single, log10: single.bySource ?? single.log10 },
    positionOf,
    first: last.start,
    source: shapes.T - 1,
    earlier: earlierEntry(experiment, entering),
    nonFinite,
    zeroAt,
    infiniteAt,
    driveOf: () => sampleDrive(experiment, last),
    gates,
    layer,
    trialOf: (budget, fewest) => trialPlace(experiment, last, budget, fewest),
    *trialSource(place, parameters) {
      const quick = gated === null ? null : yield* gatedTrialSource(gated, place, parameters);
      return quick ?? (yield* trialSource(place, parameters));
    },
    // Asked for cells of one gate alone, whose Wh is square.
    sigmaMax: () => quickSigmaMax(experiment.layers[0].parameters.Wh, shapes.H),
    closedShare: closing === null ? null : closedShareOf(last, closed, shapes.B),
  };
  const verdict = yield* part(judge(evidence), 1, 1);
  const { log10 } = evidence.single;
  const { from: horizon } = horizonOf(verdict, log10);
  const result: RunResult<States, Scaled> = {
    shapes,
    chunkStarts: chunks.map(({ start }) => start),
    layers: [
      {
        layer: layer.layer,
        direction: layer.direction,
        states: { h: hs.data, ...mapOthers(pass.otherStates) },
        dhTotal: dhTotal.data,
        gradients,
        dInitial: { h: dh0, ...pass.dOtherInitial },
        norms: layerNorms(norms),
        log10Norms: layerNorms(log10Norms),
        ...logs,
        log10SingleSource: single.log10,
        hNorm,
        saturation: closing?.kind === 'saturated' ? closed : null,
        gates,
        lnPaths: single.lnPaths,
      },
    ],
    dxs: dxs.data,
    norms: { dx: norms.dx },
    log10Norms: { dx: log10Norms.dx },
    lossValue,
    lossSteps: entering,
    clipFactor,
    verdict,
    positionVerdict: layer.direction === 'forward' ? verdict : verdictInPositions(verdict, positionOf),
    // What cannot be told to arrive may arrive.
    onePercentAt:
      !isForward(nonFinite) && horizon > verdict.first && !Number.isNaN(log10[horizon - 1]) ? horizon : null,
  };
  rememberChunks(result, chunks);
  rememberNextStep(result, () => nextStep(verdict, evidence));
  dropSpare();
  return result;
}
