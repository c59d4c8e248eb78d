// Singular values of the Jacobians over time: of each J_t, and of their product from the last step back to t.
import { exactSteps } from '../network/cellRows.js';
import { cellOf } from '../cells/index.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import { stepReady } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import { graded, log2SingularValues } from '../linalg/gradedSvd.js';
import type { GradedRows } from '../linalg/gradedSvd.js';
import { eliminate, lnGrading } from '../linalg/gradedElimination.js';
import { EliminatedProduct } from './eliminatedProduct.js';
import { orthogonalise } from './gramSchmidt.js';
import { lnLeastGrading, mostMagnified } from './lyapunov.js';
import { determinantsOf, lnSlopesOf } from './plainSpectrum.js';
import type { Determinants } from './plainSpectrum.js';
import { identityRows, ScaledRows } from './scaledRows.js';
import { log10Of2, maxAbs } from '../core/norm.js';
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
/** The same of each Jacobian [n,n] that elimination takes up. */
export const eliminationWork = (n: number): number => 6 * n ** 3;
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

/**
 * A running product of Jacobians, back from the last step of a chunk. Its values descend; NaN stands for those that
 * rounding has lost.
 */
export type RunningProduct = {
  readonly log2SingularValues: () => Resumable<Float64Array>;
  /** `lnSlopes`: ln of those of a cell that is h = f(z); null of any other. */
  readonly extend: (jacobian: StepJacobian, lnSlopes: Float64Array | null) => Resumable<void>;
};

/** How singular values are found, and the products that they are asked of. */
export type Decomposing = {
  readonly log2SingularValues: (rows: GradedRows) => Resumable<Float64Array>;
  readonly product: (n: number) => Resumable<RunningProduct>;
  /**
   * log2 of the share of a Jacobian's largest singular value below which its products have lost the others: they are
   * told as NaN. −Infinity where the products themselves know what they have lost.
   */
  readonly log2Least: number;
};

const inPlainArithmetic = ({ cell }: LayerExperiment): Decomposing =>
  cellOf(cell).activation === null ? byElimination(log2SingularValues) : orthogonally;

const orthogonally: Decomposing = {
  log2SingularValues,
  log2Least: -Infinity,
  // eslint-disable-next-line require-yield -- made at once
  *product(n) {
    return new BackwardProduct(n);
  },
};

/** For Jacobians whose rows may lie any number of decades apart. */
export const byElimination = (decompose: Decomposing['log2SingularValues']): Decomposing => ({
  log2SingularValues: decompose,
  log2Least: -Infinity,
  // eslint-disable-next-line require-yield -- made at once
  *product(n) {
    return new EliminatedProduct(n, decompose);
  },
});

export function* plainJacobians(
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  series: JacobianSeries,
  decomposing = inPlainArithmetic(experiment),
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
    let lostFrom = n;
    for (let step = chunk.steps - 1; step >= 0; step--) {
      const t = chunk.start + step;
      yield* stepReady(chunk, step);
      const jacobian = exactSteps(experiment, chunk, step)[0]!;
      if (series.t[sample] === t) {
        const own = yield* at(t, T, decomposing.log2SingularValues(graded(jacobian.rows())));
        series.sigmaMax[sample] = 2 ** own[0]!;
        series.sigmaMin[sample] = 2 ** own[n - 1]!;
        const all = yield* at(t, T, product.log2SingularValues());
        for (let i = lostFrom; i < n; i++) if (all[i]! > -Infinity) all[i] = NaN;
        const firstLost = own.findIndex((value) => value - own[0]! < decomposing.log2Least);
        if (firstLost >= 0) lostFrom = Math.min(lostFrom, firstLost);
        if (!(all[n - 1]! > -Infinity)) {
          if (yield* at(t, T, singular.after(step))) all[n - 1] = -Infinity;
          else
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

/**
 * (J_e···J_{t+1})ᵀ = Q·R of a cell that is h = f(z), extended by one Jacobian to the right at a time; the rows of R
 * carry an exponent each.
 */
class BackwardProduct {
  readonly #n: number;
  /** Columns of Q. */
  #Q: Float64Array[];
  readonly #R: ScaledRows;

  constructor(n: number) {
    this.#n = n;
    this.#Q = identityRows(n);
    this.#R = new ScaledRows(n);
  }

  *log2SingularValues(): Resumable<Float64Array> {
    return yield* log2SingularValues(graded(this.#R.rows, this.#R.exponents));
  }

  /** Q·R ← Jᵀ·Q·R, Jᵀ = Wh·diag(slopes); `lnSlopes` also where no float64 holds a slope. */
  *extend(jacobian: StepJacobian, lnSlopes: Float64Array | null): Resumable<void> {
    const H = this.#n;
    const isGraded = lnSlopes !== null && lnGrading(lnSlopes) > lnLeastGrading;
    const next: Float64Array[] = [];
    const coefficients = Array.from({ length: H }, () => new Float64Array(H));
    for (let i = 0; i < H; i++) {
      const column = jacobian.pullBack(this.#Q[i]!);
      const magnified = orthogonalise(column, i, next, coefficients);
      // A direction that is gone already is gone however it is computed.
      if (isGraded && !(magnified <= mostMagnified) && maxAbs(this.#Q[i]!) > 0)
        return yield* this.#extendGraded(jacobian, lnSlopes);
      next.push(column);
      yield 0;
    }
    this.#Q = next;
    yield* this.#R.multiply(coefficients);
  }

  /** The same by elimination before Wh, for slopes of any size. */
  *#extendGraded(jacobian: StepJacobian, lnSlopes: Float64Array): Resumable<void> {
    const H = this.#n;
    const throughWh = jacobian.withSlopes(new Float64Array(H).fill(1));
    const eliminated = this.#Q.map((column) => column.slice());
    const { coefficients: scaled, lnScales } = yield* eliminate(eliminated, lnSlopes);
    const next: Float64Array[] = [];
    const coefficients = Array.from({ length: H }, () => new Float64Array(H));
    for (let i = 0; i < H; i++) {
      const column = throughWh.pullBack(eliminated[i]!);
      orthogonalise(column, i, next, coefficients);
      next.push(column);
      yield 0;
    }
    this.#Q = next;
    yield* this.#R.multiply(scaled);
    // Row k of what was eliminated is under e^lnScales[k].
    this.#R.scale(lnScales);
    yield* this.#R.multiply(coefficients);
  }
}
