// The biases of a layer that was made without, as its layout has them.
import type { Value } from '../../config/json/index.js';
import { keyBeside } from '../../config/layouts/index.js';
import type { Group } from '../../config/layouts/index.js';
import { indentOf, insertAfter, lineBreak, replaceSpan } from '../../config/edit/index.js';
import type { TextChange } from '../../config/edit/index.js';
import type { Blocks } from '../../config/read/index.js';

/** One of a layer's biases [G·H], that of the input or of the state before, in the order of the file. */
export type BiasNumbers = (bias: 'input' | 'state', direction: number) => ArrayLike<number>;

/** The value of one of the layout's keys of a bias, as JSON. */
function biasText({ layout, recurrent }: Group, { gates }: Blocks, numbers: BiasNumbers, i: number): string {
  const list = (...values: readonly ArrayLike<number>[]): string =>
    `[${values.flatMap((value) => Array.from(value, String)).join(', ')}]`;
  if (layout.stacked) {
    const directions = recurrent?.node.kind === 'tensor' ? (recurrent.node.shape[0] ?? 1) : 1;
    const rows = Array.from({ length: directions }, (_, d) => list(numbers('input', d), numbers('state', d)));
    return `[${rows.join(', ')}]`;
  }
  // The two biases of Keras' GRU are two rows.
  if (layout.framework === 'Keras' && gates.length === 3)
    return `[${list(numbers('input', 0))}, ${list(numbers('state', 0))}]`;
  if (layout.biases.length > 1) return list(numbers(i === 0 ? 'input' : 'state', 0));
  const state = numbers('state', 0);
  return list(Array.from(numbers('input', 0), (value, j) => value + (state[j] ?? 0)));
}

/**
 * The biases that a layer does not have yet, behind its recurrent matrix or, where what follows that goes away, before
 * it. Null where the matrix's key writes its name with escapes.
 */
export function addedBiases(
  recurrent: Value,
  group: Group,
  blocks: Blocks,
  numbers: BiasNumbers,
  where: 'behind' | 'before' = 'behind',
): TextChange[] | null {
  const { biases, recurrent: name } = group.layout;
  const missing = biases.flatMap((bias, i) => (group.biases[i] === null ? [{ bias, i }] : []));
  const keys = missing.flatMap(({ bias, i }) => {
    const key = keyBeside(recurrent, name, bias);
    return key === null ? [] : [`${key}: ${biasText(group, blocks, numbers, i)}`];
  });
  if (keys.length < missing.length) return null;
  if (keys.length === 0) return [];
  const { document, place } = recurrent;
  const between = (indent: string | null): string => (indent === null ? ', ' : `,${lineBreak(document.text)}${indent}`);
  if (where === 'behind') return insertAfter(recurrent, (indent) => keys.join(between(indent)));
  const separator = between(indentOf(recurrent));
  return [replaceSpan(document, { offset: place.offset, length: 0 }, `${keys.join(separator)}${separator}`)];
}
