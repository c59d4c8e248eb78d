// The spectrum through the kernels: what ../analysis/spectrum.ts computes in plain arithmetic.
import { cellOf } from '../cells/index.js';
import type { RunChunk } from '../network/runChunk.js';
import { JacobianNorm, sigmaMaxOf } from '../linalg/lanczos.js';
import {
  eigenvaluesInto,
  exponentsInto,
  leadingInto,
  logDeterminantOf,
  sigmaUpperBound,
  zerosIn,
} from '../analysis/spectrum.js';
import type { GrowingSpectrum } from '../analysis/spectrum.js';
import { allFinite } from '../core/scan.js';
import { part } from '../core/resumable.js';
import type { LayerExperiment } from '../network/experiment.js';
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
  experiment: LayerExperiment,
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
export const spectrumSizes = (experiment: LayerExperiment) => {
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

/** What the exponents are made of. */
type Exponents = {
  readonly kernels: Kernels;
  readonly experiment: LayerExperiment;
  readonly chunks: readonly RunChunk[];
  readonly at: Readonly<Record<keyof ReturnType<typeof spectrumSizes>, number>>;
  /** [T,H] */
  readonly slopes: Float64Array;
  readonly logDet: number;
  /** Σ ln f' over all steps and units. */
  readonly lnSlopes: number;
};

/** Null when the memory does not suffice or a number could leave its range; then plain arithmetic has to. */
function* prepared(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
): Resumable<Exponents | null> {
  const {
    shapes: { H },
    layers: [
      {
        parameters: { Wx, Wh },
      },
    ],
  } = experiment;
  if (!(yield* insideRange(Wx, Wh))) return null;
  const at = layOut(kernels, { ...spectrumSizes(experiment) });
  if (at === null) return null;
  const slopes = yield* slopesOfItem(kernels, experiment, chunks, at);
  if (slopes === null) return null;
  let lnSlopes = 0;
  for (let from = 0; from < slopes.length; from += logarithms) {
    for (let i = from; i < Math.min(slopes.length, from + logarithms); i++) lnSlopes += Math.log(slopes[i]!);
    yield 0;
  }
  return { kernels, experiment, chunks, at, slopes, logDet: yield* logDeterminantOf(Wh, H), lnSlopes };
}

/** The first `count` rows through all Jacobians. */
function* chained(
  { kernels, experiment, chunks, at, slopes, logDet, lnSlopes }: Exponents,
  count: number,
): Resumable<JacobianChain> {
  const {
    shapes: { T, H },
    layers: [
      {
        parameters: { Wh },
      },
    ],
    stateful,
  } = experiment;
  const unique = logDet !== -Infinity && Number.isFinite(lnSlopes);
  const rank = unique ? 0 : 4 * H * Number.EPSILON;
  const chain = yield* part(JacobianChain.create(kernels, Wh, H, 'forward', rank, at, count), 0, 0);
  for (const chunk of chunks) {
    if (!stateful) yield* part(chain.restart(), chunk.start / T, chunk.start / T);
    yield* part(
      chain.advance(chunk.steps, (i) => slopes.subarray((chunk.start + i) * H, (chunk.start + i + 1) * H)),
      chunk.start / T,
      (chunk.start + chunk.steps) / T,
    );
  }
  return chain;
}

function* leading(exponents: Exponents, spectrum: GrowingSpectrum, count: number): Resumable<void> {
  const { lnLengths: sums, error, longestBlock: block } = yield* chained(exponents, count);
  leadingInto(spectrum, exponents.experiment.shapes.T, { sums, error, block });
}

/**
 * All but the exponents and the product of all Jacobians; of the exponents the first `count`, where that is not 0. Null
 * where plain arithmetic has to do it.
 */
export function* fastSpectrum(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  spectrum: GrowingSpectrum,
  decomposed: number,
  count: number,
): Resumable<GrowingSpectrum | null> {
  const {
    shapes: { T, H },
    layers: [
      {
        parameters: { Wh },
      },
    ],
  } = experiment;
  const exponents = yield* part(prepared(kernels, experiment, chunks), 0, 0);
  if (exponents === null) return null;
  const { at, slopes } = exponents;
  // Shares of the whole by what each takes: about 30 iterations for a σ_max, two products for an orthogonalised
  // Jacobian.
  const [leadingWork, sigmaWork, valuesWork] = [2 * T * H * H * count, 30 * T * H * H, H > 32 ? 60 * H ** 3 : 0];
  const all = leadingWork + sigmaWork + valuesWork;
  const [first, second] = [leadingWork / all, (leadingWork + sigmaWork) / all];
  if (count > 0) yield* part(leading(exponents, spectrum, count), 0, first);
  const slopesAt = (t: number): Float64Array => slopes.subarray(t * H, (t + 1) * H);
  const batch = new SigmaBatch(kernels, H, at);
  yield* part(batch.load(Wh), first, first);
  const ones = new Float64Array(H).fill(1);
  yield* part(
    batch.each(
      1,
      () => ones,
      (_, sigma) => {
        spectrum.sigmaMaxWh = sigma;
      },
    ),
    first,
    first,
  );
  if (Number.isNaN(spectrum.sigmaMaxWh)) spectrum.sigmaMaxWh = yield* part(sigmaMaxOf(Wh, H), first, first);
  spectrum.sigmaMaxWhUpper = yield* part(
    sigmaUpperBound(yield* part(batch.gram(), first, first), H, batch.scale, spectrum.sigmaMaxWh),
    first,
    first,
  );
  // Those that have not converged are found one by one.
  const open: number[] = [];
  yield* part(
    batch.each(T, slopesAt, (t, sigma) => {
      spectrum.jacobianSigmaMax[t] = sigma;
      if (Number.isNaN(sigma)) open.push(t);
    }),
    first,
    second,
  );
  const exact = open.length === 0 ? null : yield* part(JacobianNorm.create(Wh, H), second, second);
  if (exact !== null)
    for (const t of open) spectrum.jacobianSigmaMax[t] = yield* part(exact.sigmaMax(slopesAt(t)), second, second);
  yield* part(
    eigenvaluesInto(Wh, H, (A) => square(kernels, at, A, H), spectrum, decomposed),
    second,
    1,
  );
  return spectrum;
}

/**
 * All exponents, first of `counts` directions, and the product of all Jacobians, into a spectrum that has the rest.
 * Null where plain arithmetic has to do it.
 */
export function* fastExponents(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  spectrum: GrowingSpectrum,
  counts: readonly number[],
): Resumable<GrowingSpectrum | null> {
  const { T, H } = experiment.shapes;
  const exponents = yield* part(prepared(kernels, experiment, chunks), 0, 0);
  if (exponents === null) return null;
  for (const count of counts)
    if (count > spectrum.lyapunovKnown) yield* part(leading(exponents, spectrum, count), 0, count / H);
  const begin = Math.min(0.9, spectrum.lyapunovKnown / H);
  const chain = yield* part(chained(exponents, H), begin, 1);
  const { lnLengths: sums, error, longestBlock: block } = chain;
  const { at, logDet, lnSlopes } = exponents;
  const zeroJacobians = zerosIn(spectrum.jacobianSigmaMax);
  exponentsInto(spectrum, T, { sums, error, block, logDet, lnSlopes, zeroJacobians });

  spectrum.logProductSigmaMax = yield* part(logSigmaMaxOf(kernels, chain, H, at), 1, 1);
  return spectrum;
}

/** ln σ_max of the product of a chain, under the exponent of its largest column. */
export function* logSigmaMaxOf(
  kernels: Kernels,
  chain: JacobianChain,
  H: number,
  at: Readonly<Record<keyof ReturnType<typeof SigmaBatch.sizes>, number>>,
): Resumable<number> {
  const most = chain.exponents.reduce((a, b) => Math.max(a, b), -Infinity);
  if (most === -Infinity) return -Infinity;
  const product = new Float64Array(H * H);
  for (let j = 0; j < H; j++) {
    const column = product.subarray(j * H, (j + 1) * H);
    chain.column(j, column);
    const factor = 2 ** Math.max(-1100, chain.exponents[j]! - most);
    for (let i = 0; i < H; i++) column[i] = column[i]! * factor;
    if (j % 64 === 63) yield 1;
  }
  const batch = new SigmaBatch(kernels, H, at);
  const ones = new Float64Array(H).fill(1);
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
  return Math.log(largest) + most * Math.LN2;
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
