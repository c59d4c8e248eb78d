// Numbers of the run step by step. Of a very long run the page has the steps that tell most, and every step around what
// is looked at.
import { inReport } from './inReport.js';
import { nearestIndex, printNear } from './nearest.js';
import { emptyField, named } from './tablePlan.js';
import type { CellFacts, Model, RunSeries, RunSummary } from './model.js';
import type { TablePlan } from './tablePlan.js';
import type { Field } from './tablePlan.js';

/** A series of log10: of the gradient of h, of the inputs, from the last step alone, or `d` with a parameter's name. */
export type LogSeries = 'dh' | 'dc' | 'ds' | 'dx' | 'singleSource' | `d${string}`;

/** Of the layer that is shown; empty where the run has no such series. */
export function log10Of({ log10, layers: [layer] }: RunSeries, name: LogSeries): Float64Array {
  if (name === 'dx') return log10.dx;
  if (name === 'dh' || name === 'singleSource') return layer.log10[name];
  if (name === 'dc' || name === 'ds') return layer.log10[name] ?? new Float64Array(0);
  return layer.log10.parameters[name.slice(1)] ?? new Float64Array(0);
}

/** The gradients of the run's parameters: the matrices as they are read, then what is the cell's own. */
export const gradientNames = ({ cell: { parameters } }: RunSummary): readonly `d${string}`[] =>
  inReadingOrder(parameters).map(({ name }) => `d${name}` as const);

/** Where the loss enters, of a network on top of all layers. */
export const lossOf = (run: RunSummary): Pick<RunSummary, 'lossSteps' | 'lossCount'> => run.network ?? run;

/** Whether nobody has given a loss, a gradient, or a step of his own: then ones flow in. */
export const isMadeUp = ({ lossValue, upstream }: RunSummary): boolean =>
  lossValue === null && ['last', 'every', 'final'].includes(upstream);

const roles = ['recurrent', 'input', 'bias', 'other'] as const;

/** The recurrent ones first, because they are what this is about. */
export const inReadingOrder = (parameters: CellFacts['parameters']): CellFacts['parameters'] =>
  parameters.toSorted((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role));

/** The value at step t; NaN where the page has not got it. */
export function stepValue(steps: Float64Array | null, values: ArrayLike<number>, t: number): number {
  if (steps === null) return values[t] ?? NaN;
  const at = nearestIndex(steps, t);
  return steps[at] === t ? (values[at] ?? NaN) : NaN;
}

/** The value at the nearest step that the page has: for pictures, where neighbours share a pixel. */
export const nearStepValue = (steps: Float64Array | null, values: ArrayLike<number>, t: number): number =>
  (steps === null ? values[t] : values[nearestIndex(steps, t)]) ?? NaN;

/**
 * What is read at step t. A report has nothing finer to ask for: of a very long run it tells the nearest step that it
 * has, as ≈.
 */
export const readAt = (steps: Float64Array | null, values: ArrayLike<number>, t: number): number =>
  (inReport ? nearStepValue : stepValue)(steps, values, t);
export const printRead = (
  steps: Float64Array | null,
  print: (value: number) => string,
): ((value: number, t: number) => string) => printNear(inReport ? steps : null, print);
export const reading = (
  steps: Float64Array | null,
  values: ArrayLike<number>,
  t: number,
  print: (value: number) => string,
): string => printRead(steps, print)(readAt(steps, values, t), t);

/**
 * The cell of step t, empty while the page has not got it; in a report of a very long run that of the nearest step that
 * it has, as ≈.
 */
export function readField(
  steps: Float64Array | null,
  values: ArrayLike<number>,
  t: number,
  cell: (value: number) => Field,
): Field {
  const value = readAt(steps, values, t);
  if (steps === null || steps[nearestIndex(steps, t)] === t) return cell(value);
  return Number.isNaN(value) ? emptyField : { text: printRead(steps, (near) => cell(near).text)(value, t), exact: '' };
}

/**
 * The rows of a table of series: all steps, or in a report of a very long run those that it has. `cells` is asked for
 * ascending steps. @throws NotToBeHad by its `rows`
 */
export function seriesRows(
  model: Model,
  run: RunSummary,
  rowsAtOnce: number,
  cells: (series: RunSeries, steps: readonly number[]) => Field[][] | Promise<Field[][]>,
): Pick<TablePlan, 'rowHeading' | 'rowCount' | 'rowsAtOnce' | 'rowLabel' | 'steps' | 'rowOf' | 'rows'> {
  const shared = { rowHeading: named('t'), rowsAtOnce };
  const known = inReport ? run.steps : null;
  if (known === null)
    return {
      ...shared,
      rowCount: run.shapes.T,
      rows: async (from, to) =>
        cells(
          await everyStep(model, run, from, to),
          Array.from({ length: to - from }, (_, i) => from + i),
        ),
    };
  return {
    ...shared,
    rowCount: known.length,
    steps: known,
    rowLabel: (row) => String(known[row] ?? ''),
    rowOf: (t) => nearestIndex(known, t),
    rows: async (from, to) => cells(run, [...known.subarray(from, to)]),
  };
}

/** Steps from ≤ t < to, every one of them. @throws NotToBeHad */
async function everyStep(model: Model, run: RunSummary, from: number, to: number): Promise<RunSeries> {
  return run.steps === null ? run : ((await model.sliceOf(run, 'series', { window: { t0: from, t1: to } })) ?? run);
}
