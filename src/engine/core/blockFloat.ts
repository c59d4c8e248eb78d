// The flowing gradient with its exponent carried beside it (block floating point), so that thousands of steps neither
// underflow nor overflow. Batch items never mix on the way back, so each row carries an exponent of its own.
import { exponentOf, log10Of2, maxAbs, norm, scaleByPowerOfTwo } from './norm.js';
import { multiplyTransposed } from './tensor.js';
import type { FloatArray } from './dtypes.js';

/** Rows [B,H] under one exponent: the true values are `data`·2^`exponent`. */
export type Aligned = { readonly data: Float64Array; readonly exponent: number };

export const log10Norm = (data: FloatArray, exponent: number): number => Math.log10(norm(data)) + exponent * log10Of2;

/** Rows [B,N], each with an exponent of its own: the true row b is `data[b]`·2^`exponents[b]`. */
class ScaledRows {
  readonly data: Float64Array;
  readonly exponents: Float64Array;
  readonly #N: number;

  constructor(B: number, N: number) {
    this.data = new Float64Array(B * N);
    this.exponents = new Float64Array(B);
    this.#N = N;
  }

  /** Exponent of the largest value of row b; -Infinity for a zero row, NaN or Infinity when the row is not finite. */
  magnitude(b: number): number {
    return this.exponents[b]! + exponentOf(maxAbs(this.data, b * this.#N, (b + 1) * this.#N));
  }

  /** Brings the largest value of every row near 1. Zero and non-finite rows stay as they are. */
  normalise(): void {
    for (let b = 0; b < this.exponents.length; b++) {
      const exponent = this.magnitude(b);
      if (Number.isFinite(exponent)) this.#setExponent(b, exponent);
      else if (exponent === -Infinity) this.exponents[b] = 0;
    }
  }

  /** Adds rows of ordinary numbers, under whichever exponent is the larger. */
  add(rows: FloatArray): void {
    const N = this.#N;
    const scaled = new Float64Array(N);
    for (let b = 0; b < this.exponents.length; b++) {
      const from = b * N;
      const row = rows.subarray(from, from + N);
      const entering = exponentOf(maxAbs(row));
      if (entering === -Infinity) continue;
      const here = this.magnitude(b);
      const exponent = Math.max(entering, here);
      if (Number.isFinite(exponent)) this.#setExponent(b, exponent);
      scaleByPowerOfTwo(row, -this.exponents[b]!, scaled);
      for (let i = 0; i < N; i++) this.data[from + i] = this.data[from + i]! + scaled[i]!;
    }
  }

  /** All rows under the exponent of the largest; rows too small to be seen beside it become 0. */
  aligned(): Aligned {
    const N = this.#N;
    const data = new Float64Array(this.data.length);
    let exponent = -Infinity;
    for (let b = 0; b < this.exponents.length; b++) {
      const magnitude = this.magnitude(b);
      exponent = Math.max(exponent, Number.isFinite(magnitude) ? magnitude : -Infinity);
    }
    if (exponent === -Infinity) exponent = 0;
    for (let b = 0; b < this.exponents.length; b++) {
      scaleByPowerOfTwo(
        this.data.subarray(b * N, (b + 1) * N),
        this.exponents[b]! - exponent,
        data.subarray(b * N, (b + 1) * N),
      );
    }
    return { data, exponent };
  }

  #setExponent(b: number, exponent: number): void {
    scaleByPowerOfTwo(this.data, this.exponents[b]! - exponent, this.data, b * this.#N, (b + 1) * this.#N);
    this.exponents[b] = exponent;
  }
}

/**
 * What one step back gave: g_t [B,H], d_t = g_t ⊙ f'(h_t) [B,H], dh = d_t·Whᵀ [B,H], and log10 of the norm of each row
 * of g_t.
 */
export type ScaledStep = {
  readonly g: Aligned;
  readonly d: Aligned;
  readonly dh: Aligned;
  readonly log10Rows: Float64Array;
};

/** The backward pass of one chunk in float64: feed it the steps from the last to the first. */
export class ScaledFlow {
  readonly #B: number;
  readonly #H: number;
  readonly #Wh: Float64Array;
  readonly #flowing: ScaledRows;

  constructor(B: number, H: number, Wh: Float64Array) {
    this.#B = B;
    this.#H = H;
    this.#Wh = Wh;
    this.#flowing = new ScaledRows(B, H);
  }

  /**
   * Adds `dhs` [B,H] (null: nothing enters here) to what flows, then goes back through the activation's `slopes` [B,H]
   * and Wh.
   */
  step(dhs: FloatArray | null, slopes: Float64Array): ScaledStep {
    const B = this.#B;
    const H = this.#H;
    const flowing = this.#flowing;
    if (dhs !== null) flowing.add(dhs);
    flowing.normalise();
    const g = flowing.aligned();
    const log10Rows = new Float64Array(B);
    for (let b = 0; b < B; b++)
      log10Rows[b] = log10Norm(flowing.data.subarray(b * H, (b + 1) * H), flowing.exponents[b]!);
    for (let i = 0; i < slopes.length; i++) flowing.data[i] = flowing.data[i]! * slopes[i]!;
    flowing.normalise();
    const d = flowing.aligned();
    const dt = { rows: B, cols: H, data: flowing.data.slice() };
    multiplyTransposed(dt, this.#Wh, { rows: B, cols: H, data: flowing.data });
    flowing.normalise();
    return { g, d, dh: flowing.aligned(), log10Rows };
  }

  /** Nothing flows on from here: the border of truncated backpropagation. */
  cut(): void {
    this.#flowing.data.fill(0);
    this.#flowing.exponents.fill(0);
  }
}
