// A run that is known finer where it is looked at.
import type { RunSeries, RunSummary, SeriesAnswer } from '../../src/protocol/index.js';

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
  return {
    ...overview,
    steps: Float64Array.from(taken, ({ step }) => step),
    log10: {
      dh: gather(({ log10 }) => log10.dh),
      dx: gather(({ log10 }) => log10.dx),
      dWx: gather(({ log10 }) => log10.dWx),
      dWh: gather(({ log10 }) => log10.dWh),
      db: gather(({ log10 }) => log10.db),
      singleSource: gather(({ log10 }) => log10.singleSource),
    },
    hNorm: gather(({ hNorm }) => hNorm),
    saturation: overview.saturation === null ? null : gather(({ saturation }) => saturation),
  };
}
