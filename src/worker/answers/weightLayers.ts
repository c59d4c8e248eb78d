// Layers of a network as the shapes of their weights tell them, before anything is checked.
import { blockOrder, gatedCell } from '../../config/read/index.js';
import { networkGroups } from '../../config/layouts/index.js';
import type { Group } from '../../config/layouts/index.js';
import { cellOf } from '../../engine/index.js';
import type { Value } from '../../config/json/index.js';

/** A layer in one direction: a group, or an element of its stacked tensors. */
export type WeightLayer = { readonly group: Group; readonly index: number };

/** How the columns of a layer's weights are made up: G blocks of H units. */
export type Blocks = {
  readonly H: number;
  /** For each gate of the cell, which block of the file holds it. */
  readonly order: readonly number[];
  /** Names of the gates, in the order of the cell. */
  readonly gates: readonly string[];
};

/** A block of numbers with at least one number; without the axis of a stack. */
function shapeOf(value: Value | null, { layout: { stacked } }: Group): readonly number[] | null {
  if (value?.node.kind !== 'tensor' || value.node.data.length === 0) return null;
  return stacked ? value.node.shape.slice(1) : value.node.shape;
}

/** What the recurrent matrix says; null where it is none of any cell. */
export function blocksOf(group: Group): Blocks | null {
  const shape = shapeOf(group.recurrent, group);
  if (shape?.length !== 2) return null;
  const { layout } = group;
  const [rows = 0, columns = 0] = shape;
  const [H, wide] = layout.transposed ? [columns, rows] : [rows, columns];
  if (wide === H) return { H, order: [0], gates: [''] };
  const name = gatedCell({ shape }, layout);
  if (name === null) return null;
  const cell = cellOf(name);
  return wide === cell.gates.length * H ? { H, order: blockOrder(cell, layout), gates: cell.gates } : null;
}

/** From the input up, `forward` before `reverse`; none where they are not those of one network. */
export function weightLayers([first, ...others]: readonly Group[]): WeightLayer[] {
  if (first === undefined) return [];
  const network = networkGroups([first, ...others]);
  if (network.kind !== 'network') return [];
  return network.groups.flatMap((group) => {
    const { recurrent, layout } = group;
    const count = layout.stacked && recurrent?.node.kind === 'tensor' ? (recurrent.node.shape[0] ?? 0) : 1;
    return Array.from({ length: count }, (_, index) => ({ group, index }));
  });
}
