// From a framework's order of gates and orientation to that of the cell, and back to the place in the file.
import type { Cell, ParameterSpec } from '../../engine/index.js';
import type { Value } from '../json/jsonValue.js';
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
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) turned[c * rows + r] = data[r * columns + c]!;
  return turned;
}

/** How a parameter [rows,G·H] of a cell is kept by its framework. */
export type Arrangement = {
  readonly rows: number;
  readonly H: number;
  /** For each gate of the cell, which block holds it. */
  readonly order: readonly number[];
  /** Stored [G·H,rows]. */
  readonly transposed: boolean;
};

/** Where the numbers of a parameter stand: in a block of numbers of a file, from a flat index on. */
export type Stored = Arrangement & { readonly where: Value; readonly from: number };
/** The same with these numbers alone. */
export type StoredNumbers = Stored & { readonly data: Float64Array };

/**
 * A parameter as the cell has it, from its framework's numbers: those, with blocks in another order, or transposed.
 * What needs no change is not copied.
 */
export function arrange({ data, rows, H, order, transposed }: Omit<StoredNumbers, 'where' | 'from'>): Float64Array {
  // Of a matrix whose shape alone is looked at there are no numbers.
  if (data.length === 0) return data;
  return arrangeRows(transposed ? transpose(data, order.length * H, rows) : data, rows, H, order);
}

/** The way back: where in its block the number at [row,column] of a parameter stands; null outside of the parameter. */
export function storedIndex(
  { from, rows, H, order, transposed }: Pick<Stored, keyof Arrangement | 'from'>,
  row: number,
  column: number,
): number | null {
  const block = order[Math.floor(column / H)];
  if (block === undefined || row >= rows) return null;
  const theirs = block * H + (column % H);
  return from + (transposed ? theirs * rows + row : row * order.length * H + theirs);
}

/** Rows of G blocks each, brought into the order of the cell's gates. */
function arrangeRows(data: Float64Array, rows: number, H: number, order: readonly number[]): Float64Array {
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

/** The bias of the state before, of a cell that keeps it apart. Every layout names it. */
const stateBias = 'bh';

/** Whether the cell keeps the bias of the state before apart, because it resets that after the product (GRU). */
export const hasStateBias = ({ parameters }: Pick<Cell, 'parameters'>): boolean =>
  parameters.some(({ name }) => name === stateBias);

/** Parameters that no layout names, so that they go by the cell's own names. */
export const ownParametersOf = ({ parameters }: Pick<Cell, 'parameters'>): readonly ParameterSpec[] =>
  parameters.filter(({ role, name }) => role === 'other' && name !== stateBias);
