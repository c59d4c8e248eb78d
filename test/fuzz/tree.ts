// JSON as something that can be broken: keys may stand twice, and a leaf is whatever text somebody writes there.
import { parseTree } from 'jsonc-parser';
import type { Node } from 'jsonc-parser';
import type { Dice } from './dice.js';

/** `text` as it stands in a JSON file; it need not be JSON. */
export type Leaf = { kind: 'leaf'; text: string };
export type List = { kind: 'list'; items: Tree[] };
export type Entry = { key: string; value: Tree };
export type Table = { kind: 'table'; entries: Entry[] };
export type Tree = Leaf | List | Table;

export const leaf = (text: string): Leaf => ({ kind: 'leaf', text });
export const list = (items: readonly Tree[]): List => ({ kind: 'list', items: [...items] });
export const table = (entries: readonly (readonly [string, Tree])[]): Table => ({
  kind: 'table',
  entries: entries.map(([key, value]) => ({ key, value })),
});

export function fromValue(value: unknown): Tree {
  if (Array.isArray(value)) return list(value.map(fromValue));
  if (typeof value === 'object' && value !== null)
    return table(Object.entries(value).map(([key, item]) => [key, fromValue(item)]));
  return leaf(JSON.stringify(value));
}

/** Of JSON with comments, which are lost. */
export function fromText(text: string): Tree {
  const visit = ({ type, children = [], offset, length }: Node): Tree => {
    if (type === 'array') return list(children.map(visit));
    if (type !== 'object') return leaf(text.slice(offset, offset + length));
    return table(
      children.map(({ children: [key, value] = [] }) => [
        String(key?.value),
        value === undefined ? leaf('null') : visit(value),
      ]),
    );
  };
  const root = parseTree(text, [], { allowTrailingComma: true });
  if (root === undefined) throw new Error('A file of the corpus is no JSON.');
  return visit(root);
}

export function copyOf(tree: Tree): Tree {
  if (tree.kind === 'leaf') return { ...tree };
  if (tree.kind === 'list') return { ...tree, items: tree.items.map(copyOf) };
  return { ...tree, entries: tree.entries.map(({ key, value }) => ({ key, value: copyOf(value) })) };
}

/** About how many characters it takes. */
export function sizeOf(tree: Tree): number {
  if (tree.kind === 'leaf') return tree.text.length + 2;
  return childrenOf(tree).reduce(
    (sum, child) => sum + sizeOf(child),
    tree.kind === 'list' ? 4 : 4 + 8 * tree.entries.length,
  );
}

/** A value with what it stands in; null for the root of a file. */
export type Place = { readonly parent: List | Table | null; readonly index: number; readonly value: Tree };

const childrenOf = (tree: Tree): readonly Tree[] =>
  tree.kind === 'list' ? tree.items : tree.kind === 'table' ? tree.entries.map(({ value }) => value) : [];

/** Any value, those near the root more often than one of a thousand numbers. */
export function somewhere(dice: Dice, root: Tree, stop = 0.3): Place {
  let place: Place = { parent: null, index: 0, value: root };
  for (;;) {
    const { value } = place;
    const children = childrenOf(value);
    if (value.kind === 'leaf' || children.length === 0 || dice.chance(stop)) return place;
    const index = dice.below(children.length);
    place = { parent: value, index, value: children[index] ?? value };
  }
}

/** Every value that fits, from the root down; of a list of numbers only the list. */
export function every(root: Tree, fits: (tree: Tree) => boolean): Place[] {
  const found: Place[] = [];
  const visit = (place: Place): void => {
    if (fits(place.value)) found.push(place);
    const { value } = place;
    if (value.kind === 'list' && value.items.every(({ kind }) => kind === 'leaf')) return;
    childrenOf(value).forEach((child, index) =>
      visit({ parent: value.kind === 'leaf' ? null : value, index, value: child }),
    );
  };
  visit({ parent: null, index: 0, value: root });
  return found;
}

/** The root with another value at a place. */
export function replaced(root: Tree, { parent, index }: Place, value: Tree): Tree {
  if (parent === null) return value;
  if (parent.kind === 'list') parent.items[index] = value;
  else {
    const entry = parent.entries[index];
    if (entry !== undefined) entry.value = value;
  }
  return root;
}

const isNumber = (tree: Tree): tree is Leaf => tree.kind === 'leaf' && /^-?\d/.test(tree.text);
/** A list of numbers. */
export const isRow = (tree: Tree): tree is List =>
  tree.kind === 'list' && tree.items.length > 0 && tree.items.every(isNumber);
export const isMatrix = (tree: Tree): tree is List =>
  tree.kind === 'list' && tree.items.length > 0 && tree.items.every(isRow);

/** Every number of a tree through `change`. */
export function mapNumbers(tree: Tree, change: (text: string) => string): void {
  if (isNumber(tree)) tree.text = change(tree.text);
  else childrenOf(tree).forEach((child) => mapNumbers(child, change));
}
