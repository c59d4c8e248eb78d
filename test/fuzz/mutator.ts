// How a tree is changed: at some place of it, or inside of one of its values that fit.
import type { Entry } from '../../src/config/index.js';
import type { Dice, Room } from './dice.js';
import { noNumbers, oddNumbers, oddWords } from './pools.js';
import { every, leaf, replaced, somewhere } from './tree.js';
import type { List, Place, Table, Tree } from './tree.js';

/** The files of an experiment while they are being changed. */
export type Subject = { readonly entry: Entry; readonly trees: Map<string, Tree>; readonly room: Room };
/** `sound`: what can be read before can most often be read after it. `grows`: it repeats something to fill a room. */
export type TreeMutator = {
  readonly name: string;
  readonly weight?: number;
  readonly sound?: true;
  readonly grows?: true;
  mutate(dice: Dice, subject: Subject): void;
};

/** Any file, the config or the weights most often. */
export function someFile(dice: Dice, names: readonly string[]): string {
  return names[0] !== undefined && dice.chance(0.5) ? names[0] : dice.pick(names);
}

/** One of the files, by its name. */
export const some = (dice: Dice, { trees }: Subject): [name: string, tree: Tree] => {
  const name = someFile(dice, [...trees.keys()]);
  return [name, trees.get(name) ?? leaf('null')];
};

export const text = (value: string): Tree => leaf(JSON.stringify(value));
export const someLeaf = (dice: Dice): Tree => leaf(dice.pick(dice.pick([oddNumbers, noNumbers, oddWords])));

/** Puts something else at some place of some file. */
export const at = (
  name: string,
  make: (dice: Dice, place: Place, subject: Subject) => Tree | null,
  stop = 0.3,
  more: Pick<TreeMutator, 'grows'> = {},
): TreeMutator => ({
  name,
  ...more,
  mutate(dice, subject) {
    const [file, root] = some(dice, subject);
    const place = somewhere(dice, root, stop);
    const made = make(dice, place, subject);
    if (made !== null) subject.trees.set(file, replaced(root, place, made));
  },
});

/** Changes one of the values that fit. */
export const inside = <Kind extends Tree>(
  name: string,
  fits: (tree: Tree) => tree is Kind,
  change: (dice: Dice, value: Kind, subject: Subject) => void,
  more: Pick<TreeMutator, 'weight' | 'sound' | 'grows'> = {},
): TreeMutator => ({
  name,
  ...more,
  mutate(dice, subject) {
    const [, root] = some(dice, subject);
    const found = every(root, fits);
    if (found.length === 0) return;
    const { value } = dice.pick(found);
    if (fits(value)) change(dice, value, subject);
  },
});

export const isTable = (tree: Tree): tree is Table => tree.kind === 'table';
export const holdsSome = (tree: Tree): tree is Table => tree.kind === 'table' && tree.entries.length > 0;
export const isLonger = (tree: Tree): tree is List => tree.kind === 'list' && tree.items.length > 0;
