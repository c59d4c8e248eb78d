// From a number on the page back to its text.
import { findParts } from '../../config/index.js';
import { readDocument, Value } from '../../config/json/index.js';
import { blocksOf, weightLayers } from '../../config/read/index.js';
import type { Blocks, Entry, FileContent, WeightLayer } from '../../config/read/index.js';
import { findGroups, namedValues } from '../../config/layouts/index.js';
import type { Range } from '../../config/json/index.js';
import type { FileRequest, WeightPlace } from '../../protocol/index.js';

/** A value, and the index of the number among all of its numbers. */
type Found = { readonly value: Value; readonly at: number };

/**
 * Where the text of W[row, column] of a layer stands, stored either way round and with its gates in any order; of the
 * first bias where a layout adds two. Null when the weights cannot be read as they are now.
 */
export async function locateWeight(
  entry: Entry,
  place: WeightPlace,
  layer: number,
  readFile: (request: FileRequest) => Promise<FileContent>,
): Promise<{ readonly file: string; readonly range: Range } | null> {
  const open = async (reference: string, from: string | null): Promise<{ id: string; root: Value | null }> => {
    const content = await readFile({ reference, from });
    return {
      id: content.id,
      root: content.ok ? Value.root(readDocument(content.id, content.bytes, () => undefined)) : null,
    };
  };
  const root =
    entry.kind === 'config' ? (await findParts(entry.config, open)).weights : (await open(entry.weights, null)).root;
  const groups = root?.node.kind === 'object' ? findGroups(namedValues(root)) : [];
  const own = weightLayers(groups)[layer];
  const blocks = own === undefined ? null : blocksOf(own.group);
  const found = own === undefined || blocks === null ? null : placeIn(own, blocks, place);
  if (found?.value.node.kind !== 'tensor') return null;
  const leaf = found.value.leaves(found.value.node, [found.at])[0];
  return leaf === undefined
    ? null
    : { file: found.value.document.id, range: found.value.document.lines.range(leaf.where.place) };
}

function placeIn(layer: WeightLayer, blocks: Blocks, { tensor, row, column }: WeightPlace): Found | null {
  const { H, order } = blocks;
  const block = order[Math.floor(column / H)];
  if (block === undefined) return null;
  const inFile = block * H + (column % H);
  const { group, index } = layer;
  const width = order.length * H;
  if (tensor === 'b' || tensor === 'bh') return biasIn(layer, blocks, tensor, inFile);
  const value = tensor === 'Wx' ? group.input : tensor === 'Wh' ? group.recurrent : null;
  if (value?.node.kind !== 'tensor') return null;
  const { transposed, stacked } = group.layout;
  const shape = stacked ? value.node.shape.slice(1) : value.node.shape;
  const [rows = 0, columns = 0] = shape;
  if (shape.length !== 2 || (transposed ? rows : columns) !== width || row >= (transposed ? columns : rows))
    return null;
  const at = transposed ? inFile * columns + row : row * columns + inFile;
  return { value, at: index * rows * columns + at };
}

/** Two biases stand in two values, in two rows (Keras' GRU), or one behind the other (ONNX). */
function biasIn(
  { group: { biases, layout }, index }: WeightLayer,
  { H, order }: Blocks,
  tensor: 'b' | 'bh',
  at: number,
): Found | null {
  const width = order.length * H;
  const second = tensor === 'bh';
  const [first = null, other = null] = biases;
  if (layout.stacked) return first === null ? null : { value: first, at: (2 * index + (second ? 1 : 0)) * width + at };
  if (layout.biases.length === 1)
    return first === null || (second && layout.framework !== 'Keras')
      ? null
      : { value: first, at: (second ? width : 0) + at };
  // The gated recurrent unit of three gates keeps its two biases apart; every other cell adds them.
  const value = second ? other : order.length === 3 ? first : (first ?? other);
  return value === null ? null : { value, at };
}
