// A network's run with checkpoints: every layer keeps its states before each piece of steps, and whatever lies between
// is computed again, from what the layers below and above compute again. Every number is the same bits as that of the
// run that holds everything.
import { log10Norm } from '../core/blockFloat.js';
import { norm, scaleByPowerOfTwo } from '../core/norm.js';
import { ready } from '../core/recomputedTrace.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { columnsTrace, copiedSteps, joined, sideBySideTrace } from '../core/rowTrace.js';
import { accumulate, cast, takeStep } from '../core/tensor.js';
import type { SequenceTrace } from '../core/tensor.js';
import { runChunks } from '../network/chunks.js';
import type { Experiment, LayerSpec, ScaledSteps } from '../network/experiment.js';
import type { ComputedAbove } from '../network/layers.js';
import { computedLayer, reversedSeries, reversedTrace, stackOf } from '../network/layers.js';
import { networkUpstream, upstreamTrace } from '../network/networkLoss.js';
import type { NetworkLoss } from '../network/networkLoss.js';
import { networkSource } from '../network/networkSource.js';
import type { NetworkSource } from '../network/networkSource.js';
import type { VerdictBounds } from '../verdict/evidence.js';
import { networkVerdict } from '../verdict/networkVerdict.js';
import type { Forward } from '../wasm/checkpointedRun.js';
import { gatedNetworkSource } from '../wasm/gatedScaledBackward.js';
import type { GoesDown } from '../wasm/gatedScaledBackward.js';
import type { Kernels } from '../wasm/instance.js';
import { fitGatedMemory } from './memoryEstimate.js';
import { clipAll, inputsOf, lengthsOfRun } from './networkRun.js';
import type { AnyNetworkRun, NetworkLayer } from './networkRun.js';
import type { AnyRun } from './result.js';
import { gatedForwardPieces, roomsFor, runGatedPieces } from './run.js';

type AnyLayer = NetworkLayer<AnyRun>;

/** What a layer's directions send down, in the order of positions. */
type FromDirections = { readonly dxs: SequenceTrace; readonly norms: Float64Array; readonly scaled: GoesDown };

/** Σ of what the directions send down: in float64, and beyond the range of any dtype. */
function summed(directions: readonly FromDirections[]): ComputedAbove & { readonly scaled: ScaledSteps } {
  const { N, T } = directions[0]!.dxs;
  const dhs = joined(
    directions.map(({ dxs }) => dxs),
    N,
    (rows) => {
      const sum = new Float64Array(N);
      for (const row of rows) accumulate(sum, row);
      return sum;
    },
  );
  const common = Float64Array.from({ length: T }, (_, t) =>
    Math.max(...directions.map(({ scaled }) => scaled.exponents[t]!)),
  );
  const { data } = joined(
    directions.map(({ scaled }) => scaled.data),
    N,
    (rows, t) => {
      const sum = new Float64Array(N);
      let together = -Infinity;
      for (const [i, row] of rows.entries()) {
        const exponent = directions[i]!.scaled.exponents[t]!;
        if (exponent === -Infinity) continue;
        const next = Math.max(together, exponent);
        if (together !== -Infinity) scaleByPowerOfTwo(sum, together - next, sum);
        together = next;
        const own = new Float64Array(N);
        scaleByPowerOfTwo(row, exponent - together, own);
        accumulate(sum, own);
      }
      return sum;
    },
  );
  // Steps into which nothing goes have exponent 0.
  const scaled = { data, exponents: common.map((exponent) => (exponent === -Infinity ? 0 : exponent)) };
  const enters = common.map((_, t) => (directions.some(({ norms }) => norms[t] !== 0) ? 1 : 0));
  return { dhs, scaled, enters };
}

/** What a direction's run sends down, turned to the order of positions. */
function inPositions(
  { chunks, shapes: { B, T } }: Experiment,
  { direction }: LayerSpec,
  I: number,
  result: AnyRun,
  { data, exponents }: GoesDown,
): FromDirections {
  const turned = (all: SequenceTrace): SequenceTrace => reversedTrace(all, direction, chunks);
  const series = (all: Float64Array): Float64Array => (direction === 'forward' ? all : reversedSeries(all, chunks));
  return {
    dxs: turned({ B, T, N: I, data: result.dxs }),
    norms: series(result.norms.dx),
    scaled: {
      data: turned(data),
      exponents: series(exponents),
    },
  };
}

/**
 * As `runNetwork`, of gated cells through the kernels. Null when not even the pieces of a layer fit into their memory.
 */
export function* runLongNetwork(
  experiment: Experiment,
  bounds: VerdictBounds,
  kernels: Kernels,
): Resumable<AnyNetworkRun | null> {
  const {
    dtype,
    shapes: { B, T, I },
    clipNorm,
  } = experiment;
  const rooms = roomsFor(kernels);
  const stack = stackOf(experiment);
  const inputs: SequenceTrace[] = [yield* part(inputsOf(experiment), 0, 0)];
  const forwards = new Map<LayerSpec, Forward>();
  for (const [l, directions] of stack.entries()) {
    const [from, to] = [(0.2 * l) / stack.length, (0.2 * (l + 1)) / stack.length];
    const parts: SequenceTrace[] = [];
    for (const spec of directions) {
      const layer = computedLayer(experiment, spec, inputs[l]!, null);
      fitGatedMemory(kernels, layer, 'pieces');
      const forward = yield* part(gatedForwardPieces(kernels, rooms, layer), from, to);
      if (forward === null) return null;
      forwards.set(spec, forward);
      parts.push(reversedTrace(columnsTrace(forward.states, 0, spec.H), spec.direction, experiment.chunks));
    }
    inputs.push(sideBySideTrace(parts as [SequenceTrace, ...SequenceTrace[]]));
  }
  const output = inputs.at(-1)!;
  let loss: NetworkLoss | null = null;
  let dhs: SequenceTrace;
  if (experiment.loss === null) dhs = upstreamTrace(experiment, output.N);
  else ({ dhs, loss } = yield* part(lossOver(experiment, output), 0.2, 0.25));

  const layers: AnyLayer[] = [];
  let above: ComputedAbove = { dhs, scaled: null, enters: null };
  for (const [l, directions] of [...stack.entries()].reverse()) {
    const input = inputs[l]!;
    const own: AnyLayer[] = [];
    const sent: FromDirections[] = [];
    let column = 0;
    for (const spec of directions) {
      const done = layers.length + own.length;
      const share = (count: number): number => 0.25 + (0.6 * count) / experiment.layers.length;
      const columns = (all: SequenceTrace): SequenceTrace => columnsTrace(all, column, column + spec.H);
      const { scaled, enters } = above;
      const layer = computedLayer(experiment, spec, input, {
        dhs: columns(above.dhs),
        enters,
        scaled: scaled === null ? null : { ...scaled, data: columns({ ...above.dhs, data: scaled.data }).data },
      });
      column += spec.H;
      const known = forwards.get(spec)!;
      const found = yield* part(runGatedPieces(kernels, rooms, layer, bounds, known), share(done), share(done + 1));
      if (found === null) return null;
      sent.push(inPositions(experiment, spec, input.N, found.result, found.down));
      own.push({ experiment: layer, result: found.result });
    }
    layers.unshift(...own);
    above = summed(sent);
  }
  const clipFactor = clipNorm === null ? null : yield* part(clipAll(experiment, layers, loss, clipNorm), 0.85, 0.85);

  const { dhs: down, scaled } = above;
  const dxs = joined([down], I, ([row]) => cast(dtype, row!));
  const norms = { dx: new Float64Array(T) };
  const log10Norms = { dx: new Float64Array(T) };
  for (let t = 0; t < T; t++) {
    yield* part(ready(t, dxs), 0.85, 0.85);
    norms.dx[t] = cast(dtype, Float64Array.of(norm(takeStep(dxs, t).data)))[0]!;
    const step = { ...down, data: scaled!.data };
    yield* part(ready(t, step), 0.85, 0.85);
    log10Norms.dx[t] = log10Norm(takeStep(step, t).data, scaled!.exponents[t]!);
    yield 0.85 + (0.05 * t) / T;
  }
  const isOneWay = experiment.layers.every(({ direction }) => direction === 'forward');
  const source = isOneWay ? yield* part(sourceOf(kernels, rooms, layers, T), 0.9, 0.99) : null;
  return {
    experiment,
    lengths: lengthsOfRun(experiment),
    layers: layers as [AnyLayer, ...AnyLayer[]],
    output: { B, T, N: output.N, data: output.data },
    dxs: dxs.data,
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

/** A loss reads the output sequence by sequence, so it is held meanwhile. */
function* lossOver(
  experiment: Experiment,
  output: SequenceTrace,
): Resumable<{ readonly dhs: SequenceTrace; readonly loss: NetworkLoss | null }> {
  return yield* networkUpstream(experiment, yield* copiedSteps(experiment.dtype, output, 0, output.T));
}

function* sourceOf(
  kernels: Kernels,
  { flows }: ReturnType<typeof roomsFor>,
  layers: readonly AnyLayer[],
  T: number,
): Resumable<NetworkSource> {
  const own = layers.map(({ experiment, result }) => ({ experiment, chunks: runChunks(experiment, result) }));
  const long = { room: flows, pieceSteps: Math.ceil(Math.sqrt(T)) };
  return (yield* gatedNetworkSource(kernels, own, T, long)) ?? (yield* networkSource(own, T));
}
