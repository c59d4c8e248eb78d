// Steps that are nearest to a step, where not all are there.
import { positionOf, stepName } from './stepLabels.js';
import type { RunSummary } from './model.js';

/** Place of the step in `t` (ascending) that is nearest to `step`. */
export function nearestIndex(t: Float64Array, step: number): number {
  let [low, high] = [0, t.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((t[middle] ?? 0) < step) low = middle + 1;
    else high = middle;
  }
  const before = Math.max(0, low - 1);
  return Math.abs((t[before] ?? 0) - step) < Math.abs((t[low] ?? 0) - step) ? before : low;
}

/** How the reading of a decimated line is printed: as an approximation where the line does not hold the step itself. */
export const printNear =
  (t: Float64Array | null, print: (value: number) => string) =>
  (value: number, step: number): string =>
    t === null || Number.isNaN(value) || t[nearestIndex(t, step)] === step ? print(value) : `≈ ${print(value)}`;

/**
 * The same of a line of which each bin has its smallest and its largest value: they stand at the ends of the bin, and
 * come from other steps of it.
 */
export const printDecimated = (
  t: Float64Array,
  print: (value: number) => string,
): ((value: number, step: number) => string) =>
  (t.at(-1) ?? 0) - (t[0] ?? 0) < t.length
    ? printNear(t, print)
    : (value) => (Number.isNaN(value) ? print(value) : `≈ ${print(value)}`);

/** The value at step t of a series that may be decimated: the nearest step that it holds. */
export const nearest = (t: Float64Array, values: ArrayLike<number>, step: number): number =>
  values[nearestIndex(t, step)] ?? NaN;

/** The step whose numbers are told for `step`: `t = 12`, or `t ≈ 12` where another one stands for it. */
export function stepRead(run: RunSummary, series: { readonly t: Float64Array } | null, step: number): string {
  const at = series === null ? step : (series.t[nearestIndex(series.t, step)] ?? step);
  return at === step ? stepName(run, step) : `t ≈ ${positionOf(run, at)}`;
}
