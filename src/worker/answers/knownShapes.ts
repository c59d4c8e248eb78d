// Sizes and units that a config's files tell before a run.
import { blocksOf, inputsOf, orderOf, weightLayers } from '../../config/read/index.js';
import type { FoundParts } from '../../config/read/index.js';
import type { Value } from '../../config/json/index.js';
import type { KnownShapes, PartInfo } from '../../protocol/index.js';

/** Units all of whose columns are named; of one gate these are the columns. */
export function unitsOf(columns: readonly number[], blocks: PartInfo['blocks']): readonly number[] {
  if (blocks === null || blocks.gates.length === 1) return columns;
  const named = new Map<number, number>();
  for (const column of columns) named.set(column % blocks.H, (named.get(column % blocks.H) ?? 0) + 1);
  return [...named].flatMap(([unit, count]) => (count === blocks.gates.length ? [unit] : [])).sort((a, b) => a - b);
}

/** How many sequences there are where they differ in length. */
function raggedCount(parts: FoundParts['parts']): number | null {
  const node = parts.find(({ role }) => role === 'sequences')?.value.node;
  if (node?.kind !== 'array') return null;
  return node.items.every((item) => item.kind === 'tensor' && item.shape.length === 2) ? node.items.length : null;
}

/**
 * Sizes that the files agree on; H from the recurrent matrix, I from the sequences before the input matrix. A network
 * of several layers or directions has no one H.
 */
export function shapesOf({ parts, groups, config }: FoundParts): KnownShapes {
  const isStepByStep = orderOf(config?.get('sequenceOrder')) === 'TBI';
  // By the shape alone: the numbers may lie on a disk, where they can be out of reach.
  const shape = (value: Value | null | undefined): readonly number[] | null =>
    value?.node.kind === 'tensor' && !value.node.shape.includes(0) ? value.node.shape : null;
  const chunks = parts
    .filter(({ role }) => role === 'sequences')
    .map(({ value }) => shape(value))
    .map((s) => {
      if (s?.length === 2) return [1, ...s];
      if (s?.length !== 3) return null;
      const [first, second, I] = s;
      return isStepByStep ? [second, first, I] : s;
    });
  const [first] = chunks;
  const [layer, ...others] = weightLayers(groups);
  const blocks = layer === undefined || others.length > 0 ? null : blocksOf(layer.group);
  const H = blocks?.H ?? null;
  const fromInput = layer === undefined || others.length > 0 ? null : inputsOf(layer.group);
  const T =
    chunks.length > 0 && !chunks.includes(null) ? chunks.reduce((sum, chunk) => sum + (chunk?.[1] ?? 0), 0) : null;
  return { B: first?.[0] ?? raggedCount(parts), T, I: first?.[2] ?? fromInput, H };
}
