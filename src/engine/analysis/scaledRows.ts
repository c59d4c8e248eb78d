// Rows of a running product under an exponent each, so that none leaves the range of float64.
import { exponentOf, maxAbs, scaleByPowerOfTwo } from '../core/norm.js';
import type { Resumable } from '../core/resumable.js';

/** The rows, or columns, of I [n,n]. */
export const identityRows = (n: number): Float64Array[] =>
  Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (__, j) => (i === j ? 1 : 0)));

/** Row i is `rows[i]`·2^`exponents[i]`; the identity at first. */
export class ScaledRows {
  rows: Float64Array[];
  exponents: Float64Array;

  constructor(n: number) {
    this.rows = identityRows(n);
    this.exponents = new Float64Array(n);
  }

  copy(): ScaledRows {
    const copy = new ScaledRows(0);
    // Rows are replaced, never written to.
    [copy.rows, copy.exponents] = [[...this.rows], this.exponents.slice()];
    return copy;
  }

  /** ln of the largest number of each row. */
  lnSizes(): Float64Array {
    return Float64Array.from(this.rows, (row, i) => Math.log(maxAbs(row)) + this.exponents[i]! * Math.LN2);
  }

  reorder(order: readonly number[]): void {
    const { rows, exponents } = this;
    this.rows = order.map((i) => rows[i]!);
    this.exponents = Float64Array.from(order, (i) => exponents[i]!);
  }

  /** Row k times e^lnScales[k], where that is not 0: rows of nothing are so already. */
  scale(lnScales: Float64Array): void {
    for (let k = 0; k < this.rows.length; k++) {
      if (lnScales[k] === -Infinity) continue;
      const exponent = Math.floor(lnScales[k]! / Math.LN2);
      const rest = Math.exp(lnScales[k]! - exponent * Math.LN2);
      this.exponents[k] = this.exponents[k]! + exponent;
      this.rows[k] = this.rows[k]!.map((value) => value * rest);
    }
  }

  /** R ← C·R for upper triangular C, row by row under the largest exponent that a row's terms have. */
  *multiply(C: readonly Float64Array[]): Resumable<void> {
    const n = this.rows.length;
    for (let k = 0; k < n; k++) {
      const own = C[k]!;
      const term = (i: number): number =>
        own[i] === 0 ? -Infinity : this.exponents[i]! + exponentOf(Math.abs(own[i]!));
      let exponent = -Infinity;
      for (let i = k; i < n; i++) exponent = Math.max(exponent, term(i));
      const row = new Float64Array(n);
      for (let i = k; i < n && exponent !== -Infinity; i++) {
        // Less than the rounding of the largest term.
        if (!(term(i) > exponent - 64)) continue;
        // The coefficient may be so small, or the row, that only both together are in range.
        const half = Math.trunc((this.exponents[i]! - exponent) / 2);
        const factor = own[i]! * 2 ** half * 2 ** (this.exponents[i]! - exponent - half);
        const from = this.rows[i]!;
        for (let j = 0; j < n; j++) row[j] = row[j]! + factor * from[j]!;
      }
      const largest = exponentOf(maxAbs(row));
      if (Number.isFinite(largest)) scaleByPowerOfTwo(row, -largest, row);
      // In place: C is upper triangular, so no later row needs the old row k.
      this.rows[k] = row;
      this.exponents[k] = Number.isFinite(largest) && exponent !== -Infinity ? exponent + largest : -Infinity;
      if (k % 16 === 15) yield 0;
    }
  }
}
