// Layers of a network as the shapes of their weights tell them, before anything is checked.
import { cellOf } from '../../engine/index.js';
import { isEmpty } from '../json/node.js';
import type { Value } from '../json/jsonValue.js';
import { networkGroups } from '../layouts/networkGroups.js';
import type { Group } from '../layouts/weightLayouts.js';
import { blockOrder } from './gateBlocks.js';
import { gatedCell } from './layerProblems.js';

/** Gates × H; `gates` names them in the order of the cell, and is one empty name for a cell of one gate. */
export type WeightBlocks = {
  readonly H: number;
  readonly gates: readonly string[];
  /** Both directions stand in one tensor, [D,…], and both biases in one row. */
  readonly stacked: boolean;
};

/** A layer in one direction: a group, or an element of its stacked tensors. */
export type WeightLayer = { readonly group: Group; readonly index: number };

/** How the columns of a layer's weights are made up: G blocks of H units. */
export type Blocks = WeightBlocks & {
  /** For each gate of the cell, which block of the file holds it. */
  readonly order: readonly number[];
};

/** A block of numbers with at least one number; without the axis of a stack. */
export function filledShape(value: Value | null, { layout: { stacked } }: Group): readonly number[] | null {
  if (value?.node.kind !== 'tensor' || isEmpty(value.node)) return null;
  return stacked ? value.node.shape.slice(1) : value.node.shape;
}

/** What the recurrent matrix says; null where it is none of any cell. */
export function blocksOf(group: Group): Blocks | null {
  const shape = filledShape(group.recurrent, group);
  if (shape?.length !== 2) return null;
  const { layout } = group;
  const { stacked } = layout;
  const [rows, columns] = shape as readonly [number, number];
  const [H, wide] = layout.transposed ? [columns, rows] : [rows, columns];
  if (wide === H) return { H, order: [0], gates: [''], stacked };
  const name = gatedCell({ shape });
  if (name === null) return null;
  const cell = cellOf(name);
  return wide === cell.gates.length * H ? { H, order: blockOrder(cell, layout), gates: cell.gates, stacked } : null;
}

/** One of the two sizes of an input matrix is that of the gates; when both are, the inputs are as many. */
export function inputsOf(group: Group): number | null {
  const blocks = blocksOf(group);
  const shape = filledShape(group.input, group);
  if (blocks === null || shape?.length !== 2) return null;
  const width = blocks.H * blocks.gates.length;
  const [rows, columns] = shape as readonly [number, number];
  return rows === width ? columns : columns === width ? rows : null;
}

/** From the input up, `forward` before `reverse`; none where they are not those of one network. */
export function weightLayers([first, ...others]: readonly Group[]): WeightLayer[] {
  if (first === undefined) return [];
  const network = networkGroups([first, ...others]);
  if (network.kind !== 'network') return [];
  return network.groups.flatMap((group) => {
    const { recurrent, layout } = group;
    const count = layout.stacked && recurrent?.node.kind === 'tensor' ? recurrent.node.shape[0]! : 1;
    return Array.from({ length: count }, (_, index) => ({ group, index }));
  });
}

/** The width of a network's output: H of its last layer, both directions side by side; null where that is unclear. */
export function outputsOf(groups: readonly Group[]): number | null {
  const layers = weightLayers(groups);
  const top = layers.at(-1)?.group.layer;
  const width = layers
    .filter(({ group }) => group.layer === top)
    .reduce((sum, { group }) => sum + (blocksOf(group)?.H ?? Number.NaN), 0);
  return width > 0 ? width : null;
}
