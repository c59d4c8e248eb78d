// Pieces that views made of lines over time share.
import { formatLog10, formatLog10Tick, exactLog10, powerOfTen } from '../page/format.js';
import { ticksBetween, ticksInDecade } from '../chart/axis.js';
import { t as say } from '../page/l10n.js';
import { isReverse, positionOf } from '../page/stepLabels.js';
import { extent } from '../chart/scene.js';
import { log10Of, nearStepValue, printRead, readAt, seriesRows, stepValue } from '../page/series.js';
import type { LogSeries } from '../page/series.js';
import type { Line, YAxis } from '../chart/scene.js';
import type { TablePlan } from '../page/tablePlan.js';
import type { Model, RunSeries, RunSummary, TimeWindow } from '../page/model.js';
import type { Field, Heading } from '../page/tablePlan.js';

/** A line of log10 values at `steps`, or at every step (null); read as 10^value. */
export function logLine(
  line: Pick<Line, 'id' | 'legend' | 'colour'> & Partial<Line>,
  values: Float64Array,
  steps: Float64Array | null,
): Line {
  return {
    width: 1.5,
    dash: [],
    series: { values, t: steps },
    at: (t) => readAt(steps, values, t),
    print: printRead(steps, formatLog10),
    inRange: true,
    ...line,
  };
}

/**
 * Axis over whole decades for the lines that are not hidden, labelled 10ⁿ; right from 1e-900 to 1e+900 because it is
 * linear in the exponent.
 */
export function logAxis(
  lines: readonly Line[],
  { t0, t1 }: TimeWindow,
  title: string,
  hidden: ReadonlySet<string>,
): YAxis {
  let [min, max] = [Infinity, -Infinity];
  for (const line of lines) {
    if (hidden.has(line.id)) continue;
    const range = line.inRange ? extent(line.series, t0, t1) : null;
    if (range !== null) [min, max] = [Math.min(min, range[0]), Math.max(max, range[1])];
  }
  if (min > max) [min, max] = [-1, 0];
  // A flat line gets half a decade of air, else whole decades would squeeze it.
  const air = Math.max(0.04 * (max - min), 0.1);
  const close = max - min < 1.5;
  [min, max] = close
    ? [min - Math.max(air, 0.15), max + Math.max(air, 0.15)]
    : [Math.floor(min - air * 0.5), Math.ceil(max + air * 0.25)];
  return {
    min,
    max,
    reverse: false,
    title,
    ticks: (height) => (close ? ticksInDecade(min, max, height) : ticksBetween(min, max, Math.max(2, height / 24), 1)),
    label: close ? formatLog10Tick : powerOfTen,
  };
}

/** Why no line of a log axis is to be seen; null where one is, or where there are no values yet. */
export function unseenBecause(lines: readonly Line[], { t0, t1 }: TimeWindow): 'zero' | 'notFinite' | 'mixed' | null {
  let [zeros, others] = [0, 0];
  for (const {
    series: { values, t },
  } of lines) {
    for (let i = t === null ? t0 : 0; i < (t === null ? t1 : t.length); i++) {
      const value = values[i];
      if (value === undefined || (t !== null && !((t[i] ?? NaN) >= t0 && (t[i] ?? NaN) < t1))) continue;
      if (Number.isFinite(value)) return null;
      if (value === -Infinity) zeros++;
      else others++;
    }
  }
  return others > 0 ? (zeros > 0 ? 'mixed' : 'notFinite') : zeros > 0 ? 'zero' : null;
}

/** The same in words; `zero` is what to say when all of it is 0. */
export function unseenText(lines: readonly Line[], window: TimeWindow, zero: string): string | null {
  const why = unseenBecause(lines, window);
  if (why === 'mixed') return say('everything in view is 0 or not finite');
  return why === 'zero' ? zero : why === 'notFinite' ? say('nothing in view is finite') : null;
}

/** Of a table: a log10 number for each step of `series`, told in full unless `cell` says otherwise. */
export type LogColumn = {
  readonly heading: Heading;
  readonly at: (series: RunSeries, t: number) => number;
  readonly cell?: (value: number, t: number) => Field;
};
export const normColumn = (heading: Heading, norm: LogSeries): LogColumn => ({
  heading,
  at: (series, t) => stepValue(series.steps, log10Of(series, norm), t),
});

/** A table of log10 series, printed as the numbers they stand for. */
export function logTable(model: Model, run: RunSummary, columns: readonly LogColumn[]): TablePlan {
  return {
    columns: columns.map(({ heading }) => heading),
    ...seriesRows(model, run, 4096, (series, steps) =>
      steps.map((t) =>
        columns.map(({ at, cell }) => {
          const value = at(series, t);
          return cell?.(value, t) ?? { text: formatLog10(value), exact: exactLog10(value) };
        }),
      ),
    ),
  };
}

/** First, middle and last step of a log series in words. */
export function endsInWords(run: RunSummary, norm: LogSeries): string {
  const {
    steps,
    shapes: { T },
  } = run;
  const [last = '', middle = '', first = ''] = [T - 1, Math.floor(T / 2), 0].map((t) =>
    formatLog10(nearStepValue(steps, log10Of(run, norm), t)),
  );
  return isReverse(run)
    ? say(
        '{0} at t = {1}, {2} in the middle, {3} at t = {4}',
        last,
        positionOf(run, T - 1),
        middle,
        first,
        positionOf(run, 0),
      )
    : say('{0} at the last step, {1} in the middle, {2} at t = 0', last, middle, first);
}
