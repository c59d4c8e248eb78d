// Exact numbers of single steps, kept for a while because the cursor and the tables come back to them.
import { exactLog10, formatLog10, formatNumber } from './format.js';
import type { Model, StepValues } from './model.js';
import type { Cell } from './table.js';

const kept = 512;
/** Questions under way at once when many steps are wanted. */
const atOnce = 32;

export class Steps {
  readonly #model: Model;
  readonly #cache = new Map<string, StepValues>();

  constructor(model: Model) {
    this.#model = model;
    model.onChange((change) => { if (change === 'run') this.#cache.clear(); });
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

  /** Steps from ≤ t < to; null where the run was replaced meanwhile. */
  async range(from: number, to: number, sequence: number): Promise<readonly (StepValues | null)[]> {
    const out: (StepValues | null)[] = [];
    for (let t = from; t < to; t += atOnce) {
      out.push(...await Promise.all(Array.from({ length: Math.min(atOnce, to - t) }, (_, i) => this.at(t + i, sequence))));
    }
    return out;
  }
}

/** The gradient of a unit: g·10^gLog10 of the step, also where a double cannot hold it. */
export function gradientCell(values: StepValues, unit: number, digits = 4): Cell {
  const g = values.g[unit] ?? NaN;
  const sign = g < 0 ? '−' : '';
  const log10 = Math.log10(Math.abs(g)) + values.gLog10;
  return { text: g === 0 ? '0' : sign + formatLog10(log10, digits), exact: g === 0 ? '0' : `${g < 0 ? '-' : ''}${values.gLog10 === 0 ? String(Math.abs(g)) : exactLog10(log10)}` };
}

export const stateCell = (values: StepValues, unit: number): Cell => ({ text: formatNumber(values.h[unit] ?? NaN), exact: String(values.h[unit] ?? NaN) });
export const noCell: Cell = { text: '–', exact: '' };
