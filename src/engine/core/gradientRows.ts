// Many gradients on their way back at once, each row with a power of two of its own.
import { exponentOf, log10Of2, maxAbs, norm, scaleByPowerOfTwo } from './norm.js';
import type { FloatArray } from './dtypes.js';

/** `count` rows of length `H`; the true row is `data`·2^`exponents`, and a row of exponent −Infinity is zero. */
export class FlowingRows {
  readonly data: Float64Array;
  readonly exponents: Float64Array;
  readonly #H: number;
  readonly #scratch: Float64Array;

  constructor(count: number, H: number) {
    this.data = new Float64Array(count * H);
    this.exponents = new Float64Array(count).fill(-Infinity);
    this.#H = H;
    this.#scratch = new Float64Array(H);
  }

  isZero(row: number): boolean {
    return this.exponents[row] === -Infinity;
  }

  clear(row: number): void {
    this.data.fill(0, row * this.#H, (row + 1) * this.#H);
    this.exponents[row] = -Infinity;
  }

  /** row += values·2^exponent. */
  add(row: number, values: FloatArray, exponent = 0): void {
    const largest = maxAbs(values);
    if (largest === 0) return;
    const H = this.#H;
    const target = this.data.subarray(row * H, (row + 1) * H);
    const together = Math.max(exponent + exponentOf(largest), this.exponents[row]!);
    if (!this.isZero(row)) scaleByPowerOfTwo(target, this.exponents[row]! - together, target);
    scaleByPowerOfTwo(values, exponent - together, this.#scratch);
    for (let j = 0; j < H; j++) target[j] = target[j]! + this.#scratch[j]!;
    this.exponents[row] = together;
    this.#normalise(row);
  }

  /** row ← row ⊙ slopes, the gradient before the activation. */
  throughActivation(row: number, slopes: Float64Array): void {
    const H = this.#H;
    for (let j = 0; j < H; j++) this.data[row * H + j] = this.data[row * H + j]! * slopes[j]!;
    this.#normalise(row);
  }

  /** row ← row·Whᵀ, the gradient of the state before. */
  throughWeights(row: number, Wh: Float64Array): void {
    const H = this.#H;
    if (this.isZero(row)) return;
    const source = this.#scratch;
    source.set(this.data.subarray(row * H, (row + 1) * H));
    for (let k = 0; k < H; k++) {
      let sum = 0;
      for (let j = 0; j < H; j++) sum += source[j]! * Wh[k * H + j]!;
      this.data[row * H + k] = sum;
    }
    this.#normalise(row);
  }

  /** log10 of the norm of rows `from` ≤ row < `to` as one vector; −Infinity when all are zero. */
  log10Norm(from: number, to: number): number {
    const exponent = this.exponents.subarray(from, to).reduce((most, value) => Math.max(most, value), -Infinity);
    if (exponent === -Infinity) return -Infinity;
    const H = this.#H;
    const parts = Float64Array.from(
      { length: to - from },
      (_, i) => norm(this.data, (from + i) * H, (from + i + 1) * H) * 2 ** (this.exponents[from + i]! - exponent),
    );
    return Math.log10(norm(parts)) + exponent * log10Of2;
  }

  #normalise(row: number): void {
    const H = this.#H;
    const target = this.data.subarray(row * H, (row + 1) * H);
    const shift = exponentOf(maxAbs(target));
    if (shift === -Infinity) this.exponents[row] = -Infinity;
    else if (Number.isFinite(shift) && Math.abs(shift) > 32) {
      scaleByPowerOfTwo(target, -shift, target);
      this.exponents[row] = this.exponents[row]! + shift;
    }
  }
}
