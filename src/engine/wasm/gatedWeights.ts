// The parameters of a gated layer in packed layout, block by block as the kernels of gated cells meet them, and their
// gradients out of it.
import { movedAtOnce, Mover } from '../core/resumableCopy.js';
import { zeros } from '../core/tensor.js';
import { byParameter, sizeOf } from '../cells/cell.js';
import type { ByParameter, Cell, GatedKernel } from '../cells/cell.js';
import type { DType, FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { bytesOf, clearResumably, packing, rowBytes, viewOf } from './instance.js';
import type { Kernels } from './instance.js';
import { sharedNumbers } from './abi.js';

/** What a layer of a gated cell is, for the sizes of its buffers. */
export type GatedShape = { readonly cell: Cell; readonly gated: GatedKernel; readonly dtype: DType } & Readonly<
  Record<'I' | 'H', number>
>;

/** Numbers of a panel's row, and the panels of H, of I, and of the gates side by side. */
export function panelsOf({ dtype, I, H, cell }: GatedShape) {
  const width = rowBytes / bytesOf[dtype];
  const [hPanels, iPanels] = [Math.ceil(H / width), Math.ceil(I / width)];
  return { width, hPanels, iPanels, gatePanels: cell.gates.length * hPanels };
}

/** Bytes of the weights as `packGated` leaves them. */
export function gatedWeightSizes(shape: GatedShape) {
  const { width, hPanels, iPanels, gatePanels } = panelsOf(shape);
  const { I, H } = shape;
  return {
    forwardWeights: gatePanels * (H + I) * rowBytes,
    backwardWeights: (hPanels + iPanels) * gatePanels * width * rowBytes,
    bias: hPanels * sharedNumbers.BLOCKS * rowBytes,
  };
}

/** Numbers that the staging has to hold at least. */
export const leastStagingOf = ({ dtype, I, H }: GatedShape): number => (rowBytes / bytesOf[dtype]) * Math.max(H, I);

type Addresses = Readonly<Record<'forwardWeights' | 'backwardWeights' | 'bias' | 'staging', number>>;

/** Weights and biases into the kernels' memory, by way of a staging of so many numbers. */
export function* packGated(
  kernels: Kernels,
  shape: GatedShape,
  parameters: ByParameter<FloatArray>,
  at: Addresses,
  stagingLength: number,
): Resumable<void> {
  const { dtype, I, H, gated, cell } = shape;
  const { pack, packTransposed } = packing(kernels.exports, dtype);
  const { width, hPanels, gatePanels } = panelsOf(shape);
  const staging = viewOf(kernels, dtype, at.staging, stagingLength);
  const G = cell.gates.length;
  const panelBytes = G * (H + I) * rowBytes;
  const transposedPanel = gatePanels * width * rowBytes;
  yield* clearResumably(kernels, at.backwardWeights, gatedWeightSizes(shape).backwardWeights);
  const atOnce = Math.max(1, Math.floor(Math.min(movedAtOnce, stagingLength) / H / width)) * width;
  for (const { matrix, rows, gates, forward, backward } of [
    { matrix: parameters.Wh, rows: H, gates: gated.ofState, forward: at.forwardWeights, backward: at.backwardWeights },
    {
      matrix: parameters.Wx,
      rows: I,
      gates: gated.ofInput,
      forward: at.forwardWeights + H * rowBytes,
      backward: at.backwardWeights + hPanels * transposedPanel,
    },
  ]) {
    for (const [place, gate] of gates.entries()) {
      // Forward the blocks of one gate of Wh and Wx stand above each other, at the place of the state's block.
      const above = gated.ofState.indexOf(gate) * (H + I) * rowBytes;
      for (let row = 0; row < rows; row += atOnce) {
        const count = Math.min(atOnce, rows - row);
        for (let r = 0; r < count; r++) {
          const from = ((row + r) * G + gate) * H;
          staging.set(matrix.subarray(from, from + H), r * H);
        }
        pack(at.staging, count, H, forward + above + row * rowBytes, panelBytes, rowBytes);
        for (let r = 0; r < count; r += width) {
          const target = backward + ((row + r) / width) * transposedPanel + place * hPanels * width * rowBytes;
          packTransposed(at.staging + r * H * bytesOf[dtype], Math.min(width, count - r), H, target);
        }
        yield 0;
      }
    }
  }
  for (const [block, parts] of gated.biases.entries()) {
    const sum = new Float64Array(H);
    for (const [name, gate] of parts) {
      const own = zeros(dtype, H);
      own.set(parameters[name]!.subarray(gate * H, (gate + 1) * H));
      for (let j = 0; j < H; j++) sum[j] = sum[j]! + own[j]!;
    }
    staging.set(sum);
    pack(at.staging, 1, H, at.bias + block * rowBytes, sharedNumbers.BLOCKS * rowBytes, rowBytes);
  }
}

/** The gradients of all parameters, which the kernels have summed up at these addresses. */
export function* unpackGated(
  kernels: Kernels,
  shape: GatedShape,
  at: Readonly<Record<'dWx' | 'dWh' | 'db' | 'staging', number>>,
  stagingLength: number,
): Resumable<ByParameter<FloatArray>> {
  const { dtype, I, H, gated, cell } = shape;
  const { unpack } = packing(kernels.exports, dtype);
  const { width, hPanels, iPanels } = panelsOf(shape);
  const staging = viewOf(kernels, dtype, at.staging, stagingLength);
  const G = cell.gates.length;
  const gradients = byParameter(cell, (spec) => zeros(dtype, sizeOf(spec, I, H)));
  const atOnce = Math.max(1, Math.floor(Math.min(movedAtOnce, stagingLength) / H));
  const mover = new Mover();
  for (const { out, rows, gates, from, panels } of [
    { out: gradients.Wx, rows: I, gates: gated.ofInput, from: at.dWx, panels: iPanels },
    { out: gradients.Wh, rows: H, gates: gated.ofState, from: at.dWh, panels: hPanels },
  ]) {
    const panelBytes = panels * width * rowBytes;
    for (const [place, gate] of gates.entries()) {
      for (let row = 0; row < rows; row += atOnce) {
        const count = Math.min(atOnce, rows - row);
        unpack(from + place * hPanels * panelBytes + row * rowBytes, panelBytes, rowBytes, count, H, at.staging);
        for (let r = 0; r < count; r++) out.set(staging.subarray(r * H, (r + 1) * H), ((row + r) * G + gate) * H);
        yield* mover.count(count * H);
      }
    }
  }
  for (const [block, parts] of gated.biases.entries()) {
    unpack(at.db + block * hPanels * rowBytes, rowBytes, rowBytes, 1, H, at.staging);
    for (const [name, gate] of parts) gradients[name]!.set(staging.subarray(0, H), gate * H);
  }
  return gradients;
}
