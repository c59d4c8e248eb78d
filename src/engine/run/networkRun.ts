// A network's run: its layers' runs, each over what comes from below, with what comes from above.
import type { ByState } from '../cells/cell.js';
import { cellOf } from '../cells/index.js';
import { log10Norm } from '../core/blockFloat.js';
import { norm, scaleByPowerOfTwo } from '../core/norm.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { addResumably, castResumably, Mover } from '../core/resumableCopy.js';
import { accumulate, cast, dtypeOf, heldOf, sequence, takeStep } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import type { FloatArray, Trace } from '../core/dtypes.js';
import type { Shape } from '../core/recomputedTrace.js';
import { runChunks } from '../network/chunks.js';
import { DescendingSource } from '../network/descendingSource.js';
import type { Experiment, LayerExperiment } from '../network/experiment.js';
import type { SentDown } from '../network/scaledBackward.js';
import { layerExperiment, lengthsOf, reversed, reversedSeries, sideBySide, stackOf } from '../network/layers.js';
import type { FromAbove } from '../network/layers.js';
import { networkUpstream } from '../network/networkLoss.js';
import type { NetworkLoss } from '../network/networkLoss.js';
import { networkSource } from '../network/networkSource.js';
import type { LayerChunks, NetworkSource } from '../network/networkSource.js';
import type { VerdictBounds } from '../verdict/evidence.js';
import { defaultBounds } from '../verdict/evidence.js';
import { networkVerdict } from '../verdict/networkVerdict.js';
import type { NetworkVerdict } from '../verdict/networkVerdict.js';
import { gatedNetworkSource } from '../wasm/gatedScaledBackward.js';
import type { Kernels } from '../wasm/instance.js';
import { clip } from './clip.js';
import { eachDirection } from './layerTasks.js';
import type { ForwardTask, RunTask } from './layerTasks.js';
import type { AnyRun, RunResult } from './result.js';
import { gatedKernelsFor } from './kernelsFor.js';
import { backSideBySide } from './waysBack.js';
import type { GoneBack, GoneForward } from './waysBack.js';

type Over<States extends Trace> = Shape & { readonly data: States };

/** One layer in one direction: what it was asked, and what it gave, both in the order in which it computes. */
export type NetworkLayer<Run = RunResult> = { readonly experiment: LayerExperiment; readonly result: Run };

export type NetworkRun<States extends Trace = FloatArray, Scaled extends Trace = Float64Array> = {
  readonly experiment: Experiment;
  /** Steps of each sequence that are real [B]. */
  readonly lengths: readonly number[];
  /** As in the experiment: from the input up, `forward` before `reverse`. */
  readonly layers: readonly [NetworkLayer<RunResult<States, Scaled>>, ...NetworkLayer<RunResult<States, Scaled>>[]];
  /** Of the last layer [B,T,D·H], forward half first; zero behind a sequence's length. In the run's dtype. */
  readonly output: Over<States>;
  /** [B,T,I] */
  readonly dxs: States;
  readonly norms: { readonly dx: Float64Array };
  readonly log10Norms: { readonly dx: Float64Array };
  readonly lossValue: number | null;
  /** The loss in full. Of a single layer it is computed when it is asked for: only the result as JSON tells it. */
  readonly lossInFull: () => Resumable<NetworkLoss | null>;
  /** Factor ≤ 1 that clipping applied to all gradients of parameters, the readout's included; null without clipping. */
  readonly clipFactor: number | null;
  /** log10 of the network's single source [T]; null with two directions, which have no common order of time. */
  readonly log10SingleSource: Float64Array | null;
  readonly verdict: NetworkVerdict;
};

/** A network's run whose tensors over time are held whole or computed again when they are asked for. */
export type AnyNetworkRun = NetworkRun<Trace, Trace>;

/** Steps of each sequence in all chunks. */
export function lengthsOfRun(experiment: Experiment): number[] {
  const all = experiment.chunks.map((chunk) => lengthsOf(experiment, chunk));
  return Array.from({ length: experiment.shapes.B }, (_, b) => all.reduce((sum, lengths) => sum + lengths[b]!, 0));
}

/** xs [B,T,I] of all chunks. */
export function* inputsOf({ dtype, shapes: { B, T, I }, chunks }: Experiment): Resumable<Sequence> {
  const xs = sequence(dtype, B, T, I);
  const mover = new Mover();
  let start = 0;
  for (const { steps, xs: own } of chunks) {
    for (let b = 0; b < B; b++)
      yield* mover.copy(own.subarray(b * steps * I, (b + 1) * steps * I), xs.data, (b * T + start) * I);
    start += steps;
  }
  return xs;
}

/** What goes down from one layer's directions: the sum of what each sends, in the order of positions. */
class GoingDown {
  readonly dxs: Float64Array;
  #scaled: SentDown | null = null;
  readonly #experiment: Experiment;
  readonly #I: number;

  constructor(experiment: Experiment, I: number) {
    const { B, T } = experiment.shapes;
    this.#experiment = experiment;
    this.#I = I;
    this.dxs = new Float64Array(B * T * I);
  }

  /** What a direction sends down, in the order in which it computes. */
  *add(
    { layers: [{ direction }] }: LayerExperiment,
    { dxs }: RunResult,
    { data, exponents }: SentDown,
  ): Resumable<void> {
    const { shapes, chunks } = this.#experiment;
    function* turned<A extends FloatArray>(all: A, N: number, B = shapes.B): Resumable<A> {
      return direction === 'forward' ? all : yield* reversed(all, { B, N }, chunks);
    }
    yield* addResumably(yield* turned(dxs, this.#I), this.dxs);
    const scaled = { data: yield* turned(data, this.#I), exponents: yield* turned(exponents, 1, 1) };
    if (this.#scaled === null) this.#scaled = scaled;
    else
      for (let t = 0; t < shapes.T; t++) {
        this.#addStep(this.#scaled, scaled, t);
        yield 0;
      }
  }

  /** Step t of `own` to that of `sum`, under whichever exponent is the larger of those that count. */
  #addStep(sum: SentDown, own: SentDown, t: number): void {
    const { B, T } = this.#experiment.shapes;
    const I = this.#I;
    const rowsOf = (data: Float64Array): Float64Array[] =>
      Array.from({ length: B }, (_, b) => data.subarray((b * T + t) * I, (b * T + t + 1) * I));
    const exponentOf = (rows: readonly Float64Array[], { exponents }: SentDown): number =>
      rows.every((row) => row.every((value) => value === 0)) ? -Infinity : exponents[t]!;
    const [theirs, added] = [rowsOf(sum.data), rowsOf(own.data)];
    const [now, exponent] = [exponentOf(theirs, sum), exponentOf(added, own)];
    if (exponent === -Infinity) return;
    const together = Math.max(now, exponent);
    for (const [b, row] of theirs.entries()) {
      if (now !== -Infinity) scaleByPowerOfTwo(row, now - together, row);
      const more = new Float64Array(I);
      scaleByPowerOfTwo(added[b]!, exponent - together, more);
      accumulate(row, more);
    }
    sum.exponents[t] = together;
  }

  /** @throws before a direction has been added */
  get scaled(): SentDown {
    if (this.#scaled === null) throw new Error('Nothing has been added yet.');
    return this.#scaled;
  }
}

/** Columns of what enters a layer from above that are those of its direction. */
function* ownColumns({ dhs, scaled }: FromAbove, from: number, to: number): Resumable<FromAbove> {
  if (from === 0 && to === dhs.N) return { dhs, scaled };
  const { B, T, N } = dhs;
  function* columns(data: FloatArray): Resumable<Sequence> {
    const out = sequence(dtypeOf(data), B, T, to - from);
    const mover = new Mover();
    for (let row = 0; row < B * T; row++)
      yield* mover.copy(data.subarray(row * N + from, row * N + to), out.data, row * (to - from));
    return out;
  }
  return {
    dhs: yield* columns(dhs.data),
    scaled: scaled === null ? null : { data: (yield* columns(heldOf(scaled.data))).data, exponents: scaled.exponents },
  };
}

/** Clips all gradients of a network as one vector: the factor. */
export const clipAll = (
  experiment: Experiment,
  layers: readonly NetworkLayer<AnyRun>[],
  loss: NetworkLoss | null,
  bound: number,
): Resumable<number> =>
  clip(
    layers.map(({ experiment: { layers: own }, result }) => ({
      spec: own[0],
      gradients: result.layers[0].gradients,
    })),
    experiment,
    loss,
    bound,
  );

/** The network's single source: as it has gone down with the layers' own ways back, or else on a way of its own. */
function* singleSource(
  descending: DescendingSource,
  own: readonly NetworkLayer[],
  T: number,
  given: Kernels | null,
): Resumable<NetworkSource> {
  const layers: LayerChunks[] = own.map(({ experiment, result }) => ({
    experiment,
    chunks: runChunks(experiment, result),
  }));
  const known = yield* descending.known(T, layers[0]!.chunks.at(-1)!);
  if (known !== null) return known;
  const kernels = layers.every(({ experiment }) => gatedKernelsFor(experiment, given) !== null) ? given : null;
  const quick = kernels === null ? null : yield* gatedNetworkSource(kernels, layers, T);
  return quick ?? (yield* networkSource(layers, T));
}

/** Whether all layers run forward in time. */
const isOneWay = ({ layers }: Experiment): boolean => layers.every(({ direction }) => direction === 'forward');

/** Every layer forward, from the input up. `keepsStates`: somebody asks for them all, not for h alone. */
export function* goForward(
  experiment: Experiment,
  given: Kernels | null,
  keepsStates: boolean,
): Resumable<Pick<GoneForward, 'inputs' | 'states'>> {
  const {
    dtype,
    shapes: { B },
    chunks,
  } = experiment;
  const stack = stackOf(experiment);
  const inputs: Sequence[] = [yield* part(inputsOf(experiment), 0, 0)];
  const states: ByState<Sequence>[] = [];
  for (const [l, directions] of stack.entries()) {
    const [from, to] = [l / stack.length, (l + 1) / stack.length];
    const tasks: ForwardTask[] = [];
    for (const spec of directions) {
      const layer = yield* part(layerExperiment(experiment, spec, inputs[l]!, null), from, from);
      tasks.push({ kind: 'forward', experiment: layer });
    }
    const gone = yield* part(eachDirection(tasks, given), from, to);
    const parts: Sequence[] = [];
    for (const [i, { direction, H }] of directions.entries()) {
      const { h } = gone[i]!;
      const data = direction === 'forward' ? h.data : yield* part(reversed(h.data, { B, N: H }, chunks), to, to);
      parts.push({ ...h, data });
    }
    if (keepsStates) states.push(gone[0]!);
    inputs.push(yield* part(sideBySide(dtype, parts as [Sequence, ...Sequence[]]), to, to));
  }
  return { inputs, states };
}

/** Every layer's own run, from the last down. */
function* backLayerByLayer(
  { experiment, inputs, dhs }: GoneForward,
  bounds: VerdictBounds,
  given: Kernels | null,
): Resumable<GoneBack> {
  const { B, T, I } = experiment.shapes;
  const descending = isOneWay(experiment) ? new DescendingSource() : null;
  const layers: NetworkLayer[] = [];
  let above: FromAbove = { dhs, scaled: null };
  let down = new GoingDown(experiment, I);
  for (const [l, directions] of [...stackOf(experiment).entries()].reverse()) {
    const input = inputs[l]!;
    down = new GoingDown(experiment, input.N);
    const progress = (count: number): number => (layers.length + count) / experiment.layers.length;
    const tasks: RunTask[] = [];
    let column = 0;
    for (const spec of directions) {
      const entering = yield* part(ownColumns(above, column, column + spec.H), progress(0), progress(0));
      const layer = yield* part(layerExperiment(experiment, spec, input, entering), progress(0), progress(0));
      column += spec.H;
      tasks.push({ kind: 'run', experiment: layer, bounds });
    }
    const ran = yield* part(eachDirection(tasks, given, descending), progress(0), progress(tasks.length));
    const own: NetworkLayer[] = [];
    for (const [i, { result, sent }] of ran.entries()) {
      const layer = tasks[i]!.experiment;
      yield* part(down.add(layer, result, sent), progress(tasks.length), progress(tasks.length));
      own.push({ experiment: layer, result });
    }
    layers.unshift(...own);
    above = { dhs: { B, T, N: input.N, data: down.dxs }, scaled: down.scaled };
  }
  return { layers, dxs: down.dxs, scaled: down.scaled, descending };
}

/**
 * Runs a network: every layer forward from the input up, the upstream gradient or the loss at the top, and every layer
 * backward from the top down, each with its log10 twins, its single source and its verdict. With `given` kernels
 * layers whose cells they know run through them.
 */
export function* runNetwork(
  experiment: Experiment,
  bounds: VerdictBounds = defaultBounds,
  given: Kernels | null = null,
): Resumable<NetworkRun> {
  const {
    dtype,
    shapes: { B, T, I },
    clipNorm,
  } = experiment;
  const isStack = experiment.layers.length > 1 && isOneWay(experiment);
  const mayShare = isStack && given !== null && given.team !== null;
  const { inputs, states } = yield* part(goForward(experiment, given, mayShare), 0, 0.3);
  const output = inputs.at(-1)!;
  const { dhs, loss } = yield* part(networkUpstream(experiment, output), 0.3, 0.32);
  const gone = { experiment, inputs, states, dhs };
  const together = mayShare ? yield* part(backSideBySide(gone, bounds, given), 0.32, 0.95) : null;
  const back = together ?? (yield* part(backLayerByLayer(gone, bounds, given), 0.32, 0.95));
  const { layers, scaled, descending } = back;
  const clipFactor = clipNorm === null ? null : yield* part(clipAll(experiment, layers, loss, clipNorm), 0.95, 0.96);

  const dxs = yield* part(castResumably(dtype, back.dxs), 0.96, 0.96);
  const norms = { dx: new Float64Array(T) };
  const log10Norms = { dx: new Float64Array(T) };
  const { data, exponents } = scaled;
  for (let t = 0; t < T; t++) {
    norms.dx[t] = cast(dtype, Float64Array.of(norm(takeStep({ B, T, N: I, data: dxs }, t).data)))[0]!;
    log10Norms.dx[t] = log10Norm(takeStep({ B, T, N: I, data }, t).data, exponents[t]!);
    yield 0.96;
  }
  const source = descending === null ? null : yield* part(singleSource(descending, layers, T, given), 0.96, 0.99);
  return {
    experiment,
    lengths: lengthsOfRun(experiment),
    layers: layers as [NetworkLayer, ...NetworkLayer[]],
    output,
    dxs,
    norms,
    log10Norms,
    lossValue: loss?.value ?? null,
    // eslint-disable-next-line require-yield -- known already
    *lossInFull() {
      return loss;
    },
    clipFactor,
    log10SingleSource: source?.log10 ?? null,
    verdict: yield* part(networkVerdict(experiment, bounds, layers, source), 1, 1),
  };
}

/** Whether all that schema 1 of the result says is there to say: one layer, forward, of a cell with one gate. */
export const isOneVanillaLayer = ({ cell, layers }: Experiment): boolean =>
  layers.length === 1 && layers[0].direction === 'forward' && cellOf(cell).gates.length === 1;

/** Series over time of a layer's direction, in the order of positions. */
export const inPositions = <A extends FloatArray>(
  { layers: [{ direction }], chunks }: LayerExperiment,
  series: A,
): A => (direction === 'forward' ? series : reversedSeries(series, chunks));

/** The run of a single layer as that of a network. */
export function asNetworkRun(layer: LayerExperiment, result: AnyRun, experiment: Experiment = layer): AnyNetworkRun {
  const { B, T, H } = result.shapes;
  const { states, log10SingleSource } = result.layers[0];
  const output = { B, T, N: H, data: states.h };
  const [{ direction }] = layer.layers;
  return {
    experiment,
    lengths: lengthsOfRun(experiment),
    layers: [{ experiment: layer, result }],
    output,
    dxs: result.dxs,
    norms: result.norms,
    log10Norms: result.log10Norms,
    lossValue: result.lossValue,
    *lossInFull() {
      const { loss } = yield* networkUpstream(experiment, output);
      if (loss === null) return null;
      const clipped = (gradient: Float64Array): Float64Array =>
        gradient.map((value) => value * (result.clipFactor ?? 1));
      const { weight, bias } = loss.readout;
      return {
        value: result.lossValue!,
        perStep: loss.perStep,
        readout: { weight: clipped(weight), bias: clipped(bias) },
      };
    },
    clipFactor: result.clipFactor,
    log10SingleSource,
    verdict: { ...result.verdict, layer: 0, direction },
  };
}
