import { t } from '@vscode/l10n';
import { describeShape } from '../json/node.js';
import type { JsonNode, Span } from '../json/node.js';
import { shown } from '../json/problem.js';
import type { Range } from '../json/problem.js';
import type { Value } from '../json/jsonValue.js';

/** One entry of a file's outline. */
export type Outline = {
  readonly name: string;
  /** The shape of numbers, or a short value. */
  readonly detail: string;
  readonly kind: 'object' | 'matrix' | 'list' | 'text' | 'number' | 'boolean' | 'null';
  /** Key and value together. */
  readonly range: Range;
  readonly key: Range;
  readonly children: readonly Outline[];
};

/** An object with more keys than this is a dictionary; nobody reads them one by one in an outline. */
const mostChildren = 500;
const longestDetail = 60;
/** Entries of an outline, and places that fold, are told up to this number: VS Code shows no more. */
const mostEntries = 5_000;

/** The keys of a file with their shapes, nested objects inside; a file that is a bare list has one entry. */
export function outlineOf(root: Value): Outline[] {
  if (root.node.kind === 'object') return childrenOf(root, { left: mostEntries });
  const whole = root.document.lines.range(root.node);
  return [{ name: t('numbers'), ...describe(root.node), range: whole, key: root.address().range, children: [] }];
}

function childrenOf(value: Value, room: { left: number }): Outline[] {
  const children: Outline[] = [];
  for (const [name, entry] of value.entries().slice(0, mostChildren)) {
    if (room.left-- <= 0) break;
    const {
      node,
      place,
      document: { lines },
    } = entry;
    const range = lines.range(join(place, node));
    children.push({
      name: name === '' ? '""' : shown(name, longestDetail),
      ...describe(node),
      range,
      key: lines.range(place),
      children: node.kind === 'object' ? childrenOf(entry, room) : [],
    });
  }
  return children;
}

/** From the start of one span to the end of a later one. */
const join = (from: Span, to: Span): Span => ({ offset: from.offset, length: to.offset + to.length - from.offset });

function describe(node: JsonNode): Pick<Outline, 'detail' | 'kind'> {
  switch (node.kind) {
    case 'tensor':
      return { kind: 'matrix', detail: describeShape(node.shape) };
    case 'array':
      return {
        kind: 'list',
        detail: node.items.every((item) => item.kind === 'string')
          ? shown(
              node.items
                .slice(0, longestDetail)
                .map(({ value }) => value)
                .join(', '),
              longestDetail,
            )
          : t('ragged'),
      };
    case 'object':
      return { kind: 'object', detail: '' };
    case 'plain':
      return { kind: 'text', detail: '' };
    case 'string':
      return { kind: 'text', detail: shown(node.value, longestDetail) };
    case 'number':
    case 'boolean':
      return { kind: node.kind, detail: String(node.value) };
    case 'null':
      return { kind: 'null', detail: 'null' };
    case 'unreadable':
      return { kind: 'text', detail: shown(node.finding.found, longestDetail) };
  }
}

/** First and last line of every block of numbers of more than one line, without the line of its closing bracket. */
export function matrixLines(root: Value): { readonly start: number; readonly end: number }[] {
  const { lines } = root.document;
  const found: { start: number; end: number }[] = [];
  const visit = (node: JsonNode): void => {
    if (found.length === mostEntries) return;
    if (node.kind === 'object') for (const { value } of node.properties) visit(value);
    if (node.kind !== 'tensor' && node.kind !== 'array') return;
    const { start, end } = lines.range(node);
    if (end.line - start.line > 1) found.push({ start: start.line, end: end.line - 1 });
  };
  visit(root.node);
  return found;
}
