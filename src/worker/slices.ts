import type { Heatmap, HeatmapRequest, SequenceLines, SequenceLinesRequest, StepRequest, StepsBlock, StepsRequest, StepValues, TimeWindow, UnitLines, UnitLinesRequest } from '../protocol/messages.js';
import type { AnyRun, Experiment } from '../engine/index.js';
import { binStart, clampWindow, decimate, decimatedSteps, largestMagnitude, largestOverTime } from './decimate.js';
import { Once } from './once.js';
import { preActivations, unitOrder } from './units.js';

/** A finished run as the worker keeps it. */
export type KeptRun = { readonly runId: number; readonly experiment: Experiment; readonly result: AnyRun };

const log10of2 = Math.log10(2);
/** At least this many decades are drawn, so that a gradient that hardly changes does not look like one that vanishes. */
const fewestDecades = 3;
const mostSorted = 65_536;

type Grid = { readonly window: TimeWindow; readonly H: number; readonly columns: number; readonly rows: number };

/**
 * [rows,columns] where each cell shows the value of largest height among the (unit, t) that it covers, as sign·shade(height). A value that is not finite wins
 * and is shown as it is. `peak`: the largest height of a finite value, NaN without any.
 */
function blit({ window, H, columns, rows }: Grid, value: (t: number, row: number) => number, height: (value: number, t: number) => number, shade: (height: number) => number): Pick<Heatmap, 'values' | 'peak' | 'notFinite'> {
  const values = new Float32Array(rows * columns);
  const span = window.t1 - window.t0;
  let [peak, notFinite] = [NaN, 0];
  // Time outside: numbers that have to be computed come in its order.
  for (let column = 0; column < columns; column++) {
    const tEnd = binStart(window.t0, span, columns, column + 1);
    for (let row = 0; row < rows; row++) {
      const unitEnd = binStart(0, H, rows, row + 1);
      let [best, bestRank] = [NaN, -Infinity];
      for (let unit = binStart(0, H, rows, row); unit < unitEnd; unit++) {
        for (let t = binStart(window.t0, span, columns, column); t < tEnd; t++) {
          const candidate = value(t, unit);
          const finite = Number.isFinite(candidate);
          const rank = finite ? height(candidate, t) : Infinity;
          if (rank > bestRank || bestRank === -Infinity) [best, bestRank] = [candidate, rank];
          if (!finite) notFinite++;
          else if (!(rank <= peak)) peak = rank;
        }
      }
      values[row * columns + column] = Number.isFinite(best) ? Math.sign(best) * shade(bestRank) : best;
    }
  }
  return { values, peak, notFinite };
}

/** The ends of the colour scales: every zoom needs them, and they ask for the whole sequence. */
const limits = new Once<number>();
const gradientScales = new Once<{ readonly log10Max: number; readonly decades: number }>();

function gradientScale(run: KeptRun, sequence: number): { readonly log10Max: number; readonly decades: number } {
  const perStep = largestGradients(run, sequence).filter(Number.isFinite);
  const log10Max = perStep.reduce((a, b) => Math.max(a, b), -Infinity);
  return { log10Max, decades: Math.max(fewestDecades, log10Max - perStep.reduce((a, b) => Math.min(a, b), Infinity) + 1) };
}

/** log10 of the largest finite |g| of one sequence at each step; -Infinity where all are zero. */
function largestGradients({ result }: KeptRun, sequence: number): Float64Array {
  const { T, H } = result.shapes;
  return Float64Array.from({ length: T }, (_, t) => {
    const start = (sequence * T + t) * H;
    return Math.log10(largestMagnitude(result.dhScaled.subarray(start, start + H), 0, H)) + (result.dhExponent[t] ?? 0) * log10of2;
  });
}

/** What 98 of 100 finite magnitudes do not exceed; of many, every n-th is enough. */
function usualOf(values: { at(i: number): number | undefined }, length: number): number {
  const every = Math.ceil(length / mostSorted);
  const magnitudes = Float64Array.from({ length: Math.ceil(length / every) }, (_, i) => Math.abs(values.at(i * every) ?? 0)).filter(Number.isFinite).sort();
  return magnitudes[Math.ceil(0.98 * magnitudes.length) - 1] ?? 0;
}

export function heatmap(run: KeptRun, request: HeatmapRequest): Heatmap {
  const { result, experiment } = run;
  const { T, H, B } = result.shapes;
  const sequence = Math.min(request.sequence, B - 1);
  const window = clampWindow(request.window, T);
  const columns = Math.min(window.t1 - window.t0, Math.max(1, request.maxColumns));
  const rows = Math.min(H, Math.max(1, request.maxRows));
  const base = sequence * T * H;
  const order = unitOrder(run, sequence, request.order ?? 'index');
  const unitAt = (row: number): number => order?.[row] ?? row;
  const grid = { window, H, columns, rows };
  const shares = (value: (t: number, row: number) => number, limit: number): Heatmap => ({ window, columns, rows, order, ...blit(grid, value, Math.abs, (size) => (limit > 0 ? size / limit : 0)), limit, usual: limit, log10Max: 0, decades: 0 });
  if (request.tensor === 'hs') return shares((t, row) => result.hs.at(base + t * H + unitAt(row)) ?? 0, experiment.cell === 'tanh' ? 1 : limits.of(result, `hs ${sequence}`, () => largestOverTime(result.hs, result.shapes, sequence)));
  if (request.tensor === 'z') {
    const z = preActivations(run, sequence);
    return { ...shares((t, row) => z.at(t * H + unitAt(row)) ?? 0, limits.of(result, `z ${sequence}`, () => largestOverTime(z, result.shapes, 0))), usual: limits.of(result, `usual z ${sequence}`, () => usualOf(z, T * H)) };
  }
  const { log10Max, decades } = gradientScales.of(result, String(sequence), () => gradientScale(run, sequence));
  const mantissa = (t: number, row: number): number => result.dhScaled.at(base + t * H + unitAt(row)) ?? 0;
  const log10 = (value: number, t: number): number => Math.log10(Math.abs(value)) + (result.dhExponent[t] ?? 0) * log10of2;
  return { window, columns, rows, order, ...blit(grid, mantissa, log10, (height) => (height === -Infinity ? 0 : Math.max(0, 1 + (height - log10Max) / decades))), limit: 1, usual: 1, log10Max, decades };
}

export function unitLines({ result }: KeptRun, request: UnitLinesRequest): UnitLines {
  const { T, H, B } = result.shapes;
  const base = Math.min(request.sequence, B - 1) * T * H;
  const window = clampWindow(request.window, T);
  const { t, bins } = decimatedSteps(window, request.maxPoints);
  const units = request.units.filter((unit) => unit < H);
  const span = window.t1 - window.t0;
  const whole = units.map(() => new Float64Array(span));
  for (let i = 0; i < span; i++) {
    const from = base + (window.t0 + i) * H;
    const h = result.hs.subarray(from, from + H);
    whole.forEach((series, place) => { series[i] = h[units[place] ?? 0] ?? 0; });
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
  const window = clampWindow(request.window, T);
  const { t, bins } = decimatedSteps(window, request.maxPoints);
  const count = Math.max(0, Math.min(request.count, B - request.first));
  const values = Array.from({ length: count }, (_, i) => {
    const line = new Float64Array(t.length);
    decimate(window, bins, line, (step) => result.log10dhPerSequence[(request.first + i) * T + step] ?? Number.NaN);
    return line;
  });
  return { t, values };
}

export function stepValues({ result }: KeptRun, request: StepRequest): StepValues {
  const { T, H, B } = result.shapes;
  const t = Math.min(Math.max(0, request.t), T - 1);
  const start = (Math.min(request.sequence, B - 1) * T + t) * H;
  return {
    t,
    h: Float64Array.from(result.hs.subarray(start, start + H)),
    g: Float64Array.from(result.dhScaled.subarray(start, start + H)),
    gLog10: (result.dhExponent[t] ?? 0) * log10of2,
  };
}

export function stepsBlock(run: KeptRun, request: StepsRequest): StepsBlock {
  const { result } = run;
  const { T, H, B } = result.shapes;
  const from = Math.min(Math.max(0, request.from), T);
  const to = Math.min(Math.max(from, request.to), T);
  const sequence = Math.min(request.sequence, B - 1);
  const rows = (trace: AnyRun['hs'], item: number): Float64Array => Float64Array.from(trace.subarray((item * T + from) * H, (item * T + to) * H));
  return {
    t: Float64Array.from({ length: to - from }, (_, i) => from + i),
    h: request.tensor === 'z' ? rows(preActivations(run, sequence), 0) : rows(result.hs, sequence),
    g: rows(result.dhScaled, sequence),
    gLog10: Float64Array.from({ length: to - from }, (_, i) => (result.dhExponent[from + i] ?? 0) * log10of2),
  };
}
