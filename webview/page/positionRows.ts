// A table of steps in the order of their positions, as every reader of a table and every program takes it.
import { isReverse, positionOf, positionsOf } from './stepLabels.js';
import type { RunSummary } from './model.js';
import type { Field, TablePlan } from './tablePlan.js';

type Turn = (row: number) => number;

/** Rows of the plan by the lowest position of each, and the other way. */
function orders({ rowCount, steps, span }: TablePlan, run: RunSummary): readonly [Turn, Turn] {
  if (steps === undefined && span === undefined) {
    const turn: Turn = (row) => positionOf(run, row);
    return [turn, turn];
  }
  const lowest = (row: number): number => {
    const [from, to] = span?.(row) ?? [steps?.[row] ?? row, steps?.[row] ?? row];
    return positionsOf(run, from, to)[0];
  };
  const rows = Array.from({ length: rowCount }, (_, row) => ({ row, low: lowest(row) }));
  const order = rows.sort((a, b) => a.low - b.low).map(({ row }) => row);
  const places = new Float64Array(rowCount);
  order.forEach((row, place) => (places[row] = place));
  return [(place) => order[place] ?? place, (row) => places[row] ?? row];
}

/** As it is, where its rows are no steps, or the direction computes in the order of positions. */
export function inPositions(plan: TablePlan, run: RunSummary): TablePlan {
  if (!isReverse(run) || (plan.rowHeading.csv !== 't' && plan.span === undefined)) return plan;
  const [rowAt, placeOf] = orders(plan, run);
  const { steps, span, rowLabel, rowOf = (t: number) => t } = plan;
  const label = (place: number): string => {
    const row = rowAt(place);
    return span === undefined ? String(positionOf(run, steps?.[row] ?? row)) : (rowLabel?.(row) ?? '');
  };
  return {
    ...plan,
    ...(steps === undefined
      ? {}
      : { steps: Float64Array.from(steps, (_, place) => positionOf(run, steps[rowAt(place)] ?? NaN)) }),
    rowLabel: label,
    rowOf: (t) => placeOf(rowOf(t)),
    async rows(from, to) {
      const out: (readonly Field[])[] = [];
      // Neighbours stand beside each other in the plan too, the other way round.
      for (let place = from; place < to;) {
        let end = place + 1;
        while (end < to && rowAt(end) === rowAt(end - 1) - 1) end++;
        out.push(...(await plan.rows(rowAt(end - 1), rowAt(place) + 1)).toReversed());
        place = end;
      }
      return out;
    },
  };
}
