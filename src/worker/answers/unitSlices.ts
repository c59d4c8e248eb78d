// Orders of the hidden units, their pre-activations, and how their values are spread.
import type { Activations, ActivationsRequest, Band, BandRequest, UnitOrder } from '../../protocol/index.js';
import { cellOf, finish, preActivations, presenceIn } from '../../engine/index.js';
import type { FloatArray, Trace } from '../../engine/index.js';
import { binStart, clampWindow, decimate, decimatedSteps, largestOverTime } from './decimate.js';
import { PerRunCache } from './perRunCache.js';
import { requireOneGate } from './keptRun.js';
import type { KeptRun } from './keptRun.js';

/** Steps that are enough to tell how alike two units are. */
const sampledSteps = 512;

/** z_t of the sequence that was asked for last, [T,H]: every zoom comes back to it. */
const known = new WeakMap<KeptRun['result'], { readonly sequence: number; readonly z: Trace }>();

export const keepPreActivations = ({ result }: KeptRun, sequence: number, z: Trace): void =>
  void known.set(result, { sequence, z });
export const hasPreActivations = ({ result }: KeptRun, sequence: number): boolean =>
  known.get(result)?.sequence === sequence;

/** Those that were kept; else computed now. @throws of a cell with several gates */
export function preActivationsOf(run: KeptRun, sequence: number): Trace {
  requireOneGate(run);
  const last = known.get(run.result);
  if (last?.sequence === sequence) return last.z;
  const { z, steps } = preActivations(run.experiment, run.result, sequence);
  finish(steps);
  const { values } = z;
  if (values === null) throw new Error('The pre-activations were not computed to their end.');
  keepPreActivations(run, sequence, values);
  return values;
}

const orders = new PerRunCache<Uint32Array>();

/** Unit of each row; null for the units' own order. A copy, because what is answered moves away. */
export const unitOrder = (run: KeptRun, sequence: number, order: UnitOrder): Uint32Array | null =>
  order === 'index' ? null : orders.of(run.result, `${order} ${sequence}`, () => sorted(run, sequence, order)).slice();

function sorted({ experiment, result }: KeptRun, sequence: number, order: Exclude<UnitOrder, 'index'>): Uint32Array {
  const { T, H } = result.shapes;
  const { h } = result.layers[0].states;
  const states = (t: number): FloatArray => h.subarray((sequence * T + t) * H, (sequence * T + t + 1) * H);
  if (order === 'similarity') {
    const count = Math.min(T, sampledSteps);
    const samples = Array.from({ length: count }, (_, i) => Float64Array.from(states(Math.floor((i * T) / count))));
    return bySimilarity(count, H, (i, unit) => samples[i]?.[unit] ?? 0);
  }
  const { closing } = cellOf(experiment.cell);
  const counted = closing?.kind === 'saturated' ? closing : null;
  const weight = new Float64Array(H);
  for (let t = 0; t < T; t++) {
    const h = states(t);
    for (let unit = 0; unit < H; unit++) {
      const size = Math.abs(h[unit] ?? 0);
      weight[unit] = (weight[unit] ?? 0) + (counted === null ? size : counted.isClosed(size) ? 1 : size * 1e-6);
    }
  }
  return Uint32Array.from(weight.keys()).sort((a, b) => (weight[b] ?? 0) - (weight[a] ?? 0) || a - b);
}

/**
 * A chain in which each unit is followed by the one left that is most correlated with it; it starts at the unit that
 * varies most.
 */
function bySimilarity(samples: number, H: number, value: (sample: number, unit: number) => number): Uint32Array {
  const centred = Array.from({ length: H }, (_, unit) => {
    const line = Float64Array.from({ length: samples }, (__, i) => value(i, unit));
    const mean = line.reduce((sum, v) => sum + v, 0) / samples;
    const moved = line.map((v) => v - mean);
    const length = Math.sqrt(moved.reduce((sum, v) => sum + v * v, 0));
    return { line: length > 0 ? moved.map((v) => v / length) : moved, length };
  });
  const order = new Uint32Array(H);
  const left = new Set(centred.keys());
  let unit = centred.reduce((most, { length }, i) => (length > (centred[most]?.length ?? 0) ? i : most), 0);
  for (let place = 0; place < H; place++) {
    order[place] = unit;
    left.delete(unit);
    let [best, highest] = [-1, -Infinity];
    for (const other of left) {
      let dot = 0;
      for (let i = 0; i < samples; i++) dot += (centred[unit]?.line[i] ?? 0) * (centred[other]?.line[i] ?? 0);
      if (dot > highest) [best, highest] = [other, dot];
    }
    unit = best;
  }
  return order;
}

const largestStates = new PerRunCache<number>();

/** A histogram of h for each column of time. */
export function spread(
  { result, experiment }: KeptRun,
  { sequence, window: asked, maxColumns, bins }: ActivationsRequest,
): Activations {
  const { B, T, H } = result.shapes;
  const isThere = presenceIn(experiment.chunks);
  const window = clampWindow(asked, T);
  const columns = Math.min(window.t1 - window.t0, Math.max(1, maxColumns));
  const items = sequence === null ? Array.from({ length: B }, (_, b) => b) : [Math.min(sequence, B - 1)];
  const [lowest, highest] = cellOf(experiment.cell).range;
  const largest = Number.isFinite(highest)
    ? highest
    : items.reduce(
        (most, b) =>
          Math.max(
            most,
            largestStates.of(result, String(b), () => largestOverTime(result.layers[0].states.h, result.shapes, b)),
          ),
        0,
      );
  const high = largest > 0 ? largest : 1;
  const low = Math.max(lowest, -high);
  const shares = new Float32Array(bins * columns);
  const notFinite = new Float32Array(columns);
  // Counted first: thousands of small shares would add up to another number.
  const counts = new Float64Array(bins);
  for (let column = 0; column < columns; column++) {
    const [from, to] = [
      binStart(window.t0, window.t1 - window.t0, columns, column),
      binStart(window.t0, window.t1 - window.t0, columns, column + 1),
    ];
    counts.fill(0);
    let odd = 0;
    let all = 0;
    const count = (states: FloatArray): void => {
      all += states.length;
      for (const h of states) {
        if (!Number.isFinite(h)) {
          odd++;
          continue;
        }
        const bin = Math.max(0, Math.min(bins - 1, Math.floor(((h - low) / (high - low)) * bins)));
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
    };
    for (const b of items)
      for (let t = from, end = from; t < to; t = end + 1) {
        for (end = t; end < to && isThere(b, end); end++);
        count(result.layers[0].states.h.subarray((b * T + t) * H, (b * T + end) * H));
      }
    all = Math.max(1, all);
    for (let bin = 0; bin < bins; bin++) shares[(bins - 1 - bin) * columns + column] = (counts[bin] ?? 0) / all;
    notFinite[column] = odd / all;
  }
  return { window, columns, bins, low, high, shares, notFinite };
}

/** Smallest, median and largest norm of the sequences that are there at each step. */
export function band({ result, experiment }: KeptRun, { window: asked, maxPoints }: BandRequest): Band {
  const { B, T } = result.shapes;
  const [{ log10dhPerSequence }] = result.layers;
  const window = clampWindow(asked, T);
  const { t, bins } = decimatedSteps(window, maxPoints);
  const span = window.t1 - window.t0;
  const [low, median, high] = [new Float64Array(span), new Float64Array(span), new Float64Array(span)];
  const isThere = presenceIn(experiment.chunks);
  const room = new Float64Array(B);
  for (let i = 0; i < span; i++) {
    const t = window.t0 + i;
    let count = 0;
    for (let b = 0; b < B; b++) if (isThere(b, t)) room[count++] = log10dhPerSequence[b * T + t] ?? NaN;
    const heights = room.subarray(0, count).sort();
    low[i] = heights[0] ?? NaN;
    median[i] = ((heights[(count - 1) >> 1] ?? NaN) + (heights[count >> 1] ?? NaN)) / 2;
    high[i] = heights[count - 1] ?? NaN;
  }
  const line = (values: Float64Array): Float64Array => {
    const out = new Float64Array(t.length);
    decimate(window, bins, out, (step) => values[step - window.t0] ?? NaN);
    return out;
  };
  return { t, low: line(low), median: line(median), high: line(high) };
}
