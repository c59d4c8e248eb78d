// Exponents and product of the Jacobians J_t, step by step. Both keep their matrix transposed: its rows
// are the columns that J acts on, so that the inner loops run along memory.
import { eliminate, lnGrading } from '../linalg/gradedElimination.js';
import { takeAway } from '../linalg/takeAway.js';
import { isLong, sigmaMaxOf } from '../linalg/lanczos.js';
import { exponentOf, maxAbs, scaleByPowerOfTwo } from '../core/norm.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import type { Resumable } from '../core/resumable.js';

/** out = P·Jᵀ = (J·Pᵀ)ᵀ: every row p becomes J·p. */
function* applyJacobian(rows: Float64Array, jacobian: StepJacobian): Resumable<Float64Array> {
  const n = jacobian.width;
  const out = new Float64Array(rows.length);
  for (let i = 0; i * n < rows.length; i++) {
    jacobian.pushForward(rows.subarray(i * n, (i + 1) * n), out.subarray(i * n, (i + 1) * n));
    if (isLong(i, n * n)) yield 0;
  }
  return out;
}

/** Squares of anything shorter lose digits, or vanish. */
export const leastLength = 1e-140;

/** Of each place the largest among the vectors. */
function largestOfPlaces(vectors: readonly Float64Array[], H: number): Float64Array {
  const sizes = new Float64Array(H);
  for (const vector of vectors) for (let j = 0; j < H; j++) sizes[j] = Math.max(sizes[j]!, Math.abs(vector[j]!));
  return sizes;
}

/** The first `count` rows of I. */
const identity = (H: number, count = H): Float64Array => {
  const rows = new Float64Array(count * H);
  for (let i = 0; i < count; i++) rows[i * H + i] = 1;
  return rows;
};

/**
 * From this magnification of rounding on, a step whose slopes are graded is taken apart by elimination first. Where
 * they are not, that would not help: the magnification is that of Wh itself.
 */
export const mostMagnified = 1e7;
export const lnLeastGrading = Math.log(1e3);

/**
 * Gram–Schmidt on vector i of `rows` against those before it, until a pass takes away next to nothing: the same R_ii as
 * Householder's, and orthogonal to working precision even where the vectors are nearly parallel. What is left by less
 * than `rank` of the whole depends on those before, and becomes zero. Gives R_ii and the vector's length before.
 */
function orthogonalise(
  rows: readonly Float64Array[],
  i: number,
  rank: number,
): { readonly length: number; readonly whole: number } {
  const vector = rows[i]!;
  const { whole, length } = takeAway(vector, rows, i);
  if (length <= rank * whole) {
    vector.fill(0);
    return { length: 0, whole };
  }
  for (let j = 0; j < vector.length; j++) vector[j] = vector[j]! / length;
  return { length, whole };
}

/**
 * Σ ln|R_ii| of QR = J_t·Q, Q = I at the start (Benettin et al. 1980; for recurrent networks Engelken, Wolf & Abbott
 * 2023).
 */
export class LyapunovExponents {
  readonly #H: number;
  /** Directions, all of the H or the first of them. */
  readonly #count: number;
  /** Share of its length that an independent vector keeps at least; 0 while every Jacobian is regular. */
  #rank: number;
  /** Σ ln R_ii over the steps so far; −Infinity for directions that are lost. */
  readonly sums: Float64Array;
  readonly #errors: Float64Array;
  #Q: Float64Array;

  /**
   * @param n rows of a Jacobian
   * @param regular whether all of them are, to working precision
   * @param count how many of the first directions are followed
   */
  constructor(n: number, regular: boolean, count = n) {
    this.#H = n;
    this.#count = count;
    this.#rank = regular ? 0 : this.#singular;
    this.sums = new Float64Array(count);
    this.#errors = new Float64Array(count);
    this.#Q = identity(n, count);
  }

  get #singular(): number {
    return 4 * this.#H * Number.EPSILON;
  }

  restart(): void {
    this.#Q = identity(this.#H, this.#count);
  }

  /**
   * @param lnSlopes those of a cell that is h = f(z), whose J_t = diag(slopes)·Whᵀ, also where no float64 holds a
   * slope; null of any other
   */
  *step(jacobian: StepJacobian, lnSlopes: Float64Array | null): Resumable<void> {
    if (lnSlopes?.includes(-Infinity) === true) this.#rank = this.#singular;
    const isGraded = lnSlopes !== null && lnGrading(lnSlopes) > lnLeastGrading;
    const rows = yield* applyJacobian(this.#Q, jacobian);
    const vectors = this.#vectorsOf(rows);
    const lnLengths = new Float64Array(this.#count);
    const magnified = new Float64Array(this.#count);
    for (let i = 0; i < this.#count; i++) {
      const { length, whole } = orthogonalise(vectors, i, this.#rank);
      lnLengths[i] = Math.log(length);
      magnified[i] = whole / length;
      if (isLong(i, this.#H ** 2)) yield 0;
      // A direction that is gone already is gone however it is computed.
      const gone = maxAbs(this.#Q, i * this.#H, (i + 1) * this.#H) === 0;
      if (gone || (magnified[i]! <= mostMagnified && whole > leastLength)) continue;
      if (isGraded) return yield* this.#gradedStep(jacobian, lnSlopes);
      if (lnSlopes === null) return yield* this.#factoredStep(jacobian);
    }
    this.#accept(rows, lnLengths, magnified);
  }

  /**
   * The same for a cell that is not h = f(z): factor by factor, each by elimination over its rows, whatever their
   * sizes, so that no large place is mixed into a small one.
   */
  *#factoredStep(jacobian: StepJacobian): Resumable<void> {
    const [H, count] = [this.#H, this.#count];
    const lnLengths = new Float64Array(count);
    const magnified = new Float64Array(count).fill(1);
    let rows = this.#Q;
    for (const factor of jacobian.factors()) {
      const next = new Float64Array(rows.length);
      for (let i = 0; i < count; i++) {
        factor(rows.subarray(i * H, (i + 1) * H), next.subarray(i * H, (i + 1) * H));
        if (isLong(i, H * H)) yield 0;
      }
      rows = next;
      const vectors = this.#vectorsOf(rows);
      const sizes = largestOfPlaces(vectors, H);
      for (const vector of vectors) for (let j = 0; j < H; j++) if (sizes[j] !== 0) vector[j] = vector[j]! / sizes[j]!;
      // What depends on others because of the factor is found before the sizes make everything unequal.
      if (this.#rank > 0) yield* this.#take(vectors, this.#rank, lnLengths, magnified);
      const { coefficients, lnScales, magnified: own } = yield* eliminate(vectors, sizes.map(Math.log));
      for (let i = 0; i < count; i++) {
        lnLengths[i] = lnLengths[i]! + Math.log(Math.abs(coefficients[i]![i]!)) + lnScales[i]!;
        magnified[i] = magnified[i]! * own[i]!;
      }
      yield* this.#take(vectors, 0, lnLengths, magnified);
    }
    this.#accept(rows, lnLengths, magnified);
  }

  /** The same by elimination, for slopes of any size. */
  *#gradedStep(jacobian: StepJacobian, lnSlopes: Float64Array): Resumable<void> {
    const [H, count] = [this.#H, this.#count];
    const rows = yield* applyJacobian(this.#Q, jacobian.withSlopes(new Float64Array(H).fill(1)));
    const vectors = this.#vectorsOf(rows);
    const lnLengths = new Float64Array(count);
    const magnified = new Float64Array(count).fill(1);
    // What depends on others because of Wh is found before the slopes make everything unequal.
    if (this.#rank > 0) yield* this.#take(vectors, this.#rank, lnLengths, magnified);
    const { coefficients, lnScales, magnified: own } = yield* eliminate(vectors, lnSlopes);
    for (let i = 0; i < count; i++) {
      lnLengths[i] = lnLengths[i]! + Math.log(Math.abs(coefficients[i]![i]!)) + lnScales[i]!;
      magnified[i] = magnified[i]! * own[i]!;
    }
    yield* this.#take(vectors, 0, lnLengths, magnified);
    this.#accept(rows, lnLengths, magnified);
  }

  /** Makes the vectors orthonormal; their lengths and what rounding was magnified by are added to what is known. */
  *#take(
    vectors: readonly Float64Array[],
    rank: number,
    lnLengths: Float64Array,
    magnified: Float64Array,
  ): Resumable<void> {
    for (let i = 0; i < this.#count; i++) {
      const { length, whole } = orthogonalise(vectors, i, rank);
      lnLengths[i] = lnLengths[i]! + Math.log(length);
      magnified[i] = magnified[i]! * (whole / length);
      if (isLong(i, this.#H ** 2)) yield 0;
    }
  }

  #vectorsOf(rows: Float64Array): Float64Array[] {
    return Array.from({ length: this.#count }, (_, i) => rows.subarray(i * this.#H, (i + 1) * this.#H));
  }

  #accept(rows: Float64Array, lnLengths: Float64Array, magnified: Float64Array): void {
    this.#Q = rows;
    for (let i = 0; i < this.#count; i++) {
      this.sums[i] = this.sums[i]! + lnLengths[i]!;
      if (lnLengths[i] !== -Infinity) this.#errors[i] = this.#errors[i]! + 2 * Number.EPSILON * magnified[i]!;
    }
  }

  /**
   * Estimated error of the least certain sum: a row has one of about two units in the last place of its length,
   * magnified where little of it is left. What a lost direction had of it before counts too.
   */
  get error(): number {
    return this.#errors.reduce((most, error) => Math.max(most, error), 0);
  }
}

/** Below e^this a slope may be subnormal beside numbers of ordinary size. */
const lnLeastSlope = -600;

/** The running product J_t···J_0 with its exponent. */
export class JacobianProduct {
  readonly #H: number;
  #rows: Float64Array;
  #exponent = 0;

  constructor(n: number) {
    this.#H = n;
    this.#rows = identity(n);
  }

  restart(): void {
    this.#rows = identity(this.#H);
    this.#exponent = 0;
  }

  /** @param lnSlopes as for the exponents */
  *step(jacobian: StepJacobian, lnSlopes: Float64Array | null): Resumable<void> {
    const most = lnSlopes?.reduce((a, b) => Math.max(a, b), -Infinity) ?? 0;
    // Where all slopes leave the range, those of them that count do so together.
    const shift = most < lnLeastSlope && most !== -Infinity ? Math.floor(most / Math.LN2) : 0;
    const near =
      shift === 0 || lnSlopes === null
        ? jacobian
        : jacobian.withSlopes(lnSlopes.map((ln) => Math.exp(ln - shift * Math.LN2)));
    this.#rows = yield* applyJacobian(this.#rows, near);
    this.#exponent += shift;
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
