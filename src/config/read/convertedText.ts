// A network's tensors, or sequences, as the text of a JSON file.
import { t } from '@vscode/l10n';
import type { Block, Converted } from './contents.js';

/** A number that JSON cannot write stands there. */
export class NotWritable extends Error {}

/** Exactly, with the sign of zero. */
function numberText(value: number, name: string): string {
  if (!Number.isFinite(value))
    throw new NotWritable(t('{0} holds a number that is not finite ({1}), which JSON cannot write.', name, value));
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Nested lists in pieces: one for each innermost list. */
function* nested({ shape, data }: Block, name: string, axis = 0, from = 0): Generator<string> {
  const size = shape[axis];
  if (size === undefined) {
    yield numberText(data[from]!, name);
    return;
  }
  const step = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  if (axis === shape.length - 1) {
    yield `[${Array.from(data.subarray(from, from + size), (value) => numberText(value, name)).join(',')}]`;
    return;
  }
  yield '[';
  for (let i = 0; i < size; i++) {
    if (i > 0) yield ',';
    yield* nested({ shape, data }, name, axis + 1, from + i * step);
  }
  yield ']';
}

export const isList = (sequences: Block | readonly Block[]): sequences is readonly Block[] => Array.isArray(sequences);

/** The text of a JSON file, in pieces. */
export function* jsonPieces(content: NonNullable<Converted['content']>): Generator<string> {
  if (content.kind === 'weights') {
    let before = '{\n';
    for (const [name, block] of content.tensors) {
      yield `${before}${JSON.stringify(name)}: `;
      yield* nested(block, name);
      before = ',\n';
    }
    yield '\n}\n';
    return;
  }
  const { sequences } = content;
  if (!isList(sequences)) yield* nested(sequences, 'sequences');
  else {
    let before = '[';
    for (const sequence of sequences) {
      yield before;
      yield* nested(sequence, 'sequences');
      before = ',';
    }
    yield ']';
  }
  yield '\n';
}
