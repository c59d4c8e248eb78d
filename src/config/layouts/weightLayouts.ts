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

/** Each name belongs to one layout. */
const layoutOf: ReadonlyMap<string, Layout> = new Map(
  layouts.flatMap((layout) =>
    [layout.input, layout.recurrent, ...layout.biases].map((name) => [name, layout] as const),
  ),
);

/** A value with the last part of its name and everything before it. */
export type Named = { readonly prefix: string; readonly name: string; readonly value: Value };

/** Names that are taken apart between two ticks. */
const namesPerTick = 1024;
/** With its prefix no name of a weight is longer: thousands of keys below a long one would be as many copies of it. */
const longestName = 200;

/**
 * `rnn.weight_ih_l0` → `rnn`, `weight_ih_l0`; `simple_rnn/kernel:0` → `simple_rnn`, `kernel`; nested objects count as
 * prefixes.
 */
export function namedValues(value: Value): Named[] {
  const named: Named[] = [];
  const collect = (object: Value, prefix: string, depth: number): void => {
    for (const [i, [key, entry]] of object.entries().entries()) {
      if (i % namesPerTick === 0) object.document.tick();
      if (prefix.length + key.length > longestName) continue;
      const full = prefix === '' ? key : `${prefix}/${key}`;
      if (entry.node.kind === 'object' && depth < 4) {
        collect(entry, full, depth + 1);
        continue;
      }
      const bare = full.replace(/:0$/, '');
      const cut = Math.max(bare.lastIndexOf('/'), bare.lastIndexOf('.'));
      named.push({ prefix: bare.slice(0, Math.max(cut, 0)), name: bare.slice(cut + 1), value: entry });
    }
  };
  collect(value, '', 0);
  return named;
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

/** A file with more layers than this is none of ours; the rest is not told. */
const mostGroups = 100;

/**
 * Every set of values whose names make a layer of some layout, up to `mostGroups`; a dense layer's `kernel` and `bias`
 * alone make none.
 */
export function findGroups(named: readonly Named[]): Group[] {
  /** prefix → name → value, the last one where a name stands twice. */
  const byPrefix = new Map<string, Map<string, Value>>();
  const prefixes = new Map<Layout, Set<string>>(layouts.map((layout) => [layout, new Set()]));
  for (const { prefix, name, value } of named) {
    const layout = layoutOf.get(name);
    if (layout === undefined) continue;
    if (name === layout.recurrent || (name === layout.input && name !== 'kernel')) prefixes.get(layout)?.add(prefix);
    const values = byPrefix.get(prefix);
    if (values === undefined) byPrefix.set(prefix, new Map([[name, value]]));
    else values.set(name, value);
  }
  const groups: Group[] = [];
  for (const [layout, its] of prefixes) {
    for (const prefix of its) {
      if (groups.length === mostGroups) return groups;
      const find = (wanted: string): Value | null => byPrefix.get(prefix)?.get(wanted) ?? null;
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
