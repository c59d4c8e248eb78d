// The verdict of a network: from its single source through all layers, or, with two directions, the worst of theirs.
import { t as say } from '@vscode/l10n';
import type { Resumable } from '../core/resumable.js';
import type { Direction, Experiment, LayerExperiment } from '../network/experiment.js';
import { earlierEntry } from '../network/lossSteps.js';
import type { NetworkSource } from '../network/networkSource.js';
import type { ComputedRun } from '../network/result.js';
import { isForward } from './evidence.js';
import type { NonFinite, VerdictBounds } from './evidence.js';
import { measure } from './verdict.js';
import type { Verdict, VerdictKind } from './verdict.js';
import { rateOf } from './reason.js';

/** A verdict, and the layer and direction that it names. */
export type NetworkVerdict = Verdict & { readonly layer: number; readonly direction: Direction };

type JudgedLayer = {
  readonly experiment: LayerExperiment;
  readonly result: ComputedRun & { readonly verdict: Verdict; readonly positionVerdict: Verdict };
};

/** From the worst to the best. */
const severity: readonly VerdictKind[] = ['exploding', 'vanishing', 'fading', 'healthy'];

/** The layer in which numbers stop being finite first, as the run meets them: up the layers, then down. */
function firstNonFinite(layers: readonly JudgedLayer[]): JudgedLayer | undefined {
  const of = ({ result: { verdict } }: JudgedLayer): NonFinite | null => verdict.nonFinite;
  return layers.find((layer) => isForward(of(layer))) ?? layers.findLast((layer) => of(layer) !== null);
}

/** The layer with the worst verdict; of several the one that loses or gains most over the trip. */
function worstOf(layers: readonly JudgedLayer[]): JudgedLayer {
  const rank = ({ result: { verdict } }: JudgedLayer): number => severity.indexOf(verdict.kind);
  const change = ({ result: { verdict } }: JudgedLayer): number => Math.abs(verdict.log10Ratio ?? 0);
  return layers.reduce((a, b) => (rank(b) < rank(a) || (rank(b) === rank(a) && change(b) > change(a)) ? b : a));
}

const nameOf = ({ experiment: { layers } }: JudgedLayer, twoWays: boolean): string => {
  const [{ layer, direction }] = layers;
  if (!twoWays) return say('layer {0}', layer);
  return direction === 'forward' ? say('layer {0}, forward', layer) : say('layer {0}, reverse', layer);
};

/** Whether a loss, or the ones that stand for it, sits before the source, of the layer that it enters. */
function isEarlier({ upstream, loss }: Experiment, { experiment, result }: JudgedLayer, source: number): boolean {
  if (loss !== null) return loss.at === 'every' || (Array.isArray(loss.at) && loss.at.some((t) => t < source));
  return upstream.kind === 'given' ? earlierEntry(experiment, result.lossSteps) !== null : upstream.kind === 'every';
}

/** `source` is the network's single source; null with two directions. */
export function* networkVerdict(
  experiment: Experiment,
  bounds: VerdictBounds,
  layers: readonly JudgedLayer[],
  source: NetworkSource | null,
): Resumable<NetworkVerdict> {
  const nonFinite = firstNonFinite(layers);
  const worst = nonFinite ?? worstOf(layers);
  const verdict = worst.result.positionVerdict;
  const [{ layer, direction }] = worst.experiment.layers;
  if (layers.length === 1) return { ...verdict, layer, direction };
  const twoWays = layers.some(({ experiment: { layers: specs } }) => specs[0].direction === 'reverse');
  const name = nameOf(worst, twoWays);
  if (nonFinite !== undefined)
    return { ...verdict, layer, direction, reason: say('It begins in {0}. {1}', name, verdict.reason) };
  // The worst is the worst of all.
  const isHealthy = verdict.kind === 'healthy';
  if (source === null) {
    const reason = isHealthy
      ? say('Every layer is healthy. The gradient changes most in {0}. {1}', name, verdict.reason)
      : say('Worst is {0}. {1}', name, verdict.reason);
    // Of single steps there is nothing to compare.
    return { ...verdict, layer, direction, reason: verdict.source === verdict.first ? verdict.reason : reason };
  }
  const log10 = source.bySource ?? source.log10;
  const single = {
    log10,
    lnSlope: new Float64Array(log10.length).fill(NaN),
    lnWh: new Float64Array(log10.length).fill(NaN),
    bySource: null,
    lnPaths: null,
  };
  const evidence = {
    experiment: worst.experiment,
    bounds,
    single,
    positionOf: (t: number) => t,
    first: verdict.first,
    source: verdict.source,
    earlier: isEarlier(experiment, layers.at(-1)!, verdict.source) ? ('losses' as const) : null,
    nonFinite: null,
    zeroAt: null,
    infiniteAt: null,
    closedShare: null,
  };
  const measured = yield* measure(evidence);
  // The layer says so.
  if (verdict.source === verdict.first) return { ...measured, layer, direction, reason: verdict.reason };
  const rate = rateOf(measured, evidence);
  const where = isHealthy
    ? say('Every layer is healthy by itself.')
    : say('By itself, {0} is worst. {1}', name, verdict.reason);
  return {
    ...measured,
    layer,
    direction,
    reason: rate === null ? where : say('Through the whole network: {0} {1}', rate, where),
  };
}
