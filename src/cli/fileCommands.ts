// `inspect` and `convert`: what a file of numbers holds, and one network or the sequences of it as JSON.
import { t as say } from '@vscode/l10n';
import { UnreadableNumbers } from '../config/index.js';
import { contentsOf, convertFile, isList, jsonPieces, NotWritable } from '../config/read/index.js';
import type { Block, Contents, Converted } from '../config/read/index.js';
import { batches, writeWhole } from '../report/index.js';
import { escapeControls, problemLine } from '../worker/record/index.js';
import type { Arguments } from './arguments.js';
import { diskFiles } from './diskFiles.js';
import { refuse, whyInput, whyUnwritable, written } from './outputs.js';
import { print, printError } from './terminal.js';

/** What stands in a file, one line each. */
function contentsText(file: string, { format, values, networks, refused }: Contents): string[] {
  return [
    `${file}: ${format ?? 'JSON'}`,
    ...values.map(({ name, told }) => `  ${name === '' ? say('(without a name)') : name}  ${told}`),
    networks.length === 0 ? say('No recurrent layer is recognised.') : say('Recurrent layers:'),
    ...networks.map((network) => `  ${network}`),
    ...refused.map((reason) => say('"run" does not take this: {0}', reason)),
  ];
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
  target.toLowerCase().endsWith('.safetensors') ? safetensorsBytes(content) : batches(jsonPieces(content));

type Asked<Command> = Extract<Arguments, { readonly command: Command }>;

/** Prints what is in a file; the exit code. */
export async function inspect({ file, longestText }: Asked<'inspect'>): Promise<number> {
  const { contents, problems } = await contentsOf(file, diskFiles(longestText));
  for (const problem of problems) printError(`${problemLine(problem)}\n`);
  if (contents === null) return 2;
  // Names may hold anything; what is a line stays one.
  for (const line of contentsText(file, contents)) print(`${escapeControls(line)}\n`);
  return 0;
}

/** Writes what a file holds as another one; the exit code. */
export async function convert({ file, target, name, longestText }: Asked<'convert'>): Promise<number> {
  const obstacle = (await whyUnwritable(target)) ?? (await whyInput(target, [file]));
  if (obstacle !== null) return refuse(target, obstacle);
  try {
    const { content, problems } = await convertFile(file, name, diskFiles(longestText));
    for (const problem of problems) printError(`${problemLine(problem)}\n`);
    if (content === null) return 2;
    return (await written(target, () => writeWhole(target, convertedPieces(content, target)))) ?? 0;
  } catch (error) {
    if (error instanceof NotWritable) return refuse(target, error.message);
    // Of the file that is read, at whichever step its numbers are wanted.
    if (!(error instanceof UnreadableNumbers)) throw error;
    printError(`${problemLine(error.problem)}\n`);
    return 2;
  }
}
