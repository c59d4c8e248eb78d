// The flowing gradient with its exponent carried beside it (block floating point), so that thousands of steps neither
// underflow nor overflow. Batch items never mix on the way back, so each row carries an exponent of its own.
import { exponentOf, log10Of2, maxAbs, norm, scaleByPowerOfTwo } from './norm.js';
import type { FloatArray } from './dtypes.js';

/** Rows [B,H] under one exponent: the true values are `data`·2^`exponent`. */
export type Aligned = { readonly data: Float64Array; readonly exponent: number };

export const log10Norm = (data: FloatArray, exponent: number): number => Math.log10(norm(data)) + exponent * log10Of2;

/** log10 of the norm of several vectors as one, from log10 of each one's own; −Infinity of none. */
export function jointLog10(norms: readonly number[]): number {
  const largest = norms.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!Number.isFinite(largest)) return largest;
  return largest + 0.5 * Math.log10(norms.reduce((sum, one) => sum + 100 ** (one - largest), 0));
}

/** Rows [B,N], each with an exponent of its own: the true row b is `data[b]`·2^`exponents[b]`. */
export class ScaledRows {
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

  /** Row b, to be read and written. */
  row(b: number): Float64Array {
    return this.data.subarray(b * this.#N, (b + 1) * this.#N);
  }

  /** Adds rows of `width` numbers times 2^exponent to the first of each row, under whichever exponent is the larger. */
  add(rows: FloatArray, width: number, exponent: number): void {
    for (let b = 0; b < this.exponents.length; b++) this.addRow(b, rows.subarray(b * width, (b + 1) * width), exponent);
  }

  /** Adds values·2^exponent to the first numbers of row b. */
  addRow(b: number, values: FloatArray, exponent: number): void {
    const magnitude = exponentOf(maxAbs(values));
    if (magnitude === -Infinity) return;
    const together = Math.max(exponent + magnitude, this.magnitude(b));
    if (Number.isFinite(together)) this.#setExponent(b, together);
    const scaled = new Float64Array(values.length);
    scaleByPowerOfTwo(values, exponent - this.exponents[b]!, scaled);
    const row = this.row(b);
    for (let i = 0; i < scaled.length; i++) row[i] = row[i]! + scaled[i]!;
  }

  clear(): void {
    this.data.fill(0);
    this.exponents.fill(0);
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
