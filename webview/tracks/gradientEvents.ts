// What is fitted to the gradient flow, and the steps at which something happens.
import { formatFactor, formatSteps } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { positionOf, positionsOf } from '../page/stepLabels.js';
import { emptyField } from '../page/tablePlan.js';
import type { RunSummary } from '../page/model.js';
import type { Field, Heading, TablePlan } from '../page/tablePlan.js';

const stepCell = (t: number | null): Field => (t === null ? emptyField : { text: String(t), exact: String(t) });
const stepsCell = (steps: number): Field =>
  Number.isFinite(steps) && steps > 0 ? { text: formatSteps(steps), exact: String(steps) } : emptyField;

/** A rate with what follows from it: the steps after which a factor of 1/2, of 1 % and of 2 is reached. */
function rateCells(run: RunSummary, first: number, last: number, factor: number): Field[] {
  const [from, to] = positionsOf(run, first, last);
  const after = (share: number): Field =>
    Math.sign(Math.log(share)) === Math.sign(Math.log(factor))
      ? stepsCell(Math.log(share) / Math.log(factor))
      : emptyField;
  return [
    stepCell(from),
    stepCell(to),
    { text: `×${formatFactor(factor)}`, exact: String(factor) },
    after(0.5),
    after(0.01),
    after(2),
  ];
}

/** The fitted stretches, latest first as the gradient meets them, the whole trip, and the steps that the plot marks. */
export function flowEvents(run: RunSummary): TablePlan {
  const {
    dtype,
    verdict: { segments, perStepFactor, source, first, crossedAt, zeroAt, infiniteAt },
    onePercentAt,
  } = run;
  const at = (t: number | null): Field[] => {
    const cell = stepCell(t === null ? null : positionOf(run, t));
    return [cell, cell, emptyField, emptyField, emptyField, emptyField];
  };
  const rows: (readonly [heading: Heading, cells: readonly Field[]])[] = [
    ...segments
      .toReversed()
      .map(
        ({ from, to, perStepFactor: factor }, i) =>
          [
            { title: say('fitted rate {0}', i + 1), csv: `fitted_rate_${i + 1}` },
            rateCells(run, from, to, factor),
          ] as const,
      ),
    ...(perStepFactor === null
      ? []
      : [[{ title: say('whole trip'), csv: 'whole_trip' }, rateCells(run, first, source, perStepFactor)] as const]),
    [{ title: say('1 % horizon'), csv: 'one_percent_horizon' }, at(onePercentAt)],
    [{ title: say('bound passed'), csv: 'bound_passed' }, at(crossedAt)],
    [{ title: say('{0} reaches 0', dtype), csv: `${dtype}_reaches_0` }, at(zeroAt)],
    [{ title: say('{0} overflows', dtype), csv: `${dtype}_overflows` }, at(infiniteAt)],
  ];
  return {
    rowHeading: { title: say('what'), csv: 'what' },
    columns: [
      { title: say('from t'), csv: 'from_t' },
      { title: say('to t'), csv: 'to_t' },
      { title: say('factor per step back'), csv: 'factor_per_step_back' },
      { title: say('half-life, steps'), csv: 'half_life_steps' },
      { title: say('1 % left after, steps'), csv: 'one_percent_left_after_steps' },
      { title: say('doubled after, steps'), csv: 'doubled_after_steps' },
    ],
    rowCount: rows.length,
    rowLabel: (row) => rows[row]?.[0].title ?? '',
    csvLabel: (row) => rows[row]?.[0].csv ?? '',
    rows: (from, to) => Promise.resolve(rows.slice(from, to).map(([, cells]) => cells)),
  };
}
