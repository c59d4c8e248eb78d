// A layer's gradients under the names and in the shapes of PyTorch: weight_ih [G·H,I], weight_hh [G·H,H], two biases.
import { byParameter } from '../cells/cell.js';
import type { ByParameter } from '../cells/cell.js';
import { cellOf } from '../cells/index.js';
import type { CellName } from '../cells/index.js';
import type { FloatArray } from '../core/dtypes.js';
import type { LayerExperiment, LayerSpec } from './experiment.js';
import type { ComputedRun } from './result.js';

/** PyTorch's four, and what a cell has besides, under its own names. */
export type ByPyTorchName<A> = Readonly<Record<'weight_ih' | 'weight_hh' | 'bias_ih' | 'bias_hh', A>> &
  Readonly<Record<string, A>>;

/** [rows,columns] → [columns,rows] */
function transposed(data: FloatArray, rows: number): FloatArray {
  const columns = data.length / rows;
  const out = data.slice();
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  return out;
}

/** Where a cell has one bias, both of PyTorch's are added, so that each has the gradient of their sum. */
export function pyTorchGradients(
  { shapes: { I, H } }: LayerExperiment,
  { layers: [{ gradients }] }: Pick<ComputedRun, 'layers'>,
): ByPyTorchName<FloatArray> {
  const { Wx, Wh, b, bh, ...others } = gradients;
  return { weight_ih: transposed(Wx, I), weight_hh: transposed(Wh, H), bias_ih: b, bias_hh: bh ?? b, ...others };
}

/** The same names for the norms of what each step adds. */
export const pyTorchNorms = ({ Wx, Wh, b, bh, ...others }: ByParameter<Float64Array>): ByPyTorchName<Float64Array> => ({
  weight_ih: Wx,
  weight_hh: Wh,
  bias_ih: b,
  bias_hh: bh ?? b,
  ...others,
});

/** The names that these two give to the parameters of a cell. */
export const pyTorchNamesOf = (cell: CellName): readonly string[] =>
  Object.keys(pyTorchNorms(byParameter(cellOf(cell), () => new Float64Array())));

/** `l0`, or `l0_reverse`: what PyTorch's names end in. */
export const pyTorchSuffix = ({ layer, direction }: Pick<LayerSpec, 'layer' | 'direction'>): string =>
  `l${layer}${direction === 'reverse' ? '_reverse' : ''}`;
