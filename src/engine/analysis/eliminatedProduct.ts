// The running product of Jacobians whose rows lie any number of decades apart, as those of saturated gates do.
import { eliminateLargestFirst } from '../linalg/gradedElimination.js';
import { graded } from '../linalg/gradedSvd.js';
import type { GradedRows } from '../linalg/gradedSvd.js';
import { norm } from '../core/norm.js';
import type { Resumable } from '../core/resumable.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import { orthogonalise } from './gramSchmidt.js';
import { identityRows, ScaledRows } from './scaledRows.js';

/** Two values of log2 further apart than this, a hundredth of a decade, are not the same number. */
const apart = Math.log2(10) / 100;
/** The share of a number by which the second computation changes it, at most. */
const disturbance = 4 * Number.EPSILON;

/**
 * Singular values of the running product, twice: as it is, and with all numbers changed by a few units in the last
 * place wherever they are rounded. A value that the two do not agree on is one that rounding has lost, and is NaN.
 */
export class EliminatedProduct {
  readonly #n: number;
  readonly #decompose: (rows: GradedRows) => Resumable<Float64Array>;
  readonly #own: EchelonProduct;
  readonly #disturbed: EchelonProduct;

  constructor(n: number, decompose: (rows: GradedRows) => Resumable<Float64Array>) {
    this.#n = n;
    this.#decompose = decompose;
    [this.#own, this.#disturbed] = [new EchelonProduct(n, null), new EchelonProduct(n, disturbances())];
  }

  *log2SingularValues(): Resumable<Float64Array> {
    const own = yield* this.#decompose(yield* this.#own.rows());
    const disturbed = yield* this.#decompose(yield* this.#disturbed.rows());
    return own.map((value, i) => (value === disturbed[i] || Math.abs(value - disturbed[i]!) <= apart ? value : NaN));
  }

  *extend(jacobian: StepJacobian): Resumable<void> {
    for (const factor of jacobian.denseFactors().reverse()) {
      const rows = Array.from({ length: this.#n }, (_, j) => factor.subarray(j * this.#n, (j + 1) * this.#n));
      const sizes = rows.map((row) => norm(row));
      const scaled = rows.map((row, j) => row.map((value) => (sizes[j] === 0 ? 0 : value / sizes[j]!)));
      const lnSizes = Float64Array.from(sizes, Math.log);
      yield* this.#own.extend(scaled, lnSizes);
      yield* this.#disturbed.extend(scaled, lnSizes);
    }
  }
}

/** Numbers between 1 − ε and 1 + ε, the same ones in every run (Park & Miller 1988). */
function disturbances(): () => number {
  let seed = 1;
  return () => {
    seed = (48271 * seed) % 2147483647;
    return 1 + disturbance * (seed / 1073741823.5 - 1);
  };
}

/**
 * (J_e···J_{t+1})ᵀ = X·R. X has no orthogonal columns, whose small places would be no more than rounding, but a pivot
 * of 1 in each, with zeros in those behind it: elimination keeps the digits of a place however small it is beside
 * others. The rows of R carry an exponent each (graded QR of products: Stewart 1997; rank-revealing decompositions:
 * Demmel et al. 1999).
 */
class EchelonProduct {
  readonly #n: number;
  /** Columns of X. */
  #X: Float64Array[];
  readonly #R: ScaledRows;
  readonly #disturbance: (() => number) | null;

  /** @param disturbance what each number is multiplied by wherever it has been rounded */
  constructor(n: number, disturbance: (() => number) | null) {
    this.#n = n;
    this.#disturbance = disturbance;
    this.#X = identityRows(n);
    this.#R = new ScaledRows(n);
  }

  /** A matrix with the same singular values. */
  *rows(): Resumable<GradedRows> {
    const R = this.#R.copy();
    const lnSizes = R.lnSizes();
    // Of rows that are lost the sizes have no difference.
    const order = this.#X.map((_, i) => i).sort((a, b) => (lnSizes[a] === lnSizes[b] ? 0 : lnSizes[b]! - lnSizes[a]!));
    R.reorder(order);
    const coefficients = this.#X.map(() => new Float64Array(this.#n));
    const next: Float64Array[] = [];
    for (const [i, place] of order.entries()) {
      const column = this.#X[place]!.slice();
      orthogonalise(column, i, next, coefficients);
      next.push(column);
      yield 0;
    }
    yield* R.multiply(coefficients);
    return graded(R.rows, R.exponents);
  }

  /** X·R ← factorᵀ·X·R, where row j of the factor is `scaled[j]`·e^lnSizes[j]. */
  *extend(scaled: readonly Float64Array[], lnSizes: Float64Array): Resumable<void> {
    const n = this.#n;
    // Before what mixes the places, so that a large row has no say in the columns behind its own.
    yield* this.#eliminate(lnSizes);
    for (const [i, column] of this.#X.entries()) {
      const out = new Float64Array(n);
      for (let j = 0; j < n; j++) {
        const own = column[j]!;
        if (own === 0) continue;
        const row = scaled[j]!;
        for (let k = 0; k < n; k++) out[k] = out[k]! + own * row[k]!;
      }
      this.#X[i] = this.#disturbed(out);
      yield 0;
    }
    yield* this.#eliminate(new Float64Array(n));
  }

  /** X ← the echelon form of diag(e^lnSizes)·X, with what is largest in X·R first. */
  *#eliminate(lnSizes: Float64Array): Resumable<void> {
    const weights = this.#R.lnSizes();
    const { coefficients, lnScales, order } = yield* eliminateLargestFirst(this.#X, lnSizes, weights);
    this.#X = order.map((i) => this.#disturbed(this.#X[i]!));
    this.#R.reorder(order);
    yield* this.#R.multiply(coefficients);
    this.#R.scale(lnScales);
  }

  #disturbed(column: Float64Array): Float64Array {
    const disturbance = this.#disturbance;
    return disturbance === null ? column : column.map((value) => (value === 0 ? 0 : value * disturbance()));
  }
}
