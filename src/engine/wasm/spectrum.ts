// The spectrum through the kernels: what ../analysis/spectrum.ts computes in plain arithmetic.
import { cellOf } from '../cells/index.js';
import type { RunChunk } from '../network/runChunk.js';
import { JacobianNorm, sigmaMaxOf } from '../linalg/lanczos.js';
import { eigenvaluesInto, exponentsInto, logDeterminantOf, sigmaUpperBound } from '../analysis/spectrum.js';
import type { GrowingSpectrum } from '../analysis/spectrum.js';
import { allFinite } from '../core/scan.js';
import { part } from '../core/resumable.js';
import type { Experiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import { JacobianChain } from './jacobianChain.js';
import type { Kernels } from './instance.js';
import { rowBytes } from './instance.js';
import { ready } from '../core/recomputedTrace.js';
import { insideRange, layOut, packedBytes, packInto, stagingBytes, unpackFrom } from './packedMatrix.js';
import { SigmaBatch } from './sigmaMaxBatch.js';
import { SlopeBlocks } from './slopes.js';

const pauseWork = 2e7;
/** Logarithms taken between two pauses. */
const logarithms = 2e5;

/**
 * Slopes below this are left to plain arithmetic, which carries their logarithms: products with them could leave the
 * range of float64. Only a slope that is smooth comes so close to 0; a relu's is 0 or 1.
 */
const leastSlope = 1e-250;

/** f' of every step of one item [T,H]; null when one is not finite, or so small that the kernels could lose it. */
export function* slopesOfItem(
  kernels: Kernels,
  experiment: Experiment,
  chunks: readonly RunChunk[],
  at: Parameters<typeof SlopeBlocks.create>[3],
): Resumable<Float64Array | null> {
  const { T, H } = experiment.shapes;
  const isSmooth = cellOf(experiment.cell).closing?.kind === 'saturated';
  const blocks = yield* SlopeBlocks.create(kernels, experiment, { first: 0, count: 1 }, at);
  const slopes = new Float64Array(T * H);
  for (const chunk of chunks) {
    for (let t0 = 0; t0 < chunk.steps; t0 += blocks.steps) {
      const t1 = Math.min(chunk.steps, t0 + blocks.steps);
      for (const t of [t0 - 1, t0, t1 - 1]) if (t >= 0) yield* ready(t, chunk.hs);
      const own = yield* blocks.block(chunk, t0, t1);
      if (!(yield* allFinite([own]))) return null;
      if (isSmooth && own.some((slope) => slope < leastSlope)) return null;
      slopes.set(own, (chunk.start + t0) * H);
      yield (chunk.start + t0) / T;
    }
  }
  return slopes;
}

/** Buffers of the spectrum. */
export const spectrumSizes = (experiment: Experiment) => {
  const { H } = experiment.shapes;
  return {
    ...SlopeBlocks.sizes(experiment),
    ...SigmaBatch.sizes(H),
    ...JacobianChain.sizes(H),
    left: packedBytes(H, H),
    right: packedBytes(H, H),
    squareStaging: stagingBytes(H, H),
  };
};

/** Null when the memory does not suffice or a number could leave its range; then plain arithmetic has to. */
export function* fastSpectrum(
  kernels: Kernels,
  experiment: Experiment,
  chunks: readonly RunChunk[],
  spectrum: GrowingSpectrum,
  decomposed: number,
): Resumable<GrowingSpectrum | null> {
  const {
    shapes: { T, H },
    weights: { Wx, Wh },
    stateful,
  } = experiment;
  if (!(yield* insideRange(Wx, Wh))) return null;
  const at = layOut(kernels, { ...spectrumSizes(experiment) });
  if (at === null) return null;
  // Shares of the whole by what each takes: about 30 iterations for a σ_max, two products for an orthogonalised
  // Jacobian.
  const [sigmaWork, chainWork, valuesWork] = [30 * T * H * H, 2 * T * H ** 3, H > 32 ? 60 * H ** 3 : 0];
  const all = sigmaWork + chainWork + valuesWork;
  const [first, second] = [sigmaWork / all, (sigmaWork + valuesWork) / all];

  const slopes = yield* part(slopesOfItem(kernels, experiment, chunks, at), 0, 0);
  if (slopes === null) return null;
  const slopesAt = (t: number): Float64Array => slopes.subarray(t * H, (t + 1) * H);
  const logDet = yield* part(logDeterminantOf(Wh, H), 0, 0);
  const batch = new SigmaBatch(kernels, H, at);
  yield* part(batch.load(Wh), 0, 0);
  const ones = new Float64Array(H).fill(1);
  yield* part(
    batch.each(
      1,
      () => ones,
      (_, sigma) => {
        spectrum.sigmaMaxWh = sigma;
      },
    ),
    0,
    0,
  );
  if (Number.isNaN(spectrum.sigmaMaxWh)) spectrum.sigmaMaxWh = yield* part(sigmaMaxOf(Wh, H), 0, 0);
  spectrum.sigmaMaxWhUpper = yield* part(
    sigmaUpperBound(yield* part(batch.gram(), 0, 0), H, batch.scale, spectrum.sigmaMaxWh),
    0,
    0,
  );
  let zeroJacobians = 0;
  // Those that have not converged are found one by one.
  const open: number[] = [];
  yield* part(
    batch.each(T, slopesAt, (t, sigma) => {
      spectrum.jacobianSigmaMax[t] = sigma;
      if (Number.isNaN(sigma)) open.push(t);
      if (sigma === 0) zeroJacobians++;
    }),
    0,
    first,
  );
  const exact = open.length === 0 ? null : yield* part(JacobianNorm.create(Wh, H), first, first);
  if (exact !== null)
    for (const t of open) spectrum.jacobianSigmaMax[t] = yield* part(exact.sigmaMax(slopesAt(t)), first, first);
  yield* part(
    eigenvaluesInto(Wh, H, (A) => square(kernels, at, A, H), spectrum, decomposed),
    first,
    second,
  );

  let lnSlopes = 0;
  for (let from = 0; from < slopes.length; from += logarithms) {
    for (let i = from; i < Math.min(slopes.length, from + logarithms); i++) lnSlopes += Math.log(slopes[i]!);
    yield second;
  }
  const unique = logDet !== -Infinity && Number.isFinite(lnSlopes);
  const chain = yield* part(
    JacobianChain.create(kernels, Wh, H, 'forward', unique ? 0 : 4 * H * Number.EPSILON, at),
    second,
    second,
  );
  for (const chunk of chunks) {
    if (!stateful) yield* part(chain.restart(), second, second);
    yield* part(
      chain.advance(chunk.steps, (i) => slopesAt(chunk.start + i)),
      second + ((1 - second) * chunk.start) / T,
      second + ((1 - second) * (chunk.start + chunk.steps)) / T,
    );
  }
  exponentsInto(spectrum, T, {
    sums: chain.lnLengths,
    error: chain.error,
    block: chain.longestBlock,
    logDet,
    lnSlopes,
    zeroJacobians,
  });

  // σ_max of the product under the exponent of its largest column.
  const most = chain.exponents.reduce((a, b) => Math.max(a, b), -Infinity);
  if (most === -Infinity) spectrum.logProductSigmaMax = -Infinity;
  else {
    const product = new Float64Array(H * H);
    for (let j = 0; j < H; j++) {
      const column = product.subarray(j * H, (j + 1) * H);
      chain.column(j, column);
      const factor = 2 ** Math.max(-1100, chain.exponents[j]! - most);
      for (let i = 0; i < H; i++) column[i] = column[i]! * factor;
      if (j % 64 === 63) yield 1;
    }
    yield* part(batch.load(product), 1, 1);
    let largest = NaN;
    yield* part(
      batch.each(
        1,
        () => ones,
        (_, sigma) => {
          largest = sigma;
        },
      ),
      1,
      1,
    );
    if (Number.isNaN(largest)) largest = yield* part(sigmaMaxOf(product, H), 1, 1);
    spectrum.logProductSigmaMax = Math.log(largest) + most * Math.LN2;
  }
  return spectrum;
}

/** A·A [H,H] by the kernels. */
function* square(
  kernels: Kernels,
  at: { readonly squareStaging: number; readonly left: number; readonly right: number },
  A: Float64Array,
  H: number,
): Resumable<Float64Array> {
  yield* packInto(kernels, at.squareStaging, A, H, H, at.left);
  const rowsAtOnce = Math.max(2, 2 * Math.floor(pauseWork / (2 * H * H)));
  for (let row = 0; row < H; row += rowsAtOnce) {
    kernels.exports.multiplyRows(
      at.left + row * rowBytes,
      H * rowBytes,
      H,
      at.left,
      H,
      at.right + row * rowBytes,
      H * rowBytes,
      Math.min(rowsAtOnce, H - row),
      0,
    );
    yield row / H;
  }
  return yield* unpackFrom(kernels, at.squareStaging, at.right, H, H);
}
