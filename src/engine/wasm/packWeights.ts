// The weights of a layer in packed layout, as the way forward and the way back need them.
import { movedAtOnce } from '../core/resumableCopy.js';
import type { DType, FloatArray } from '../core/dtypes.js';
import { write } from '../core/tensor.js';
import type { Resumable } from '../core/resumable.js';
import type { ByParameter } from '../cells/cell.js';
import { bytesOf, packing, rowBytes, viewOf } from './instance.js';
import type { Kernels } from './instance.js';

export type WeightAddresses = Readonly<Record<'staging' | 'forwardWeights' | 'backwardWeights' | 'bias', number>>;

/**
 * A row-major [rows,columns] in packed layout at `to.at`, and transposed at `transposed`; null: not that. `staging` has
 * room for all of it.
 */
export function* packTwice(
  kernels: Kernels,
  dtype: DType,
  matrix: FloatArray,
  rows: number,
  columns: number,
  staging: number,
  to: { readonly at: number; readonly panelBytes: number } | null,
  transposed: number | null,
): Resumable<void> {
  const { pack, packTransposed } = packing(kernels.exports, dtype);
  const width = rowBytes / bytesOf[dtype];
  const rowsAtOnce = Math.max(1, Math.floor(movedAtOnce / (columns * width))) * width;
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows - row);
    write(matrix.subarray(row * columns, (row + count) * columns), viewOf(kernels, dtype, staging, count * columns), 0);
    if (to !== null) pack(staging, count, columns, to.at + row * rowBytes, to.panelBytes, rowBytes);
    if (transposed !== null) packTransposed(staging, count, columns, transposed + (row / width) * columns * rowBytes);
    yield 0;
  }
}

/**
 * Wh above Wx in panels of their columns, Whᵀ beside Wxᵀ in panels of theirs, and b. `staging` has room for each of
 * them.
 */
export function* packWeights(
  kernels: Kernels,
  dtype: DType,
  { Wx, Wh, b }: ByParameter<FloatArray>,
  at: WeightAddresses,
): Resumable<void> {
  const { pack } = packing(kernels.exports, dtype);
  const width = rowBytes / bytesOf[dtype];
  const [H, I] = [b.length, Wx.length / b.length];
  const panelBytes = (H + I) * rowBytes;
  for (const { matrix, rows, forward, backward } of [
    { matrix: Wh, rows: H, forward: at.forwardWeights, backward: at.backwardWeights },
    {
      matrix: Wx,
      rows: I,
      forward: at.forwardWeights + H * rowBytes,
      backward: at.backwardWeights + Math.ceil(H / width) * H * rowBytes,
    },
  ]) {
    yield* packTwice(kernels, dtype, matrix, rows, H, at.staging, { at: forward, panelBytes }, backward);
  }
  viewOf(kernels, dtype, at.staging, H).set(b);
  pack(at.staging, 1, H, at.bias, rowBytes, rowBytes);
}
