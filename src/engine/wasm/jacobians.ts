// Singular values of the Jacobians over time through the kernels.
import type { RunChunk } from '../network/runChunk.js';
import { gradedResumably } from '../linalg/gradedSvd.js';
import type { JacobianSeries } from '../analysis/jacobians.js';
import { transposedResumably } from '../core/resumableCopy.js';
import { log10Of2 } from '../core/norm.js';
import { jointNormResumably } from '../core/scan.js';
import { part } from '../core/resumable.js';
import { factorise, inverse } from '../linalg/luCholesky.js';
import type { LayerExperiment } from '../network/experiment.js';
import type { Resumable } from '../core/resumable.js';
import { GradedValues } from './gradedValues.js';
import { JacobianChain } from './jacobianChain.js';
import type { Kernels } from './instance.js';
import { insideRange, layOut } from './packedMatrix.js';
import { SigmaBatch } from './sigmaMaxBatch.js';
import { SlopeBlocks } from './slopes.js';
import { slopesOfItem } from './spectrum.js';

/**
 * Up to this condition number σ_min of a Jacobian comes from the inverse of Wh with at least nine digits; beyond, from
 * Jacobi's rotations.
 */
const mostCondition = 1e6;

/** Buffers of the singular values. */
export const jacobianSizes = (experiment: LayerExperiment) => {
  const { H } = experiment.shapes;
  return {
    ...SlopeBlocks.sizes(experiment),
    ...SigmaBatch.sizes(H),
    ...JacobianChain.sizes(H),
    ...GradedValues.sizes(H),
  };
};

/**
 * Null when the memory does not suffice or a number is not finite or could leave its range; then plain arithmetic has
 * to.
 */
export function* fastJacobians(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  series: JacobianSeries,
): Resumable<JacobianSeries | null> {
  const {
    shapes: { T, H },
    layers: [
      {
        parameters: { Wx, Wh },
      },
    ],
  } = experiment;
  if (!(yield* insideRange(Wx, Wh))) return null;
  const at = layOut(kernels, jacobianSizes(experiment));
  if (at === null) return null;
  const slopes = yield* part(slopesOfItem(kernels, experiment, chunks, at), 0, 0);
  if (slopes === null) return null;
  const slopesAt = (t: number): Float64Array => slopes.subarray(t * H, (t + 1) * H);
  const values = new GradedValues(kernels, H, at);
  const count = series.t.length;
  const atSample = (i: number): Float64Array => slopesAt(series.t[i]!);
  const transposed = yield* part(transposedResumably(Wh, H), 0, 0);
  const decomposed = function* (i: number): Resumable<Float64Array> {
    const own = atSample(i);
    return yield* values.log2(
      yield* gradedResumably(H, (j) => transposed.subarray(j * H, (j + 1) * H).map((value) => value * own[j]!)),
    );
  };

  const open: number[] = [];
  const batch = new SigmaBatch(kernels, H, at);
  yield* part(batch.load(Wh), 0, 0);
  yield* part(
    batch.each(count, atSample, (i, sigma) => {
      series.sigmaMax[i] = sigma;
      if (Number.isNaN(sigma)) open.push(i);
    }),
    0,
    0.05,
  );
  const factors = yield* part(factorise(Wh, H), 0.05, 0.05);
  const inverted = factors.singular ? null : yield* part(inverse(factors), 0.05, 0.05);
  if (
    inverted !== null &&
    (yield* part(jointNormResumably([inverted]), 0.05, 0.05)) * (yield* part(jointNormResumably([Wh]), 0.05, 0.05)) <
      mostCondition
  ) {
    // J = S·Whᵀ, so J⁻¹ = Wh⁻ᵀ·S⁻¹: the same question about 1/s and the transposed inverse.
    yield* part(batch.load(yield* part(transposedResumably(inverted, H), 0.05, 0.05)), 0.05, 0.05);
    yield* part(
      batch.each(
        count,
        (i) => (atSample(i).includes(0) ? new Float64Array(H) : atSample(i).map((slope) => 1 / slope)),
        (i, largest) => {
          series.sigmaMin[i] = largest === 0 ? 0 : 1 / largest;
          if (Number.isNaN(largest)) open.push(i);
        },
      ),
      0.05,
      0.1,
    );
  } else open.push(...series.t.keys());
  for (const [n, i] of [...new Set(open)].entries()) {
    const all = yield* part(decomposed(i), 0.1 + (0.4 * n) / count, 0.1 + (0.4 * n) / count);
    series.sigmaMax[i] = 2 ** all[0]!;
    series.sigmaMin[i] = 2 ** all[H - 1]!;
  }

  const begin = open.length === 0 ? 0.1 : 0.5;
  const chain = yield* part(JacobianChain.create(kernels, Wh, H, 'backward', 4 * H * Number.EPSILON, at), begin, begin);
  let sample = count - 1;
  for (const chunk of [...chunks].reverse()) {
    // Nothing is asked of what lies after the window in another chunk, or before its first step.
    if (sample < 0 || chunk.start > series.t[sample]!) continue;
    yield* part(chain.restart(), begin, begin);
    for (let step = chunk.steps - 1; step >= 0;) {
      const t = chunk.start + step;
      const progress = begin + ((1 - begin) * (T - 1 - t)) / T;
      if (series.t[sample] === t) {
        const rows = yield* part(
          gradedResumably(
            H,
            (j) => {
              const row = new Float64Array(H);
              chain.column(j, row);
              return row;
            },
            chain.exponents,
          ),
          progress,
          progress,
        );
        const all = yield* part(values.log2(rows), progress, progress);
        series.log10Largest[sample] = all[0]! * log10Of2;
        series.log10Median[sample] = ((all[(H - 1) >> 1]! + all[H >> 1]!) / 2) * log10Of2;
        series.log10Smallest[sample] = all[H - 1]! * log10Of2;
        sample--;
      }
      if (sample < 0) break;
      // On to the next sample, or to the chunk's start.
      const next = Math.max(chunk.start, series.t[sample] ?? 0);
      const steps = Math.max(1, t - next);
      yield* part(
        chain.advance(steps, (i) => slopesAt(t - i)),
        progress,
        progress + ((1 - begin) * steps) / T,
      );
      step -= steps;
    }
  }
  return series;
}
