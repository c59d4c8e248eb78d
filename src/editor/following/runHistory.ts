// Every result of an experiment since its panel was opened, as norms alone: what a training script made of the
// gradient, version by version.
import type { HistoryList, HistoryVersion, RunSummary, VersionCurve } from '../../protocol/index.js';

/** Older versions are let go. */
export const mostVersions = 200;
/** Points of a kept curve: 200 versions of two curves are 0.8 MB in float32. */
const mostPoints = 512;

type Kept = HistoryVersion & {
  readonly T: number;
  readonly t: Uint32Array | null;
  readonly dh: Float32Array;
  readonly singleSource: Float32Array;
};

/**
 * Places that keep the shape of a curve: of each bin the smallest and the largest value, in their order; both ends say
 * where the gradient comes from and what arrives.
 */
function tellingPlaces(values: Float64Array): Uint32Array {
  const count = values.length;
  if (count <= mostPoints) return Uint32Array.from(values.keys());
  const bins = mostPoints / 2;
  const places = new Uint32Array(mostPoints);
  for (let bin = 0; bin < bins; bin++) {
    const [start, end] = [Math.floor((bin * count) / bins), Math.floor(((bin + 1) * count) / bins)];
    let [low, high] = [start, start];
    for (let i = start; i < end; i++) {
      if ((values[i] ?? NaN) < (values[low] ?? NaN)) low = i;
      if ((values[i] ?? NaN) > (values[high] ?? NaN)) high = i;
    }
    places[2 * bin] = Math.min(low, high);
    places[2 * bin + 1] = Math.max(low, high);
  }
  places[0] = 0;
  places[mostPoints - 1] = count - 1;
  return places;
}

/** Run twice: a file that was away is read as soon as it is back, and again when the disk tells of it. */
const isSameResult = (one: Omit<Kept, 'lambda1'>, other: Omit<Kept, 'lambda1'>): boolean =>
  (['layer', 'kind', 'log10Ratio', 'perStepFactor', 'T'] as const).every((key) => Object.is(one[key], other[key])) &&
  (['step', 'epoch', 'loss'] as const).every((key) => Object.is(one.training?.[key], other.training?.[key])) &&
  (['dh', 'singleSource'] as const).every((key) => one[key].every((x, i) => Object.is(x, other[key][i])));

export class History {
  #versions: Kept[] = [];
  #forgotten = 0;
  /** Writes of the files that no run has shown. */
  skipped = 0;
  /** Results that show files which another program wrote. */
  rewrites = 0;

  add(summary: RunSummary, time: number): void {
    const { runId, network, verdict, training, steps } = summary;
    const {
      layers: [{ log10 }],
      shapes: { T },
    } = summary;
    const places = tellingPlaces(log10.dh);
    const t = places.length === T ? null : places.map((place) => steps?.[place] ?? place);
    const keep = (values: Float64Array): Float32Array => Float32Array.from(places, (place) => values[place] ?? NaN);
    const { kind, log10Ratio, perStepFactor } = verdict;
    const facts = { kind, log10Ratio, perStepFactor, training, T };
    const curves = { t, dh: keep(log10.dh), singleSource: keep(log10.singleSource) };
    const layer = network !== null && network.layers.length > 1 ? network.shown : null;
    const version = { runId, time, layer, ...facts, ...curves };
    const last = this.#versions.at(-1);
    if (last !== undefined && isSameResult(last, version)) {
      this.#versions.splice(-1, 1, { ...last, runId });
      return;
    }
    this.#versions.push({ ...version, lambda1: null });
    if (this.#versions.length <= mostVersions) return;
    this.#versions.shift();
    this.#forgotten++;
  }

  /** The largest Lyapunov exponent of a run arrives later, or never when the run was replaced before. */
  addExponent(runId: number, lambda1: number | null): void {
    this.#versions = this.#versions.map((version) => (version.runId === runId ? { ...version, lambda1 } : version));
  }

  list(): HistoryList {
    return {
      forgotten: this.#forgotten,
      skipped: this.skipped,
      rewrites: this.rewrites,
      versions: this.#versions.map(({ runId, time, layer, kind, log10Ratio, perStepFactor, lambda1, training }) => ({
        runId,
        time,
        layer,
        kind,
        log10Ratio,
        perStepFactor,
        lambda1,
        training,
      })),
    };
  }

  /** The curves of a version; null when it was let go. */
  curve(runId: number): VersionCurve | null {
    const version = this.#versions.find((other) => other.runId === runId);
    if (version === undefined) return null;
    const { T, t, dh, singleSource } = version;
    return {
      T,
      t: t === null ? null : Float64Array.from(t),
      dh: Float64Array.from(dh),
      singleSource: Float64Array.from(singleSource),
    };
  }
}
