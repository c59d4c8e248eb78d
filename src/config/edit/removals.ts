// Taking parts out of a text: properties of an object, and the last elements of a list.
import type { JsonNode } from '../json/node.js';
import { Scanner } from '../json/scanner.js';
import { token } from '../json/token.js';
import type { Value } from '../json/jsonValue.js';
import { replaceSpan } from './textEdits.js';
import type { TextChange } from './textEdits.js';

const endOf = ({ offset, length }: { readonly offset: number; readonly length: number }): number => offset + length;

/** The comma behind a value, and where what follows it begins: the next property or a comment. Null: there is none. */
function commaAfter(value: Value): { readonly at: number; readonly next: number } | null {
  const { document, node } = value;
  const scanner = new Scanner(document.text, document.tick, endOf(node), true);
  let at = -1;
  for (;;) {
    const kind = scanner.scan();
    if (kind === token.comma && at < 0) at = scanner.offset;
    else if (kind === token.trivia || kind === token.lineBreak) continue;
    else if (at >= 0) return { at, next: scanner.offset };
    else if (kind !== token.lineComment && kind !== token.blockComment) return null;
  }
}

/** Where the white space before an offset begins; behind a line comment its line break stays. */
function blankBefore(text: string, offset: number, from: number): number {
  let start = offset;
  while (start > from && /\s/.test(text.charAt(start - 1))) start--;
  const line = text.slice(Math.max(from, text.lastIndexOf('\n', start - 1) + 1), start);
  return line.includes('//') ? offset : start;
}

/**
 * Takes properties out of `object` with the commas that they no longer need. Comments of those that stay remain, also
 * those above what goes.
 */
function fromObject(object: Value, gone: ReadonlySet<JsonNode>): TextChange[] {
  const { document } = object;
  const properties = object.entries().map(([, value]) => value);
  const changes: TextChange[] = [];
  const cut = (from: number, to: number): void =>
    void changes.push(replaceSpan(document, { offset: from, length: to - from }, ''));
  for (let i = 0; i < properties.length; i++) {
    const first = properties[i];
    if (first === undefined || !gone.has(first.node)) continue;
    let last = first;
    while (i + 1 < properties.length && gone.has(properties[i + 1]!.node)) last = properties[++i]!;
    const before = properties[properties.indexOf(first) - 1] ?? null;
    const comma = commaAfter(last);
    if (i + 1 < properties.length) {
      // Between two properties stands one.
      cut(first.place.offset, comma!.next);
      continue;
    }
    // With the last property goes the comma before it; a comma behind the last one goes too.
    const end = comma === null ? endOf(last.node) : comma.at + 1;
    const separator = before === null ? null : commaAfter(before);
    if (separator === null) {
      cut(first.place.offset, end);
      continue;
    }
    const start = blankBefore(document.text, first.place.offset, separator.at + 1);
    if (start > separator.at + 1) cut(separator.at, separator.at + 1);
    cut(start > separator.at + 1 ? start : separator.at, end);
  }
  return changes;
}

/** Takes properties out of whichever objects below `root` hold them. */
export function removeProperties(root: Value, gone: ReadonlySet<JsonNode>): TextChange[] {
  const inner = root.entries().flatMap(([, value]) => (gone.has(value.node) ? [] : removeProperties(value, gone)));
  return root.entries().some(([, { node }]) => gone.has(node)) ? [...inner, ...fromObject(root, gone)] : inner;
}

/** Takes the last `count` elements out of a list that has more. */
export function removeLastItems(list: Value, count: number): TextChange[] {
  const { document, node } = list;
  const length = node.kind === 'tensor' ? node.shape[0]! : list.items().length;
  if (count <= 0 || length <= count) return [];
  const end = (index: number): number =>
    endOf(node.kind === 'tensor' ? list.row(node, [index]).place : list.item(index).node);
  const from = end(length - count - 1);
  return [replaceSpan(document, { offset: from, length: end(length - 1) - from }, '')];
}
