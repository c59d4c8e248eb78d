// Pictures, histograms and numbers of the weights and their gradients.
import type {
  Histogram,
  WeightCells,
  WeightCellsRequest,
  WeightName,
  WeightsPicture,
  WeightsRequest,
} from '../../protocol/index.js';
import { cellOf } from '../../engine/index.js';
import { largestMagnitude } from './decimate.js';
import type { KeptRun } from './keptRun.js';

type Values = ArrayLike<number> & Iterable<number>;

const bins = 41;

/** A parameter and its gradient; null for a name that the cell does not have. */
function tensorOf(
  { experiment, result }: KeptRun,
  tensor: WeightName,
): { readonly shape: readonly [number, number]; readonly values: Float64Array; readonly gradients: Values } | null {
  const { I, H } = result.shapes;
  const spec = cellOf(experiment.cell).parameters.find(({ name }) => name === tensor);
  const values = experiment.layers[0].parameters[tensor];
  const gradients = result.layers[0].gradients[tensor];
  if (spec === undefined || values === undefined || gradients === undefined) return null;
  return { shape: spec.shape(I, H), values, gradients };
}

const limitOf = (tensors: readonly ArrayLike<number>[]): number =>
  tensors.reduce((most, values) => Math.max(most, largestMagnitude(values, 0, values.length)), 0);

/** Symmetric about zero, so that a shift of the weights is seen; an odd number of bins gives zero one of its own. */
function histogram(values: Values): Histogram {
  const reach = largestMagnitude(values, 0, values.length);
  const high = reach > 0 ? reach : 1;
  const counts = new Float64Array(bins);
  let notFinite = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) {
      notFinite++;
      continue;
    }
    const bin = Math.min(bins - 1, Math.floor(((value + high) / (2 * high)) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { low: -high, high, counts, notFinite };
}

function norm(values: Values): number {
  const largest = largestMagnitude(values, 0, values.length);
  const scale = largest > 0 ? largest : 1;
  let sum = 0;
  for (const value of values) sum += (value / scale) ** 2;
  return scale * Math.sqrt(sum);
}

/**
 * [rows,columns], each cell the value of largest magnitude that it covers, over `limit`: a float32 holds shares of any
 * scale.
 */
function shrink(
  values: ArrayLike<number>,
  [height, width]: readonly [number, number],
  rows: number,
  columns: number,
  limit: number,
): Float32Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < height * width; i++) {
    const cell =
      Math.floor((Math.floor(i / width) * rows) / height) * columns + Math.floor(((i % width) * columns) / width);
    const value = values[i] ?? 0;
    if (Math.abs(value) > Math.abs(out[cell] ?? 0) || Number.isNaN(value)) out[cell] = value;
  }
  return Float32Array.from(out, (value) => (limit > 0 ? value / limit : value));
}

export function weights(run: KeptRun, { tensor, maxRows, maxColumns }: WeightsRequest): WeightsPicture | null {
  const found = tensorOf(run, tensor);
  if (found === null) return null;
  const { shape, values, gradients } = found;
  const [rows, columns] = [Math.min(shape[0], Math.max(1, maxRows)), Math.min(shape[1], Math.max(1, maxColumns))];
  const [limit, gradientLimit] = [
    limitOf(Object.values(run.experiment.layers[0].parameters)),
    limitOf(Object.values(run.result.layers[0].gradients)),
  ];
  return {
    shape,
    rows,
    columns,
    limit,
    gradientLimit,
    values: shrink(values, shape, rows, columns, limit),
    gradients: shrink(gradients, shape, rows, columns, gradientLimit),
    norm: norm(values),
    gradientNorm: norm(gradients),
    valueHistogram: histogram(values),
    gradientHistogram: histogram(gradients),
  };
}

export function weightCells(run: KeptRun, { tensor, from, to }: WeightCellsRequest): WeightCells | null {
  const found = tensorOf(run, tensor);
  return found === null
    ? null
    : { values: found.values.slice(from, to), gradients: Float64Array.from(found.gradients).slice(from, to) };
}
