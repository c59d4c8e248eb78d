// Exponents, product and singular values of the Jacobians of cells that are not h = f(z): each step's Jacobian is made
// as a matrix in plain arithmetic, unless few rows go through it, and what is multiplied and made orthogonal goes
// through the kernels.
import { byElimination, eliminationWork, plainBudget, plainJacobians } from '../analysis/jacobians.js';
import type { JacobianSeries } from '../analysis/jacobians.js';
import { determinantsOf } from '../analysis/plainSpectrum.js';
import { exponentsInto, leadingInto, zerosIn } from '../analysis/spectrum.js';
import type { GrowingSpectrum } from '../analysis/spectrum.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import { exactSteps, stateWidth } from '../network/cellRows.js';
import { gradedResumably } from '../linalg/gradedSvd.js';
import type { LayerExperiment } from '../network/experiment.js';
import { stepReady } from '../network/runChunk.js';
import type { RunChunk } from '../network/runChunk.js';
import type { StepJacobian } from '../network/stepJacobian.js';
import { GradedValues } from './gradedValues.js';
import { GatedForward } from './gatedForward.js';
import { GatedSlopes } from './gatedSlopes.js';
import type { PackedRows } from './gradientRows.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { JacobianChain } from './jacobianChain.js';
import type { RowsForward } from './jacobianChain.js';
import { columnAt, insideRange, layOut, numbersAt, packedBytes, panelsOf, width } from './packedMatrix.js';
import { rowColumns, rowsAtOnce } from './rowsBack.js';
import { SigmaBatch } from './sigmaMaxBatch.js';
import { logSigmaMaxOf } from './spectrum.js';

const numberBytes = Float64Array.BYTES_PER_ELEMENT;
/** So many rows of n go through the weights; for more of them each Jacobian is made as a matrix. */
const mostFew = (n: number): number => Math.floor(n / 4);

/** Buffers of the exponents and the product, of one batch item. */
export function denseSpectrumSizes(experiment: LayerExperiment) {
  const n = stateWidth(experiment);
  return {
    ...JacobianChain.sizes(n),
    ...SigmaBatch.sizes(n),
    ...GatedSlopes.sizes(experiment),
    ...GatedForward.sizes(experiment, fewAtOnce(experiment)),
    apart: isAligned(experiment) ? 0 : 2 * packedBytes(fewAtOnce(experiment), rowColumns(experiment)),
  };
}
type Addresses = Readonly<Record<keyof ReturnType<typeof denseSpectrumSizes>, number>>;

/** Whether rows of all states have each of them in whole panels. */
const isAligned = (experiment: LayerExperiment): boolean => stateWidth(experiment) === rowColumns(experiment);

const fewAtOnce = (experiment: LayerExperiment): number => rowsAtOnce(experiment, mostFew(stateWidth(experiment)));

/** Buffers of the singular values over time. */
export const denseJacobianSizes = (n: number) => ({ ...JacobianChain.sizes(n), ...GradedValues.sizes(n) });

/** Of a Jacobian's largest singular value: beside it, rows of a product keep four digits of a smaller one. */
const log2Least = Math.log2(1e-12);

function* jacobianAt(experiment: LayerExperiment, chunk: RunChunk, t: number): Resumable<StepJacobian> {
  yield* stepReady(chunk, t);
  return exactSteps(experiment, chunk, t)[0]!;
}

const inRange = ({ layers: [{ parameters }] }: LayerExperiment): Resumable<boolean> =>
  insideRange(parameters.Wx, parameters.Wh);

/** Few rows through the weights, and through slopes that are made for many steps at once. */
class FewForward implements RowsForward {
  readonly rowsAtOnce: number;
  readonly #slopes: GatedSlopes;
  readonly #forward: GatedForward;
  /** Where rows have each state in whole panels, before and after a step; null where they have that anyway. */
  readonly #apart: Apart | null;
  #chunk: RunChunk | null = null;
  /** The steps whose slopes have been asked for last, and whether they are there. */
  #block = { from: 0, to: 0, known: false };

  static *create(kernels: Kernels, experiment: LayerExperiment, at: Addresses): Resumable<FewForward> {
    const rows = fewAtOnce(experiment);
    const slopes = yield* GatedSlopes.create(kernels, experiment, at);
    const forward = yield* GatedForward.create(kernels, experiment, at, rows);
    const apart = isAligned(experiment) ? null : new Apart(kernels, experiment, at.apart, rows);
    return new FewForward(slopes, forward, apart, rows);
  }

  private constructor(slopes: GatedSlopes, forward: GatedForward, apart: Apart | null, rowsAtOnce: number) {
    this.#slopes = slopes;
    this.#forward = forward;
    this.#apart = apart;
    this.rowsAtOnce = rowsAtOnce;
  }

  /** From here on steps are those of this chunk. */
  enter(chunk: RunChunk): void {
    [this.#chunk, this.#block] = [chunk, { from: 0, to: 0, known: false }];
  }

  *ready(i: number): Resumable<boolean> {
    const { from, to, known } = this.#block;
    if (i >= from && i < to) return known;
    const chunk = this.#chunk!;
    const end = Math.min(chunk.steps, i + this.#slopes.steps);
    this.#block = { from: i, to: end, known: yield* part(this.#slopes.block(chunk, i, end), 0, 0) };
    return this.#block.known;
  }

  through(i: number, from: PackedRows, rows: number, to: PackedRows, columns: Int32Array): void {
    const { at, ...strides } = this.#slopes.at;
    const slopes = { at: at + (i - this.#block.from) * rowBytes, ...strides, first: 0, period: 1 };
    const apart = this.#apart;
    apart?.move(from, columns, apart.before, apart.columns, rows);
    this.#forward.through(apart?.before ?? from, rows, slopes, apart?.after ?? to);
    apart?.move(apart.after, apart.columns, to, columns, rows);
  }
}

/** Room for rows that have each state in whole panels. */
class Apart {
  readonly before: PackedRows;
  readonly after: PackedRows;
  /** Where the numbers of a row stand. */
  readonly columns: Int32Array;
  readonly #kernels: Kernels;

  constructor(kernels: Kernels, experiment: LayerExperiment, at: number, rows: number) {
    const { H } = experiment.shapes;
    const panel = rows * rowBytes;
    const bytes = packedBytes(rows, rowColumns(experiment));
    this.#kernels = kernels;
    [this.before, this.after] = [
      { at, panel },
      { at: at + bytes, panel },
    ];
    const padded = panelsOf(H) * width;
    this.columns = Int32Array.from({ length: stateWidth(experiment) }, (_, j) =>
      columnAt(Math.floor(j / H) * padded + (j % H), panel),
    );
    kernels.exports.clear(at, 2 * bytes);
  }

  /** The numbers of `rows` rows from their columns to others. */
  move(from: PackedRows, ofFrom: Int32Array, to: PackedRows, ofTo: Int32Array, rows: number): void {
    const numbers = numbersAt(this.#kernels, 0, this.#kernels.memory.buffer.byteLength / numberBytes);
    const [own, target] = [from.at / numberBytes, to.at / numberBytes];
    for (let j = 0; j < this.columns.length; j++) {
      const [source, place] = [own + ofFrom[j]!, target + ofTo[j]!];
      for (let r = 0; r < rows; r++) numbers[place + r * width] = numbers[source + r * width]!;
    }
  }
}

/** Share of its length that an independent row keeps at least; 0 while every Jacobian is regular. */
const rankOf = (experiment: LayerExperiment, { constant }: { readonly constant: number }): number =>
  constant === -Infinity ? 4 * stateWidth(experiment) * Number.EPSILON : 0;

/** The first `count` rows through all Jacobians; null when the kernels cannot say. */
function* chained(
  kernels: Kernels,
  experiment: LayerExperiment,
  chunks: readonly RunChunk[],
  at: Addresses,
  count: number,
  rank: number,
): Resumable<JacobianChain | null> {
  const { T } = experiment.shapes;
  const n = stateWidth(experiment);
  const few = count <= mostFew(n) ? yield* part(FewForward.create(kernels, experiment, at), 0, 0) : null;
  const chain = yield* part(JacobianChain.createDense(kernels, n, 'forward', rank, at, count, few), 0, 0);
  for (const chunk of chunks) {
    few?.enter(chunk);
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
  const at = layOut(kernels, denseSpectrumSizes(experiment));
  const rank = rankOf(experiment, yield* part(determinantsOf(experiment), 0, 0));
  const chain = at === null ? null : yield* chained(kernels, experiment, chunks, at, count, rank);
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
  const at = layOut(kernels, denseSpectrumSizes(experiment));
  if (at === null) return null;
  const determinants = yield* part(determinantsOf(experiment), 0, 0);
  const rank = rankOf(experiment, determinants);
  for (const count of counts) {
    if (count <= spectrum.lyapunovKnown) continue;
    const first = yield* part(chained(kernels, experiment, chunks, at, count, rank), 0, count / n);
    if (first === null) return null;
    const { lnLengths: sums, error, longestBlock: block } = first;
    leadingInto(spectrum, T, { sums, error, block });
  }
  const begin = Math.min(0.9, spectrum.lyapunovKnown / n);
  const chain: JacobianChain | null = yield* part(chained(kernels, experiment, chunks, at, n, rank), begin, 0.95);
  if (chain === null) return null;
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
  const found = yield* plainJacobians(experiment, chunks, series, {
    log2SingularValues: (rows) => values.log2(rows),
    log2Least,
    *product() {
      yield* chain.restart();
      return new DenseProduct(chain, values, n);
    },
  });
  // What rounding has lost here, elimination keeps.
  const isLost = found.log10Smallest.some((value) => Number.isNaN(value));
  if (!isLost || experiment.shapes.T * eliminationWork(n) > plainBudget) return found;
  return yield* plainJacobians(
    experiment,
    chunks,
    series,
    byElimination((rows) => values.log2(rows)),
  );
}
