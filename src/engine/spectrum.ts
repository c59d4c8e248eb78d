import { LuDecomposition, Matrix } from 'ml-matrix';
import { exactSlopes } from './analyse.js';
import type { RunChunk } from './analyse.js';
import { eigenvaluesOf } from './eigenvalues.js';
import { JacobianNorm } from './lanczos.js';
import { JacobianProduct, LyapunovExponents } from './lyapunov.js';
import { cast, matrix, sequence, takeStep } from './tensor.js';
import type { Sequence } from './tensor.js';
import type { Experiment, RunResult, Spectrum, Steps } from './types.js';

/** Batch item 0 of a sequence. */
const firstItem = ({ T, N, data }: Sequence): Sequence => ({ B: 1, T, N, data: data.subarray(0, T * N) });

/** Batch item 0 of a run, cut into its chunks again. */
function chunksOf({ shapes: { B, T, I, H }, chunks, h0, stateful, dtype }: Experiment, hs: RunResult['hs']): RunChunk[] {
  const first = matrix(dtype, 1, H);
  if (h0 !== null) first.data.set(h0.subarray(0, H));
  const all = firstItem({ B, T, N: H, data: hs });
  let start = 0;
  return chunks.map(({ steps, xs }) => {
    const initial = stateful && start > 0 ? takeStep(all, start - 1) : first;
    const states = { B: 1, T: steps, N: H, data: all.data.subarray(start * H, (start + steps) * H) };
    const chunk = { start, steps, xs: firstItem({ B, T: steps, N: I, data: cast(dtype, xs) }), hs: states, initial, dhs: sequence('float64', 1, 0, H) };
    start += steps;
    return chunk;
  });
}

/** ln|det Wh|; -Infinity when Wh is singular to working precision. */
function logDeterminant(Wh: Float64Array, H: number): number {
  const scale = Wh.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  if (scale === 0) return -Infinity;
  const upper = new LuDecomposition(Matrix.from1DArray(H, H, Wh.map((value) => value / scale))).upperTriangularMatrix;
  const pivots = upper.diagonal().map(Math.abs);
  if (Math.min(...pivots) <= H * Number.EPSILON * Math.max(...pivots)) return -Infinity;
  return pivots.reduce((sum, pivot) => sum + Math.log(pivot), H * Math.log(scale));
}

const notFinite = ({ H, T }: { readonly H: number; readonly T: number }): Spectrum => ({
  spectralRadiusWh: NaN, sigmaMaxWh: NaN, eigenvaluesWh: Array.from({ length: H }, () => [NaN, NaN] as const), jacobianSigmaMax: new Float64Array(T).fill(NaN),
  lyapunov: null, lyapunovSumError: null, logProductSigmaMax: NaN,
});

/**
 * What the Jacobians J_t = diag(f'(h_t))·Whᵀ of batch item 0 say, in float64. Without `stateful` a chunk knows nothing of the one before it:
 * the exponents start anew from Q = I at its first step, and the product is that of the last chunk.
 */
export function* spectrumSteps(experiment: Experiment, result: RunResult): Steps<Spectrum> {
  const { shapes: { T, H }, weights: { Wh }, stateful } = experiment;
  if (!Wh.every(Number.isFinite)) return notFinite({ H, T });
  const eigenvaluesWh = yield* eigenvaluesOf(Wh, H);
  const logDet = logDeterminant(Wh, H);
  const jacobian = new JacobianNorm(Wh, H);
  const sigmaMaxWh = jacobian.sigmaMax(new Float64Array(H).fill(1));
  const exponents = new LyapunovExponents(Wh, H);
  const product = new JacobianProduct(Wh, H);
  const jacobianSigmaMax = new Float64Array(T);
  let lnSlopes = 0;
  let zeroJacobians = 0;
  for (const chunk of chunksOf(experiment, result.hs)) {
    if (!stateful) {
      exponents.restart();
      product.restart();
    }
    for (let t = 0; t < chunk.steps; t++) {
      const slopes = exactSlopes({ ...experiment, shapes: { ...experiment.shapes, B: 1 } }, chunk, t);
      const sigma = jacobian.sigmaMax(slopes);
      jacobianSigmaMax[chunk.start + t] = sigma;
      if (sigma === 0) zeroJacobians++;
      for (const slope of slopes) lnSlopes += Math.log(slope);
      product.step(slopes);
      if (logDet !== -Infinity && Number.isFinite(lnSlopes)) exponents.step(slopes);
      yield (chunk.start + t + 1) / T;
    }
  }
  const unique = logDet !== -Infinity && Number.isFinite(lnSlopes);
  const lyapunov = zeroJacobians === T ? new Float64Array(H).fill(-Infinity) : unique ? exponents.mean(T) : null;
  return {
    spectralRadiusWh: Math.hypot(...eigenvaluesWh[0]!), sigmaMaxWh, eigenvaluesWh, jacobianSigmaMax, lyapunov,
    lyapunovSumError: unique && lyapunov !== null ? Math.abs(lyapunov.reduce((sum, value) => sum + value, 0) - (logDet + lnSlopes / T)) : null,
    logProductSigmaMax: product.logSigmaMax(),
  };
}
