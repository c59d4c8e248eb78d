// The quick way through a file that is sound: its blocks of numbers go through the kernel, and only what is left is
// read as text.
import { BlockReader, commentEnd } from './numberBlocks.js';
import type { Block } from './numberBlocks.js';
import type { JsonNode, Property } from './node.js';
import { maxDepth, parseSound } from './parse.js';
import type { Parsed } from './parse.js';
import type { Tick } from './scanner.js';

/** What stands for a block in the text that is left. */
const placeholder = '[0]';
/** A file with more text than this besides its blocks is nothing that this way would be quicker for. */
const mostText = 1 << 20;
/** So many blocks, of so few bytes each with what stands between them, are read faster as text. */
const [manyBlocks, smallBlock] = [1000, 256];
/** Bytes between two ticks. */
const bytesPerTick = 4096;
/** Characters inside a text between two ticks. */
const stepsPerTick = 65536;
/** Nodes of the tree between two ticks. */
const nodesPerTick = 1024;

const [quote, slash, backslash, openBracket, closeBracket, openBrace, closeBrace] = [
  0x22, 0x2f, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/** A block in the text that is left: where its placeholder begins, and how many code units fewer that has. */
type Cut = { readonly at: number; readonly shorter: number; readonly block: Block };

let reader: BlockReader | null = null;

/** Only at the beginning of a file is a byte order mark one. */
const atBeginning = new TextDecoder('utf-8', { fatal: true });
const further = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What `parseJson` makes of the text of these bytes, bit for bit and place for place; null when anything is out of
 * order, which `parseJson` then has to tell: bytes that are no UTF-8, text that is not JSON, keys that stand twice,
 * lists that are no regular blocks of numbers and long.
 * Where there is no WebAssembly it has to read every file with a list.
 */
export function parseBytes(bytes: Uint8Array, tick: Tick): Parsed | null {
  const cuts: Cut[] = [];
  const text = skeletonOf(bytes, cuts, tick);
  if (text === null) return null;
  const parsed = parseSound(text, tick);
  const root = parsed?.root ?? null;
  return parsed === null || root === null || cuts.length === 0
    ? parsed
    : { ...parsed, root: restored(root, cuts, tick) };
}

/** The text with a placeholder for every block; null when something is out of order. */
function skeletonOf(bytes: Uint8Array, cuts: Cut[], tick: Tick): string | null {
  /** Whether each open bracket is that of a list: there a placeholder would be taken for an element like others. */
  const lists: boolean[] = [];
  let text = '';
  let from = 0;
  const take = (end: number): boolean => {
    try {
      text += (from === 0 ? atBeginning : further).decode(bytes.subarray(from, end));
      return true;
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
  };
  let nextTick = bytesPerTick;
  for (let at = 0; at < bytes.length; at++) {
    if (at >= nextTick) {
      tick();
      nextTick = at + bytesPerTick;
      if (text.length + at - from > mostText) return null;
    }
    const byte = bytes[at];
    if (byte === quote) {
      at = stringEnd(bytes, at, tick);
    } else if (byte === slash) {
      const end = commentEnd(bytes, at, tick);
      if (end === null) return null;
      at = end - 1;
    } else if (byte === openBrace) {
      lists.push(false);
    } else if (byte === closeBrace || byte === closeBracket) {
      if (lists.pop() !== (byte === closeBracket)) return null;
    } else if (byte === openBracket) {
      reader ??= BlockReader.create();
      if (reader === null) return null;
      const block = lists.at(-1) === true ? null : reader.read(bytes, at, tick);
      if (block === null) {
        lists.push(true);
        continue;
      }
      if (
        !take(at) ||
        lists.length + block.shape.length > maxDepth ||
        (cuts.length === manyBlocks && at < manyBlocks * smallBlock)
      )
        return null;
      cuts.push({ at: text.length, shorter: block.textLength - placeholder.length, block });
      text += placeholder;
      from = block.end;
      at = block.end - 1;
      nextTick = at + bytesPerTick;
    }
  }
  return take(bytes.length) && text.length <= mostText ? text : null;
}

/** The closing quote of the text that begins at `start`; the last byte when there is none. */
function stringEnd(bytes: Uint8Array, start: number, tick: Tick): number {
  let at = start + 1;
  for (let steps = 1; at < bytes.length && bytes[at] !== quote; steps++) {
    at += bytes[at] === backslash ? 2 : 1;
    if (steps % stepsPerTick === 0) tick();
  }
  return Math.min(at, bytes.length - 1);
}

/** The tree with blocks for their placeholders and every place where it is in the whole text. */
function restored(root: JsonNode, cuts: readonly Cut[], tick: Tick): JsonNode {
  const added = [0];
  for (const { shorter } of cuts) added.push(added.at(-1)! + shorter);
  /** The number of cuts that begin before the offset. */
  const before = (offset: number): number => {
    let [low, high] = [0, cuts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cuts[middle]!.at < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const place = (offset: number): number => offset + added[before(offset)]!;
  const span = ({
    offset,
    length,
  }: {
    readonly offset: number;
    readonly length: number;
  }): { offset: number; length: number } => ({ offset: place(offset), length: place(offset + length) - place(offset) });
  const property = ({ key, keySpan, value }: Property): Property => ({
    key,
    keySpan: span(keySpan),
    value: node(value),
  });
  let nodes = 0;
  const node = (given: JsonNode): JsonNode => {
    if (++nodes % nodesPerTick === 0) tick();
    if (given.kind === 'object') return { ...given, ...span(given), properties: given.properties.map(property) };
    if (given.kind === 'array') return { ...given, ...span(given), items: given.items.map(node) };
    const cut = given.kind === 'tensor' ? cuts[before(given.offset)] : undefined;
    if (given.kind !== 'tensor' || cut?.at !== given.offset) return { ...given, ...span(given) };
    return { kind: 'tensor', ...span(given), shape: cut.block.shape, data: cut.block.data };
  };
  return node(root);
}
