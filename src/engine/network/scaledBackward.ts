// The float64 pass beyond the range of any dtype: norms with their exponents, and the single source that the verdict
// stands on.
import { byParameter, sizeOf } from '../cells/cell.js';
import type { Cell } from '../cells/cell.js';
import { cellOf } from '../cells/index.js';
import { log10Norm } from '../core/blockFloat.js';
import type { Aligned } from '../core/blockFloat.js';
import { maxAbs, norm } from '../core/norm.js';
import { seriesSharing } from '../core/series.js';
import {
  addColumns,
  cast,
  columnsOf,
  matrix,
  multiplyTransposed,
  rowOf,
  sumRows,
  takeStep,
  transposedMultiply,
} from '../core/tensor.js';
import { cellRows } from './cellRows.js';
import type { CellRow } from './cellRows.js';
import { cutBefore } from './chunks.js';
import { GateMeter } from './gateMeter.js';
import { enteringReady, isThere, sourceStep, stateBefore, stepReady } from './runChunk.js';
import type { StepJacobian } from './stepJacobian.js';
import type { RunChunk } from './runChunk.js';
import { ScaledFlow } from './scaledFlow.js';
import type { ScaledStep } from './scaledFlow.js';
import type { LayerExperiment } from './experiment.js';
import type { GateMeasures, StepNorms } from './result.js';
import type { Resumable } from '../core/resumable.js';
import type { FloatArray, Trace } from '../core/dtypes.js';
import type { Matrix } from '../core/tensor.js';

/**
 * The single source's way back, all [T], NaN outside the last chunk: log10 ‖g_t‖, and what the step did to it, ln of a
 * factor each.
 */
export type SingleSource = {
  readonly log10: Float64Array;
  /** ln(‖dz_t‖/‖g_t‖): what the activation's slopes let through. */
  readonly lnSlope: Float64Array;
  /** ln(‖dz_t·Whᵀ‖/‖dz_t‖): what the recurrent weights made of the rest. */
  readonly lnWh: Float64Array;
  /**
   * log10 of the root of the mean square over the sequences that reach so far, by the distance d from each one's own
   * source, at T − 1 − d: where sequences differ in length. Null where `log10` says the same.
   */
  readonly bySource: Float64Array | null;
  /**
   * ln(‖what goes through one path of the step to the states before‖/‖ds_t‖), by the names of the paths: `beside` the
   * weights, and through h by each gate. Null for a cell of one gate without a way beside the weights.
   */
  readonly lnPaths: Readonly<Record<string, Float64Array>> | null;
};

export type Analysis<Scaled extends Trace = Float64Array> = {
  readonly log10Norms: StepNorms;
  readonly log10dhPerSequence: Float64Array;
  readonly dhScaled: Scaled;
  readonly dhExponent: Float64Array;
  readonly single: SingleSource;
  /** Null for cells without gates that open and close. */
  readonly gates: Readonly<Record<string, GateMeasures>> | null;
};

/** What a run sends down to x [B,T,I], that of step t being `data`·2^`exponents[t]`: room for an analysis to fill. */
export type SentDown = { readonly data: Float64Array; readonly exponents: Float64Array };

/** How many series the norms of a cell's steps are. */
const normCount = ({ states, parameters }: Cell): number => (states.length > 1 ? 4 : 2) + parameters.length;

export const emptyNorms = (T: number, cell: Cell, series = seriesSharing(T, normCount(cell))): StepNorms => ({
  dh: series(),
  dx: series(),
  ...(cell.states.length > 1 ? { dc: series(), ds: series() } : {}),
  parameters: byParameter(cell, series),
});

/** What a way back fills, before it has measured anything. */
export function nothingMeasured({ cell: name, shapes: { B, T } }: LayerExperiment): Omit<Analysis, 'dhScaled'> {
  const cell = cellOf(name);
  const paths = pathNames(cell);
  const gates = cell.gateValues === undefined ? [] : cell.gates;
  // What the host is told lies together, so that no message carries the rest.
  const told = seriesSharing(T, normCount(cell) + 1);
  const kept = seriesSharing(T, 1 + paths.length + 3 * gates.length);
  // The verdict alone asks for them.
  const passing = seriesSharing(T, 2);
  return {
    log10Norms: emptyNorms(T, cell, told),
    log10dhPerSequence: new Float64Array(B * T),
    dhExponent: kept(),
    single: {
      log10: told().fill(NaN),
      lnSlope: passing().fill(NaN),
      lnWh: passing().fill(NaN),
      bySource: null,
      lnPaths: paths.length < 2 ? null : Object.fromEntries(paths.map((path) => [path, kept().fill(NaN)])),
    },
    gates:
      gates.length === 0
        ? null
        : Object.fromEntries(gates.map((gate) => [gate, { mean: kept(), closed: kept(), open: kept() }])),
  };
}

/** Goes back over every chunk once; pauses after each timestep. Fills `down`. */
export function* analyse(
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  down: SentDown | null = null,
): Resumable<Analysis> {
  const {
    shapes: { B, T, I, H },
    layers: [{ parameters: weights }],
  } = experiment;
  const cell = cellOf(experiment.cell);
  const measured = nothingMeasured(experiment);
  const { log10Norms, log10dhPerSequence, dhExponent, single } = measured;
  const gates = new GateMeter(cell, H, measured.gates);
  const dhScaled = new Float64Array(B * T * H);
  const distances = chunks.at(-1)?.spans === undefined ? null : new ByDistance(T);
  const gradients = byParameter(cell, (spec) => new Float64Array(sizeOf(spec, I, H)));
  let done = 0;

  const keep = (
    chunk: RunChunk,
    t: number,
    { g, dz: flowing, dzInput, log10RowsOfH }: ScaledStep,
    rows: readonly CellRow[],
  ): void => {
    const at = chunk.start + t;
    const width = g.data.length / B;
    // Of parameters that the cell knows alone, from the gradient of the states and so under their exponent.
    for (const { name, role } of cell.parameters) if (role === 'other') gradients[name]!.fill(0);
    for (const [b, { step, next }] of rows.entries())
      cell.addGradients?.(
        step,
        next,
        g.data.subarray(b * (g.data.length / B), (b + 1) * (g.data.length / B)),
        gradients,
      );
    for (let b = 0; b < B; b++) {
      dhScaled.set(g.data.subarray(b * width, b * width + H), (b * T + at) * H);
      log10dhPerSequence[b * T + at] = log10RowsOfH[b]!;
    }
    dhExponent[at] = g.exponent;
    const { exponent } = flowing;
    const dz = { rows: B, cols: flowing.data.length / B, data: flowing.data };
    const toInput = { ...dz, data: dzInput.data };
    transposedMultiply(takeStep(chunk.xs, t), toInput, gradients.Wx);
    transposedMultiply(columnsOf(stateBefore(chunk, t), 0, H), dz, gradients.Wh);
    sumRows(toInput, gradients.b);
    const dx = multiplyTransposed(toInput, weights.Wx, matrix('float64', B, I)).data;
    if (down !== null) {
      for (let b = 0; b < B; b++) down.data.set(dx.subarray(b * I, (b + 1) * I), (b * T + at) * I);
      down.exponents[at] = dzInput.exponent;
    }
    const ds = { rows: B, cols: width, data: g.data };
    log10Norms.dh[at] = log10Norm(width === H ? g.data : columnsOf(ds, 0, H).data, g.exponent);
    if (log10Norms.ds !== undefined) log10Norms.ds[at] = log10Norm(g.data, g.exponent);
    if (log10Norms.dc !== undefined) log10Norms.dc[at] = log10Norm(othersOverAllPaths(rows, ds), g.exponent);
    log10Norms.dx[at] = log10Norm(dx, dzInput.exponent);
    for (const { name, role } of cell.parameters)
      log10Norms.parameters[name]![at] = log10Norm(
        gradients[name]!,
        role === 'other' ? g.exponent : role === 'recurrent' ? exponent : dzInput.exponent,
      );
  };

  const widths = [cell.states.length * H, cell.gates.length * H] as const;
  for (const chunk of chunks) {
    const flow = new ScaledFlow(B, ...widths);
    const source = chunk === chunks.at(-1) ? new ScaledFlow(B, ...widths) : null;
    for (let t = chunk.steps - 1; t >= 0; t--) {
      yield* stepReady(chunk, t);
      yield* enteringReady(chunk, t);
      const rows = cellRows(experiment, chunk, t, true);
      const jacobians = rows.map(({ jacobian }) => jacobian);
      const [dhs, exponent] = enteringAt(chunk, t, B, H);
      keep(chunk, t, flow.step(dhs, jacobians, exponent), rows);
      gates.measure(chunk, t, rows);
      if (cutBefore(experiment, chunk, t)) flow.cut();
      for (const [b, { from }] of chunk.spans?.entries() ?? []) if (t === from) flow.cutRow(b);
      if (source !== null) {
        const { g, dz, dhPrev, log10Rows } = source.step(onesAtSources(chunk, t, B, H), jacobians);
        distances?.add(chunk, t, log10Rows);
        if (single.lnPaths !== null) measurePaths(single.lnPaths, chunk.start + t, g, jacobians);
        for (const [b, { from }] of chunk.spans?.entries() ?? []) if (t === from) source.cutRow(b);
        const at = chunk.start + t;
        const [before, between, after] = [g, dz, dhPrev].map(({ data, exponent }) => log10Norm(data, exponent)) as [
          number,
          number,
          number,
        ];
        single.log10[at] = before;
        single.lnSlope[at] = (between - before) * Math.LN10;
        single.lnWh[at] = (after - between) * Math.LN10;
      }
      yield ++done / T;
    }
  }
  return { ...measured, dhScaled, single: { ...single, bySource: distances?.log10 ?? null } };
}

/** The ways from the states of a step to those before: beside the weights, and through h by each gate. */
const pathNames = ({ gates, gateKinds }: Cell): string[] => (gateKinds === undefined ? [] : ['beside', ...gates]);

/** ln of what each path makes of ds, over its norm. */
function measurePaths(
  lnPaths: Readonly<Record<string, Float64Array>>,
  at: number,
  ds: Aligned,
  jacobians: readonly StepJacobian[],
): void {
  const whole = norm(ds.data);
  const squares = new Map<string, number>();
  for (const [b, jacobian] of jacobians.entries()) {
    const row = ds.data.subarray(b * jacobian.width, (b + 1) * jacobian.width);
    for (const [name, part] of Object.entries(jacobian.paths(row, Object.keys(lnPaths))))
      squares.set(name, (squares.get(name) ?? 0) + norm(part) ** 2);
  }
  for (const [name, series] of Object.entries(lnPaths))
    series[at] = whole === 0 ? NaN : Math.log(Math.sqrt(squares.get(name)!) / whole);
}

/** The norms of sequences of different lengths, aligned by the distance from each one's own source. */
export class ByDistance {
  /** Of the sequences of each distance: the largest norm as log10, the sum of squares over its square, their number. */
  readonly #largest: Float64Array;
  readonly #sums: Float64Array;
  readonly #counts: Int32Array;

  constructor(T: number) {
    this.#largest = new Float64Array(T).fill(-Infinity);
    this.#sums = new Float64Array(T);
    this.#counts = new Int32Array(T);
  }

  add(chunk: RunChunk, t: number, log10Rows: Float64Array): void {
    const T = this.#counts.length;
    for (let b = 0; b < log10Rows.length; b++) {
      if (!isThere(chunk, b, t)) continue;
      const at = T - 1 - (sourceStep(chunk, b) - t);
      const [value, largest, sum] = [log10Rows[b]!, this.#largest[at]!, this.#sums[at]!];
      this.#counts[at] = this.#counts[at]! + 1;
      if (value === -Infinity) continue;
      const most = Math.max(value, largest);
      // NaN and ∞ stay.
      const isSum = Number.isFinite(most);
      this.#sums[at] = isSum ? sum * 100 ** (largest - most) + 100 ** (value - most) : 1;
      this.#largest[at] = most;
    }
  }

  /** NaN where no sequence is. */
  get log10(): Float64Array {
    return this.#largest.map((largest, at) => {
      const count = this.#counts[at]!;
      if (count === 0) return NaN;
      return Number.isFinite(largest) ? largest + 0.5 * Math.log10(this.#sums[at]! / count) : largest;
    });
  }
}

/** What enters step t of a chunk [B,H], and its exponent. */
function enteringAt({ dhs, scaledDhs, steps }: RunChunk, t: number, B: number, H: number): [FloatArray, number] {
  if (scaledDhs === undefined) return [takeStep(dhs, t).data, 0];
  const { data } = takeStep({ B, T: steps, N: H, data: scaledDhs.data }, t);
  return [data, scaledDhs.exponents[t]!];
}

/** Ones on h [B,H] for the sequences whose last step this is; null where there are none. */
function onesAtSources(chunk: RunChunk, t: number, B: number, H: number): Float64Array | null {
  const ones = new Float64Array(B * H);
  for (let b = 0; b < B; b++) if (sourceStep(chunk, b) === t) ones.fill(1, b * H, (b + 1) * H);
  return ones.some((value) => value !== 0) ? ones : null;
}

/** ∂L/∂c_t over all paths [B,H], under the exponent of ds. */
function othersOverAllPaths(rows: readonly CellRow[], ds: Matrix): Float64Array {
  const H = rows[0]!.step.H;
  const total = new Float64Array(rows.length * H);
  for (const [b, { jacobian }] of rows.entries()) total.set(jacobian.overAllPaths(rowOf(ds, b).data), b * H);
  return total;
}

/**
 * The first t, going back, at which plain arithmetic has nothing but zeros left, or its first infinity; null when it
 * never comes to that.
 */
export type PlainRange = { readonly zeroAt: number | null; readonly infiniteAt: number | null };

/**
 * The single source once more in the plain arithmetic of the run's dtype: the first t, going back, at which nothing but
 * zeros is left or the first infinity stands. Counted on the whole time axis; null when it never happens.
 */
export function* plainRange(experiment: LayerExperiment, chunk: RunChunk): Resumable<PlainRange> {
  const {
    dtype,
    shapes: { B, H },
  } = experiment;
  const cell = cellOf(experiment.cell);
  const [S, G] = [cell.states.length, cell.gates.length];
  const Wh = cast(dtype, experiment.layers[0].parameters.Wh);
  let ds = matrix(dtype, B, S * H);
  for (let t = chunk.steps - 1; t >= 0; t--) {
    for (let b = 0; b < B; b++) if (sourceStep(chunk, b) === t) rowOf(ds, b).data.fill(1, 0, H);
    const largest = maxAbs(ds.data);
    if (largest === 0) return { zeroAt: chunk.start + t, infiniteAt: null };
    // With finite states and weights, a NaN too is the child of an overflow: ∞ − ∞ inside one sum.
    if (!Number.isFinite(largest)) return { zeroAt: null, infiniteAt: chunk.start + t };
    yield* stepReady(chunk, t);
    const dz = matrix(dtype, B, G * H);
    const beside = cell.hasD ? matrix(dtype, B, S * H) : null;
    for (const [b, { jacobian }] of cellRows(experiment, chunk, t, false).entries()) {
      jacobian.toGates(rowOf(ds, b).data, rowOf(dz, b).data);
      if (beside !== null) jacobian.besideWeights(rowOf(ds, b).data, rowOf(beside, b).data);
    }
    const throughWeights = multiplyTransposed(dz, Wh, matrix(dtype, B, H));
    ds = beside === null ? throughWeights : addColumns(beside, throughWeights);
    for (const [b, { from }] of chunk.spans?.entries() ?? []) if (t === from) rowOf(ds, b).data.fill(0);
    yield (chunk.steps - t) / chunk.steps;
  }
  return { zeroAt: null, infiniteAt: null };
}
