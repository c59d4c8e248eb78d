// What is told about a run at once.
import { factsOf, inPositions } from '../../engine/index.js';
import type { AnyNetworkRun, AnyRun, Experiment, LayerExperiment } from '../../engine/index.js';
import type { LayerSeries, NetworkSummary, RunSummary } from '../../protocol/index.js';

/** log10 of the smallest positive and the largest number. */
const dtypeRanges = {
  float32: { log10Smallest: Math.log10(2 ** -149), log10Largest: Math.log10((2 - 2 ** -23) * 2 ** 127) },
  float64: { log10Smallest: Math.log10(Number.MIN_VALUE), log10Largest: Math.log10(Number.MAX_VALUE) },
} as const;

const describeUpstream = ({ loss, upstream }: LayerExperiment | Experiment): string =>
  loss === null ? upstream.kind : `${loss.kind} at ${String(loss.at)}`;

const layerSeries = ({
  layer,
  direction,
  log10Norms,
  log10SingleSource,
  hNorm,
  saturation,
}: AnyRun['layers'][number]): LayerSeries => ({
  layer,
  direction,
  log10: { ...log10Norms, singleSource: log10SingleSource },
  hNorm,
  saturation,
});

/** Which layer is looked at: the one that was asked for, where there is such a one, else the one the verdict names. */
export function layerShown({ layers, verdict }: AnyNetworkRun, asked: number | null): number {
  if (asked !== null && asked < layers.length) return asked;
  const named = layers.findIndex(({ experiment: { layers: specs } }) => {
    const [{ layer, direction }] = specs;
    return layer === verdict.layer && direction === verdict.direction;
  });
  return Math.max(0, named);
}

type Steps = RunSummary['lossSteps'];
const countOf = (steps: Steps): number => steps.reduce((sum, [from, to]) => sum + to - from + 1, 0);

/**
 * What enters the last layer, in the order in which the layer that is shown computes: of the last layer what enters the
 * direction that is shown, of those below it what enters any.
 */
function lossStepsOf(layers: AnyNetworkRun['layers'], shown: number): Steps {
  const layerOf = ({ experiment }: AnyNetworkRun['layers'][number]): number => experiment.layers[0].layer;
  const looked = layers[shown] ?? layers[0];
  const highest = Math.max(...layers.map(layerOf));
  if (layerOf(looked) === highest) return looked.result.lossSteps;
  const enters = new Float64Array(looked.experiment.shapes.T);
  for (const { experiment, result } of layers.filter((layer) => layerOf(layer) === highest)) {
    const own = new Float64Array(enters.length);
    for (const [from, to] of result.lossSteps) own.fill(1, from, to + 1);
    // Each direction counts as it computes, chunk by chunk.
    inPositions(experiment, own).forEach((one, t) => (enters[t] = Math.max(enters[t] ?? 0, one)));
  }
  const steps: [number, number][] = [];
  inPositions(looked.experiment, enters).forEach((one, t) => {
    const last = steps.at(-1);
    if (one !== 1) return;
    if (last?.[1] === t - 1) last[1] = t;
    else steps.push([t, t]);
  });
  return steps;
}

/** Null for a single layer whose sequences are all as long as each other. */
function networkSummary({ layers, verdict, lengths, experiment }: AnyNetworkRun, shown: number): NetworkSummary | null {
  const { kind, reason, perStepFactor, log10Ratio } = verdict;
  const [shortest, longest] = [Math.min(...lengths), Math.max(...lengths)];
  if (layers.length === 1 && shortest === experiment.shapes.T) return null;
  const entering = lossStepsOf(layers, shown);
  return {
    layers: layers.map(({ experiment: { layers: specs }, result }) => {
      const [{ layer, direction, H }] = specs;
      const { kind: own, perStepFactor: factor } = result.verdict;
      return { layer, direction, H, kind: own, perStepFactor: factor };
    }),
    shown,
    inputs: experiment.shapes.I,
    verdict: { kind, reason, perStepFactor, log10Ratio },
    lossSteps: entering,
    lossCount: countOf(entering),
    lengths: [shortest, longest],
  };
}

/** The layer that is shown, with what is the network's: the loss above all layers, and gradients clipped as one. */
export function summariseNetwork(
  runId: number,
  run: AnyNetworkRun,
  shown: number,
  elapsedMs: number,
  told: Pick<RunSummary, 'training' | 'labels'> = { training: null, labels: null },
): RunSummary {
  const { experiment, result } = run.layers[shown] ?? run.layers[0];
  return {
    ...summarise(runId, experiment, result, elapsedMs),
    // A layer is given what the layer above sends down.
    upstream: describeUpstream(run.experiment),
    clipNorm: run.experiment.clipNorm,
    clipFactor: run.clipFactor,
    lossValue: run.lossValue,
    network: networkSummary(run, shown),
    training: told.training,
    labels: told.labels,
  };
}

export function summarise(runId: number, experiment: LayerExperiment, result: AnyRun, elapsedMs: number): RunSummary {
  const { name, cell, dtype, truncate, clipNorm } = experiment;
  const entering = result.lossSteps;
  return {
    runId,
    network: null,
    training: null,
    labels: null,
    name,
    cell: factsOf(cell),
    dtype,
    truncate,
    clipNorm,
    elapsedMs,
    shapes: result.shapes,
    chunkStarts: result.chunkStarts,
    upstream: describeUpstream(experiment),
    lossSteps: entering,
    lossCount: countOf(entering),
    verdict: result.verdict,
    onePercentAt: result.onePercentAt,
    steps: null,
    log10: result.log10Norms,
    layers: [layerSeries(result.layers[0]), ...result.layers.slice(1).map(layerSeries)],
    lossValue: result.lossValue,
    clipFactor: result.clipFactor,
    dtypeRange: dtypeRanges[dtype],
  };
}
