// From a number on the page back to its text.
import { findParts } from '../../config/index.js';
import { readDocument, Value } from '../../config/json/index.js';
import type { Entry, FileContent, Part } from '../../config/read/index.js';
import { findGroups, namedValues } from '../../config/layouts/index.js';
import { cellNames, cellOf } from '../../engine/index.js';
import type { ParameterSpec } from '../../engine/index.js';
import type { Range } from '../../config/json/index.js';
import type { FileRequest, WeightPlace } from '../../protocol/index.js';

type Found = { readonly value: Value; readonly transposed: boolean };

/** What a parameter of this name is, in every cell that has it. */
const roleOf = (name: string): ParameterSpec['role'] | undefined =>
  cellNames.flatMap((cell) => cellOf(cell).parameters).find((parameter) => parameter.name === name)?.role;

/** Matrices and biases go by other names in other layouts; what is a cell's own has one name everywhere. */
const holds = ({ role, name }: Part, tensor: string): boolean => {
  const wanted = roleOf(tensor);
  return wanted === 'other' ? role === 'parameter' && name === tensor : role === wanted;
};

/**
 * Where the text of W[row, column] stands, stored either way round; of the first bias where a layout adds two. Null
 * when the weights cannot be read as they are now.
 */
export async function locateWeight(
  entry: Entry,
  place: WeightPlace,
  readFile: (request: FileRequest) => Promise<FileContent>,
): Promise<{ readonly file: string; readonly range: Range } | null> {
  const open = async (reference: string, from: string | null): Promise<{ id: string; root: Value | null }> => {
    const content = await readFile({ reference, from });
    return {
      id: content.id,
      root: content.ok ? Value.root(readDocument(content.id, content.bytes, () => undefined)) : null,
    };
  };
  const found =
    entry.kind === 'config'
      ? await inConfig(entry.config, place, open)
      : inWeights((await open(entry.weights, null)).root, place);
  const node = found?.value.node;
  if (found === null || node?.kind !== 'tensor') return null;
  const width = node.shape.at(-1) ?? 0;
  const [row, column] = found.transposed ? [place.column, place.row] : [place.row, place.column];
  const leaf = found.value.leaves(node, [row * width + column])[0];
  return leaf === undefined
    ? null
    : { file: found.value.document.id, range: found.value.document.lines.range(leaf.where.place) };
}

async function inConfig(
  config: string,
  { tensor }: WeightPlace,
  open: Parameters<typeof findParts>[1],
): Promise<Found | null> {
  return (await findParts(config, open)).parts.find((part) => holds(part, tensor)) ?? null;
}

function inWeights(root: Value | null, { tensor }: WeightPlace): Found | null {
  const group = root?.node.kind === 'object' ? findGroups(namedValues(root))[0] : undefined;
  if (group === undefined) return null;
  const role = roleOf(tensor);
  const value =
    role === 'input'
      ? group.input
      : role === 'recurrent'
        ? group.recurrent
        : role === 'bias'
          ? (group.biases.find((bias) => bias !== null) ?? null)
          : null;
  return value === null ? null : { value, transposed: role !== 'bias' && group.layout.transposed };
}
