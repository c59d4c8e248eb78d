// What a Keras model says of its layers, beside their weights.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { addDropout } from './container.js';
import type { Fact } from './container.js';
import { damaged } from './formatError.js';

/** A fact is a key of a layer's configuration; objects are called by their class. */
export type KerasFact = { readonly key: string; readonly value: Fact['value'] };
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
const dropouts: readonly string[] = ['Dropout', 'SpatialDropout1D', 'GaussianDropout', 'AlphaDropout'];
/** What passes numbers on as they are when nothing is trained. */
const passes: readonly string[] = [...dropouts, 'GaussianNoise', 'Masking', 'ActivityRegularization'];
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
  const sources = stated.map((_, i) => {
    if (i % 64 === 0) tick();
    return sourceOf(stated, inputs, i);
  });
  const dropped = dropoutsBeside(stated, sources, name);
  return stated.flatMap((layer, i) => {
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
    const own = factsOf(layer, below(stated, sources[i]!, name));
    const facts = [...own.facts, ...factIf('dropout_layers', dropped.get(i))];
    return [{ ...place, ...own, facts }, ...inner];
  });
}

/** As Keras makes names of classes. */
const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

const factIf = (key: string, value: Fact['value'] | null | undefined): KerasFact[] =>
  value === null || value === undefined ? [] : [{ key, value }];

function factsOf({ kind, config }: Stated, below: string | null): Pick<KerasLayer, 'facts' | 'forward' | 'backward'> {
  const under = factIf('layer_below', below);
  if (kind === 'Bidirectional') {
    const merge = textAt(config, 'merge_mode');
    return {
      facts: [...under, ...factIf('merge_mode', merge)],
      forward: ownFacts(get(config, 'layer')),
      backward: ownFacts(get(config, 'backward_layer')),
    };
  }
  return { facts: recurrent.includes(kind) ? [...under, ...factsIn(config)] : [], forward: [], backward: [] };
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

/** What a layer takes its numbers from, null where that is unclear, and what passes them on between. */
type Source = { readonly at: number | null; readonly through: readonly number[] };

function sourceOf(layers: readonly Stated[], inputs: readonly (number | null)[], index: number): Source {
  const through = new Set<number>();
  for (let at = inputs[index] ?? null; at !== null && !through.has(at); at = inputs[at] ?? null) {
    if (!passes.includes(layers[at]!.kind)) return { at, through: [...through] };
    through.add(at);
  }
  return { at: null, through: [...through] };
}

const isRecurrent = ({ kind }: Stated): boolean => recurrent.includes(kind) || kind === 'Bidirectional';

/** A recurrent layer by its name, everything else with its class. */
function below(layers: readonly Stated[], { at }: Source, prefix: string): string | null {
  const layer = at === null ? undefined : layers[at];
  if (layer === undefined) return null;
  return isRecurrent(layer) ? `${prefix}${layer.name}` : `${layer.kind} ${layer.name}`;
}

/** Of each recurrent layer the layers of Dropout through which it takes its inputs, and those that take its outputs. */
function dropoutsBeside(
  layers: readonly Stated[],
  sources: readonly Source[],
  prefix: string,
): ReadonlyMap<number, readonly string[]> {
  const isDropout = (i: number): boolean => dropouts.includes(layers[i]!.kind) && get(layers[i]!.config, 'rate') !== 0;
  const beside = new Map<number, readonly string[]>();
  const add = (owner: number, i: number): void =>
    addDropout(beside, owner, `${layers[i]!.kind} ${prefix}${layers[i]!.name}`);
  for (const [i, { at, through }] of sources.entries()) {
    if (isRecurrent(layers[i]!)) for (const one of through) if (isDropout(one)) add(i, one);
    if (isDropout(i) && at !== null && isRecurrent(layers[at]!)) add(at, i);
  }
  return beside;
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
