// Matrices in the kernels' packed layout [N/8][rows][8], float64, seen from JavaScript.
import { movedAtOnce } from '../core/resumableCopy.js';
import { largestOf } from '../core/scan.js';
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { rowBytes } from './instance.js';
import type { Kernels } from './instance.js';
import { packTwice } from './packWeights.js';

/** Columns of a panel. */
export const width = rowBytes / Float64Array.BYTES_PER_ELEMENT;

export const panelsOf = (columns: number): number => Math.ceil(columns / width);

/** Bytes of a packed matrix. One row more, because kernels that take rows two by two read beyond the last. */
export const packedBytes = (rows: number, columns: number): number => panelsOf(columns) * rows * rowBytes + rowBytes;

/**
 * Rows are kept near 1; with weights beyond this a few steps could leave the range of float64 all the same, and the
 * plain way has to do.
 */
const weightRange = 1e60;

export const insideRange = (...weights: readonly FloatArray[]): Resumable<boolean> => within(weightRange, weights);

/** Whether the largest number of each tensor, if it is not 0, lies between 1/range and range. */
export function* within(range: number, tensors: readonly FloatArray[]): Resumable<boolean> {
  for (const tensor of tensors) {
    const largest = yield* largestOf(tensor);
    if (!(largest === 0 || (largest > 1 / range && largest < range))) return false;
  }
  return true;
}

/** Named buffers in the memory of these kernels; null when there is not so much. */
export function layOut<Name extends string>(
  kernels: Kernels,
  sizes: Readonly<Record<Name, number>>,
): Readonly<Record<Name, number>> | null {
  const names = Object.keys(sizes) as Name[];
  const addresses = kernels.layOut(names.map((name) => sizes[name]));
  return addresses === null
    ? null
    : (Object.fromEntries(names.map((name, i) => [name, addresses[i]!])) as Record<Name, number>);
}

export const numbersAt = (kernels: Kernels, at: number, length: number): Float64Array =>
  new Float64Array(kernels.memory.buffer, at, length);

/** Bytes of a staging through which a row-major [rows,columns] goes in or out, piece by piece. */
export const stagingBytes = (rows: number, columns: number): number =>
  Math.min(rows * columns, Math.max(movedAtOnce, width * columns)) * Float64Array.BYTES_PER_ELEMENT;

/** A row-major [rows,columns] into packed layout. `staging` has `stagingBytes`. */
export const packInto = (
  kernels: Kernels,
  staging: number,
  data: FloatArray,
  rows: number,
  columns: number,
  to: number,
  panelBytes = rows * rowBytes,
): Resumable<void> => packTwice(kernels, 'float64', data, rows, columns, staging, { at: to, panelBytes }, null);

/** Packed layout into a new row-major [rows,columns], through `staging`. */
export function* unpackFrom(
  kernels: Kernels,
  staging: number,
  from: number,
  rows: number,
  columns: number,
  panelBytes = rows * rowBytes,
): Resumable<Float64Array> {
  const out = new Float64Array(rows * columns);
  const atOnce = Math.max(1, Math.floor(movedAtOnce / columns));
  for (let row = 0; row < rows; row += atOnce) {
    const some = Math.min(atOnce, rows - row);
    kernels.exports.unpack64(from + row * rowBytes, panelBytes, rowBytes, some, columns, staging);
    out.set(numbersAt(kernels, staging, some * columns), row * columns);
    if (row + some < rows) yield row / rows;
  }
  return out;
}

/** Place of column j of a row, in numbers from the row's start. */
export const columnAt = (j: number, panelBytes: number): number =>
  Math.floor(j / width) * (panelBytes / Float64Array.BYTES_PER_ELEMENT) + (j % width);
