// What every float64 pass with carried exponents begins with and goes through, whatever its cell.
import type { ByParameter } from '../cells/cell.js';
import type { FloatArray } from '../core/dtypes.js';
import { log10Of2 } from '../core/norm.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import type { DescendingSource } from '../network/descendingSource.js';
import type { LayerExperiment, ScaledSteps } from '../network/experiment.js';
import type { RunChunk } from '../network/runChunk.js';
import { within } from './packedMatrix.js';

/** Rows are kept near 1; with weights beyond this a single step could leave the range of float64 all the same. */
const weightRange = 1e100;

/** Whether no weight is so near the ends of float64 that the kernels cannot say. */
export const insideFlowRange = (parameters: ByParameter<FloatArray>): Resumable<boolean> =>
  within(weightRange, Object.values(parameters));

/** Chunk after chunk, as far as T steps; false as soon as one of them could not be told. */
export function* throughChunks(
  chunks: readonly RunChunk[],
  T: number,
  through: (chunk: RunChunk) => Resumable<boolean>,
): Resumable<boolean> {
  for (const chunk of chunks) {
    const known = yield* part(through(chunk), chunk.start / T, (chunk.start + chunk.steps) / T);
    if (!known) return false;
  }
  return true;
}

/** Numbers of the rows at the steps of a block, `stride` each, `rows` a step: first a row's exponent, then squares. */
export type RowNumbers = { readonly numbers: Float64Array; readonly rows: number; readonly stride: number };

const [exponentAt, whole] = [0, 1] as const;

/** The exponent of B rows from row `first` on together: the largest of those that are not zero; −Infinity of none. */
function largestExponent({ numbers, stride }: RowNumbers, first: number, B: number, place: number): number {
  let exponent = -Infinity;
  for (let row = first; row < first + B; row++)
    if (numbers[row * stride + place]! > 0) exponent = Math.max(exponent, numbers[row * stride + exponentAt]!);
  return exponent;
}

/** log10 of the norm of B rows together from row `first` on, with the squares at `place` of each. */
export function rowsLog10(of: RowNumbers, first: number, B: number, place: number): number {
  const exponent = largestExponent(of, first, B, place);
  if (exponent === -Infinity) return -Infinity;
  const { numbers, stride } = of;
  let sum = 0;
  for (let row = first; row < first + B; row++) {
    const part = numbers[row * stride + place]!;
    // A row of zeros has no exponent: its factor would be ∞ beside rows that are far smaller than 1.
    if (part === 0) continue;
    const below = numbers[row * stride + exponentAt]! - exponent;
    sum += below === 0 ? part : part * 4 ** below;
  }
  return 0.5 * Math.log10(sum) + exponent * log10Of2;
}

/** What a source leaves on its way back through a chunk, of each of its steps. */
export type Through = {
  /** log10 of the norm that the states receive from the step after. */
  readonly received: Float64Array;
  /** The same of each sequence [steps,B], where their lengths differ. */
  readonly ofSequences: Float64Array | null;
  /** What goes down to x [B,steps,I], times 2^exponent; null where nobody asks, or where it is computed again. */
  readonly data: Float64Array | null;
  readonly exponents: Float64Array;
};

/** Of a chunk of which nothing is known yet. */
export const unknownThrough = ({ steps, spans }: RunChunk, down: number | null): Through => ({
  received: new Float64Array(steps).fill(-Infinity),
  ofSequences: spans === undefined ? null : new Float64Array(steps * spans.length).fill(-Infinity),
  data: down === null ? null : new Float64Array(steps * down),
  exponents: new Float64Array(steps),
});

/** The network's single source beside the rows of a layer's last chunk. */
export type SourceBeside = {
  /** What enters the layer from the one above; null at the top, where it is the layer's own single source. */
  readonly entering: RunChunk | null;
  readonly through: Through;
};

/** Before the last step of a chunk. Nobody asks for what goes down from the first layer. */
export const sourceBeside = (
  { shapes: { B, I }, layers: [{ layer }] }: LayerExperiment,
  chunk: RunChunk,
  above: ScaledSteps | null,
): SourceBeside => ({
  entering: above === null ? null : { ...chunk, scaledDhs: above },
  through: unknownThrough(chunk, layer === 0 ? null : B * I),
});

/** Layer by layer what goes through one enters the next. */
export const passOn = (
  descending: DescendingSource | null,
  { shapes: { B, H } }: LayerExperiment,
  chunk: RunChunk,
  { received, ofSequences, data, exponents }: Through,
): void => descending?.pass(chunk, B, H, { received, ofSequences, down: data === null ? null : { data, exponents } });

/**
 * What the first B rows leave at the steps t0 … t1 − 1 of a block: `after` is the place of the square of what goes on.
 */
export function gather(
  of: RowNumbers,
  after: number,
  B: number,
  t0: number,
  t1: number,
  { received, ofSequences, exponents }: Through,
): void {
  for (let t = t0; t < t1; t++) {
    const first = (t - t0) * of.rows;
    if (t > 0) received[t - 1] = rowsLog10(of, first, B, after);
    if (t > 0 && ofSequences !== null)
      for (let b = 0; b < B; b++) ofSequences[(t - 1) * B + b] = rowsLog10(of, first + b, 1, after);
    const exponent = largestExponent(of, first, B, whole);
    exponents[t] = exponent === -Infinity ? 0 : exponent;
  }
}
