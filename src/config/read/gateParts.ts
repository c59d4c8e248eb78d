// The blocks of a layer's gates as a file has them, and which layer of the network weights belong to.
import type { Direction } from '../../engine/index.js';
import type { Value } from '../json/jsonValue.js';
import type { Group } from '../layouts/weightLayouts.js';
import type { Part } from './configParts.js';
import { weightLayers, blocksOf } from './weightShapes.js';

/** One gate's block of a matrix or of a bias. */
export type GateBlock = {
  readonly gate: string;
  /** Of a tensor that holds both directions; else null. */
  readonly direction: Direction | null;
  /** Of a tensor that holds both biases; else null. */
  readonly bias: 'input' | 'state' | null;
  /** How it lies in its matrix: rows below those of other gates, or columns beside them. A bias is a list. */
  readonly lies: 'rows' | 'columns' | 'numbers';
  /** Its first row, column or number, and the one behind its last. */
  readonly from: number;
  readonly to: number;
  /** Where its numbers are in the tensor: `rows` runs of `columns`, `stride` from one to the next. */
  readonly first: number;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
};

type Weight = Pick<Part, 'role' | 'group' | 'transposed'> & { readonly value: Pick<Value, 'node'> };

/** In the order of the file; none for a cell of one gate, and where the shape does not fit the recurrent matrix. */
export function gateBlocksOf({ role, group, transposed, value: { node } }: Weight): GateBlock[] {
  const blocks = group === null ? null : blocksOf(group);
  if (blocks === null || blocks.gates.length === 1 || node.kind !== 'tensor') return [];
  const { H, gates, order, stacked } = blocks;
  const width = gates.length * H;
  const places = gates.map((gate, g) => ({ gate, from: order[g]! * H })).sort((a, b) => a.from - b.from);
  const { shape } = node;
  if (role === 'bias') return biasBlocks(shape, places, H, width, stacked);
  const inner = stacked ? shape.slice(1) : shape;
  if ((role !== 'input' && role !== 'recurrent') || inner.length !== 2) return [];
  const [outer, columns] = inner as readonly [number, number];
  if ((transposed ? outer : columns) !== width) return [];
  const directions = stacked ? shape[0]! : 1;
  return Array.from({ length: directions }, (_, d) => d * outer * columns).flatMap((start, d) =>
    places.map(({ gate, from }) => ({
      gate,
      direction: directions === 1 ? null : directionOf(d),
      bias: null,
      lies: transposed ? ('rows' as const) : ('columns' as const),
      from,
      to: from + H,
      first: start + (transposed ? from * columns : from),
      rows: transposed ? H : outer,
      columns: transposed ? columns : H,
      stride: columns,
    })),
  );
}

const directionOf = (index: number): Direction => (index === 0 ? 'forward' : 'reverse');

type Place = { readonly gate: string; readonly from: number };

/** Lists [G·H] or [1,G·H]; both biases of Keras' GRU as [2,G·H]; of ONNX side by side, [D,2·G·H]. */
function biasBlocks(
  shape: readonly number[],
  places: readonly Place[],
  H: number,
  width: number,
  stacked: boolean,
): GateBlock[] {
  const long = shape.at(-1)!;
  const lines = shape.length === 1 ? 1 : shape[0]!;
  const halves = stacked ? 2 : 1;
  if (shape.length > 2 || long !== halves * width || lines > 2) return [];
  return Array.from({ length: lines * halves }, (_, i) => i).flatMap((i) =>
    places.map(({ gate, from }) => {
      const [line, half] = [Math.floor(i / halves), i % halves];
      const second = stacked ? half === 1 : line === 1;
      const both = stacked || lines === 2;
      const within = half * width + from;
      return {
        gate,
        direction: stacked && lines === 2 ? directionOf(line) : null,
        bias: !both ? null : second ? ('state' as const) : ('input' as const),
        lies: 'numbers' as const,
        from: within,
        to: within + H,
        first: line * long + within,
        rows: 1,
        columns: H,
        stride: long,
      };
    }),
  );
}

/** The numbers of a block by themselves, [rows,columns] as the file has them. */
export function numbersOf(data: Float64Array, { first, rows, columns, stride }: GateBlock): Float64Array {
  if (rows === 1 || stride === columns) return data.subarray(first, first + rows * columns);
  const own = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++)
    own.set(data.subarray(first + row * stride, first + row * stride + columns), row * columns);
  return own;
}

/** Which layer of the network weights belong to. */
export type LayerPlace = {
  readonly layer: number;
  /** Null where one tensor holds both. */
  readonly direction: Direction | null;
  /** Its number, counted with directions; of both the first. */
  readonly index: number;
  /** How many there are, counted by themselves, and in how many directions. */
  readonly layers: number;
  readonly directions: number;
};

/** The place of each group of one network; of groups that are none, null. */
export function layerPlaces(groups: readonly Group[]): (group: Group) => LayerPlace | null {
  const layers = weightLayers(groups);
  // Networks of Keras and ONNX number groups that their names do not.
  const same = (a: Group, b: Group): boolean => a.input === b.input && a.recurrent === b.recurrent;
  const directions = layers.some(({ group, index }) => index > 0 || group.direction === 'reverse') ? 2 : 1;
  const count = 1 + layers.reduce((most, { group: { layer } }) => Math.max(most, layer), -1);
  return (group) => {
    const index = layers.findIndex((one) => same(one.group, group));
    const found = layers[index]?.group;
    if (found === undefined) return null;
    const both = layers[index + 1]?.group === found;
    return { layer: found.layer, direction: both ? null : found.direction, index, layers: count, directions };
  };
}
