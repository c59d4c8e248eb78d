// The spectrum in plain arithmetic, of any cell, over the step Jacobian.
import { cellOf } from '../cells/index.js';
import { maxAbs } from '../core/norm.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { JacobianNorm, sigmaMaxOf } from '../linalg/lanczos.js';
import { plainSquare } from '../linalg/spectralRadiusBounds.js';
import { exactSteps, lnSlopes, stateWidth } from '../network/cellRows.js';
import type { LayerExperiment } from '../network/experiment.js';
import { stepReady } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import { JacobianProduct, LyapunovExponents } from './lyapunov.js';
import { eigenvaluesInto, exponentsInto, leadingInto, logDeterminantOf, sigmaUpperBound, zerosIn } from './spectrum.js';
import type { GrowingSpectrum } from './spectrum.js';

/**
 * All but the exponents and the product of all Jacobians, and σ_max of the steps at which it is not known yet; of the
 * exponents the first `count`, where that is not 0.
 */
export function* plainSpectrum(
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  spectrum: GrowingSpectrum,
  decomposed: number,
  count: number,
): Resumable<GrowingSpectrum> {
  const {
    shapes: { T, H },
    layers: [layer],
  } = experiment;
  if (count > 0) yield* part(plainLeading(experiment, chunks, spectrum, count), 0, 0.1);
  const { activation, gates } = cellOf(experiment.cell);
  // Of several gates' Wh, side by side, there are no eigenvalues.
  const norms =
    gates.length > 1 ? null : yield* part(measureWh(layer.parameters.Wh, H, spectrum, decomposed), 0.1, 0.25);
  const byGram = activation === null ? null : norms;
  for (const chunk of chunks) {
    for (let t = 0; t < chunk.steps; t++) {
      if (!Number.isNaN(spectrum.jacobianSigmaMax[chunk.start + t])) continue;
      yield* stepReady(chunk, t);
      const jacobian = exactSteps(experiment, chunk, t)[0]!;
      const progress = 0.25 + (0.75 * (chunk.start + t)) / T;
      spectrum.jacobianSigmaMax[chunk.start + t] = yield* part(
        byGram === null ? sigmaMaxOf(jacobian.dense(), jacobian.width) : byGram.sigmaMax(jacobian.A),
        progress,
        progress,
      );
      yield progress;
    }
  }
  return spectrum;
}

/** What Wh says by itself: eigenvalues, and its largest singular value with a proven bound. */
function* measureWh(
  Wh: Float64Array,
  H: number,
  spectrum: GrowingSpectrum,
  decomposed: number,
): Resumable<JacobianNorm> {
  yield* part(eigenvaluesInto(Wh, H, plainSquare(H), spectrum, decomposed), 0, 0.6);
  const norms = yield* part(JacobianNorm.create(Wh, H), 0.6, 0.6);
  spectrum.sigmaMaxWh = yield* part(norms.sigmaMax(new Float64Array(H).fill(1)), 0.6, 0.6);
  spectrum.sigmaMaxWhUpper = yield* part(sigmaUpperBound(norms.gram, H, norms.scale, spectrum.sigmaMaxWh), 0.6, 1);
  return norms;
}

/**
 * ln|det J_t|, for the check of the exponents: `constant` is the same for all steps. −∞ of a Jacobian that is singular
 * to working precision.
 */
export type Determinants = {
  readonly constant: number;
  of(jacobian: StepJacobian, lnSlopes: Float64Array | null): Resumable<number>;
};

export function* determinantsOf({ cell, shapes: { H }, layers: [layer] }: LayerExperiment): Resumable<Determinants> {
  const { direct, gates, activation } = cellOf(cell);
  if (direct !== undefined) return yield* throughDirect(layer.parameters.Wh, H, gates.indexOf(direct), gates.length);
  if (activation === null) return { constant: 0, of: (jacobian) => lnDeterminant(jacobian) };
  // J_t = diag(slopes)·Whᵀ
  return {
    constant: yield* logDeterminantOf(layer.parameters.Wh, H),
    *of(_, lnSlopes) {
      yield 0;
      return lnSlopes!.reduce((sum, value) => sum + value, 0);
    },
  };
}

/**
 * Of two states J = L·M (`factors` of ../network/stepJacobian.ts): det L = 1, and M has nothing above its diagonal but
 * Wh's block of the direct gate with h's slopes, and what c keeps of itself.
 */
function* throughDirect(Wh: Float64Array, H: number, gate: number, G: number): Resumable<Determinants> {
  const block = new Float64Array(H * H);
  for (let k = 0; k < H; k++) block.set(Wh.subarray((k * G + gate) * H, (k * G + gate + 1) * H), k * H);
  return {
    constant: yield* lnDeterminantOf(block, H),
    *of({ A, D }) {
      yield 0;
      let sum = 0;
      for (let j = 0; j < H; j++) sum += Math.log(Math.abs(A[gate * H + j]!)) + Math.log(Math.abs(D[3 * H + j]!));
      return sum;
    },
  };
}

/**
 * ln|det J_t| as that of its factors, each with its rows divided by their largest number, so that rows of any size keep
 * their digits. −∞ of a Jacobian that is singular to working precision.
 */
function* lnDeterminant(jacobian: StepJacobian): Resumable<number> {
  let sum = 0;
  for (const rows of jacobian.denseFactors()) {
    yield 0;
    sum += yield* lnDeterminantOf(rows, jacobian.width);
  }
  return sum;
}

/** The same of a matrix [n,n], whose rows it divides. */
function* lnDeterminantOf(matrix: Float64Array, n: number): Resumable<number> {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const row = matrix.subarray(i * n, (i + 1) * n);
    const size = maxAbs(row);
    if (size === 0) return -Infinity;
    sum += Math.log(size);
    for (let k = 0; k < n; k++) row[k] = row[k]! / size;
  }
  return sum + (yield* logDeterminantOf(matrix, n));
}

/** ln of the slopes of a cell that is h = f(z), also where no float64 holds one; null of any other. */
export const lnSlopesOf = (
  experiment: LayerExperiment,
  chunk: RunChunk,
  t: number,
  { A }: StepJacobian,
): Float64Array | null => (cellOf(experiment.cell).activation === null ? null : lnSlopes(experiment, chunk, t, A));

/** The exponents of the first `count` directions. */
function* plainLeading(
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  spectrum: GrowingSpectrum,
  count: number,
): Resumable<void> {
  const {
    shapes: { T },
    stateful,
  } = experiment;
  const { constant } = yield* part(determinantsOf(experiment), 0, 0);
  const exponents = new LyapunovExponents(stateWidth(experiment), constant !== -Infinity, count);
  for (const chunk of chunks) {
    if (!stateful) exponents.restart();
    for (let t = 0; t < chunk.steps; t++) {
      yield* stepReady(chunk, t);
      const jacobian = exactSteps(experiment, chunk, t)[0]!;
      const progress = (chunk.start + t) / T;
      yield* part(exponents.step(jacobian, lnSlopesOf(experiment, chunk, t, jacobian)), progress, progress);
      yield progress;
    }
  }
  const { sums, error } = exponents;
  leadingInto(spectrum, T, { sums, error, block: 1 });
}

/** All exponents, first of `counts` directions, and the product of all Jacobians, into a spectrum that has the rest. */
export function* plainExponents(
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  spectrum: GrowingSpectrum,
  counts: readonly number[],
): Resumable<GrowingSpectrum> {
  const {
    shapes: { T },
    stateful,
  } = experiment;
  const n = stateWidth(experiment);
  for (const count of counts)
    if (count > spectrum.lyapunovKnown) yield* part(plainLeading(experiment, chunks, spectrum, count), 0, count / n);
  const begin = Math.min(0.9, spectrum.lyapunovKnown / n);
  const determinants = yield* part(determinantsOf(experiment), begin, begin);
  const exponents = new LyapunovExponents(n, determinants.constant !== -Infinity);
  const product = new JacobianProduct(n);
  let logDeterminants = 0;
  for (const chunk of chunks) {
    if (!stateful) {
      exponents.restart();
      product.restart();
    }
    for (let t = 0; t < chunk.steps; t++) {
      yield* stepReady(chunk, t);
      const jacobian = exactSteps(experiment, chunk, t)[0]!;
      const progress = begin + ((1 - begin) * (chunk.start + t)) / T;
      const ln = lnSlopesOf(experiment, chunk, t, jacobian);
      logDeterminants += yield* part(determinants.of(jacobian, ln), progress, progress);
      yield* part(product.step(jacobian, ln), progress, progress);
      yield* part(exponents.step(jacobian, ln), progress, progress);
      yield progress;
    }
  }
  const { sums, error } = exponents;
  exponentsInto(spectrum, T, {
    sums,
    error,
    block: 1,
    logDet: determinants.constant,
    lnSlopes: logDeterminants,
    zeroJacobians: zerosIn(spectrum.jacobianSigmaMax),
  });
  spectrum.logProductSigmaMax = yield* part(product.logSigmaMax(), 1, 1);
  return spectrum;
}
