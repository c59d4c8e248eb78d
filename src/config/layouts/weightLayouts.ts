import { t } from '@vscode/l10n';
import type { Value } from '../json/jsonValue.js';

/** How a framework names and orients the weights of a plain RNN. */
export type Layout = {
  readonly framework: string;
  readonly input: string;
  readonly recurrent: string;
  /** Biases are added up. */
  readonly biases: readonly string[];
  /** Stored [H,I] and [H,H] for column vectors: transposed to the row-vector convention on reading. */
  readonly transposed: boolean;
};

export const layouts: readonly Layout[] = [
  { framework: 'tutorial', input: 'Wx', recurrent: 'Wh', biases: ['b'], transposed: false },
  {
    framework: 'PyTorch',
    input: 'weight_ih_l0',
    recurrent: 'weight_hh_l0',
    biases: ['bias_ih_l0', 'bias_hh_l0'],
    transposed: true,
  },
  {
    framework: 'PyTorch RNNCell',
    input: 'weight_ih',
    recurrent: 'weight_hh',
    biases: ['bias_ih', 'bias_hh'],
    transposed: true,
  },
  { framework: 'Keras', input: 'kernel', recurrent: 'recurrent_kernel', biases: ['bias'], transposed: false },
];

/** A value with the last part of its name and everything before it. */
export type Named = { readonly prefix: string; readonly name: string; readonly value: Value };

/**
 * `rnn.weight_ih_l0` → `rnn`, `weight_ih_l0`; `simple_rnn/kernel:0` → `simple_rnn`, `kernel`; nested objects count as
 * prefixes.
 */
export function namedValues(value: Value, prefix = '', depth = 0): Named[] {
  return value.entries().flatMap(([key, entry]) => {
    const full = prefix === '' ? key : `${prefix}/${key}`;
    if (entry.node.kind === 'object' && depth < 4) return namedValues(entry, full, depth + 1);
    const bare = full.replace(/:0$/, '');
    const cut = Math.max(bare.lastIndexOf('/'), bare.lastIndexOf('.'));
    return [{ prefix: bare.slice(0, Math.max(cut, 0)), name: bare.slice(cut + 1), value: entry }];
  });
}

/**
 * The key of `value` with another name behind the same prefix, which may hold the name too; null where the key writes
 * its name with escapes.
 */
export function keyBeside(value: Value, name: string, other: string): string | null {
  const key = value.placeText;
  const at = key.lastIndexOf(name);
  return at < 0 ? null : key.slice(0, at) + other + key.slice(at + name.length);
}

/** What to say where `keyBeside` gives none. */
export const writtenWithEscapes = (name: string): string =>
  t('The name of {0} is written with escapes; write it plainly first.', name);

/** The weights of one RNN layer as they stand in the file. */
export type Group = {
  readonly layout: Layout;
  readonly prefix: string;
  readonly input: Value | null;
  readonly recurrent: Value | null;
  readonly biases: readonly (Value | null)[];
};

/** Every set of values whose names make a layer of some layout; a dense layer's `kernel` and `bias` alone make none. */
export function findGroups(named: readonly Named[]): Group[] {
  const groups: Group[] = [];
  for (const layout of layouts) {
    const prefixes = new Set(
      named
        .filter(({ name }) => name === layout.recurrent || (name === layout.input && layout.input !== 'kernel'))
        .map(({ prefix }) => prefix),
    );
    for (const prefix of prefixes) {
      const find = (wanted: string): Value | null =>
        named.findLast((item) => item.prefix === prefix && item.name === wanted)?.value ?? null;
      groups.push({
        layout,
        prefix,
        input: find(layout.input),
        recurrent: find(layout.recurrent),
        biases: layout.biases.map(find),
      });
    }
  }
  return groups;
}

/** Further layers and directions, which PyTorch marks in the name. */
export const isFurtherLayer = (name: string): boolean =>
  /^(?:weight|bias)_(?:ih|hh)_l(?:[1-9]\d*(?:_reverse)?|0_reverse)$/.test(name);
