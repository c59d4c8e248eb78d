// Keras' paths of weights, of both its forms, as one: LAYER/kernel, LAYER/forward_layer/recurrent_kernel, ….
// Keras 2: lstm/lstm/lstm_cell/kernel:0. Keras 3: layers/lstm/cell/vars/0, where a layer is called by its class.
import { t } from '@vscode/l10n';
import type { Tick } from '../json/scanner.js';
import type { Container, Fact, FoundTensor } from './container.js';
import { refused } from './formatError.js';
import { kerasLayers } from './kerasConfig.js';
import type { KerasFact, KerasLayer } from './kerasConfig.js';

/** Groups that say nothing: they stand in every path of their kind of file. */
const structure: readonly string[] = ['layers', '_layer_checkpoint_dependencies'];
/** A layer and its cell are one. */
const isCell = (segment: string): boolean => /(?:^|_)cell(?:_\d+)?$/.test(segment);

/**
 * `by`: whether the file calls a layer by its name or by its class, counted; `modelConfig`: the model as JSON, where it
 * is told.
 * @throws FormatError
 */
export function kerasContainer(
  found: readonly FoundTensor[],
  modelConfig: string | null,
  by: 'names' | 'counted',
  tick: Tick,
): Container {
  if (found.length === 0)
    throw refused(
      t('The file holds no numbers.'),
      t('the weights of a model, as Keras saves them'),
      t('no dataset'),
      t('Save them in Python with model.save_weights("model.weights.h5").'),
    );
  const layers = modelConfig === null ? [] : kerasLayers(modelConfig, tick);
  const plain = shortened(namedParts(found));
  const places = new Map(layers.map((layer, i) => [layer[by === 'names' ? 'name' : 'counted'], { layer, i }]));
  const placed = plain.map((tensor, at) => {
    const own = layerOf(tensor.name, places);
    if (own === null) return { tensor, at, i: layers.length };
    const name = by === 'names' ? tensor.name : own.place.layer.name + tensor.name.slice(own.prefix.length);
    return { tensor: { ...tensor, name }, at, i: own.place.i };
  });
  const tensors = placed.sort((a, b) => a.i - b.i || a.at - b.at).map(({ tensor }) => tensor);
  return { tensors, facts: layers.flatMap((layer) => factsOf(layer, tensors)), isOne: false };
}

/** The layer whose name a path begins with, the longest one: models stand in models. */
function layerOf<Place>(
  name: string,
  places: ReadonlyMap<string, Place>,
): { readonly prefix: string; readonly place: Place } | null {
  for (let end = name.lastIndexOf('/'); end > 0; end = name.lastIndexOf('/', end - 1)) {
    const place = places.get(name.slice(0, end));
    if (place !== undefined) return { prefix: name.slice(0, end), place };
  }
  return null;
}

/** Of a layer that has weights: what its configuration says of them. */
function factsOf({ name, facts, forward, backward }: KerasLayer, tensors: readonly FoundTensor[]): Fact[] {
  const own = tensors.filter((tensor) => tensor.name.startsWith(`${name}/`));
  const under = (prefix: string, told: readonly KerasFact[]): Fact[] =>
    told.map(({ key, value }) => ({ name: `${prefix}/${key}`, value }));
  if (own.length === 0) return [];
  const direction = (segment: string, told: readonly KerasFact[]): Fact[] => {
    const inner = own.find((tensor) => tensor.name.includes(`/${segment}/`))?.name;
    return inner === undefined ? [] : under(inner.slice(0, inner.lastIndexOf('/')), told);
  };
  return [...under(name, facts), ...direction('forward_layer', forward), ...direction('backward_layer', backward)];
}

/** Without what says nothing, where that leaves every name for one tensor. */
function shortened(tensors: readonly FoundTensor[]): FoundTensor[] {
  const short = tensors.map(({ name }) => shortName(name));
  const count = new Map<string, number>();
  for (const name of short) count.set(name, (count.get(name) ?? 0) + 1);
  return tensors.map((tensor, i) => {
    const name = short[i]!;
    return count.get(name) === 1 ? { ...tensor, name } : tensor;
  });
}

function shortName(name: string): string {
  const segments = name.split('/');
  const last = segments.pop()!;
  if (segments[0] === 'model_weights') segments.shift();
  if (isCell(segments.at(-1) ?? '')) segments.pop();
  const plain = segments
    .filter((segment, i) => !structure.includes(segment) && segment !== segments[i - 1])
    .map((segment, i) => (i === 0 ? segment : segment.replace(/^(forward|backward)_.*$/s, '$1_layer')));
  return [...plain, last.replace(/:0$/, '')].join('/');
}

const shapeOf = (tensor: FoundTensor | undefined): readonly number[] => tensor?.stored?.shape ?? [];

/** Keras 3 numbers the variables of a layer in the order in which it made them. */
function namedParts(tensors: readonly FoundTensor[]): FoundTensor[] {
  const byLayer = new Map<string, FoundTensor[]>();
  const pathOf = (name: string): string | null => /^(.*)\/vars\/\d+$/s.exec(name)?.[1] ?? null;
  for (const tensor of tensors) {
    const path = pathOf(tensor.name);
    if (path === null) continue;
    const own = byLayer.get(path) ?? [];
    own.push(tensor);
    byLayer.set(path, own);
  }
  return tensors.map((tensor) => {
    const path = pathOf(tensor.name);
    const names = path === null ? [] : namesOf(path, byLayer.get(path)!);
    const part = names[Number(tensor.name.slice((path ?? '').length + '/vars/'.length))];
    return part === undefined ? tensor : { ...tensor, name: `${path}/${part}` };
  });
}

/** By their shapes: [I,G·H], [H,G·H] and a bias are a recurrent layer; a matrix and a bias of its width a dense one. */
function namesOf(path: string, tensors: readonly FoundTensor[]): readonly string[] {
  const [first, second] = [shapeOf(tensors[0]), shapeOf(tensors[1])];
  const width = first[1];
  if (first.length !== 2) return [];
  if (second.length === 2 && second[1] === width && tensors.length <= 3) return ['kernel', 'recurrent_kernel', 'bias'];
  if (tensors.length === 1) return [/embedding[^/]*$/.test(path) ? 'embeddings' : 'kernel'];
  return tensors.length === 2 && second.length === 1 && second[0] === width ? ['kernel', 'bias'] : [];
}
