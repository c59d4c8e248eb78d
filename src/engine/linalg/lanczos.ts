// The largest singular value of diag(s)·Whᵀ for many s, without a full decomposition for each.
import { mapResumably } from '../core/resumableCopy.js';
import { norm } from '../core/norm.js';
import { jointNormResumably } from '../core/scan.js';
import type { Resumable } from '../core/resumable.js';

const tolerance = 1e-12;

/** Multiplications between two pauses, below a millisecond in plain arithmetic, some before it has been compiled. */
const pauseWork = 5e5;

/** Whether it is time for a pause after row i of many, each of so many multiplications. */
export const isLong = (i: number, work: number): boolean =>
  Math.floor(((i + 1) * work) / pauseWork) > Math.floor((i * work) / pauseWork);

/**
 * Largest eigenvalue of a symmetric tridiagonal matrix (diagonal a, off-diagonal b > 0; more of b than needed is not
 * read), and the last component of its unit eigenvector. Laguerre's iteration on the characteristic polynomial from
 * above, where it falls steadily and in few steps also to eigenvalues that stand close together; a Sturm count says
 * what is above.
 *
 * @param guess a value that is not above, 0 for none
 * @param near how far above it the eigenvalue may well be
 */
export function topOfTridiagonal(
  a: readonly number[],
  b: readonly number[],
  guess = 0,
  near = 0,
): { readonly value: number; readonly lastComponent: number } {
  const k = a.length;
  let bound = -Infinity;
  for (let i = 0; i < k; i++) bound = Math.max(bound, a[i]! + (i > 0 ? b[i - 1]! : 0) + (i < k - 1 ? b[i]! : 0));
  // All pivots of T − x are negative exactly when x is above every eigenvalue (Sylvester's law of inertia). Gives
  // Laguerre's step at x there, NaN elsewhere, from Σ 1/(x − λ) = Σ pivot'/pivot and from the derivative of that.
  const stepFrom = (x: number): number => {
    let pivot = a[0]! - x;
    let ratio = -1 / pivot;
    let bend = 0;
    let sum = ratio;
    let squares = ratio * ratio;
    for (let i = 1; i < k && pivot < 0; i++) {
      const off = b[i - 1]!;
      const share = off / pivot;
      const slope = share * off * ratio - 1;
      const curve = share * off * (bend - 2 * ratio * ratio);
      pivot = a[i]! - x - off * share;
      ratio = slope / pivot;
      bend = curve / pivot;
      sum += ratio;
      squares += ratio * ratio - bend;
    }
    return pivot < 0 ? k / (sum + Math.sqrt(Math.max(0, (k - 1) * (k * squares - sum * sum)))) : NaN;
  };
  let x = bound;
  let step = NaN;
  for (let away = Math.max(near, 1e-15 * guess); guess > 0 && guess + away < bound; away *= 32) {
    step = stepFrom(guess + away);
    if (Number.isNaN(step)) continue;
    x = guess + away;
    break;
  }
  if (Number.isNaN(step)) step = stepFrom(x);
  for (let i = 0; i < 500 && step > 2e-16 * Math.abs(x); i++) {
    const next = stepFrom(x - step);
    if (Number.isNaN(next)) {
      // Rounding has carried it below: the least above that, in steps of rounding, which grow.
      const low = x - step;
      for (let more = 2e-16 * Math.abs(x); more < step; more *= 4) {
        if (Number.isNaN(stepFrom(low + more))) continue;
        x = low + more;
        break;
      }
      break;
    }
    x -= step;
    step = next;
  }
  // The eigenvector from its last component up: it grows in that direction, so the recurrence is stable.
  let [lower, own, sum] = [0, 1, 1];
  for (let i = k - 1; i > 0; i--) {
    const upper = ((x - a[i]!) * own - (i < k - 1 ? b[i]! * lower : 0)) / b[i - 1]!;
    [lower, own] = [own, upper];
    sum += own * own;
  }
  return { value: x, lastComponent: 1 / Math.sqrt(sum) };
}

/**
 * The largest eigenvalue of a positive semidefinite operator by Lanczos with full reorthogonalisation; its residual is
 * at most `within` of it.
 */
function* largestEigenvalue(
  apply: (v: Float64Array) => Resumable<Float64Array>,
  start: Float64Array,
  within: number,
): Resumable<number> {
  const basis: Float64Array[] = [];
  const a: number[] = [];
  const b: number[] = [];
  let v = scaled(start, 1 / norm(start));
  let [guess, near] = [0, 0];
  for (;;) {
    basis.push(v);
    const w = yield* apply(v);
    a.push(dot(w, v));
    // Twice is enough to make it orthogonal to working precision (Parlett, after Kahan).
    for (let round = 0; round < 2; round++) for (const q of basis) subtract(w, q, dot(w, q));
    const beta = norm(w);
    const { value, lastComponent } = topOfTridiagonal(a, b, guess, near);
    [guess, near] = [value, beta * lastComponent];
    if (basis.length === start.length || near <= within * value || beta === 0) return value;
    b.push(beta);
    v = scaled(w, 1 / beta);
    yield 0;
  }
}

const startOf = (H: number): Float64Array => Float64Array.from({ length: H }, (_, i) => unrelated(i));

/** Relative residual of WᵀW's largest eigenvalue in `nearSigmaMax`, hence twice the relative error of σ_max. */
const nearTolerance = 1e-6;

/** σ_max of a finite W [H,H] to about six digits. */
export const nearSigmaMax = (W: Float64Array, H: number): Resumable<number> => sigmaMaxOf(W, H, nearTolerance);

/**
 * σ_max of W [H,H], NaN when it is not finite, from a few dozen products of W with a vector (O(H²) each), where
 * `JacobianNorm` first forms WhᵀWh (O(H³)).
 */
export function* sigmaMaxOf(W: Float64Array, H: number, within = tolerance): Resumable<number> {
  const scale = yield* jointNormResumably([W]);
  if (scale === 0 || !Number.isFinite(scale)) return scale === 0 ? 0 : NaN;
  const square = function* (v: Float64Array): Resumable<Float64Array> {
    const out = new Float64Array(H);
    for (let i = 0; i < H; i++) {
      const row = W.subarray(i * H, (i + 1) * H);
      const along = dot(row, v) / scale;
      for (let j = 0; j < H; j++) out[j] = out[j]! + (along * row[j]!) / scale;
      if (isLong(i, 2 * H)) yield 0;
    }
    return out;
  };
  yield 0;
  return Math.sqrt(Math.max(0, yield* largestEigenvalue(square, startOf(H), within))) * scale;
}

/**
 * σ_max of J = diag(s)·Whᵀ by Lanczos with full reorthogonalisation on J·Jᵀ (Golub & Van Loan, Matrix Computations,
 * §10.1), good to about 1e-12 relative; after H steps it is a full tridiagonalisation, so it always ends.
 *
 * Squaring costs nothing here: the largest eigenvalue of J·Jᵀ is the one that keeps its digits.
 */
export class JacobianNorm {
  readonly #H: number;
  /** WhᵀWh of the weights divided by `scale`, so that squares stay inside the range. */
  readonly gram: Float64Array;
  readonly scale: number;
  readonly #start: Float64Array;

  private constructor(H: number, gram: Float64Array, scale: number) {
    this.#H = H;
    this.gram = gram;
    this.scale = scale;
    this.#start = startOf(H);
  }

  static *create(Wh: Float64Array, H: number): Resumable<JacobianNorm> {
    const scale = yield* jointNormResumably([Wh]);
    const W = scale === 0 ? Wh : yield* mapResumably(Wh, (value) => value / scale);
    const gram = new Float64Array(H * H);
    for (let k = 0; k < H; k++) {
      for (let i = 0; i < H; i++) {
        const value = W[k * H + i]!;
        for (let j = 0; j < H; j++) gram[i * H + j] = gram[i * H + j]! + value * W[k * H + j]!;
      }
      yield k / H;
    }
    return new JacobianNorm(H, gram, scale);
  }

  /** @param slopes f'(h_t) [H] */
  *sigmaMax(slopes: Float64Array): Resumable<number> {
    const largest = norm(slopes);
    if (largest === 0 || this.scale === 0) return 0;
    if (!Number.isFinite(largest) || !Number.isFinite(this.scale)) return NaN;
    const s = slopes.map((slope) => slope / largest);
    return (
      Math.sqrt(Math.max(0, yield* largestEigenvalue((v) => this.#apply(s, v), this.#start, tolerance))) *
      largest *
      this.scale
    );
  }

  /** diag(s)·WhᵀWh·diag(s)·v */
  *#apply(s: Float64Array, v: Float64Array): Resumable<Float64Array> {
    const H = this.#H;
    const out = new Float64Array(H);
    const sv = v.map((value, i) => value * s[i]!);
    for (let i = 0; i < H; i++) {
      let sum = 0;
      for (let j = 0; j < H; j++) sum += this.gram[i * H + j]! * sv[j]!;
      out[i] = sum * s[i]!;
      if (isLong(i, H)) yield 0;
    }
    return out;
  }
}

/** A fixed sequence in (−1, 1) without structure, so that no symmetry of Wh can hide a direction from it. */
export const unrelated = (i: number): number => ((2 * (((Math.sin((i + 1) * 12.9898) * 43758.5453) % 1) + 1)) % 2) - 1;

const dot = (x: Float64Array, y: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
};

const subtract = (w: Float64Array, q: Float64Array, factor: number): void => {
  for (let i = 0; i < w.length; i++) w[i] = w[i]! - factor * q[i]!;
};

const scaled = (x: Float64Array, factor: number): Float64Array => x.map((value) => value * factor);
