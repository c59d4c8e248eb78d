import type { Heatmap, HeatmapRequest, SequenceLines, SequenceLinesRequest, StepRequest, StepsBlock, StepsRequest, StepValues, TimeWindow, UnitLines, UnitLinesRequest } from '../protocol/messages.js';
import type { AnyRun, Experiment } from '../engine/index.js';
import { binStart, clampWindow, decimate, decimatedSteps, largestMagnitude, largestOverTime } from './decimate.js';
import { preActivations, unitOrder } from './units.js';

/** A finished run as the worker keeps it. */
export type KeptRun = { readonly runId: number; readonly experiment: Experiment; readonly result: AnyRun };

const log10of2 = Math.log10(2);
/** At least this many decades are drawn, so that a gradient that hardly changes does not look like one that vanishes. */
const fewestDecades = 3;

/** [rows,columns] where each cell holds the value of largest rank (NaN wins) among the (unit, t) that it covers. */
function blit(window: TimeWindow, H: number, columns: number, rows: number, value: (t: number, unit: number) => number, rank: (value: number) => number): Float32Array {
  const picture = new Float32Array(rows * columns);
  const span = window.t1 - window.t0;
  // Time outside: numbers that have to be computed come in its order.
  for (let column = 0; column < columns; column++) {
    const tEnd = binStart(window.t0, span, columns, column + 1);
    for (let row = 0; row < rows; row++) {
      const unitEnd = binStart(0, H, rows, row + 1);
      let best = Number.NaN;
      let bestRank = -Infinity;
      for (let unit = binStart(0, H, rows, row); unit < unitEnd; unit++) {
        for (let t = binStart(window.t0, span, columns, column); t < tEnd; t++) {
          const candidate = value(t, unit);
          const candidateRank = Number.isNaN(candidate) ? Infinity : rank(candidate);
          if (candidateRank > bestRank || bestRank === -Infinity) [best, bestRank] = [candidate, candidateRank];
        }
      }
      picture[row * columns + column] = best;
    }
  }
  return picture;
}

/** log10 of the largest |g| of one sequence at each step; -Infinity where all are zero. */
function largestGradients({ result }: KeptRun, sequence: number): Float64Array {
  const { T, H } = result.shapes;
  return Float64Array.from({ length: T }, (_, t) => {
    const start = (sequence * T + t) * H;
    return Math.log10(largestMagnitude(result.dhScaled.subarray(start, start + H), 0, H)) + (result.dhExponent[t] ?? 0) * log10of2;
  });
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
  if (request.tensor === 'hs') {
    const values = blit(window, H, columns, rows, (t, row) => result.hs.at(base + t * H + unitAt(row)) ?? 0, Math.abs);
    const limit = experiment.cell === 'tanh' ? 1 : largestOverTime(result.hs, result.shapes, sequence);
    return { window, columns, rows, order, values, limit, log10Max: 0, decades: 0 };
  }
  if (request.tensor === 'z') {
    const z = preActivations(run, sequence);
    const values = blit(window, H, columns, rows, (t, row) => z.at(t * H + unitAt(row)) ?? 0, Math.abs);
    return { window, columns, rows, order, values, limit: largestOverTime(z, result.shapes, 0), log10Max: 0, decades: 0 };
  }
  const perStep = largestGradients(run, sequence).filter(Number.isFinite);
  const log10Max = perStep.reduce((a, b) => Math.max(a, b), -Infinity);
  const decades = Math.max(fewestDecades, log10Max - perStep.reduce((a, b) => Math.min(a, b), Infinity) + 1);
  const shade = (t: number, row: number): number => {
    const mantissa = result.dhScaled.at(base + t * H + unitAt(row)) ?? 0;
    if (mantissa === 0) return 0;
    const height = 1 + (Math.log10(Math.abs(mantissa)) + (result.dhExponent[t] ?? 0) * log10of2 - log10Max) / decades;
    return Math.sign(mantissa) * Math.max(0, height);
  };
  return { window, columns, rows, order, values: blit(window, H, columns, rows, shade, Math.abs), limit: 1, log10Max, decades };
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
    const line = new Float32Array(t.length);
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
