// Facts and pictures of tensors of any size: their numbers pass by in pieces and are never held together.
import type { Resumable } from '../../engine/index.js';
import type { TensorFacts, TensorPicture } from '../../protocol/index.js';
import type { TensorNode } from '../../config/json/index.js';

/** As many as a cell of a table has room for. */
const bins = 32;

const countOf = ({ shape }: TensorNode): number => shape.reduce((product, size) => product * size, 1);
const piecesOf = (node: TensorNode): Iterable<Float64Array> => node.pieces?.() ?? [node.data];

/** Twice through the numbers: where they lie decides how they are counted, and summed without overflow. */
export function* tensorFacts(node: TensorNode): Resumable<TensorFacts> {
  const count = countOf(node);
  let [min, max, notANumber, infinite, zeros] = [Infinity, -Infinity, 0, 0, 0];
  let done = 0;
  for (const piece of piecesOf(node)) {
    for (const value of piece) {
      if (Number.isNaN(value)) notANumber++;
      else if (Math.abs(value) === Infinity) infinite++;
      else {
        if (value === 0) zeros++;
        if (value < min) min = value;
        if (value > max) max = value;
      }
    }
    done += piece.length;
    yield done / (2 * count);
  }
  const finite = count - notANumber - infinite;
  const counts = new Float64Array(bins);
  if (finite === 0)
    return {
      count,
      notANumber,
      infinite,
      zeros,
      min: NaN,
      max: NaN,
      mean: NaN,
      norm: NaN,
      low: NaN,
      high: NaN,
      counts,
    };
  const scale = Math.max(Math.abs(min), Math.abs(max)) || 1;
  // One number for all of them stands in the middle.
  const half = min === max ? Math.abs(min) / 2 || 0.5 : 0;
  const [low, high] = [min - half, max + half];
  let [sum, squares] = [0, 0];
  done = 0;
  for (const piece of piecesOf(node)) {
    for (const value of piece) {
      if (!Number.isFinite(value)) continue;
      const share = value / scale;
      sum += share;
      squares += share * share;
      // Halves, because the width itself may be beyond the largest double.
      const place = (value / 2 - low / 2) / (high / 2 - low / 2);
      const bin = Math.min(bins - 1, Math.max(0, Math.floor(place * bins)));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    done += piece.length;
    yield 0.5 + done / (2 * count);
  }
  return {
    count,
    notANumber,
    infinite,
    zeros,
    min,
    max,
    mean: (sum / finite) * scale,
    norm: Math.sqrt(squares) * scale,
    low,
    high,
    counts,
  };
}

/** The last axis is the width; a scalar is one cell. */
function areaOf(shape: readonly number[]): readonly [rows: number, columns: number] {
  const columns = shape.at(-1) ?? 1;
  return [shape.slice(0, -1).reduce((product, size) => product * size, 1), columns];
}

export function* tensorPicture(node: TensorNode, maxRows: number, maxColumns: number): Resumable<TensorPicture> {
  const shape = areaOf(node.shape);
  const [height, width] = shape;
  const [rows, columns] = [Math.min(height, maxRows), Math.min(width, maxColumns)];
  const cells = new Float64Array(rows * columns);
  let [limit, i] = [0, 0];
  for (const piece of piecesOf(node)) {
    for (const value of piece) {
      const cell =
        Math.floor((Math.floor(i / width) * rows) / height) * columns + Math.floor(((i % width) * columns) / width);
      const [magnitude, before] = [Math.abs(value), Math.abs(cells[cell] ?? 0)];
      if (magnitude > before || Number.isNaN(value)) cells[cell] = value;
      if (magnitude > limit && magnitude < Infinity) limit = magnitude;
      i++;
    }
    yield i / (height * width);
  }
  return { shape, rows, columns, values: Float32Array.from(cells, (x) => (limit > 0 ? x / limit : x)), limit };
}
