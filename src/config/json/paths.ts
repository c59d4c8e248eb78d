// Where in a file a problem of its text stands, as a JSON path.
import { indicesAt } from './locateNumbers.js';
import type { JsonNode, Span, TensorNode } from './node.js';
import type { Tick } from './scanner.js';
import { appendIndex, appendKey } from './jsonPath.js';

type PathAt = (offset: number) => string;

/**
 * JSON paths of the innermost values that hold the offsets; of the property where an offset is in its key. Elements of
 * one block of numbers are found by one reading of its text, however many are asked for.
 */
export function pathsAt(text: string, root: JsonNode | null, offsets: readonly number[], tick: Tick): PathAt {
  const paths = new Map<number, string>();
  const blocks = new Map<TensorNode, { readonly path: string; readonly offsets: number[] }>();
  for (const offset of [...new Set(offsets)].sort((a, b) => a - b)) {
    const { path, block } = descend(root, offset);
    if (block === null) paths.set(offset, path);
    else if (blocks.get(block)?.offsets.push(offset) === undefined) blocks.set(block, { path, offsets: [offset] });
  }
  for (const [block, { path, offsets: inside }] of blocks) {
    indicesAt(text, block, inside, tick).forEach((indices, i) =>
      paths.set(inside[i]!, indices.reduce(appendIndex, path)),
    );
  }
  return (offset) => paths.get(offset)!;
}

const holds = (span: Span, offset: number): boolean => span.offset <= offset && offset < span.offset + span.length;

/** The last of some places, in the order of the text, that does not begin behind the offset; −1 when all do. */
function lastBefore(count: number, begins: (i: number) => number, offset: number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (begins(middle) <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The path of the innermost value, or of the block of numbers that its text has to be read for. */
function descend(root: JsonNode | null, offset: number): { readonly path: string; readonly block: TensorNode | null } {
  let path = '';
  let node = root;
  while (node !== null && holds(node, offset)) {
    if (node.kind === 'tensor') return { path, block: node };
    let next: JsonNode | null = null;
    if (node.kind === 'object') {
      const { properties } = node;
      const property = properties[lastBefore(properties.length, (i) => properties[i]!.keySpan.offset, offset)];
      if (property !== undefined && (holds(property.keySpan, offset) || holds(property.value, offset))) {
        path = appendKey(path, property.key);
        next = property.value;
      }
    } else if (node.kind === 'array') {
      const { items } = node;
      const index = lastBefore(items.length, (i) => items[i]!.offset, offset);
      const item = items[index];
      if (item !== undefined && holds(item, offset)) {
        path = appendIndex(path, index);
        next = item;
      }
    }
    node = next;
  }
  return { path, block: null };
}
