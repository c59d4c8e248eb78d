// The weights of a layer in packed layout, as the way forward and the way back need them.
import type { DType, FloatArray, Steps, Weights } from '../types.js';
import { bytesOf, packing, rowBytes, viewOf } from './kernels.js';
import type { Kernels } from './kernels.js';

/** Numbers packed between two pauses, about two milliseconds. */
const packedAtOnce = 5e5;

export type WeightAddresses = Readonly<Record<'staging' | 'forwardWeights' | 'backwardWeights' | 'bias', number>>;

/** Wh above Wx in panels of their columns, Whᵀ beside Wxᵀ in panels of theirs, and b. `staging` has room for each of them. */
export function* packWeights(kernels: Kernels, dtype: DType, { Wx, Wh, b }: Weights<FloatArray>, at: WeightAddresses): Steps<void> {
  const { pack, packTransposed } = packing(kernels.exports, dtype);
  const width = rowBytes / bytesOf[dtype];
  const [H, I] = [b.length, Wx.length / b.length];
  const panelBytes = (H + I) * rowBytes;
  const rowsAtOnce = Math.max(1, Math.floor(packedAtOnce / (H * width))) * width;
  for (const { matrix, rows, forward, backward } of [
    { matrix: Wh, rows: H, forward: at.forwardWeights, backward: at.backwardWeights },
    { matrix: Wx, rows: I, forward: at.forwardWeights + H * rowBytes, backward: at.backwardWeights + Math.ceil(H / width) * H * rowBytes },
  ]) {
    for (let row = 0; row < rows; row += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rows - row);
      viewOf(kernels, dtype, at.staging, count * H).set(matrix.subarray(row * H, (row + count) * H));
      pack(at.staging, count, H, forward + row * rowBytes, panelBytes, rowBytes);
      packTransposed(at.staging, count, H, backward + (row / width) * H * rowBytes);
      yield 0;
    }
  }
  viewOf(kernels, dtype, at.staging, H).set(b);
  pack(at.staging, 1, H, at.bias, rowBytes, rowBytes);
}
