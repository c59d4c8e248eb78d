// How much of a long series a screen can show.
import type { Trace } from '../../engine/index.js';
import type { TimeWindow } from '../../protocol/index.js';

export const clampWindow = (window: TimeWindow, T: number): TimeWindow => {
  const t0 = Math.min(Math.max(0, Math.floor(window.t0)), T - 1);
  return { t0, t1: Math.min(T, Math.max(t0 + 1, Math.ceil(window.t1))) };
};

/** First item of bin `index` when `count` items from `start` are shared among `bins`. */
export const binStart = (start: number, count: number, bins: number, index: number): number =>
  start + Math.floor((index * count) / bins);

/** Which of `bins` bins, that share T steps, hold steps of the window: from ≤ bin < to. */
export function binsIn(
  { t0, t1 }: TimeWindow,
  T: number,
  bins: number,
): { readonly from: number; readonly to: number } {
  const of = (t: number): number => Math.ceil(((t + 1) * bins) / T) - 1;
  return { from: of(t0), to: of(t1 - 1) + 1 };
}

/** The largest finite |value| of one sequence of a [B,T,H], step by step: the numbers may have to be computed. */
export function largestOverTime(
  values: Trace,
  { T, H }: { readonly T: number; readonly H: number },
  sequence: number,
): number {
  let largest = 0;
  for (let row = sequence * T; row < (sequence + 1) * T; row++)
    largest = Math.max(largest, largestMagnitude(values.subarray(row * H, (row + 1) * H), 0, H));
  return largest;
}

/** Of the finite values: a scale that ended at infinity would make all others vanish. */
export function largestMagnitude(values: ArrayLike<number>, from: number, to: number): number {
  let largest = 0;
  for (let i = from; i < to; i++) {
    const magnitude = Math.abs(values[i] ?? 0);
    if (magnitude > largest && magnitude < Infinity) largest = magnitude;
  }
  return largest;
}

/** Positions of a min/max decimation: two for each bin, or every step when they fit. */
export function decimatedSteps(window: TimeWindow, maxPoints: number): { t: Float64Array; bins: number } {
  const span = window.t1 - window.t0;
  if (span <= Math.max(2, maxPoints))
    return { t: Float64Array.from({ length: span }, (_, i) => window.t0 + i), bins: span };
  const bins = Math.max(1, Math.floor(maxPoints / 2));
  const t = Float64Array.from({ length: 2 * bins }, (_, i) => {
    const [start, end] = [binStart(window.t0, span, bins, i >> 1), binStart(window.t0, span, bins, (i >> 1) + 1)];
    return i % 2 === 0 ? start : Math.max(start, end - 1);
  });
  return { t, bins };
}

/**
 * Fills `out` (as long as the decimated t) with the values, or with each bin's smallest and largest in the order in
 * which they occur.
 */
export function decimate(window: TimeWindow, bins: number, out: Float64Array, value: (t: number) => number): void {
  const span = window.t1 - window.t0;
  if (out.length === span && bins === span) {
    for (let i = 0; i < span; i++) out[i] = value(window.t0 + i);
    return;
  }
  for (let bin = 0; bin < bins; bin++) {
    const start = binStart(window.t0, span, bins, bin);
    let [lowest, highest] = [start, start];
    for (let t = start; t < binStart(window.t0, span, bins, bin + 1); t++) {
      if (value(t) < value(lowest)) lowest = t;
      if (value(t) > value(highest)) highest = t;
    }
    out[2 * bin] = value(Math.min(lowest, highest));
    out[2 * bin + 1] = value(Math.max(lowest, highest));
  }
}
