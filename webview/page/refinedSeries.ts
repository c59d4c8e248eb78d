// A run that is known finer where it is looked at.
import type { LayerSeries, RunSeries, RunSummary, SeriesAnswer } from '../../src/protocol/index.js';

/** Another series under each of these names. */
const each = <R extends object>(all: R, of: (name: keyof R) => Float64Array): R =>
  Object.fromEntries(Object.keys(all).map((name) => [name, of(name as keyof R)])) as R;

/** The run with what is known finer in the windows of `parts`; a part goes before those behind it. */
export function refined(overview: RunSummary, parts: readonly SeriesAnswer[]): RunSummary {
  const sources = [
    ...parts,
    { ...overview, window: { t0: 0, t1: overview.shapes.T }, steps: overview.steps ?? new Float64Array(0) },
  ];
  const taken = sources
    .flatMap(({ steps }, source) =>
      Array.from(steps, (step, i) => ({ step, source, i })).filter(
        ({ step }) => !sources.slice(0, source).some(({ window: { t0, t1 } }) => t0 <= step && step < t1),
      ),
    )
    .sort((a, b) => a.step - b.step);
  const gather = (pick: (series: RunSeries) => Float64Array | null): Float64Array => {
    const values = sources.map(pick);
    return Float64Array.from(taken, ({ source, i }) => values[source]?.[i] ?? NaN);
  };
  const layerOf = (layer: LayerSeries, at: number): LayerSeries => {
    const own = (pick: (series: LayerSeries) => Float64Array | null | undefined): Float64Array =>
      gather(({ layers }) => {
        const found = layers[at];
        return (found === undefined ? null : pick(found)) ?? null;
      });
    const { parameters, ...norms } = layer.log10;
    return {
      ...layer,
      log10: {
        ...each(norms, (name) => own(({ log10 }) => log10[name])),
        parameters: each(parameters, (name) => own(({ log10 }) => log10.parameters[name])),
      },
      hNorm: own(({ hNorm }) => hNorm),
      saturation: layer.saturation === null ? null : own(({ saturation }) => saturation),
    };
  };
  return {
    ...overview,
    steps: Float64Array.from(taken, ({ step }) => step),
    log10: { dx: gather(({ log10 }) => log10.dx) },
    layers: [layerOf(overview.layers[0], 0), ...overview.layers.slice(1).map((layer, i) => layerOf(layer, i + 1))],
  };
}
