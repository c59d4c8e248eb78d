// Rows of a table that are asked for window by window; in a report that recorded some steps alone, those.
import { inReport } from './inReport.js';
import { nearestIndex } from './nearest.js';
import type { RunSummary, TimeWindow } from './model.js';
import type { Field, TablePlan } from './tablePlan.js';

const rowsAtOnce = 4096;

/** `known`: the answer on screen; `cells`: those of a step that the answer holds. @throws NotToBeHad by its `rows` */
export function windowRows<Answer extends { readonly t: Float64Array }>(
  { shapes: { T } }: RunSummary,
  known: Answer | null,
  ask: (window: TimeWindow) => Promise<Answer | null>,
  cells: (answer: Answer, t: number) => readonly Field[],
): Pick<TablePlan, 'rowCount' | 'rowsAtOnce' | 'rowLabel' | 'steps' | 'rowOf' | 'rows'> {
  if (inReport && known !== null && known.t.length < T) {
    const { t: steps } = known;
    return {
      rowCount: steps.length,
      rowsAtOnce,
      steps,
      rowLabel: (row) => String(steps[row] ?? ''),
      rowOf: (t) => nearestIndex(steps, t),
      rows: (from, to) => Promise.resolve([...steps.subarray(from, to)].map((t) => cells(known, t))),
    };
  }
  return {
    rowCount: T,
    rowsAtOnce,
    rows: async (from, to) => {
      const answer = await ask({ t0: from, t1: to });
      return Array.from({ length: to - from }, (_, i) => (answer === null ? [] : cells(answer, from + i)));
    },
  };
}
