import { t } from '@vscode/l10n';
import { pyTorchSuffix } from '../../engine/index.js';
import type { Direction } from '../../engine/index.js';
import type { Value } from '../json/jsonValue.js';

/** How a framework names and orients the weights of a recurrent layer. */
export type Layout = {
  readonly framework: 'tutorial' | 'PyTorch' | 'PyTorch RNNCell' | 'Keras' | 'ONNX';
  readonly input: string;
  readonly recurrent: string;
  /** Biases are added up; the first is that of the input, the second that of the state before. */
  readonly biases: readonly string[];
  /** Stored [G·H,I] and [G·H,H] for column vectors: transposed to the row-vector convention on reading. */
  readonly transposed: boolean;
  /** Both directions stand in one tensor, [D,…], and both biases in one row, [D,2·G·H]. */
  readonly stacked: boolean;
  /** By cells: the gates in the order of this framework's blocks, where that is not the cell's own order. */
  readonly gates: Readonly<Record<string, readonly string[]>>;
};

/** The names that PyTorch has for one layer and direction. */
const pytorch = (layer: number, direction: Direction): Layout => {
  const suffix = `_${pyTorchSuffix({ layer, direction })}`;
  return {
    framework: 'PyTorch',
    input: `weight_ih${suffix}`,
    recurrent: `weight_hh${suffix}`,
    biases: [`bias_ih${suffix}`, `bias_hh${suffix}`],
    transposed: true,
    stacked: false,
    gates: {},
  };
};

const resetSecond = ['z', 'r', 'n'];

export const layouts: readonly Layout[] = [
  {
    framework: 'tutorial',
    input: 'Wx',
    recurrent: 'Wh',
    biases: ['b'],
    transposed: false,
    stacked: false,
    gates: {},
  },
  pytorch(0, 'forward'),
  {
    framework: 'PyTorch RNNCell',
    input: 'weight_ih',
    recurrent: 'weight_hh',
    biases: ['bias_ih', 'bias_hh'],
    transposed: true,
    stacked: false,
    gates: {},
  },
  {
    framework: 'Keras',
    input: 'kernel',
    recurrent: 'recurrent_kernel',
    biases: ['bias'],
    transposed: false,
    stacked: false,
    gates: { gru: resetSecond },
  },
  {
    framework: 'ONNX',
    input: 'W',
    recurrent: 'R',
    biases: ['B'],
    transposed: true,
    stacked: true,
    gates: { lstm: ['i', 'o', 'f', 'g'], gru: resetSecond },
  },
];

/** Each name belongs to one layout. */
const layoutOf: ReadonlyMap<string, Layout> = new Map(
  layouts.flatMap((layout) =>
    [layout.input, layout.recurrent, ...layout.biases].map((name) => [name, layout] as const),
  ),
);

/** What PyTorch's name of a weight says; null for every other name. */
function pytorchPlace(name: string): { readonly layer: number; readonly direction: Direction } | null {
  const [, layer, reverse] = /^(?:weight|bias)_(?:ih|hh)_l(0|[1-9]\d{0,5})(_reverse)?$/.exec(name) ?? [];
  return layer === undefined
    ? null
    : { layer: Number(layer), direction: reverse === undefined ? 'forward' : 'reverse' };
}

/** Whether a layout has this name, for whatever layer. */
export const isNameOf = ({ framework, input, recurrent, biases }: Layout, name: string): boolean =>
  framework === 'PyTorch' ? pytorchPlace(name) !== null : [input, recurrent, ...biases].includes(name);

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

/** The weights of one layer in one direction as they stand in the file; of ONNX those of both directions. */
export type Group = {
  readonly layout: Layout;
  readonly prefix: string;
  readonly layer: number;
  readonly direction: Direction;
  readonly input: Value | null;
  readonly recurrent: Value | null;
  readonly biases: readonly (Value | null)[];
};

/** A file with more layers than this is none of ours; the rest is not told. */
const mostGroups = 100;

/** The values of one layer by their names, the last one where a name stands twice. */
type Found = {
  readonly layout: Layout;
  readonly layer: number;
  readonly direction: Direction;
  readonly values: Map<string, Value>;
};

/**
 * Every set of values whose names make a layer of some layout, up to `mostGroups`, by layout, prefix, layer and
 * direction. A dense layer's `kernel` and `bias` alone make none, and biases alone make none.
 */
export function findGroups(named: readonly Named[]): Group[] {
  const byFramework = new Map(layouts.map(({ framework }) => [framework, new Map<string, Map<number, Found>>()]));
  for (const { prefix, name, value } of named) {
    const place = pytorchPlace(name);
    const layout = place === null ? layoutOf.get(name) : pytorch(place.layer, place.direction);
    if (layout === undefined) continue;
    const { layer, direction } = place ?? { layer: 0, direction: 'forward' as const };
    const prefixes = byFramework.get(layout.framework);
    const layers = prefixes?.get(prefix) ?? new Map<number, Found>();
    prefixes?.set(prefix, layers);
    const key = 2 * layer + (direction === 'reverse' ? 1 : 0);
    const found = layers.get(key) ?? { layout, layer, direction, values: new Map<string, Value>() };
    layers.set(key, found);
    found.values.set(name, value);
  }
  const groups: Group[] = [];
  for (const [framework, prefixes] of byFramework) {
    // W, R and B are letters that mean something else in many files.
    if (framework === 'ONNX' && groups.length > 0) break;
    for (const [prefix, layers] of prefixes) {
      for (const [, { layout, layer, direction, values }] of [...layers].sort(([a], [b]) => a - b)) {
        if (!isLayer(layout, values)) continue;
        if (groups.length === mostGroups) return groups;
        const find = (wanted: string): Value | null => values.get(wanted) ?? null;
        groups.push({
          layout,
          prefix,
          layer,
          direction,
          input: find(layout.input),
          recurrent: find(layout.recurrent),
          biases: layout.biases.map(find),
        });
      }
    }
  }
  return groups;
}

function isLayer({ framework, input, recurrent }: Layout, values: ReadonlyMap<string, Value>): boolean {
  const [hasInput, hasRecurrent] = [values.has(input), values.has(recurrent)];
  if (framework === 'ONNX') return hasInput && hasRecurrent;
  return hasRecurrent || (hasInput && framework !== 'Keras');
}
