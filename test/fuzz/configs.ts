// Mutations that know what a config is: its keys, the files that it names, the names of weights. Most of what they
// leave can still be read.
import { copyOf, every, fromValue, isRow, leaf, list, mapNumbers, table } from './tree.js';
import type { Table, Tree } from './tree.js';
import { inside, isLonger, some, someLeaf, text } from './mutator.js';
import type { Subject, TreeMutator } from './mutator.js';
import { oddKeys, oddNames, oddNumbers, oddReferences } from './pools.js';

/** A key of the config, new or in the place of what was there. */
function setKey({ entry, trees }: Subject, key: string, value: Tree): void {
  const root = entry.kind === 'config' ? trees.get(entry.config) : undefined;
  if (root?.kind !== 'table') return;
  const known = root.entries.find((one) => one.key === key);
  if (known === undefined) root.entries.push({ key, value });
  else known.value = value;
}

const keysWithValues: Readonly<Record<string, readonly unknown[]>> = {
  cell: ['tanh', 'relu', 'identity', 'sigmoid', 'lstm', 'gru'],
  dtype: ['float32', 'float64'],
  stateful: [true, false],
  truncate: [1, 2, 3, 1000, null],
  upstreamGradient: ['last', 'every', 'final', 0, 1, 4, null],
  clip: [{ norm: 1e-3 }, { norm: 1 }, { norm: 1e300 }, null],
  name: ['x'],
  initialState: [null],
  loss: [null],
  $schema: ['x'],
};
const configKeys = [...Object.keys(keysWithValues), 'weights', 'sequences'];
const fileKeys = ['weights', 'sequences', 'initialState', 'upstreamGradient'] as const;

const factors = [0, -1, 1e-30, 1e-20, 1e-10, 0.1, 0.5, 2, 10, 1e10, 1e20, 1e37, 1e150, 1e300];

/** What knows the keys of a config. */
export const configMutators: readonly TreeMutator[] = [
  {
    name: 'a key with a value that fits',
    weight: 6,
    sound: true,
    mutate(dice, subject) {
      const key = dice.pick(Object.keys(keysWithValues));
      setKey(subject, key, fromValue(dice.pick(keysWithValues[key] ?? [null])));
    },
  },
  { name: 'another name', sound: true, mutate: (dice, subject) => setKey(subject, 'name', text(dice.pick(oddNames))) },
  inside(
    'numbers times a factor',
    isLonger,
    (dice, value) => {
      const factor = dice.pick(factors);
      mapNumbers(value, (number) => String(Number(number) * factor));
    },
    { sound: true, weight: 4 },
  ),
  inside(
    'a number that is one',
    isRow,
    (dice, row) => {
      row.items[dice.below(row.items.length)] = leaf(dice.pick(oddNumbers));
    },
    { sound: true },
  ),
  inside(
    'all numbers the same',
    isLonger,
    (dice, value) => {
      const number = dice.pick(oddNumbers);
      mapNumbers(value, () => number);
    },
    { sound: true },
  ),
  {
    name: 'keys in another order',
    sound: true,
    mutate(dice, subject) {
      const [, root] = some(dice, subject);
      if (root.kind !== 'table') return;
      for (let i = root.entries.length - 1; i > 0; i--) {
        const [entry] = root.entries.splice(dice.below(i + 1), 1);
        if (entry !== undefined) root.entries.push(entry);
      }
    },
  },
  {
    name: 'a part in a file of its own, or in its place again',
    sound: true,
    weight: 2,
    mutate(dice, subject) {
      const { entry, trees } = subject;
      const root = entry.kind === 'config' ? trees.get(entry.config) : undefined;
      if (root?.kind !== 'table') return;
      const held = root.entries.filter(({ key }) => (fileKeys as readonly string[]).includes(key));
      if (held.length === 0) return;
      const part = dice.pick(held);
      const name = part.value.kind === 'leaf' && part.value.text.startsWith('"') ? part.value.text.slice(1, -1) : null;
      const known = name === null ? undefined : trees.get(name);
      if (known !== undefined) part.value = copyOf(known);
      else if (part.value.kind !== 'leaf') {
        trees.set(`${part.key}.json`, part.value);
        part.value = text(`${part.key}.json`);
      }
    },
  },

  {
    name: 'weights named otherwise',
    weight: 2,
    mutate(dice, subject) {
      const layouts = [
        ['Wx', 'Wh', 'b', 'by'],
        ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0'],
        ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'],
        ['kernel', 'recurrent_kernel', 'bias', 'bias'],
        ['Wxh', 'Whh', 'bh', 'by'],
      ];
      const to = dice.pick(layouts);
      const found = every(
        [...subject.trees.values()].length === 0 ? leaf('null') : some(dice, subject)[1],
        (tree): tree is Table => tree.kind === 'table',
      );
      for (const { value } of found) {
        if (value.kind !== 'table') continue;
        for (const entry of value.entries) {
          const index = Math.max(...layouts.map((names) => names.indexOf(entry.key)));
          if (index >= 0) entry.key = to[index] ?? entry.key;
        }
      }
    },
  },
  {
    name: 'a reference',
    weight: 3,
    mutate: (dice, subject) =>
      setKey(
        subject,
        dice.pick(fileKeys),
        text(dice.pick([() => dice.pick(oddReferences), () => dice.pick([...subject.trees.keys()])])()),
      ),
  },
  {
    name: 'a list of references',
    grows: true,
    mutate(dice, subject) {
      const one = (): Tree =>
        dice.chance(0.8)
          ? text(dice.chance(0.6) ? dice.pick([...subject.trees.keys()]) : dice.pick(oddReferences))
          : dice.pick([list([text('w.json')]), someLeaf(dice), leaf('[[1, 2]]')]);
      setKey(
        subject,
        dice.pick(['sequences', 'sequences', 'weights', 'upstreamGradient']),
        list(Array.from({ length: dice.chance(0.2) ? 1 : dice.times(subject.room, 40) }, one)),
      );
    },
  },
  {
    name: 'a loss of any kind',
    weight: 2,
    mutate(dice, subject) {
      const odd = (value: unknown): Tree =>
        dice.chance(0.8) ? fromValue(value) : dice.chance(0.5) ? text(dice.pick(oddReferences)) : someLeaf(dice);
      setKey(
        subject,
        'loss',
        table([
          ['kind', odd(dice.pick(['mse', 'crossEntropy', 'binaryCrossEntropy']))],
          [
            'readout',
            odd(
              dice.pick([
                { Why: [[1], [2], [3]], by: [0] },
                { weight: [[1, 2, 3]], bias: [1] },
                { Why: [] },
                { Wyh: [[1]] },
              ]),
            ),
          ],
          ['targets', odd(dice.pick([[0, 1], [[1], [2]], [[0.5]], [], [-1], [1e9]]))],
          ['at', odd(dice.pick<unknown>(['last', 'every', 'final', [0, 2]]))],
        ]),
      );
      if (dice.chance(0.7)) setKey(subject, 'upstreamGradient', leaf('null'));
    },
  },
  {
    name: 'a key with any value',
    weight: 3,
    mutate: (dice, subject) =>
      setKey(
        subject,
        dice.chance(0.9) ? dice.pick(configKeys) : dice.pick(oddKeys),
        dice.chance(0.7)
          ? someLeaf(dice)
          : fromValue(
              dice.pick<unknown>([
                [],
                {},
                [[1]],
                { norm: 0 },
                { norm: [1] },
                [[[1]]],
                -1,
                1.5,
                2 ** 53,
                1e300,
                ['last'],
                { kind: 'mse' },
              ]),
            ),
      ),
  },
  {
    name: 'a file that is another',
    mutate(dice, subject) {
      const names = [...subject.trees.keys()];
      subject.trees.set(dice.pick(names), copyOf(subject.trees.get(dice.pick(names)) ?? leaf('null')));
    },
  },
  {
    name: 'a file less',
    mutate(dice, { trees }) {
      if (trees.size > 1) trees.delete(dice.pick([...trees.keys()]));
    },
  },
];
