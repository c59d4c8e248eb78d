// What every float64 pass with carried exponents begins with and goes through, whatever its cell.
import type { ByParameter } from '../cells/cell.js';
import type { FloatArray } from '../core/dtypes.js';
import { part } from '../core/resumable.js';
import type { Resumable } from '../core/resumable.js';
import type { RunChunk } from '../network/runChunk.js';
import type { SingleSource } from '../network/scaledBackward.js';
import { within } from './packedMatrix.js';

/** Rows are kept near 1; with weights beyond this a single step could leave the range of float64 all the same. */
const weightRange = 1e100;

/** Whether no weight is so near the ends of float64 that the kernels cannot say. */
export const insideFlowRange = (parameters: ByParameter<FloatArray>): Resumable<boolean> =>
  within(weightRange, Object.values(parameters));

const unmeasured = (T: number): Float64Array => new Float64Array(T).fill(NaN);

/** A single source of which nothing is known yet, split over these paths. */
export const unmeasuredSource = (T: number, paths: readonly string[] | null): SingleSource => ({
  log10: unmeasured(T),
  lnSlope: unmeasured(T),
  lnWh: unmeasured(T),
  bySource: null,
  lnPaths: paths === null ? null : Object.fromEntries(paths.map((name) => [name, unmeasured(T)])),
});

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
