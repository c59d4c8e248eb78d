// Changes to the text of a file that leave everything else in it as it is: comments, white space, the way numbers are
// written.
import type { DType } from '../../engine/index.js';
import type { Document } from '../json/jsonDocument.js';
import { leafSpans } from '../json/locateNumbers.js';
import type { Span, TensorNode } from '../json/node.js';
import { Scanner } from '../json/scanner.js';
import type { Tick } from '../json/scanner.js';
import { token } from '../json/token.js';
import { styleOf } from './numberStyle.js';
import type { Range } from '../json/problem.js';
import type { Value } from '../json/jsonValue.js';
import { transpose } from '../read/gateBlocks.js';

/** Text to put in the place of a range of a file. */
export type TextChange = { readonly file: string; readonly range: Range; readonly text: string };

export const replaceSpan = (document: Document, span: Span, text: string): TextChange => ({
  file: document.id,
  range: document.lines.range(span),
  text,
});

export const lineBreak = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

const isBlank = (text: string): boolean => /^[ \t]*$/.test(text);

/** White space before the value's key when nothing else stands before it on its line; null otherwise. */
export function indentOf({ document: { text, lines }, place }: Value): string | null {
  const before = text.slice(lines.start(place.offset), place.offset);
  return isBlank(before) ? before : null;
}

/** Whether a file may hold comments: a config, a `.jsonc`, or one that holds some already. */
export function takesComments(document: Document): boolean {
  if (/\.(?:rnn\.json|jsonc)$/i.test(document.id)) return true;
  return hasComments(document.text, document.tick);
}

export function hasComments(text: string, tick: Tick): boolean {
  if (!text.includes('//') && !text.includes('/*')) return false;
  const scanner = new Scanner(text, tick, 0, true);
  for (;;) {
    const kind = scanner.scan();
    if (kind === token.end) return false;
    if (kind === token.lineComment || kind === token.blockComment) return true;
  }
}

/** The same block with other numbers; those that stay the same keep their text. `data` is row-major like the node's. */
export function replaceNumbers({ document }: Value, node: TensorNode, data: Float64Array, dtype: DType): TextChange {
  const write = styleOf(document, node, dtype);
  const spans = [...leafSpans(document.text, node.offset, document.tick)];
  const texts = spans.map(({ offset, length }, i) =>
    node.data[i] === data[i]! ? document.text.slice(offset, offset + length) : write(data[i]!),
  );
  return replaceSpan(document, node, spliceNumbers(document.text, node, spans, texts));
}

/** The text of a block with other texts for its numbers. Columns that are aligned to the right stay so. */
function spliceNumbers(text: string, node: TensorNode, spans: readonly Span[], texts: readonly string[]): string {
  const columns = node.shape.at(-1)!;
  const widths = node.shape.length < 2 ? null : alignedWidths(text, spans, texts, columns);
  const pieces: string[] = [];
  let at = node.offset;
  spans.forEach(({ offset, length }, i) => {
    const number = texts[i]!;
    const width = widths?.[i % columns];
    pieces.push(
      width === undefined
        ? text.slice(at, offset) + number
        : text.slice(at, offset - gapBefore(text, offset)) + number.padStart(width),
    );
    at = offset + length;
  });
  pieces.push(text.slice(at, node.offset + node.length));
  return pieces.join('');
}

function gapBefore(text: string, offset: number): number {
  let start = offset;
  while (text.charAt(start - 1) === ' ') start--;
  return offset - start;
}

/**
 * How wide each column, with the blanks before it, has to be for the new numbers; null when the old ones are not
 * aligned: every number of a column ends at the same place, and some have more blanks before them than others.
 */
function alignedWidths(
  text: string,
  spans: readonly Span[],
  texts: readonly string[],
  columns: number,
): number[] | null {
  const gaps = spans.map(({ offset }) => gapBefore(text, offset));
  const evenWidths = spans.every(
    ({ offset, length }, i) =>
      /[[,]/.test(text.charAt(offset - gaps[i]! - 1)) &&
      (i < columns || gaps[i]! + length === gaps[i - columns]! + spans[i - columns]!.length),
  );
  if (!evenWidths || !gaps.some((gap, i) => i >= columns && gap !== gaps[i - columns])) return null;
  const negative = (i: number): boolean => text.charAt(spans[i]!.offset) === '-';
  // Where one number has a sign, all leave room for one.
  const room = (signed: boolean): number => (signed ? 1 : 0);
  const before = room(spans.some((_, i) => negative(i)));
  const now = room(texts.some((number) => number.startsWith('-')) || before === 1);
  // Room for a sign is no blank.
  const blanksBefore = (i: number): number => gaps[i]! - before + room(negative(i));
  const afterComma = gaps.reduce(
    (least, _, i) => (i % columns === 0 ? least : Math.min(least, blanksBefore(i))),
    Infinity,
  );
  return Array.from({ length: columns }, (_, column) => {
    let [digitsBefore, digitsNow] = [0, 0];
    for (let i = column; i < texts.length; i += columns) {
      digitsBefore = Math.max(digitsBefore, spans[i]!.length - room(negative(i)));
      digitsNow = Math.max(digitsNow, texts[i]!.replace(/^-/, '').length);
    }
    const blanks = gaps[column]! + spans[column]!.length - digitsBefore - before;
    return Math.max(blanks, column === 0 ? 0 : afterComma) + digitsNow + now;
  });
}

/**
 * The block [rows,columns] turned around; every number keeps its text. A square block keeps its comments where they
 * are, another one has them before its first row.
 */
export function transposeText({ document }: Value, node: TensorNode): TextChange {
  const [rows, columns] = node.shape as readonly [number, number];
  const { text } = document;
  const spans = [...leafSpans(text, node.offset, document.tick)];
  const order = transpose(
    Float64Array.from(spans, (_, i) => i),
    rows,
    columns,
  );
  const numbers = Array.from(order, (i) => text.slice(spans[i]!.offset, spans[i]!.offset + spans[i]!.length));
  if (rows === columns) return replaceSpan(document, node, spliceNumbers(text, node, spans, numbers));
  const style = rowStyle(document, node, spans, columns);
  const turned = Array.from(
    { length: columns },
    (_, row) =>
      `[${style.rowOpen}${numbers.slice(row * rows, (row + 1) * rows).join(style.separator)}${style.rowClose}]`,
  );
  return replaceSpan(document, node, `[${style.comments}${style.open}${turned.join(style.between)}${style.close}]`);
}

type RowStyle = {
  readonly comments: string;
  readonly open: string;
  readonly between: string;
  readonly close: string;
  readonly rowOpen: string;
  readonly separator: string;
  readonly rowClose: string;
};

/** What stands between the numbers of a matrix, learnt from its first rows. */
function rowStyle(document: Document, node: TensorNode, leaves: readonly Span[], columns: number): RowStyle {
  const { text } = document;
  const comments: string[] = [];
  type Row = { start: number; end: number };
  const rows: Row[] = [];
  const scanner = new Scanner(text, document.tick, node.offset + 1, true);
  const end = node.offset + node.length - 1;
  for (let kind = scanner.scan(); scanner.offset < end; kind = scanner.scan()) {
    const { offset } = scanner;
    if (kind === token.openBracket) rows.push({ start: offset, end: offset });
    else if (kind === token.closeBracket) rows.push({ start: rows.pop()!.start, end: offset + 1 });
    else if (kind === token.lineComment || kind === token.blockComment) comments.push(scanner.written);
  }
  const bare = (from: number, to: number): string =>
    text
      .slice(from, to)
      .replace(/\/\/[^\r\n]*|\/\*[^]*?\*\//g, '')
      .replace(/[ \t]+(?=\r?\n)/g, '')
      .replace(/(\r?\n)(?:[ \t]*\r?\n)+/g, '$1');
  const [first, second] = [rows[0]!, rows[1]];
  const leafEnd = (i: number): number => leaves[i]!.offset + leaves[i]!.length;
  const open = bare(node.offset + 1, first.start);
  const lineOf = /\r?\n[ \t]*$/.exec(open)?.[0];
  return {
    open,
    comments:
      comments.map((comment) => `${lineOf ?? lineBreak(text)}${comment}`).join('') +
      (lineOf === undefined && comments.length > 0 ? lineBreak(text) : ''),
    between: second !== undefined ? bare(first.end, second.start) : `,${lineOf ?? ' '}`,
    close: bare(rows.at(-1)!.end, end).replace(/^,/, ''),
    rowOpen: bare(first.start + 1, leaves[0]!.offset),
    separator: columns > 1 ? bare(leafEnd(0), leaves[1]!.offset) : ', ',
    rowClose: bare(leafEnd(columns - 1), first.end - 1).replace(/^,/, ''),
  };
}

/**
 * Adds a property behind the property `after`, on a line of its own where `after` has one; a comment at the end of that
 * line stays with what it belongs to. `make` gets the indent of the new line, or null inside a line.
 */
export function insertAfter(after: Value, make: (indent: string | null) => string): TextChange[] {
  const { document, node } = after;
  const { text } = document;
  const end = node.offset + node.length;
  const indent = indentOf(after);
  if (indent === null) return [replaceSpan(document, { offset: end, length: 0 }, `, ${make(null)}`)];
  const scanner = new Scanner(text, document.tick, end, true);
  let comma = false;
  for (;;) {
    const kind = scanner.scan();
    const { offset } = scanner;
    const ownLine = kind === token.lineBreak || kind === token.end;
    if (ownLine) {
      const line = `${lineBreak(text)}${indent}${make(indent)}`;
      if (comma) return [replaceSpan(document, { offset, length: 0 }, `${line},`)];
      const changes = [replaceSpan(document, { offset: end, length: 0 }, offset === end ? `,${line}` : ',')];
      return offset === end ? changes : [...changes, replaceSpan(document, { offset, length: 0 }, line)];
    }
    if (kind === token.comma && !comma) comma = true;
    else if (
      kind !== token.trivia &&
      kind !== token.lineComment &&
      !(kind === token.blockComment && !/[\r\n]/.test(scanner.written))
    ) {
      return [replaceSpan(document, { offset: end, length: 0 }, `,${lineBreak(text)}${indent}${make(indent)}`)];
    }
  }
}

/** Moves every line but the first from one indent to another; lines that are indented less stay as they are. */
export function reindent(text: string, from: string, to: string): string {
  return text
    .split(/(?<=\n)/)
    .map((line, i) => (i > 0 && line.startsWith(from) ? to + line.slice(from.length) : line))
    .join('');
}
