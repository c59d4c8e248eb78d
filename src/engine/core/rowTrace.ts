// Tensors over time that are read off others, row by row: cut, turned, side by side. Nothing is kept.
import { dtypeOf, isHeld, sequence, zeros } from './tensor.js';
import type { Sequence, SequenceTrace } from './tensor.js';
import { Mover } from './resumableCopy.js';
import type { DType, FloatArray, Trace } from './dtypes.js';
import type { Resumable } from './resumable.js';
import { ready } from './recomputedTrace.js';
import type { Shape } from './recomputedTrace.js';

/** A [B,T,N] whose rows (b, t) are made when they are asked for. */
export class RowTrace implements Trace {
  readonly length: number;
  readonly #shape: Shape;
  readonly #row: (b: number, t: number) => FloatArray;
  readonly #ready: (t: number) => Resumable<void>;

  /** `row` gives N numbers, which nobody writes to; `readyAt` computes what those of step t are read from. */
  constructor(shape: Shape, row: (b: number, t: number) => FloatArray, readyAt: (t: number) => Resumable<void>) {
    this.length = shape.B * shape.T * shape.N;
    this.#shape = shape;
    this.#row = row;
    this.#ready = readyAt;
  }

  at(index: number): number | undefined {
    if (index < 0 || index >= this.length) return undefined;
    return this.#rowAt(Math.floor(index / this.#shape.N))[index % this.#shape.N];
  }

  subarray(from: number, to: number): FloatArray {
    const { N } = this.#shape;
    const first = this.#rowAt(Math.floor(from / N));
    const offset = from % N;
    if (to <= from || offset + to - from <= N) return first.subarray(offset, offset + Math.max(0, to - from));
    const out = zeros(dtypeOf(first), to - from);
    out.set(first.subarray(offset));
    for (let at = N - offset; at < out.length; at += N)
      out.set(this.#rowAt(Math.floor((from + at) / N)).subarray(0, out.length - at), at);
    return out;
  }

  ready(t: number): Resumable<void> {
    return this.#ready(t);
  }

  #rowAt(row: number): FloatArray {
    const { T } = this.#shape;
    return this.#row(Math.floor(row / T), row % T);
  }
}

/** Of a trace whose rows need no others. */
export function* nothing(): Resumable<void> {
  // There is nothing to compute before.
}

const rowOfStep = ({ T, N, data }: SequenceTrace, b: number, t: number): FloatArray =>
  data.subarray((b * T + t) * N, (b * T + t + 1) * N);

/** `steps` steps, step t being step `from(t)` of `all`. */
export const stepsOf = (all: SequenceTrace, steps: number, from: (t: number) => number): SequenceTrace => {
  const shape = { B: all.B, T: steps, N: all.N };
  return {
    ...shape,
    data: new RowTrace(
      shape,
      (b, t) => rowOfStep(all, b, from(t)),
      (t) => ready(from(t), all),
    ),
  };
};

/** The steps from … to − 1 of one of the sequences [1,to−from,N]. */
export function stepsOfRow({ T, N, data }: SequenceTrace, b: number, from: number, to: number): SequenceTrace {
  const shape = { B: 1, T: to - from, N };
  if (isHeld(data)) return { ...shape, data: data.subarray((b * T + from) * N, (b * T + to) * N) };
  if (data instanceof BesideTrace) {
    const [first, ...others] = data.parts;
    return sideBySideTrace([stepsOfRow(first, b, from, to), ...others.map((part) => stepsOfRow(part, b, from, to))]);
  }
  const all = { B: 0, T, N, data };
  return {
    ...shape,
    data: new RowTrace(
      shape,
      (_, t) => rowOfStep(all, b, from + t),
      (t) => ready(from + t, all),
    ),
  };
}

/** Columns from … to − 1 of every step. */
export const columnsTrace = (all: SequenceTrace, from: number, to: number): SequenceTrace => {
  if (from === 0 && to === all.N) return all;
  const shape = { B: all.B, T: all.T, N: to - from };
  return {
    ...shape,
    data: new RowTrace(
      shape,
      (b, t) => rowOfStep(all, b, t).subarray(from, to),
      (t) => ready(t, all),
    ),
  };
};

/** Numbers of the same steps of several, put together by `join`. */
export function joined(
  parts: readonly SequenceTrace[],
  N: number,
  join: (rows: readonly FloatArray[], t: number) => FloatArray,
): SequenceTrace {
  const { B, T } = parts[0]!;
  const shape = { B, T, N };
  return {
    ...shape,
    data: new RowTrace(
      shape,
      (b, t) =>
        join(
          parts.map((part) => rowOfStep(part, b, t)),
          t,
        ),
      (t) => ready(t, ...parts),
    ),
  };
}

/** Tensors that are held, side by side: who copies many steps takes them from the parts. */
export class BesideTrace extends RowTrace {
  readonly parts: readonly [Sequence, ...Sequence[]];

  constructor(parts: readonly [Sequence, ...Sequence[]], N: number) {
    const [{ B, T }] = parts;
    super({ B, T, N }, (b, t) => behindEachOther(parts.map((part) => rowOfStep(part, b, t))), nothing);
    this.parts = parts;
  }
}

function behindEachOther(rows: readonly FloatArray[]): FloatArray {
  const out = zeros(
    dtypeOf(rows[0]!),
    rows.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const row of rows) {
    out.set(row, at);
    at += row.length;
  }
  return out;
}

/** The rows themselves, one behind the other. */
export function sideBySideTrace(parts: readonly [SequenceTrace, ...SequenceTrace[]]): SequenceTrace {
  if (parts.length === 1) return parts[0];
  const [{ B, T }] = parts;
  const N = parts.reduce((sum, part) => sum + part.N, 0);
  if (allHeld(parts)) return { B, T, N, data: new BesideTrace(parts, N) };
  return joined(parts, N, behindEachOther);
}

const allHeld = (parts: readonly [SequenceTrace, ...SequenceTrace[]]): parts is readonly [Sequence, ...Sequence[]] =>
  parts.every(({ data }) => isHeld(data));

/**
 * The steps t0 … t1 − 1 as a copy rounded to `dtype` [B,t1−t0,N], step after step: what is not held is computed once.
 */
export function* copiedSteps(dtype: DType, all: SequenceTrace, t0: number, t1: number): Resumable<Sequence> {
  const out = sequence(dtype, all.B, t1 - t0, all.N);
  const mover = new Mover();
  for (let t = t0; t < t1; t++) {
    yield* ready(t, all);
    for (let b = 0; b < all.B; b++) out.data.set(rowOfStep(all, b, t), (b * out.T + t - t0) * all.N);
    yield* mover.count(all.B * all.N);
  }
  return out;
}
