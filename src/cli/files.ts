// `inspect` and `convert`: what a file of numbers holds, and one network or the sequences of it as JSON.
import { t as say } from '@vscode/l10n';
import type { Block, Contents, Converted } from '../config/read/index.js';
import { batches } from '../report/index.js';

/** What stands in a file, one line each. */
export function contentsText(file: string, { format, values, networks }: Contents): string[] {
  return [
    `${file}: ${format ?? say('a text')}`,
    ...values.map(({ name, told }) => `  ${name === '' ? say('(without a name)') : name}  ${told}`),
    networks.length === 0 ? say('No recurrent layer is recognised.') : say('Recurrent layers:'),
    ...networks.map((network) => `  ${network}`),
  ];
}

/** A number that JSON cannot write stands there. */
export class NotWritable extends Error {}

/** Exactly, with the sign of zero. */
function numberText(value: number, name: string): string {
  if (!Number.isFinite(value))
    throw new NotWritable(say('{0} holds a number that is not finite ({1}), which JSON cannot write.', name, value));
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Nested lists in pieces: one for each innermost list. */
function* nested({ shape, data }: Block, name: string, axis = 0, from = 0): Generator<string> {
  const size = shape[axis];
  if (size === undefined) {
    yield numberText(data[from] ?? NaN, name);
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

const isList = (sequences: Block | readonly Block[]): sequences is readonly Block[] => Array.isArray(sequences);

/** The text of a JSON file, in pieces. */
function* jsonText(content: NonNullable<Converted['content']>): Generator<string> {
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

/**
 * A safetensors file: the length of the header, the header as JSON, and the numbers, float64 in little endian
 * (https://huggingface.co/docs/safetensors).
 */
function* safetensorsBytes(content: NonNullable<Converted['content']>): Generator<Uint8Array> {
  const blocks: readonly (readonly [string, Block])[] =
    content.kind === 'weights'
      ? [...content.tensors]
      : isList(content.sequences)
        ? content.sequences.map((sequence, i) => [`sequence_${i}`, sequence])
        : [['sequences', content.sequences]];
  let end = 0;
  const entries = blocks.map(([name, { shape, data }]) => {
    const begin = end;
    end += 8 * data.length;
    return [name, { dtype: 'F64', shape, data_offsets: [begin, end] }] as const;
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  // Numbers begin at a multiple of eight bytes.
  const header = new TextEncoder().encode(text.padEnd(8 * Math.ceil(new TextEncoder().encode(text).length / 8)));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  yield length;
  yield header;
  for (const [, { data }] of blocks) {
    const bytes = new Uint8Array(8 * data.length);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of data.entries()) view.setFloat64(8 * i, value, true);
    yield bytes;
  }
}

/** What is written to `target`, as its name says. @throws NotWritable while it is written */
export const convertedPieces = (
  content: NonNullable<Converted['content']>,
  target: string,
): Iterable<string | Uint8Array> =>
  target.toLowerCase().endsWith('.safetensors') ? safetensorsBytes(content) : batches(jsonText(content));
