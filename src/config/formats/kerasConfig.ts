// What a Keras model says of its layers, beside their weights.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { damaged } from './formatError.js';

/** A fact is a key of a layer's configuration; objects are called by their class. */
export type KerasFact = { readonly key: string; readonly value: string | number | boolean };
export type KerasLayer = {
  /** As the model calls it; below the names of the models that it stands in. */
  readonly name: string;
  /** As Keras 3 calls it in a file of weights: by its class, counted. */
  readonly counted: string;
  readonly facts: readonly KerasFact[];
  /** Of a bidirectional one; both empty for every other layer. */
  readonly forward: readonly KerasFact[];
  readonly backward: readonly KerasFact[];
};

/** Keys that tell how a recurrent layer computes. */
const told = [
  'activation',
  'recurrent_activation',
  'return_sequences',
  'go_backwards',
  'reset_after',
  'dropout',
  'recurrent_dropout',
] as const;
const recurrent: readonly string[] = ['LSTM', 'GRU', 'SimpleRNN', 'RNN', 'CuDNNLSTM', 'CuDNNGRU'];
/** What passes numbers on as they are when nothing is trained. */
const passes: readonly string[] = [
  'Dropout',
  'SpatialDropout1D',
  'GaussianNoise',
  'GaussianDropout',
  'Masking',
  'ActivityRegularization',
];
/** Deep networks have some hundreds. */
const mostLayers = 2_000;
/** Models in models. */
const deepest = 8;

const get = (node: unknown, key: string): unknown =>
  typeof node === 'object' && node !== null && Object.hasOwn(node, key)
    ? (node as Record<string, unknown>)[key]
    : undefined;
const textAt = (node: unknown, key: string): string | null => {
  const value = get(node, key);
  return typeof value === 'string' ? value : null;
};

/**
 * The layers of a model in its order, those of models inside it behind their model; none where it tells none. The
 * reader of configs takes a list of texts and numbers for numbers that are wrong, so this text is parsed plainly.
 * @throws FormatError
 */
export function kerasLayers(config: string, tick: Tick): KerasLayer[] {
  tick();
  const root = parsed(config);
  return layersOf(get(root, 'config') ?? root, { name: '', counted: '' }, 0, tick);
}

function parsed(config: string): unknown {
  try {
    return JSON.parse(config);
  } catch {
    throw damaged(t('the model as JSON'), cut(config, 40));
  }
}

type Place = { readonly name: string; readonly counted: string };
type Stated = {
  readonly name: string;
  readonly kind: string;
  readonly config: unknown;
  readonly node: unknown;
};

function layersOf(model: unknown, { name, counted }: Place, depth: number, tick: Tick): KerasLayer[] {
  const list = get(model, 'layers');
  if (!Array.isArray(list) || depth > deepest) return [];
  const stated = (list as readonly unknown[]).slice(0, mostLayers).map((node): Stated => {
    const config = get(node, 'config');
    return {
      name: textAt(config, 'name') ?? textAt(node, 'name') ?? '',
      kind: textAt(node, 'class_name') ?? '',
      config,
      node,
    };
  });
  const counts = new Map<string, number>();
  const inputs = inputsOf(stated);
  return stated.flatMap((layer, i) => {
    if (i % 64 === 0) tick();
    const snake = snakeCase(layer.kind);
    const count = counts.get(snake) ?? 0;
    counts.set(snake, count + 1);
    const place = {
      name: `${name}${layer.name}`,
      counted: `${counted}${snake}${count === 0 ? '' : `_${count}`}`,
    };
    const inner =
      layer.config === undefined
        ? []
        : layersOf(layer.config, { name: `${place.name}/`, counted: `${place.counted}/` }, depth + 1, tick);
    return [{ ...place, ...factsOf(layer, below(stated, inputs, i, name)) }, ...inner];
  });
}

/** As Keras makes names of classes. */
const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

function factsOf({ kind, config }: Stated, below: string | null): Pick<KerasLayer, 'facts' | 'forward' | 'backward'> {
  const under = below === null ? [] : [{ key: 'layer_below', value: below }];
  if (kind === 'Bidirectional') {
    const merge = textAt(config, 'merge_mode');
    return {
      facts: [...under, ...(merge === null ? [] : [{ key: 'merge_mode', value: merge }])],
      forward: ownFacts(get(config, 'layer')),
      backward: ownFacts(get(config, 'backward_layer')),
    };
  }
  const isRecurrent = recurrent.includes(kind);
  return { facts: isRecurrent ? [...under, ...factsIn(config)] : [], forward: [], backward: [] };
}

const ownFacts = (layer: unknown): KerasFact[] => factsIn(get(layer, 'config'));

/** Of a layer made of a cell, the cell says the rest. */
function factsIn(config: unknown): KerasFact[] {
  const cell = get(get(config, 'cell'), 'config');
  return told.flatMap((key) => {
    const value = get(config, key) ?? get(cell, key);
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return [{ key, value }];
    const kind = textAt(value, 'registered_name') ?? textAt(value, 'class_name');
    return kind === null ? [] : [{ key, value: kind }];
  });
}

/** What a layer takes its numbers from: a recurrent layer by its name, everything else with its class. */
function below(
  layers: readonly Stated[],
  inputs: readonly (number | null)[],
  index: number,
  prefix: string,
): string | null {
  const known = new Set<number>();
  for (let at = inputs[index] ?? null; at !== null && !known.has(at); at = inputs[at] ?? null) {
    known.add(at);
    const layer = layers[at]!;
    if (recurrent.includes(layer.kind) || layer.kind === 'Bidirectional') return `${prefix}${layer.name}`;
    if (!passes.includes(layer.kind)) return `${layer.kind} ${layer.name}`;
  }
  return null;
}

/** Of each layer the first one that it names as its input; in a sequence the one before it. */
function inputsOf(layers: readonly Stated[]): (number | null)[] {
  const places = new Map<string, number>();
  for (const [i, { name }] of layers.entries()) if (!places.has(name)) places.set(name, i);
  return layers.map(({ node }, index) => {
    const inbound = get(node, 'inbound_nodes');
    if (inbound === undefined) return index > 0 ? index - 1 : null;
    const at = textsIn(inbound, 0).reduce((first, name) => Math.min(first, places.get(name) ?? Infinity), Infinity);
    return at === Infinity || at === index ? null : at;
  });
}

function textsIn(node: unknown, depth: number): string[] {
  if (typeof node === 'string') return [node];
  if (depth > 12 || typeof node !== 'object' || node === null) return [];
  return Object.values(node).flatMap((item) => textsIn(item, depth + 1));
}
