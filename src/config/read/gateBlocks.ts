// From a framework's order of gates and orientation to that of the cell.
import type { Cell } from '../../engine/index.js';
import type { Layout } from '../layouts/weightLayouts.js';

type Gated = Pick<Cell, 'name' | 'gates'>;

/** For each gate of the cell, which block of the framework holds it. */
export const blockOrder = ({ name, gates }: Gated, layout: Layout): number[] => {
  const theirs = layout.gates[name] ?? gates;
  return gates.map((gate) => theirs.indexOf(gate));
};

/** [rows,columns] → [columns,rows] */
export function transpose(data: Float64Array, rows: number, columns: number): Float64Array {
  const turned = new Float64Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) turned[c * rows + r] = data[r * columns + c] ?? 0;
  return turned;
}

/**
 * A matrix as the cell has it, [rows,G·H], from the framework's: that, with blocks in another order, or transposed.
 * What needs no change is not copied.
 */
export function arrangeMatrix(
  data: Float64Array,
  rows: number,
  H: number,
  order: readonly number[],
  transposed: boolean,
): Float64Array {
  const width = order.length * H;
  const inOrder = transposed ? transpose(data, width, rows) : data;
  return arrangeRows(inOrder, rows, H, order);
}

/** Rows of G blocks each, brought into the order of the cell's gates. */
export function arrangeRows(data: Float64Array, rows: number, H: number, order: readonly number[]): Float64Array {
  if (order.every((block, gate) => block === gate)) return data;
  const width = order.length * H;
  const arranged = new Float64Array(data.length);
  for (let row = 0; row < rows; row++) {
    order.forEach((block, gate) => {
      const from = row * width + block * H;
      arranged.set(data.subarray(from, from + H), row * width + gate * H);
    });
  }
  return arranged;
}

/** Whether the cell keeps the bias of the state before apart, because it resets that after the product (GRU). */
export const hasStateBias = ({ parameters }: Pick<Cell, 'parameters'>): boolean =>
  parameters.some(({ name }) => name === 'bh');
