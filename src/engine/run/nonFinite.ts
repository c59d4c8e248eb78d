// What of a run is not finite first, and what has made it so.
import { cellOf } from '../cells/index.js';
import type { DType, FloatArray, Trace } from '../core/dtypes.js';
import { maxAbs } from '../core/norm.js';
import { ready } from '../core/recomputedTrace.js';
import type { Resumable } from '../core/resumable.js';
import { allFinite, finiteAt } from '../core/scan.js';
import { rowOf, takeStep } from '../core/tensor.js';
import type { SequenceTrace } from '../core/tensor.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Pass } from '../network/referencePass.js';
import { isThere, stateBefore } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import type { NonFinite, Overflow, PlacedValue, SizeAt } from '../verdict/evidence.js';

const rounded = (value: number, dtype: DType): number => (dtype === 'float32' ? Math.fround(value) : value);

/** The first number that is not finite in the dtype; null: all are. */
function firstIn(values: FloatArray, dtype: DType): { readonly at: number; readonly value: number } | null {
  const at = values.findIndex((value) => !Number.isFinite(rounded(value, dtype)));
  return at < 0 ? null : { at, value: rounded(values[at]!, dtype) };
}

/** Of the last step that was looked at, which is held therefore. */
function placeAt(values: SequenceTrace, t: number, dtype: DType): PlacedValue {
  const step = takeStep(values, t);
  const { at, value } = firstIn(step.data, dtype)!;
  return { sequence: Math.floor(at / step.cols), unit: at % step.cols, value };
}

/** Σ_k values[k]·w[k, at], w being [values.length, columns]; where it is no number, two of them are infinite. */
function column(values: FloatArray, w: FloatArray, at: number, columns: number): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k]! * w[k * columns + at]!;
  return Number.isNaN(sum) ? Infinity : Math.abs(sum);
}

/** What makes up z = h_{t−1}·Wh + x_t·Wx + b of the unit, whose state at step t of a chunk is the first not finite. */
function* overflowOf(
  { cell, shapes: { H }, layers: [{ parameters }] }: LayerExperiment,
  chunk: RunChunk,
  t: number,
  { sequence, unit }: PlacedValue,
): Resumable<Overflow> {
  for (const at of [t - 1, t]) if (at >= 0) yield* ready(at, chunk.hs, chunk.xs);
  const h = rowOf(stateBefore(chunk, t), sequence).data.subarray(0, H);
  const x = rowOf(takeStep(chunk.xs, t), sequence).data;
  const { Wx, Wh, b } = parameters;
  const parts = cellOf(cell).gates.map((_, gate) => {
    const at = gate * H + unit;
    return { h: column(h, Wh, at, b.length), x: column(x, Wx, at, b.length), b: Math.abs(b[at]!) };
  });
  const most = parts.reduce((one, other) => (other.h + other.x + other.b > one.h + one.x + one.b ? other : one));
  if (most.x > most.h && most.x >= most.b) return { part: 'input', largest: maxAbs(x), weight: maxAbs(Wx) };
  if (most.b > most.h) return { part: 'bias', weight: maxAbs(b) };
  const sizeAt = (at: number, states: FloatArray): SizeAt => ({ t: chunk.start + at, size: maxAbs(states) });
  const [before, weight] = [sizeAt(t - 1, h), maxAbs(Wh)];
  for (let at = 0; at < t - 1; at++) {
    if (!isThere(chunk, sequence, at)) continue;
    yield* ready(at, chunk.hs);
    const from = sizeAt(at, rowOf(takeStep(chunk.hs, at), sequence).data.subarray(0, H));
    if (from.size > 0) return { part: 'state', before, from: from.size < before.size ? from : null, weight };
  }
  return { part: 'state', before, from: null, weight };
}

/**
 * The first thing that is not finite in the dtype, in the order in which the run meets it: forward in time, then back.
 */
export function* nonFiniteIn(
  experiment: LayerExperiment,
  { chunks, hs, dhTotal, dxs, gradients, dh0, norms, states }: Pass<Trace>,
): Resumable<NonFinite | null> {
  const {
    layers: [{ parameters }],
    dtype,
  } = experiment;
  /** The first of these steps at which one of the tensors is not finite; −1: none. */
  const firstOf = function* (steps: Iterable<number>, ...tensors: readonly SequenceTrace[]): Resumable<number> {
    for (const t of steps) for (const tensor of tensors) if (!(yield* finiteAt(tensor, t, dtype))) return t;
    return -1;
  };
  const weights = yield* allFinite(Object.values(parameters), dtype);
  // Norms that are all finite say the same of all tensors, the inputs among them: an infinite x_t makes dWx NaN or
  // infinite.
  const measured =
    states === null
      ? (yield* firstOf(Array(hs.T).keys(), hs, dhTotal, dxs)) < 0
      : yield* allFinite([states.hNorm, norms.dh, norms.dx]);
  const sums = yield* allFinite([...Object.values(gradients), dh0]);
  if (measured && sums && weights) return null;
  if (!weights)
    for (const [parameter, values] of Object.entries(parameters)) {
      const found = firstIn(values, dtype);
      if (found !== null) return { what: 'weights', t: null, parameter, value: found.value };
    }
  for (const [what, tensor] of [
    ['inputs', 'xs'],
    ['state', 'hs'],
  ] as const) {
    for (const chunk of chunks) {
      const step = yield* firstOf(Array(chunk.steps).keys(), chunk[tensor]);
      if (step < 0) continue;
      const t = chunk.start + step;
      const place = placeAt(chunk[tensor], step, dtype);
      if (what === 'inputs') return { what, t, ...place };
      return { what, t, ...place, overflow: yield* overflowOf(experiment, chunk, step, place) };
    }
  }
  // From here on the run goes back: of what enters from a layer above the last step is where it begins.
  for (const { dhs, start, steps } of [...chunks].reverse()) {
    const step = yield* firstOf([...Array(steps).keys()].reverse(), dhs);
    if (step >= 0) return { what: 'upstream', t: start + step };
  }
  const last = yield* firstOf([...Array(hs.T).keys()].reverse(), dhTotal, dxs);
  return last < 0 && sums ? null : { what: 'gradient', t: last < 0 ? null : last };
}
