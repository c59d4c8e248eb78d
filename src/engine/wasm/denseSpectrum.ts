// Exponents, product and singular values of the Jacobians of cells that are not h = f(z): each step's Jacobian is made
// as a matrix in plain arithmetic, unless few rows go through it, and what is multiplied and made orthogonal goes
// through the kernels.
import { plainJacobians } from '../analysis/jacobians.js';
import type { JacobianSeries } from '../analysis/jacobians.js';
import { determinantsOf } from '../analysis/plainSpectrum.js';
import { exponentsInto, leadingInto, zerosIn } from '../analysis/spectrum.js';
import type { GrowingSpectrum } from '../analysis/spectrum.js';
import { cellOf } from '../cells/index.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { exactSteps, stateWidth } from '../network/cellRows.js';
import { gradedResumably } from '../linalg/gradedSvd.js';
import type { LayerExperiment } from '../network/experiment.js';
import { stepReady } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import { GradedValues } from './gradedValues.js';
import type { Kernels } from './instance.js';
import { JacobianChain } from './jacobianChain.js';
import type { Gates } from './jacobianChain.js';
import { insideRange, layOut, packedBytes, packInto, stagingBytes } from './packedMatrix.js';
import { SigmaBatch } from './sigmaMaxBatch.js';
import { logSigmaMaxOf } from './spectrum.js';

/** So many rows of n go through the weights; for more of them each Jacobian is made as a matrix. */
const mostFew = (n: number): number => Math.floor(n / 4);

/** Buffers of the exponents and the product, of Jacobians [n,n] of a layer with so many units and gates. */
export const denseSpectrumSizes = (n: number, H: number, gates: number) => ({
  ...JacobianChain.sizes(n),
  ...SigmaBatch.sizes(n),
  gateStaging: stagingBytes(H, gates * H),
  gateWeights: packedBytes(H, gates * H),
  gateRows: packedBytes(mostFew(n), gates * H),
});
const sizesOf = (experiment: LayerExperiment) =>
  denseSpectrumSizes(stateWidth(experiment), experiment.shapes.H, cellOf(experiment.cell).gates.length);

/** Buffers of the singular values over time. */
export const denseJacobianSizes = (n: number) => ({ ...JacobianChain.sizes(n), ...GradedValues.sizes(n) });

function* jacobianAt(experiment: LayerExperiment, chunk: RunChunk, t: number): Resumable<StepJacobian> {
  yield* stepReady(chunk, t);
  return exactSteps(experiment, chunk, t)[0]!;
}

const inRange = ({ layers: [{ parameters }] }: LayerExperiment): Resumable<boolean> =>
  insideRange(parameters.Wx, parameters.Wh);

/** The recurrent weights as few rows meet them. */
function* gatesOf(
  kernels: Kernels,
  { shapes: { H }, layers }: LayerExperiment,
  { gateStaging, gateWeights, gateRows }: Readonly<Record<'gateStaging' | 'gateWeights' | 'gateRows', number>>,
): Resumable<Gates> {
  const { Wh } = layers[0].parameters;
  const N = Wh.length / H;
  yield* packInto(kernels, gateStaging, Wh, H, N, gateWeights);
  return { K: H, N, weights: gateWeights, made: gateRows };
}

/** The first `count` rows through all Jacobians; null when the kernels cannot say. */
function* chained(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  at: Readonly<Record<keyof ReturnType<typeof denseSpectrumSizes>, number>>,
  count: number,
): Resumable<JacobianChain | null> {
  const { T } = experiment.shapes;
  const n = stateWidth(experiment);
  const gates = count <= mostFew(n) ? yield* part(gatesOf(kernels, experiment, at), 0, 0) : null;
  const chain = yield* part(JacobianChain.createDense(kernels, n, 'forward', 0, at, count, gates), 0, 0);
  for (const chunk of chunks) {
    if (!experiment.stateful) yield* part(chain.restart(), chunk.start / T, chunk.start / T);
    const known = yield* part(
      chain.advanceDense(chunk.steps, (i) => jacobianAt(experiment, chunk, i)),
      chunk.start / T,
      (chunk.start + chunk.steps) / T,
    );
    if (!known) return null;
  }
  return chain;
}

/** The exponents of the first `count` directions. Null where plain arithmetic has to find them. */
export function* denseLeading(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  spectrum: GrowingSpectrum,
  count: number,
): Resumable<GrowingSpectrum | null> {
  if (!(yield* inRange(experiment))) return null;
  const at = layOut(kernels, sizesOf(experiment));
  const chain = at === null ? null : yield* chained(kernels, experiment, chunks, at, count);
  if (chain === null) return null;
  const { lnLengths: sums, error, longestBlock: block } = chain;
  leadingInto(spectrum, experiment.shapes.T, { sums, error, block });
  return spectrum;
}

/** What `plainExponents` gives, from the kernels. Null where plain arithmetic has to do it. */
export function* denseExponents(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  spectrum: GrowingSpectrum,
  counts: readonly number[],
): Resumable<GrowingSpectrum | null> {
  const { T } = experiment.shapes;
  const n = stateWidth(experiment);
  if (!(yield* inRange(experiment))) return null;
  const at = layOut(kernels, sizesOf(experiment));
  if (at === null) return null;
  for (const count of counts) {
    if (count <= spectrum.lyapunovKnown) continue;
    const first = yield* part(chained(kernels, experiment, chunks, at, count), 0, count / n);
    if (first === null) return null;
    const { lnLengths: sums, error, longestBlock: block } = first;
    leadingInto(spectrum, T, { sums, error, block });
  }
  const begin = Math.min(0.9, spectrum.lyapunovKnown / n);
  const chain: JacobianChain | null = yield* part(chained(kernels, experiment, chunks, at, n), begin, 0.95);
  if (chain === null) return null;
  const determinants = yield* part(determinantsOf(experiment), 0.95, 0.95);
  let lnSlopes = 0;
  for (const chunk of chunks)
    for (let t = 0; t < chunk.steps; t++) {
      const progress = 0.95 + (0.05 * (chunk.start + t)) / T;
      const jacobian = yield* part(jacobianAt(experiment, chunk, t), progress, progress);
      lnSlopes += yield* part(determinants.of(jacobian, null), progress, progress);
    }
  const { lnLengths: sums, error, longestBlock: block } = chain;
  const zeroJacobians = zerosIn(spectrum.jacobianSigmaMax);
  exponentsInto(spectrum, T, { sums, error, block, logDet: determinants.constant, lnSlopes, zeroJacobians });
  spectrum.logProductSigmaMax = yield* part(logSigmaMaxOf(kernels, chain, n, at), 1, 1);
  return spectrum;
}

/** The running product back from the last step of a chunk, as `plainJacobians` asks for it. */
class DenseProduct {
  readonly #chain: JacobianChain;
  readonly #values: GradedValues;
  readonly #n: number;

  constructor(chain: JacobianChain, values: GradedValues, n: number) {
    this.#chain = chain;
    this.#values = values;
    this.#n = n;
  }

  *log2SingularValues(): Resumable<Float64Array> {
    const rows = yield* gradedResumably(
      this.#n,
      (j) => {
        const row = new Float64Array(this.#n);
        this.#chain.column(j, row);
        return row;
      },
      this.#chain.exponents,
    );
    return yield* this.#values.log2(rows);
  }

  *extend(jacobian: StepJacobian): Resumable<void> {
    yield* this.#chain.advanceDense(1, function* () {
      yield 0;
      return jacobian;
    });
  }
}

/** What `plainJacobians` gives, from the kernels. Null where plain arithmetic has to do it. */
export function* denseJacobians(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  series: JacobianSeries,
): Resumable<JacobianSeries | null> {
  if (!(yield* inRange(experiment))) return null;
  const at = layOut(kernels, denseJacobianSizes(stateWidth(experiment)));
  if (at === null) return null;
  const n = stateWidth(experiment);
  const values = new GradedValues(kernels, n, at);
  const chain = yield* JacobianChain.createDense(kernels, n, 'backward', 4 * n * Number.EPSILON, at);
  return yield* plainJacobians(experiment, chunks, series, {
    log2SingularValues: (rows) => values.log2(rows),
    *product() {
      yield* chain.restart();
      return new DenseProduct(chain, values, n);
    },
  });
}
