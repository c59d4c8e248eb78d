// Mutations that know what JSON is, and no more: they get past the parser.
import { at, holdsSome, inside, isLonger, isTable, some, someLeaf, text } from './mutator.js';
import type { TreeMutator } from './mutator.js';
import { noNumbers, oddKeys, oddWords } from './pools.js';
import { copyOf, isMatrix, isRow, leaf, list, mapNumbers, sizeOf, somewhere, table } from './tree.js';

export const structureMutators: readonly TreeMutator[] = [
  { ...at('something else', (dice) => someLeaf(dice)), weight: 3 },
  at('a copy of another part', (dice, _, subject) => copyOf(somewhere(dice, some(dice, subject)[1]).value)),
  at('a list around it', (dice, { value }) => list(Array.from({ length: dice.between(1, 3) }, () => copyOf(value)))),
  at('an object around it', (dice, { value }) => table([[dice.pick(oddKeys), value]])),
  at('its first part in its place', (_, { value }) =>
    value.kind === 'list'
      ? (value.items[0] ?? null)
      : value.kind === 'table'
        ? (value.entries[0]?.value ?? null)
        : null,
  ),
  at('a text of it', (_, { value }) => (value.kind === 'leaf' ? text(value.text) : null), 0.05),
  at(
    'nested deeply',
    (dice, { value }, { room }) => {
      const inner = value.kind === 'leaf' ? value.text : '1';
      const [open, close] = dice.pick([
        ['[', ']'],
        ['{"a": ', '}'],
        ['[{"a": ', '}]'],
        ['[[1], ', ']'],
        ['{"a": {}, "b": ', '}'],
      ] as const);
      const depth = dice.times(room, open.length + close.length);
      return leaf(open.repeat(depth) + inner + (dice.chance(0.7) ? close.repeat(depth) : ''));
    },
    0.3,
    { grows: true },
  ),

  inside('a key twice', holdsSome, (dice, value) => {
    const entry = dice.pick(value.entries);
    value.entries.splice(dice.below(value.entries.length + 1), 0, {
      key: entry.key,
      value: dice.chance(0.5) ? copyOf(entry.value) : someLeaf(dice),
    });
  }),
  inside('a key less', holdsSome, (dice, value) => {
    value.entries.splice(dice.below(value.entries.length), 1);
  }),
  inside('values of two keys swapped', holdsSome, (dice, value) => {
    const [one, other] = [dice.pick(value.entries), dice.pick(value.entries)];
    [one.value, other.value] = [other.value, one.value];
  }),
  {
    ...inside('an odd key', isTable, (dice, value) => {
      value.entries.splice(dice.below(value.entries.length + 1), 0, { key: dice.pick(oddKeys), value: someLeaf(dice) });
    }),
    weight: 2,
  },
  {
    ...inside('another name of a key', holdsSome, (dice, value, { room }) => {
      const entry = dice.pick(value.entries);
      entry.key = dice.pick([
        () => dice.pick(oddKeys),
        () => entry.key.toUpperCase(),
        () => entry.key.slice(1),
        () => `${entry.key}s`,
        () => `rnn.${entry.key}`,
        () => `${entry.key}:0`,
        () => entry.key.split('').reverse().join(''),
        () => 'k'.repeat(dice.times(room, 1)),
        () => entry.key.replace('l0', 'l1'),
        () => ` ${entry.key}`,
      ])();
    }),
    weight: 2,
  },
  inside(
    'many keys',
    isTable,
    (dice, value, { room }) => {
      const count = dice.times(room, 16);
      const [name, make] = dice.pick([
        [(i: number) => `key${i}`, () => leaf('0')],
        [(i: number) => `weight${i}`, () => leaf('[[1]]')],
        [() => 'x', () => leaf('null')],
        [(i: number) => `l${i}.Wh`, () => leaf('[[1]]')],
        [(i: number) => `l${i}.Wx`, () => leaf('[[1]]')],
        [(i: number) => `weight_hh_l${i}`, () => leaf('[[1]]')],
        [(i: number) => `b${i}`, () => leaf('[1, 2, 3]')],
        [(i: number) => `${'w'.repeat(i % 20)}eights`, () => leaf('"w.json"')],
        [(i: number) => `layer${i}`, () => leaf('{"kernel:0": [[1]], "recurrent_kernel:0": [[1]], "bias:0": [1]}')],
      ] as const);
      for (let i = 0; i < count; i++) value.entries.push({ key: name(i), value: make() });
      if (dice.chance(0.5)) value.entries.reverse();
    },
    { grows: true },
  ),

  inside('no number', isRow, (dice, row) => {
    row.items[dice.below(row.items.length)] = leaf(dice.pick(dice.chance(0.7) ? noNumbers : oddWords));
  }),
  inside('many that are no numbers', isLonger, (dice, value) => {
    const [word, share] = [dice.pick(noNumbers), dice.pick([0.1, 0.5, 1])];
    mapNumbers(value, (number) => (dice.chance(share) ? word : number));
  }),
  inside('an element less', isLonger, (dice, value) => {
    value.items.splice(dice.below(value.items.length), 1);
  }),
  inside('an element more', isLonger, (dice, value) => {
    value.items.splice(
      dice.below(value.items.length + 1),
      0,
      dice.chance(0.6) ? copyOf(dice.pick(value.items)) : someLeaf(dice),
    );
  }),
  inside(
    'many elements',
    isLonger,
    (dice, value, { room }) => {
      const item = dice.chance(0.7) ? dice.pick(value.items) : someLeaf(dice);
      const count = dice.times(room, sizeOf(item));
      for (let i = 0; i < count; i++) value.items.push(copyOf(item));
    },
    { grows: true },
  ),
  {
    ...inside('a matrix turned around', isMatrix, (_, value) => {
      const rows = value.items.map((row) => (row.kind === 'list' ? row.items : []));
      value.items = (rows[0] ?? []).map((__, column) => list(rows.map((row) => row[column] ?? leaf('0'))));
    }),
    weight: 2,
  },
  inside('ragged', isMatrix, (dice, value) => {
    const row = dice.pick(value.items);
    if (row.kind === 'list')
      row.items.splice(0, dice.between(1, row.items.length), ...Array.from({ length: dice.below(4) }, () => leaf('0')));
  }),
  inside('nothing in it', isLonger, (_, value) => {
    value.items = [];
  }),
];
