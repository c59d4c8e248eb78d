// From a number on the page back to its text.
import { layersIn, openEntry } from '../../config/index.js';
import type { Entry, FileContent } from '../../config/read/index.js';
import type { Range, Value } from '../../config/json/index.js';
import type { Group } from '../../config/layouts/index.js';
import type { FileRequest, WeightPlace } from '../../protocol/index.js';

type Found = { readonly value: Value; readonly transposed: boolean };

/**
 * Where the text of W[row, column] stands, stored either way round; of the first bias where a layout adds two. Null
 * when the weights cannot be read as they are now.
 */
export async function locateWeight(
  entry: Entry,
  place: WeightPlace,
  readFile: (request: FileRequest) => Promise<FileContent>,
): Promise<{ readonly file: string; readonly range: Range } | null> {
  const open = await openEntry(entry, { read: (reference, from) => readFile({ reference, from }) });
  const [group] = await layersIn(open);
  const found = group === undefined ? null : foundIn(group, place);
  const node = found?.value.node;
  if (found === null || node?.kind !== 'tensor') return null;
  const width = node.shape.at(-1) ?? 0;
  const [row, column] = found.transposed ? [place.column, place.row] : [place.row, place.column];
  const leaf = found.value.leaves(node, [row * width + column])[0];
  return leaf === undefined
    ? null
    : { file: found.value.document.id, range: found.value.document.lines.range(leaf.where.place) };
}

function foundIn({ layout, input, recurrent, biases }: Group, { tensor }: WeightPlace): Found | null {
  const value =
    tensor === 'Wx'
      ? input
      : tensor === 'Wh'
        ? recurrent
        : tensor === 'b'
          ? (biases.find((bias) => bias !== null) ?? null)
          : null;
  return value === null ? null : { value, transposed: tensor !== 'b' && layout.transposed };
}
