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

/** Whether every step of a line is one of its points. */
const isDense = (t: Float64Array): boolean => (t.at(-1) ?? 0) - (t[0] ?? 0) < t.length;

/** Whether a line, which may be that of the steps in sight alone, goes as far as a step; a decimated one nearly. */
function reaches(t: Float64Array, step: number): boolean {
  const [first, last] = [t[0] ?? NaN, t.at(-1) ?? NaN];
  const bin = isDense(t) ? 0 : (2 * (last - first)) / t.length;
  return step >= first - bin && step <= last + bin;
}

/**
 * How the reading of a decimated line is printed: as an approximation where the line does not hold the step itself, as
 * none where it ends before it.
 */
export const printNear =
  (t: Float64Array | null, print: (value: number) => string) =>
  (value: number, step: number): string => {
    if (t === null || Number.isNaN(value) || t[nearestIndex(t, step)] === step) return print(value);
    return reaches(t, step) ? `≈ ${print(value)}` : print(NaN);
  };

/**
 * The same of a line of which each bin has its smallest and its largest value: they stand at the ends of the bin, and
 * come from other steps of it.
 */
export const printDecimated = (
  t: Float64Array,
  print: (value: number) => string,
): ((value: number, step: number) => string) =>
  isDense(t)
    ? printNear(t, print)
    : (value, step) => (Number.isNaN(value) || !reaches(t, step) ? print(NaN) : `≈ ${print(value)}`);

/** The value at step t of a series that may be decimated: the nearest step that it holds. */
export const nearest = (t: Float64Array, values: ArrayLike<number>, step: number): number =>
  values[nearestIndex(t, step)] ?? NaN;

/** The step whose numbers are told for `step`: `t = 12`, or `t ≈ 12` where another one stands for it. */
export function stepRead(run: RunSummary, series: { readonly t: Float64Array } | null, step: number): string {
  const at = series === null ? step : (series.t[nearestIndex(series.t, step)] ?? step);
  return at === step ? stepName(run, step) : `t ≈ ${positionOf(run, at)}`;
}
