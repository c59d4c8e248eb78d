// The parameters of a gated layer in packed layout, block by block as the kernels of gated cells meet them, and their
// gradients out of it.
import { movedAtOnce, Mover } from '../core/resumableCopy.js';
import { write, zeros } from '../core/tensor.js';
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

/** Numbers that the staging has to hold at least: a panel of rows of all gates. */
export const leastStagingOf = ({ dtype, I, H, cell }: GatedShape): number =>
  (rowBytes / bytesOf[dtype]) * Math.max(cell.gates.length * H, I);

type Addresses = Readonly<Record<'forwardWeights' | 'backwardWeights' | 'bias' | 'staging', number>>;

/** The two matrices of weights as their kernels take them, in the order in which they are packed. */
const matricesOf = ({ I, H }: GatedShape) =>
  [
    { name: 'Wh', isInput: 0, count: H },
    { name: 'Wx', isInput: 1, count: I },
  ] as const;

/** The parameters behind the weights in the order of their places: b, and what the cell has beside it. */
export const biasesOf = ({ parameters }: Cell): readonly string[] =>
  parameters.flatMap(({ name }) => (name === 'Wx' || name === 'Wh' ? [] : [name]));

/** Weights and biases into the kernels' memory, by way of a staging of so many numbers. */
export function* packGated(
  kernels: Kernels,
  shape: GatedShape,
  parameters: ByParameter<FloatArray>,
  at: Addresses,
  stagingLength: number,
): Resumable<void> {
  const { dtype, I, H, gated, cell } = shape;
  const { packGates, packBiases } = packing(kernels.exports, dtype);
  const { width } = panelsOf(shape);
  const staging = viewOf(kernels, dtype, at.staging, stagingLength);
  const row = cell.gates.length * H;
  // Numbers of the transposed weights beyond H.
  yield* clearResumably(kernels, at.backwardWeights, gatedWeightSizes(shape).backwardWeights);
  const atOnce = Math.max(1, Math.floor(Math.min(movedAtOnce, stagingLength) / row / width)) * width;
  for (const { name, isInput, count } of matricesOf(shape)) {
    for (let first = 0; first < count; first += atOnce) {
      const rows = Math.min(atOnce, count - first);
      write(parameters[name].subarray(first * row, (first + rows) * row), staging, 0);
      packGates(gated.kernel, isInput, at.staging, first, rows, I, H, at.forwardWeights, at.backwardWeights);
      yield 0;
    }
  }
  for (const [i, name] of biasesOf(cell).entries()) write(parameters[name]!, staging, i * row);
  packBiases(gated.kernel, at.staging, H, at.bias);
}

/** The gradients of all parameters, which the kernels have summed up at these addresses. */
export function* unpackGated(
  kernels: Kernels,
  shape: GatedShape,
  at: Readonly<Record<'dWx' | 'dWh' | 'db' | 'staging', number>>,
  stagingLength: number,
): Resumable<ByParameter<FloatArray>> {
  const { dtype, I, H, gated, cell } = shape;
  const { unpackGates, unpackBiases } = packing(kernels.exports, dtype);
  const staging = viewOf(kernels, dtype, at.staging, stagingLength);
  const row = cell.gates.length * H;
  const gradients = byParameter(cell, (spec) => zeros(dtype, sizeOf(spec, I, H)));
  const atOnce = Math.max(1, Math.floor(Math.min(movedAtOnce, stagingLength) / row));
  const mover = new Mover();
  for (const { name, isInput, count } of matricesOf(shape)) {
    for (let first = 0; first < count; first += atOnce) {
      const rows = Math.min(atOnce, count - first);
      unpackGates(gated.kernel, isInput, isInput === 1 ? at.dWx : at.dWh, first, rows, I, H, at.staging);
      gradients[name].set(staging.subarray(0, rows * row), first * row);
      yield* mover.count(rows * row);
    }
  }
  unpackBiases(gated.kernel, at.db, H, at.staging);
  for (const [i, name] of biasesOf(cell).entries()) gradients[name]!.set(staging.subarray(i * row, (i + 1) * row));
  return gradients;
}
