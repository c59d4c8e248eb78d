import type {
  Heatmap,
  HeatmapRequest,
  SequenceLines,
  SequenceLinesRequest,
  StepRequest,
  StepsBlock,
  StepsRequest,
  StepValues,
  TimeWindow,
  UnitLines,
  UnitLinesRequest,
} from '../../protocol/index.js';
import { t as say } from '@vscode/l10n';
import { cellOf, log10Of2, openStep } from '../../engine/index.js';
import type { OpenedStep, Trace } from '../../engine/index.js';
import { binStart, clampWindow, decimate, decimatedSteps, largestMagnitude, largestOverTime } from './decimate.js';
import { gateValuesOf } from './gateSlices.js';
import { PerRunCache } from './perRunCache.js';
import { preActivationsOf, unitOrder } from './unitSlices.js';
import { requireOneGate } from './keptRun.js';
import type { KeptRun } from './keptRun.js';

/**
 * At least this many decades are drawn, so that a gradient that hardly changes does not look like one that vanishes.
 */
const fewestDecades = 3;
const mostSorted = 65_536;

/**
 * The cells of a picture and where its numbers are: `base` is the row of the first step in `values` [n,H], `order` the
 * unit of each of the H places.
 */
type Grid = {
  readonly window: TimeWindow;
  readonly H: number;
  readonly columns: number;
  readonly rows: number;
  readonly order: Uint32Array | null;
  readonly values: Trace;
  readonly base: number;
};

/** Hears `peak` and `notFinite` of a picture's column. */
type ColumnTold = (column: number, peak: number, notFinite: number) => void;

/** 2^n, for |n| up to `farthest`; beyond, the smaller of two numbers is nothing beside the larger. */
const farthest = 1074;
const powers = Float64Array.from({ length: 2 * farthest + 1 }, (_, i) => 2 ** (i - farthest));
const power = (n: number): number => (n > farthest ? Infinity : n < -farthest ? 0 : (powers[n + farthest] ?? 0));

/**
 * [rows,columns] where each cell shows the value of largest |value|·2^exponent(t) among the (unit, t) that it covers,
 * as sign·shade(height). A value that is not finite wins and is shown as it is. `peak`: the largest height of a finite
 * value, NaN without any. `tell` hears the same of every column.
 */
function blit(
  { window, H, columns, rows, order, values, base }: Grid,
  exponent: (t: number) => number,
  height: (magnitude: number, exponent: number) => number,
  shade: (height: number) => number,
  tell: ColumnTold,
): Pick<Heatmap, 'values' | 'peak' | 'notFinite'> {
  const picture = new Float32Array(rows * columns);
  const span = window.t1 - window.t0;
  const rowOf = new Uint32Array(H);
  for (let row = 0; row < rows; row++)
    for (let place = binStart(0, H, rows, row); place < binStart(0, H, rows, row + 1); place++)
      rowOf[order?.[place] ?? place] = row;
  // Of each row of the column: the largest finite value with its exponent (−1: none yet), and the first that is not
  // finite (0: none).
  const [best, magnitude, scale, odd] = [
    new Float64Array(rows),
    new Float64Array(rows),
    new Float64Array(rows),
    new Float64Array(rows),
  ];
  let [peak, notFinite] = [NaN, 0];
  // Time outside: numbers that have to be computed come in its order.
  for (let column = 0; column < columns; column++) {
    const [from, to] = [binStart(window.t0, span, columns, column), binStart(window.t0, span, columns, column + 1)];
    const notFiniteBefore = notFinite;
    let highest = NaN;
    const numbers = values.subarray((base + from) * H, (base + to) * H);
    magnitude.fill(-1);
    odd.fill(0);
    for (let t = from; t < to; t++) {
      const e = exponent(t);
      for (let unit = 0, i = (t - from) * H; unit < H; unit++, i++) {
        const value = numbers[i] ?? 0;
        const size = Math.abs(value);
        const row = rowOf[unit] ?? 0;
        const most = magnitude[row] ?? 0;
        const than = scale[row] ?? 0;
        if (!(size < Infinity)) {
          notFinite++;
          if (odd[row] === 0) odd[row] = value;
        } else if ((most <= 0 || e === than ? size : size * power(e - than)) > most) {
          best[row] = value;
          magnitude[row] = size;
          scale[row] = e;
        }
      }
    }
    for (let row = 0; row < rows; row++) {
      const [most = 0, value = 0, wrong = 0] = [magnitude[row], best[row], odd[row]];
      const rank = most < 0 ? NaN : height(most, scale[row] ?? 0);
      if (!(rank <= highest) && !Number.isNaN(rank)) highest = rank;
      picture[row * columns + column] = wrong === 0 ? Math.sign(value) * shade(rank) : wrong;
    }
    if (!(highest <= peak) && !Number.isNaN(highest)) peak = highest;
    tell(column, highest, notFinite - notFiniteBefore);
  }
  return { values: picture, peak, notFinite };
}

/** The ends of the colour scales: every zoom needs them, and they ask for the whole sequence. */
const limits = new PerRunCache<number>();
const gradientScales = new PerRunCache<{ readonly log10Max: number; readonly decades: number }>();

function gradientScale(run: KeptRun, sequence: number): { readonly log10Max: number; readonly decades: number } {
  const perStep = largestGradients(run, sequence).filter(Number.isFinite);
  const log10Max = perStep.reduce((a, b) => Math.max(a, b), -Infinity);
  return {
    log10Max,
    decades: Math.max(fewestDecades, log10Max - perStep.reduce((a, b) => Math.min(a, b), Infinity) + 1),
  };
}

/** log10 of the largest finite |g| of one sequence at each step; -Infinity where all are zero. */
function largestGradients({ result }: KeptRun, sequence: number): Float64Array {
  const { T, H } = result.shapes;
  const [{ dhScaled, dhExponent }] = result.layers;
  return Float64Array.from({ length: T }, (_, t) => {
    const start = (sequence * T + t) * H;
    return Math.log10(largestMagnitude(dhScaled.subarray(start, start + H), 0, H)) + (dhExponent[t] ?? 0) * log10Of2;
  });
}

/** What 98 of 100 finite magnitudes do not exceed; of many, every n-th is enough. */
function usualOf(values: { at(i: number): number | undefined }, length: number): number {
  const every = Math.ceil(length / mostSorted);
  const magnitudes = Float64Array.from({ length: Math.ceil(length / every) }, (_, i) =>
    Math.abs(values.at(i * every) ?? 0),
  )
    .filter(Number.isFinite)
    .sort();
  return magnitudes[Math.ceil(0.98 * magnitudes.length) - 1] ?? 0;
}

/** `rowOrder`: the unit of each row, instead of what the request says. */
export function heatmap(
  run: KeptRun,
  request: HeatmapRequest,
  tell: ColumnTold = () => undefined,
  rowOrder?: Uint32Array | null,
): Heatmap {
  const { result, experiment } = run;
  const { T, H, B } = result.shapes;
  const [{ states, dhScaled, dhExponent }] = result.layers;
  const sequence = Math.min(request.sequence, B - 1);
  const window = clampWindow(request.window, T);
  const columns = Math.min(window.t1 - window.t0, Math.max(1, request.maxColumns));
  const rows = Math.min(H, Math.max(1, request.maxRows));
  const order = rowOrder === undefined ? unitOrder(run, sequence, request.order ?? 'index') : rowOrder;
  const picture = { window, H, columns, rows, order };
  const plain = (values: Trace, from: number, limit: number): Heatmap => ({
    window,
    columns,
    rows,
    order,
    ...blit(
      { ...picture, values, base: from },
      () => 0,
      (size) => size,
      (size) => (limit > 0 ? size / limit : 0),
      tell,
    ),
    limit,
    usual: limit,
    log10Max: 0,
    decades: 0,
  });
  if (request.tensor === 'hs') {
    const [, high] = cellOf(experiment.cell).range;
    return plain(
      states.h,
      sequence * T,
      Number.isFinite(high)
        ? high
        : limits.of(result, `hs ${sequence}`, () => largestOverTime(states.h, result.shapes, sequence)),
    );
  }
  if (request.tensor === 'z') {
    const z = preActivationsOf(run, sequence);
    return {
      ...plain(
        z,
        0,
        limits.of(result, `z ${sequence}`, () => largestOverTime(z, result.shapes, 0)),
      ),
      usual: limits.of(result, `usual z ${sequence}`, () => usualOf(z, T * H)),
    };
  }
  if (request.tensor === 'c') {
    const c = secondState(run);
    return plain(
      c,
      sequence * T,
      limits.of(result, `c ${sequence}`, () => largestOverTime(c, result.shapes, sequence)),
    );
  }
  // Of the window alone: its rows begin at the first step of it.
  if (request.tensor === 'gate') return plain(valuesOfGate(run, sequence, request.gate, window), -window.t0, 1);
  const { log10Max, decades } = gradientScales.of(result, String(sequence), () => gradientScale(run, sequence));
  const cells = blit(
    { ...picture, values: dhScaled, base: sequence * T },
    (t) => dhExponent[t] ?? 0,
    (size, exponent) => Math.log10(size) + exponent * log10Of2,
    (height) => (height === -Infinity ? 0 : Math.max(0, 1 + (height - log10Max) / decades)),
    tell,
  );
  return { window, columns, rows, order, ...cells, limit: 1, usual: 1, log10Max, decades };
}

/** @throws of a cell that has h alone */
function secondState({ result, experiment }: KeptRun): Trace {
  const { c } = result.layers[0].states;
  if (c === undefined) throw new Error(say('The cell "{0}" has no state besides h.', experiment.cell));
  return c;
}

/** [t1 − t0,H] of one gate, of those that are known. @throws while they are not, and of a gate that the cell has not */
function valuesOfGate(run: KeptRun, sequence: number, name: string | undefined, { t0, t1 }: TimeWindow): Float64Array {
  const { gates } = cellOf(run.experiment.cell);
  const { H } = run.result.shapes;
  const at = gates.indexOf(name ?? '');
  const all = gateValuesOf(run, sequence);
  if (at < 0 || all === null) throw new Error(say('There are no values of a gate "{0}" here.', name ?? ''));
  const { values } = all;
  const own = new Float64Array((t1 - t0) * H);
  for (let t = t0; t < t1; t++)
    own.set(values.subarray((t * gates.length + at) * H, (t * gates.length + at + 1) * H), (t - t0) * H);
  return own;
}

export function unitLines({ result }: KeptRun, request: UnitLinesRequest): UnitLines {
  const { T, H, B } = result.shapes;
  const [{ states }] = result.layers;
  const base = Math.min(request.sequence, B - 1) * T * H;
  const window = clampWindow(request.window, T);
  const { t, bins } = decimatedSteps(window, request.maxPoints);
  const units = request.units.filter((unit) => unit < H);
  const span = window.t1 - window.t0;
  const whole = units.map(() => new Float64Array(span));
  for (let i = 0; i < span; i++) {
    const from = base + (window.t0 + i) * H;
    const h = states.h.subarray(from, from + H);
    whole.forEach((series, place) => {
      series[i] = h[units[place] ?? 0] ?? 0;
    });
  }
  const values = whole.map((series) => {
    const line = new Float64Array(t.length);
    decimate(window, bins, line, (step) => series[step - window.t0] ?? 0);
    return line;
  });
  return { t, values };
}

export function sequenceLines({ result }: KeptRun, request: SequenceLinesRequest): SequenceLines {
  const { T, B } = result.shapes;
  const [{ log10dhPerSequence }] = result.layers;
  const window = clampWindow(request.window, T);
  const { t, bins } = decimatedSteps(window, request.maxPoints);
  const count = Math.max(0, Math.min(request.count, B - request.first));
  const values = Array.from({ length: count }, (_, i) => {
    const line = new Float64Array(t.length);
    decimate(window, bins, line, (step) => log10dhPerSequence[(request.first + i) * T + step] ?? Number.NaN);
    return line;
  });
  return { t, values };
}

export function stepValues({ result }: KeptRun, request: StepRequest): StepValues {
  const { T, H, B } = result.shapes;
  const [{ states, dhScaled, dhExponent }] = result.layers;
  const t = Math.min(Math.max(0, request.t), T - 1);
  const start = (Math.min(request.sequence, B - 1) * T + t) * H;
  return {
    t,
    h: Float64Array.from(states.h.subarray(start, start + H)),
    g: Float64Array.from(dhScaled.subarray(start, start + H)),
    gLog10: (dhExponent[t] ?? 0) * log10Of2,
  };
}

export function stepsBlock(run: KeptRun, request: StepsRequest): StepsBlock {
  const { result } = run;
  const { T, H, B } = result.shapes;
  const [{ states, dhScaled, dhExponent }] = result.layers;
  const from = Math.min(Math.max(0, request.from), T);
  const to = Math.min(Math.max(from, request.to), T);
  const sequence = Math.min(request.sequence, B - 1);
  const rows = (trace: Trace, item: number): Float64Array =>
    Float64Array.from(trace.subarray((item * T + from) * H, (item * T + to) * H));
  const inPlaceOfH = (): Float64Array => {
    switch (request.tensor) {
      case 'z':
        return rows(preActivationsOf(run, sequence), 0);
      case 'gate':
        return valuesOfGate(run, sequence, request.gate, { t0: from, t1: to });
      case 'c':
        return rows(secondState(run), sequence);
      case 'hs':
        return rows(states.h, sequence);
    }
  };
  return {
    t: Float64Array.from({ length: to - from }, (_, i) => from + i),
    h: inPlaceOfH(),
    g: rows(dhScaled, sequence),
    gLog10: Float64Array.from({ length: to - from }, (_, i) => (dhExponent[from + i] ?? 0) * log10Of2),
  };
}

/** @throws of a cell with several gates */
export function openedStep(run: KeptRun, { t, sequence }: Pick<StepRequest, 't' | 'sequence'>): OpenedStep {
  requireOneGate(run);
  const { experiment, result } = run;
  const { T, B } = result.shapes;
  return openStep(experiment, result, Math.max(0, Math.min(t, T - 1)), Math.min(sequence, B - 1));
}
