// Exact numbers of single steps, kept for a while because the cursor and the tables come back to them.
import { exactLog10, formatLog10, formatNumber } from './format.js';
import type { Model, RunSummary, StepsRequest, StepValues } from './model.js';
import { nearestIndex } from './nearest.js';
import { named } from './tablePlan.js';
import type { TablePlan } from './tablePlan.js';
import type { Field } from './tablePlan.js';

const kept = 512;
/** Numbers of one block of steps: a few MB, however wide the network is. */
const numbersAtOnce = 2 ** 18;
const mostRowsAtOnce = 4096;
/** Rows of a table of steps that are asked for at once when all of them are wanted. */
export const stepsAtOnce = ({ shapes: { H } }: RunSummary): number =>
  Math.max(1, Math.min(mostRowsAtOnce, Math.floor(numbersAtOnce / (2 * H))));

/** What stands in the place of h. */
export type StepSource = Pick<StepsRequest, 'tensor' | 'gate'>;

export class StepCache {
  readonly #model: Model;
  readonly #cache = new Map<string, StepValues>();

  constructor(model: Model) {
    this.#model = model;
    model.onChange((change) => {
      if (change === 'run') this.#cache.clear();
    });
  }

  async at(t: number, sequence: number): Promise<StepValues | null> {
    const key = `${this.#model.run?.runId ?? ''} ${sequence} ${t}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const values = await this.#model.slice('step', { t, sequence });
    if (values === null) return null;
    if (this.#cache.size >= kept) this.#cache.delete(this.#cache.keys().next().value ?? '');
    this.#cache.set(key, values);
    return values;
  }

  /** Steps from ≤ t < to of this run, null where a report has not recorded them. @throws NotToBeHad */
  async range(
    run: RunSummary,
    from: number,
    to: number,
    sequence: number,
    source: StepSource = { tensor: 'hs' },
  ): Promise<readonly (StepValues | null)[]> {
    const { H } = run.shapes;
    const block = await this.#model.sliceOf(run, 'steps', { ...source, sequence, from, to });
    const out = new Array<StepValues | null>(to - from).fill(null);
    block?.t.forEach((t, i) => {
      out[t - from] = {
        t,
        h: block.h.subarray(i * H, (i + 1) * H),
        g: block.g.subarray(i * H, (i + 1) * H),
        gLog10: block.gLog10[i] ?? 0,
      };
    });
    return out;
  }
}

/**
 * The rows of a table of steps: all of them, or in a report that has not recorded all those that it has. @throws
 * NotToBeHad by its `rows`
 */
export function stepRows(
  steps: StepCache,
  { status }: Model,
  run: RunSummary,
  sequence: number,
  source: StepSource,
  cells: (values: StepValues | null) => Field[],
): Pick<TablePlan, 'rowHeading' | 'rowCount' | 'rowsAtOnce' | 'rowLabel' | 'steps' | 'rowOf' | 'rows'> {
  const known = status?.recordedSteps?.[source.tensor] ?? null;
  const all = async (from: number, to: number): Promise<Field[][]> =>
    (await steps.range(run, from, to, sequence, source)).map(cells);
  const shared = { rowHeading: named('t'), rowsAtOnce: stepsAtOnce(run) };
  if (known === null) return { ...shared, rowCount: run.shapes.T, rows: all };
  return {
    ...shared,
    rowCount: known.length,
    steps: known,
    rowLabel: (row) => String(known[row] ?? ''),
    rowOf: (t) => nearestIndex(known, t),
    rows: async (from, to) => (await Promise.all(Array.from(known.subarray(from, to), (t) => all(t, t + 1)))).flat(),
  };
}

/** The gradient of a unit: g·10^gLog10 of the step, also where a double cannot hold it. */
export function gradientField(values: StepValues, unit: number, digits = 4): Field {
  const g = values.g[unit] ?? NaN;
  const sign = g < 0 ? '−' : '';
  const log10 = Math.log10(Math.abs(g)) + values.gLog10;
  return {
    text: g === 0 ? '0' : sign + formatLog10(log10, digits),
    exact: g === 0 ? '0' : `${g < 0 ? '-' : ''}${values.gLog10 === 0 ? String(Math.abs(g)) : exactLog10(log10)}`,
  };
}

export const stateField = (values: StepValues, unit: number): Field => ({
  text: formatNumber(values.h[unit] ?? NaN),
  exact: String(values.h[unit] ?? NaN),
});
