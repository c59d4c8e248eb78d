// Many gradients on their way back at once, each row with a power of two of its own.
import { exponentOf, log10Of2, maxAbs, norm, scaleByPowerOfTwo } from './norm.js';
import type { FloatArray } from './dtypes.js';

/** What takes the gradient of one batch item's states at a step to those before: ../network/stepJacobian.ts. */
export type StepBack = {
  readonly width: number;
  readonly gateWidth: number;
  readonly hasD: boolean;
  toGates(ds: FloatArray, dz: FloatArray): void;
  toInputGates(ds: FloatArray, dz: FloatArray): void;
  throughWeights(dz: FloatArray, dhPrev: FloatArray): void;
  besideWeights(ds: FloatArray, out: FloatArray): void;
};

/** `count` rows of length `width`; the true row is `data`·2^`exponents`, and a row of exponent −Infinity is zero. */
export class FlowingRows {
  readonly data: Float64Array;
  readonly exponents: Float64Array;
  readonly #width: number;

  constructor(count: number, width: number) {
    this.data = new Float64Array(count * width);
    this.exponents = new Float64Array(count).fill(-Infinity);
    this.#width = width;
  }

  isZero(row: number): boolean {
    return this.exponents[row] === -Infinity;
  }

  clear(row: number): void {
    this.row(row).fill(0);
    this.exponents[row] = -Infinity;
  }

  /** A row, to be read and written. */
  row(row: number): Float64Array {
    return this.data.subarray(row * this.#width, (row + 1) * this.#width);
  }

  /** The first numbers of a row += values·2^exponent. */
  add(row: number, values: FloatArray, exponent = 0): void {
    const largest = maxAbs(values);
    if (largest === 0) return;
    const target = this.row(row);
    const together = Math.max(exponent + exponentOf(largest), this.exponents[row]!);
    if (!this.isZero(row)) scaleByPowerOfTwo(target, this.exponents[row]! - together, target);
    const scaled = new Float64Array(values.length);
    scaleByPowerOfTwo(values, exponent - together, scaled);
    for (let j = 0; j < scaled.length; j++) target[j] = target[j]! + scaled[j]!;
    this.exponents[row] = together;
    this.#normalise(row);
  }

  /** Row ← dz of row `row` of `states`, the gradient before the activation. */
  toGates(row: number, states: FlowingRows, step: StepBack): void {
    this.exponents[row] = states.exponents[row]!;
    step.toGates(states.row(row), this.row(row));
    this.#normalise(row);
  }

  /** The same on the way to x and b. */
  toInputGates(row: number, states: FlowingRows, step: StepBack): void {
    this.exponents[row] = states.exponents[row]!;
    step.toInputGates(states.row(row), this.row(row));
    this.#normalise(row);
  }

  /** Row ← the gradient of the states before, by way of its dz, which stands in the same row of `gates`. */
  pullBack(row: number, gates: FlowingRows, step: StepBack): void {
    const target = this.row(row);
    const beside = step.hasD ? new Float64Array(step.width) : null;
    if (beside !== null) step.besideWeights(target, beside);
    const exponent = this.exponents[row]!;
    target.fill(0);
    this.exponents[row] = gates.exponents[row]!;
    if (!gates.isZero(row)) {
      step.throughWeights(gates.row(row), target);
      this.#normalise(row);
    }
    if (beside !== null && exponent !== -Infinity) this.add(row, beside, exponent);
  }

  /** log10 of the norm of rows `from` ≤ row < `to` as one vector; −Infinity when all are zero. */
  log10Norm(from: number, to: number): number {
    const exponent = this.exponents.subarray(from, to).reduce((most, value) => Math.max(most, value), -Infinity);
    if (exponent === -Infinity) return -Infinity;
    const width = this.#width;
    const parts = Float64Array.from(
      { length: to - from },
      (_, i) =>
        norm(this.data, (from + i) * width, (from + i + 1) * width) * 2 ** (this.exponents[from + i]! - exponent),
    );
    return Math.log10(norm(parts)) + exponent * log10Of2;
  }

  #normalise(row: number): void {
    const target = this.row(row);
    const shift = exponentOf(maxAbs(target));
    if (shift === -Infinity) this.exponents[row] = -Infinity;
    else if (Number.isFinite(shift) && Math.abs(shift) > 32) {
      scaleByPowerOfTwo(target, -shift, target);
      this.exponents[row] = this.exponents[row]! + shift;
    }
  }
}
