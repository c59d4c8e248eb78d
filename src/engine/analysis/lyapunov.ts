// Exponents and product of the Jacobians J_t = diag(s_t)·Whᵀ, step by step. Both keep their matrix transposed: its rows
// are the columns that J acts on, so that the inner loops run along memory.
import { isLong, sigmaMaxOf } from '../linalg/lanczos.js';
import { exponentOf, maxAbs, norm, scaleByPowerOfTwo } from '../core/norm.js';
import type { Resumable } from '../core/resumable.js';

/** out = P·Jᵀ = (J·Pᵀ)ᵀ: every row p becomes s ⊙ (p·Wh). */
function* applyJacobian(rows: Float64Array, Wh: Float64Array, slopes: Float64Array): Resumable<Float64Array> {
  const H = slopes.length;
  const out = new Float64Array(rows.length);
  for (let i = 0; i < H; i++) {
    const row = out.subarray(i * H, (i + 1) * H);
    for (let k = 0; k < H; k++) {
      const value = rows[i * H + k]!;
      for (let j = 0; j < H; j++) row[j] = row[j]! + value * Wh[k * H + j]!;
    }
    for (let j = 0; j < H; j++) row[j] = row[j]! * slopes[j]!;
    if (isLong(i, H * H)) yield 0;
  }
  return out;
}

const identity = (H: number): Float64Array => {
  const rows = new Float64Array(H * H);
  for (let i = 0; i < H; i++) rows[i * H + i] = 1;
  return rows;
};

/**
 * Σ ln|R_ii| of QR = J_t·Q, Q = I at the start (Benettin et al. 1980; for recurrent networks Engelken, Wolf & Abbott
 * 2023).
 */
export class LyapunovExponents {
  readonly #Wh: Float64Array;
  readonly #H: number;
  /** Σ ln R_ii over the steps so far. */
  readonly sums: Float64Array;
  readonly #errors: Float64Array;
  #Q: Float64Array;

  constructor(Wh: Float64Array, H: number) {
    this.#Wh = Wh;
    this.#H = H;
    this.sums = new Float64Array(H);
    this.#errors = new Float64Array(H);
    this.#Q = identity(H);
  }

  restart(): void {
    this.#Q = identity(this.#H);
  }

  *step(slopes: Float64Array): Resumable<void> {
    this.#Q = yield* applyJacobian(this.#Q, this.#Wh, slopes);
    for (let i = 0; i < this.#H; i++) {
      this.sums[i] = this.sums[i]! + Math.log(this.#orthogonalise(i));
      if (isLong(i, this.#H ** 2)) yield 0;
    }
  }

  /**
   * Estimated error of the least certain sum: a row has one of about two units in the last place of its length,
   * magnified where little of it is left.
   */
  get error(): number {
    return Math.max(...this.#errors);
  }

  /**
   * Gram–Schmidt on vector i against those before it, until a pass takes away next to nothing: the same R_ii as
   * Householder's, and orthogonal to working precision even where the vectors are nearly parallel. Gives R_ii.
   */
  #orthogonalise(i: number): number {
    const H = this.#H;
    const vector = this.#Q.subarray(i * H, (i + 1) * H);
    const whole = norm(vector);
    let length = whole;
    for (let round = 0; round < 4; round++) {
      for (let k = 0; k < i; k++) {
        const q = this.#Q.subarray(k * H, (k + 1) * H);
        let projection = 0;
        for (let j = 0; j < H; j++) projection += q[j]! * vector[j]!;
        for (let j = 0; j < H; j++) vector[j] = vector[j]! - projection * q[j]!;
      }
      const before = length;
      length = norm(vector);
      if (length > 0.7 * before) break;
    }
    for (let j = 0; j < H; j++) vector[j] = vector[j]! / length;
    this.#errors[i] = this.#errors[i]! + (2 * Number.EPSILON * whole) / length;
    return length;
  }
}

/** The running product J_t···J_0 with its exponent. */
export class JacobianProduct {
  readonly #Wh: Float64Array;
  readonly #H: number;
  #rows: Float64Array;
  #exponent = 0;

  constructor(Wh: Float64Array, H: number) {
    this.#Wh = Wh;
    this.#H = H;
    this.#rows = identity(H);
  }

  restart(): void {
    this.#rows = identity(this.#H);
    this.#exponent = 0;
  }

  *step(slopes: Float64Array): Resumable<void> {
    this.#rows = yield* applyJacobian(this.#rows, this.#Wh, slopes);
    const exponent = exponentOf(maxAbs(this.#rows));
    if (!Number.isFinite(exponent)) return;
    scaleByPowerOfTwo(this.#rows, -exponent, this.#rows);
    this.#exponent += exponent;
  }

  /** ln of the product's largest singular value; -Infinity for the zero product, NaN when it is not finite. */
  *logSigmaMax(): Resumable<number> {
    const sigma = yield* sigmaMaxOf(this.#rows, this.#H);
    return Math.log(sigma) + this.#exponent * Math.LN2;
  }
}
