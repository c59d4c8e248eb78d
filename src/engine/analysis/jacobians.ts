// Singular values of the Jacobians over time: of each J_t, and of their product from the last step back to t.
import { exactSteps } from '../network/cellRows.js';
import { cellOf } from '../cells/index.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import { stepReady } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { graded, log2SingularValues } from '../linalg/gradedSvd.js';
import type { GradedRows } from '../linalg/gradedSvd.js';
import { eliminate, lnGrading } from '../linalg/gradedElimination.js';
import { leastLength, lnLeastGrading, mostMagnified } from './lyapunov.js';
import { determinantsOf, lnSlopesOf } from './plainSpectrum.js';
import type { Determinants } from './plainSpectrum.js';
import { exponentOf, log10Of2, maxAbs, norm, scaleByPowerOfTwo } from '../core/norm.js';
import type { LayerExperiment } from '../network/experiment.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';

/** Of one batch item, at the steps `t` (ascending); NaN where not computed yet, or where the item is not there. */
export type JacobianSeries = {
  readonly t: Float64Array;
  /** Largest and smallest singular value of J_t = ∂h_t/∂h_{t−1}. */
  readonly sigmaMax: Float64Array;
  readonly sigmaMin: Float64Array;
  /**
   * log10 of the largest, the median and the smallest singular value of ∂h_e/∂h_t = J_e···J_{t+1}, e being the last
   * step of t's chunk; −Infinity for zero, NaN where rounding has lost one that is not.
   */
  readonly log10Largest: Float64Array;
  readonly log10Median: Float64Array;
  readonly log10Smallest: Float64Array;
};

/**
 * Multiplications that the singular values of all sampled steps may take together, in plain arithmetic and through the
 * kernels.
 */
export const [plainBudget, budget] = [4e9, 2.4e10];
const mostSamples = 600;
const fewestSamples = 8;

/** Steps t0 ≤ t < t1. */
export type StepWindow = { readonly t0: number; readonly t1: number };

/** Steps at which singular values are worth their time: all of the window, or evenly spaced ones with both ends. */
export function samples({ t0, t1 }: StepWindow, H: number, budget: number): Float64Array {
  const span = t1 - t0;
  const affordable = Math.max(fewestSamples, Math.min(mostSamples, Math.floor(budget / (48 * H ** 3))));
  if (span <= affordable) return Float64Array.from({ length: span }, (_, i) => t0 + i);
  return Float64Array.from({ length: affordable }, (_, i) => t0 + Math.round((i * (span - 1)) / (affordable - 1)));
}

/** A running product of Jacobians, back from the last step of a chunk. */
export type RunningProduct = {
  readonly log2SingularValues: () => Resumable<Float64Array>;
  readonly extend: (jacobian: StepJacobian, lnSlopes: Float64Array | null) => Resumable<void>;
};

/** How singular values are found, and the products that they are asked of. */
export type Decomposing = {
  readonly log2SingularValues: (rows: GradedRows) => Resumable<Float64Array>;
  readonly product: (n: number) => Resumable<RunningProduct>;
};

const inPlainArithmetic: Decomposing = {
  log2SingularValues,
  // eslint-disable-next-line require-yield -- made at once
  *product(n) {
    return new BackwardProduct(n);
  },
};

export function* plainJacobians(
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  series: JacobianSeries,
  decomposing = inPlainArithmetic,
): Resumable<JacobianSeries> {
  const { T, H } = experiment.shapes;
  const { states } = cellOf(experiment.cell);
  const n = states.length * H;
  let sample = series.t.length - 1;
  for (const chunk of [...chunks].reverse()) {
    // Nothing is asked of what lies after the window in another chunk, or before its first step.
    if (sample < 0 || chunk.start > series.t[sample]!) continue;
    const product = yield* at(chunk.start + chunk.steps - 1, T, decomposing.product(n));
    const singular = new SingularSteps(experiment, chunk);
    for (let step = chunk.steps - 1; step >= 0; step--) {
      const t = chunk.start + step;
      yield* stepReady(chunk, step);
      const jacobian = exactSteps(experiment, chunk, step)[0]!;
      if (series.t[sample] === t) {
        const own = yield* at(t, T, decomposing.log2SingularValues(graded(jacobian.rows())));
        series.sigmaMax[sample] = 2 ** own[0]!;
        series.sigmaMin[sample] = 2 ** own[n - 1]!;
        const all = yield* at(t, T, product.log2SingularValues());
        if (all[n - 1] === -Infinity && !(yield* at(t, T, singular.after(step)))) {
          all.forEach((value, i) => {
            if (value === -Infinity) all[i] = NaN;
          });
          yield* at(t, T, stepReady(chunk, step));
        }
        series.log10Largest[sample] = all[0]! * log10Of2;
        series.log10Median[sample] = ((all[(n - 1) >> 1]! + all[n >> 1]!) / 2) * log10Of2;
        series.log10Smallest[sample] = all[n - 1]! * log10Of2;
        sample--;
      }
      if (sample < 0) return series;
      yield* at(t, T, product.extend(jacobian, lnSlopesOf(experiment, chunk, step, jacobian)));
      yield (T - t) / T;
    }
  }
  return series;
}

/** Which Jacobians are singular. It is asked for where a product has lost a direction. */
class SingularSteps {
  readonly #experiment: LayerExperiment;
  readonly #chunk: RunChunk;
  #determinants: Determinants | null = null;
  /** None of this step and those behind it is. */
  #regularFrom: number;
  #found = false;

  constructor(experiment: LayerExperiment, chunk: RunChunk) {
    this.#experiment = experiment;
    this.#chunk = chunk;
    this.#regularFrom = chunk.steps;
  }

  /** Whether one behind step t is. */
  *after(t: number): Resumable<boolean> {
    const [experiment, chunk] = [this.#experiment, this.#chunk];
    const known = (this.#determinants ??= yield* determinantsOf(experiment));
    this.#found ||= known.constant === -Infinity;
    while (!this.#found && this.#regularFrom > t + 1) {
      const step = --this.#regularFrom;
      yield* stepReady(chunk, step);
      const jacobian = exactSteps(experiment, chunk, step)[0]!;
      this.#found = !Number.isFinite(yield* known.of(jacobian, lnSlopesOf(experiment, chunk, step, jacobian)));
    }
    return this.#found;
  }
}

/** An inner computation at step t, at the outer one's progress. */
const at = <R>(t: number, T: number, steps: Resumable<R>): Resumable<R> =>
  part(steps, (T - 1 - t) / T, (T - 1 - t) / T);

/** (J_e···J_{t+1})ᵀ = Q·R, extended by one Jacobian to the right at a time; the rows of R carry an exponent each. */
class BackwardProduct {
  readonly #n: number;
  /** Columns of Q. */
  #Q: Float64Array[];
  #R: Float64Array[];
  #exponents: Float64Array;

  constructor(n: number) {
    this.#n = n;
    const identity = (): Float64Array[] =>
      Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (__, j) => (i === j ? 1 : 0)));
    this.#Q = identity();
    this.#R = identity();
    this.#exponents = new Float64Array(n);
  }

  *log2SingularValues(): Resumable<Float64Array> {
    return yield* log2SingularValues(graded(this.#R, this.#exponents));
  }

  /**
   * Q·R ← Jᵀ·Q·R. `lnSlopes`: those of a cell that is h = f(z), whose Jᵀ = Wh·diag(slopes), also where no float64 holds
   * a slope; null of any other.
   */
  *extend(jacobian: StepJacobian, lnSlopes: Float64Array | null): Resumable<void> {
    const H = this.#n;
    const isGraded = lnSlopes !== null && lnGrading(lnSlopes) > lnLeastGrading;
    const next: Float64Array[] = [];
    const coefficients = Array.from({ length: H }, () => new Float64Array(H));
    for (let i = 0; i < H; i++) {
      const column = jacobian.pullBack(this.#Q[i]!);
      const magnified = orthogonalise(column, i, next, coefficients);
      // A direction that is gone already is gone however it is computed.
      if (!(magnified <= mostMagnified) && maxAbs(this.#Q[i]!) > 0) {
        if (isGraded) return yield* this.#extendGraded(jacobian, lnSlopes);
        if (lnSlopes === null) return yield* this.#extendFactored(jacobian);
      }
      next.push(column);
      yield 0;
    }
    this.#Q = next;
    yield* this.#multiplyIntoR(coefficients);
  }

  /** The same by elimination before Wh, for slopes of any size. */
  *#extendGraded(jacobian: StepJacobian, lnSlopes: Float64Array): Resumable<void> {
    const throughWh = jacobian.withSlopes(new Float64Array(this.#n).fill(1));
    yield* this.#extendScaled(lnSlopes, (column) => throughWh.pullBack(column));
  }

  /**
   * The same for a cell that is not h = f(z): factor by factor, each by elimination before its rows, whose sizes may be
   * any.
   */
  *#extendFactored(jacobian: StepJacobian): Resumable<void> {
    const n = this.#n;
    for (const factor of jacobian.denseFactors().reverse()) {
      const rows = Array.from({ length: n }, (_, j) => factor.subarray(j * n, (j + 1) * n));
      const sizes = rows.map((row) => norm(row));
      yield* this.#extendScaled(Float64Array.from(sizes, Math.log), (column) => {
        const out = new Float64Array(n);
        for (let j = 0; j < n; j++) {
          if (column[j] === 0 || sizes[j] === 0) continue;
          for (let k = 0; k < n; k++) out[k] = out[k]! + column[j]! * (rows[j]![k]! / sizes[j]!);
        }
        return out;
      });
    }
  }

  /** Q·R ← A·diag(e^lnSizes)·Q·R, where `through` is A. */
  *#extendScaled(lnSizes: Float64Array, through: (column: Float64Array) => Float64Array): Resumable<void> {
    const H = this.#n;
    const eliminated = this.#Q.map((column) => column.slice());
    const { coefficients: scaled, lnScales } = yield* eliminate(eliminated, lnSizes);
    const next: Float64Array[] = [];
    const coefficients = Array.from({ length: H }, () => new Float64Array(H));
    for (let i = 0; i < H; i++) {
      const column = through(eliminated[i]!);
      orthogonalise(column, i, next, coefficients);
      next.push(column);
      yield 0;
    }
    this.#Q = next;
    yield* this.#multiplyIntoR(scaled);
    // Row k of what was eliminated is under e^lnScales[k].
    for (let k = 0; k < H; k++) {
      if (lnScales[k] === -Infinity) continue;
      const exponent = Math.floor(lnScales[k]! / Math.LN2);
      const rest = Math.exp(lnScales[k]! - exponent * Math.LN2);
      this.#exponents[k] = this.#exponents[k]! + exponent;
      this.#R[k] = this.#R[k]!.map((value) => value * rest);
    }
    yield* this.#multiplyIntoR(coefficients);
  }

  /** R ← C·R for upper triangular C, row by row under the largest exponent that a row's terms have. */
  *#multiplyIntoR(C: readonly Float64Array[]): Resumable<void> {
    const H = this.#n;
    const scaled = new Float64Array(H);
    for (let k = 0; k < H; k++) {
      const term = (i: number): number =>
        C[k]![i] === 0 ? -Infinity : this.#exponents[i]! + exponentOf(Math.abs(C[k]![i]!));
      let exponent = -Infinity;
      for (let i = k; i < H; i++) exponent = Math.max(exponent, term(i));
      const row = new Float64Array(H);
      for (let i = k; i < H && exponent !== -Infinity; i++) {
        // What lies 2^−1100 below the largest term cannot change a double.
        if (term(i) < exponent - 1100) continue;
        scaled.set(this.#R[i]!);
        scaleByPowerOfTwo(scaled, this.#exponents[i]! - exponent, scaled);
        for (let j = i; j < H; j++) row[j] = row[j]! + C[k]![i]! * scaled[j]!;
      }
      const largest = exponentOf(maxAbs(row));
      if (Number.isFinite(largest)) scaleByPowerOfTwo(row, -largest, row);
      // In place: C is upper triangular, so no later row needs the old row k.
      this.#R[k] = row;
      this.#exponents[k] = Number.isFinite(largest) && exponent !== -Infinity ? exponent + largest : -Infinity;
      if (k % 16 === 15) yield 0;
    }
  }
}

/**
 * Gram–Schmidt of column i against the `before`, until a round takes next to nothing away; what is left of a dependent
 * column is rounding and becomes zero. Gives by how much the column's rounding was magnified.
 */
function orthogonalise(
  column: Float64Array,
  i: number,
  before: readonly Float64Array[],
  coefficients: readonly Float64Array[],
): number {
  const H = column.length;
  const whole = norm(column);
  let length = whole;
  for (let round = 0; round < 4 && length > 0; round++) {
    for (let k = 0; k < i; k++) {
      const q = before[k]!;
      let projection = 0;
      for (let j = 0; j < H; j++) projection += q[j]! * column[j]!;
      for (let j = 0; j < H; j++) column[j] = column[j]! - projection * q[j]!;
      coefficients[k]![i] = coefficients[k]![i]! + projection;
    }
    const last = length;
    length = norm(column);
    if (length > 0.7 * last) break;
  }
  const magnified = whole > leastLength ? whole / length : Infinity;
  if (!(length > 4 * H * Number.EPSILON * whole)) {
    column.fill(0);
    return magnified;
  }
  for (let j = 0; j < H; j++) column[j] = column[j]! / length;
  coefficients[i]![i] = length;
  return magnified;
}
