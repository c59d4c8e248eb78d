// Series over very many steps as a page can hold them: the extremes of every few steps, or every step of a window.
import type {
  LayerSeries,
  RunSeries,
  RunSummary,
  SeriesAnswer,
  SeriesRequest,
  TimeWindow,
} from '../../protocol/index.js';
import { binStart, clampWindow } from './decimate.js';

/** Runs of at most so many steps are told whole: eight series of them are 2 MB, less than the pixels of a screen. */
export const mostDense = 2 ** 15;
/** Bins of a level; each keeps two or three steps of every series. */
export const levelBins = 1024;
/** Steps of a window that are told one by one. */
const mostExact = 2 ** 13;

/**
 * Of each of `count` bins the steps at which some series is smallest, largest or no number, both ends of the window,
 * and what `named` names: so no spike and no gap is lost, and each number that is told is one that is there. Ascending.
 */
export function tellingSteps(
  series: readonly Float64Array[],
  { t0, t1 }: TimeWindow,
  count: number,
  named: readonly number[] = [],
): Float64Array {
  const told = new Uint8Array(t1 - t0);
  for (const t of [t0, t1 - 1, ...named]) if (t >= t0 && t < t1) told[t - t0] = 1;
  for (const values of series) {
    for (let bin = 0; bin < count; bin++) {
      let [low, high, gap] = [-1, -1, -1];
      for (let t = binStart(t0, t1 - t0, count, bin); t < binStart(t0, t1 - t0, count, bin + 1); t++) {
        const value = values[t] ?? NaN;
        if (Number.isNaN(value)) gap = t;
        else {
          if (low < 0 || value < (values[low] ?? NaN)) low = t;
          if (high < 0 || value > (values[high] ?? NaN)) high = t;
        }
      }
      for (const t of [low, high, gap]) if (t >= 0) told[t - t0] = 1;
    }
  }
  return Float64Array.from(
    told.reduce<number[]>((steps, one, i) => {
      if (one === 1) steps.push(t0 + i);
      return steps;
    }, []),
  );
}

const layerSeriesOf = ({
  log10: { dh, dc, ds, singleSource, parameters },
  hNorm,
  saturation,
}: LayerSeries): Float64Array[] => [
  dh,
  ...[dc, ds].filter((series) => series !== undefined),
  ...Object.values(parameters),
  singleSource,
  hNorm,
  ...(saturation === null ? [] : [saturation]),
];

const seriesOf = ({ log10, layers }: RunSeries): Float64Array[] => [log10.dx, ...layers.flatMap(layerSeriesOf)];

const mapLayer = (
  { layer, direction, log10, hNorm, saturation }: LayerSeries,
  of: (values: Float64Array) => Float64Array,
): LayerSeries => ({
  layer,
  direction,
  log10: {
    dh: of(log10.dh),
    ...(log10.dc === undefined ? {} : { dc: of(log10.dc) }),
    ...(log10.ds === undefined ? {} : { ds: of(log10.ds) }),
    singleSource: of(log10.singleSource),
    parameters: Object.fromEntries(Object.entries(log10.parameters).map(([name, values]) => [name, of(values)])),
  },
  hNorm: of(hNorm),
  saturation: saturation === null ? null : of(saturation),
});

/** The same of each series. */
const mapSeries = (
  { log10, layers: [first, ...others] }: RunSeries,
  of: (values: Float64Array) => Float64Array,
): Omit<RunSeries, 'steps'> => ({
  log10: { dx: of(log10.dx) },
  layers: [mapLayer(first, of), ...others.map((layer) => mapLayer(layer, of))],
});

/** Of a series at all steps. */
const at = (steps: Float64Array, values: Float64Array): Float64Array => steps.map((t) => values[t] ?? NaN);

const picked = (
  series: RunSeries,
  steps: Float64Array,
): Omit<RunSeries, 'steps'> & { readonly steps: Float64Array } => ({
  steps,
  ...mapSeries(series, (values) => at(steps, values)),
});

/** Steps that somebody reads by name, whatever the zoom. */
const namedSteps = ({
  shapes: { T },
  verdict: { source, first, crossedAt, zeroAt, infiniteAt, segments },
}: RunSummary): number[] => [
  source,
  first,
  Math.floor(T / 2),
  ...[crossedAt, zeroAt, infiniteAt].filter((t) => t !== null),
  ...segments.flatMap(({ from, to }) => [from, to]),
];

/** What the page is told of a run at once. `summary` itself has every step. */
export const forPage = (summary: RunSummary): RunSummary =>
  summary.shapes.T <= mostDense
    ? summary
    : {
        ...summary,
        ...picked(
          summary,
          tellingSteps(seriesOf(summary), { t0: 0, t1: summary.shapes.T }, levelBins, namedSteps(summary)),
        ),
      };

/** More runs of steps with a loss are kept in a report as far as it has a step of theirs. */
const mostLosses = 4096;

/**
 * What a report keeps of the series of a run: every step, or of a very long one what the page is told at once, and as
 * much of `jacobianSigmaMax` [T].
 */
export function kept(
  summary: RunSummary,
  jacobianSigmaMax: Float64Array,
  named: readonly number[],
): { readonly summary: RunSummary; readonly jacobianSigmaMax: Float64Array } {
  const { T } = summary.shapes;
  if (T <= mostDense) return { summary, jacobianSigmaMax };
  const steps = tellingSteps([...seriesOf(summary), jacobianSigmaMax], { t0: 0, t1: T }, levelBins, [
    ...namedSteps(summary),
    ...named,
  ]);
  let next = 0;
  const lossSteps =
    summary.lossSteps.length <= mostLosses
      ? summary.lossSteps
      : summary.lossSteps.filter(([from, to]) => {
          while ((steps[next] ?? T) < from) next++;
          return (steps[next] ?? T) <= to;
        });
  return {
    summary: { ...summary, ...picked(summary, steps), lossSteps },
    jacobianSigmaMax: at(steps, jacobianSigmaMax),
  };
}

/** The same of a window, finer; of a short one every step. `jacobianSigmaMax` [T], empty where it is not known. */
export function seriesAnswer(
  summary: RunSummary,
  jacobianSigmaMax: Float64Array,
  request: SeriesRequest,
): SeriesAnswer {
  if (summary.steps !== null) return keptAnswer(summary, summary.steps, jacobianSigmaMax, request);
  const window = clampWindow(request.window, summary.shapes.T);
  const whole = window.t1 - window.t0 <= mostExact;
  const steps = whole
    ? Float64Array.from({ length: window.t1 - window.t0 }, (_, i) => window.t0 + i)
    : tellingSteps(seriesOf(summary), window, levelBins);
  return { ...picked(summary, steps), window, steps, jacobianSigmaMax: at(steps, jacobianSigmaMax) };
}

/** All that a report kept of a window. `jacobianSigmaMax` is at `steps`. */
function keptAnswer(
  summary: RunSummary,
  steps: Float64Array,
  jacobianSigmaMax: Float64Array,
  request: SeriesRequest,
): SeriesAnswer {
  const window = clampWindow(request.window, summary.shapes.T);
  const inWindow = (values: Float64Array): Float64Array =>
    values.filter((_, i) => {
      const t = steps[i] ?? NaN;
      return window.t0 <= t && t < window.t1;
    });
  return {
    window,
    steps: inWindow(steps),
    ...mapSeries(summary, inWindow),
    jacobianSigmaMax: inWindow(jacobianSigmaMax),
  };
}

/** The curves of another run; all T of their steps where those are few. */
export function curveForPage<Names extends string>(
  curves: Readonly<Record<Names, Float64Array>>,
): { readonly steps: Float64Array | null; readonly log10: Readonly<Record<Names, Float64Array>> } {
  const all = Object.values<Float64Array>(curves);
  const T = all[0]?.length ?? 0;
  if (T <= mostDense) return { steps: null, log10: curves };
  const steps = tellingSteps(all, { t0: 0, t1: T }, levelBins);
  return {
    steps,
    log10: Object.fromEntries(
      Object.entries<Float64Array>(curves).map(([name, values]) => [name, at(steps, values)]),
    ) as Record<Names, Float64Array>,
  };
}
