// What is told of a gated run beyond the range of any dtype, as ../network/scaledBackward.ts and networkSource.ts tell
// it, through the kernels.
import type { ByParameter } from '../cells/cell.js';
import { cellOf } from '../cells/index.js';
import { jointLog10 } from '../core/blockFloat.js';
import { unfilled } from '../core/bufferPool.js';
import { part } from '../core/resumable.js';
import { sequence } from '../core/tensor.js';
import type { Sequence } from '../core/tensor.js';
import type { Resumable } from '../core/resumable.js';
import type { LayerExperiment, ScaledSteps } from '../network/experiment.js';
import type { LayerChunks } from '../network/networkSource.js';
import { sideBySide } from '../network/layers.js';
import type { TrialPlace } from '../network/trial.js';
import { sourceStep } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { ByDistance, emptyNorms, pathNames } from '../network/scaledBackward.js';
import type { Analysis, InputVisit } from '../network/scaledBackward.js';
import { insideFlowRange, throughChunks, unmeasuredSource } from './flowBack.js';
import { GatedFlow } from './gatedFlow.js';
import { GatedLayer } from './gatedLayer.js';
import { gatedShapeOf } from './gatedLayout.js';
import type { Kept, Seen, Through } from './gatedFlow.js';
import { sourcesOf } from './gatedPass.js';
import type { Kernels } from './instance.js';

/**
 * What `analyse` gives, from the kernels. Null when they cannot say: not enough memory, weights near the ends of
 * float64, or a number that left its range; then `analyse` has to, and `visit` has heard nothing.
 */
export function* gatedAnalyse(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  visit?: InputVisit,
): Resumable<Analysis | null> {
  const {
    shapes: { B, T, H },
    layers: [{ parameters }],
  } = experiment;
  const cell = cellOf(experiment.cell);
  if (!(yield* insideFlowRange(parameters))) return null;
  const flow = yield* part(GatedFlow.create(kernels, experiment), 0, 0);
  if (flow === null) return null;
  const single = unmeasuredSource(T, pathNames(cell));
  const series = (): Float64Array => new Float64Array(T);
  const result: Kept = {
    log10Norms: emptyNorms(T, cell),
    log10dhPerSequence: new Float64Array(B * T),
    dhScaled: unfilled('float64', B * T * H),
    dhExponent: series(),
    single,
    distances: chunks.at(-1)?.spans === undefined ? null : new ByDistance(T),
    gates: Object.fromEntries(cell.gates.map((name) => [name, { mean: series(), closed: series(), open: series() }])),
  };
  const seen: Seen[] | null = visit === undefined ? null : [];
  const known = yield* throughChunks(chunks, T, (chunk) => flow.chunk(chunk, result, chunk === chunks.at(-1), seen));
  if (!known) return null;
  for (const step of seen ?? []) {
    visit?.(...step);
    yield 1;
  }
  const { distances, ...analysis } = result;
  return { ...analysis, single: { ...single, bySource: distances?.log10 ?? null } };
}

/**
 * What `networkSource` gives, from the kernels, layer by layer from the top: what a step sends down enters the same
 * step of the layer below. Null when they cannot say: then `networkSource` has to.
 */
export function* gatedNetworkSource(
  kernels: Kernels,
  layers: readonly LayerChunks[],
  T: number,
): Resumable<Float64Array | null> {
  const log10 = new Float64Array(T).fill(NaN);
  const received: Float64Array[] = [];
  let above: ScaledSteps | null = null;
  for (const { experiment, chunks } of [...layers].reverse()) {
    const { parameters } = experiment.layers[0];
    if (!(yield* insideFlowRange(parameters))) return null;
    const { start, steps, xs, hs, initial, spans } = chunks.at(-1)!;
    const { B, H } = experiment.shapes;
    const last = { start, steps, xs, hs, initial, ...(spans === undefined ? {} : { spans }) };
    // At the top each sequence's source is what enters.
    const dhs = spans === undefined ? new Float64Array() : sourcesOf({ ...last, dhs: xs }, H);
    const own: LayerExperiment = {
      ...experiment,
      truncate: null,
      loss: null,
      upstream: spans === undefined ? { kind: 'last' } : { kind: 'given', dhs },
    };
    const flow: GatedFlow | null = yield* part(GatedFlow.create(kernels, own), 0, 0);
    if (flow === null) return null;
    const entering = { ...last, dhs: { B, T: steps, N: H, data: dhs } };
    const found: Through | null = yield* flow.through(above === null ? entering : { ...entering, scaledDhs: above });
    if (found === null) return null;
    if (above === null)
      for (let t = 0; t < steps; t++) {
        const sources = Array.from({ length: B }, (_, b) => sourceStep(entering, b)).filter((at) => at === t).length;
        if (sources > 0) found.received[t] = jointLog10([found.received[t]!, 0.5 * Math.log10(sources * H)]);
      }
    received.push(found.received);
    above = found.down;
  }
  const { start, steps } = layers[0]!.chunks.at(-1)!;
  for (let t = 0; t < steps; t++) log10[start + t] = jointLog10(received.map((series) => series[t]!));
  return log10;
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
  yield* forward.forward(chunk.xs.data, steps, chunk.initial.data);
  const states = cellOf(cell).states.map(() => sequence(dtype, 1, steps, H)) as [Sequence, ...Sequence[]];
  yield* forward.states(steps, states, 0);
  const run = { ...chunk, hs: yield* sideBySide(dtype, states) };
  return yield* gatedNetworkSource(kernels, [{ experiment: changed, chunks: [run] }], steps);
}
