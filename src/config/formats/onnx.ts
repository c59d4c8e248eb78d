// ONNX: its RNN, LSTM and GRU nodes, wherever in the graph, with the tensors that they take and what they say of
// themselves.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { addDropout } from './container.js';
import type { Beside, Container, Fact, FileFormat, FoundTensor } from './container.js';
import { beforeQuantising, damaged, FormatError, refused } from './formatError.js';
import { OnnxGraph } from './onnxGraph.js';
import type { OnnxNode } from './onnxGraph.js';
import type { OnnxTensor } from './onnxTensors.js';
import { isSavedModel } from './otherFormats.js';
import { Protobuf } from './protobuf.js';
import { numbersOf } from './storedNumbers.js';

const recurrent: readonly string[] = ['RNN', 'LSTM', 'GRU'];
/** What hands numbers on as they are, when nothing is trained. */
const passes: readonly string[] = [
  'Identity',
  'Transpose',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Dropout',
  'Cast',
];

/** ONNX begins with the number of its form, a small one, and goes on with another field of the model. */
const match = (bytes: Uint8Array): boolean =>
  bytes.length > 2 &&
  bytes[0] === 0x08 &&
  bytes[1]! > 0 &&
  bytes[1]! < 0x20 &&
  modelTags.includes(bytes[2]!) &&
  !isSavedModel(bytes);
/** Producer, its version, domain, version of the model, documentation, graph, operators. */
const modelTags: readonly number[] = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42];

function graphOf(bytes: Uint8Array, tick: Tick, beside: Beside): OnnxGraph {
  const file = new Protobuf(bytes, tick);
  let graph: OnnxGraph | null = null;
  for (const field of file.fields({ from: 0, to: bytes.length }))
    if (field.number === 7 && field.wire === 'bytes') graph = new OnnxGraph(file, field, beside);
  if (graph === null) throw damaged(t('a graph'), t('none'), bytes.length);
  return graph;
}

/** @throws FormatError */
function open(bytes: Uint8Array, tick: Tick, beside: Beside): Container {
  const { nodes, graphs } = allOf(graphOf(bytes, tick, beside));
  const layers = nodes.filter(({ op }) => recurrent.includes(op));
  if (layers.length === 0)
    throw refused(
      t('The graph has no recurrent node.'),
      'RNN, LSTM, GRU',
      [...new Set(nodes.map(({ op }) => cut(op, 30)))].slice(0, 5).join(', ') || t('none'),
      nodes.some(({ op }) => op === 'DynamicQuantizeLSTM')
        ? beforeQuantising()
        : t('Export the network with its recurrent layers, in Python with torch.onnx.export.'),
    );
  const names = namesOf(layers);
  const nameOf = new Map(layers.map((layer, i) => [layer, names[i]!]));
  const taken = new Set<OnnxTensor>();
  const tensors: FoundTensor[] = [];
  const facts: Fact[] = [];
  const dropped = dropoutsBeside(nodes, tick);
  for (const [i, layer] of layers.entries()) {
    const name = names[i]!;
    for (const [input] of parts) layer.graph.addSources(layer.inputs[input] ?? '', taken);
    for (const { part, tensor } of partsOf(layer, name)) {
      taken.add(tensor);
      tensors.push({ ...tensor, name: `${name}/${part}` });
    }
    const below = belowOf(layer);
    const told = below === null ? null : typeof below === 'string' ? below : nameOf.get(below)!;
    facts.push(...factsOf(layer, name, tick), ...(told === null ? [] : [{ name: `${name}/layer_below`, value: told }]));
    const dropouts = dropped.get(layer);
    if (dropouts !== undefined) facts.push({ name: `${name}/dropout_layers`, value: dropouts });
  }
  const sums = sumsOf(nodes);
  const readouts = nodes.flatMap((node) => readoutOf(node, sums));
  const all = new Set(tensors.map(({ name }) => name));
  const add = (tensor: FoundTensor): void => {
    if (all.has(tensor.name)) return;
    all.add(tensor.name);
    tensors.push(tensor);
  };
  for (const { name, tensor, graph: around, input } of readouts) {
    around.addSources(input, taken);
    add({ ...tensor, name });
  }
  for (const graph of graphs) for (const tensor of graph.tensors.values()) if (!taken.has(tensor)) add(tensor);
  return { tensors, facts, isOne: false };
}

function allOf(graph: OnnxGraph): { readonly nodes: readonly OnnxNode[]; readonly graphs: readonly OnnxGraph[] } {
  return { nodes: graph.nodes, graphs: [...new Set([graph, ...graph.nodes.map((node) => node.graph)])] };
}

const longestName = 120;

/** Nodes by their names; `/rnn/LSTM` without its first slash, one without a name by what it computes, counted. */
function namesOf(layers: readonly OnnxNode[]): string[] {
  const known = new Set<string>();
  const counts = new Map<string, number>();
  return layers.map(({ name, op, outputs }) => {
    const plain = cut(firstOf(op, name, ...outputs), longestName).replace(/^\/+|\/+$/g, '') || op;
    let own = plain;
    let count = counts.get(plain) ?? 0;
    for (; known.has(own); own = `${plain}_${count}`) count++;
    counts.set(plain, count);
    known.add(own);
    return own;
  });
}

/** X, W, R, B, sequence_lens, initial_h, initial_c, P: those that a run may take. */
const parts: readonly (readonly [number, string])[] = [
  [1, 'W'],
  [2, 'R'],
  [3, 'B'],
  [5, 'initial_h'],
  [6, 'initial_c'],
  [7, 'P'],
];

function partsOf(layer: OnnxNode, name: string): { readonly part: string; readonly tensor: OnnxTensor }[] {
  return parts.flatMap(([input, part]) => {
    const own = layer.inputs[input] ?? '';
    if (own === '') return [];
    const tensor = layer.graph.constant(own);
    if (tensor !== null) return [{ part, tensor }];
    // A state may come from elsewhere; weights that are computed cannot be known. Peepholes are told as such.
    if (part.startsWith('initial') || part === 'P') return [];
    const source = layer.graph.sourceOf(own);
    throw refused(
      t('The weights of the node {0} are computed by the graph.', cut(name, 60)),
      t('weights that are stored, or only moved (Transpose, Reshape, Slice, Concat, Cast and their like)'),
      typeof source === 'string' ? t('the input {0}', cut(source, 40)) : t('the node {0}', cut(source.op, 40)),
      typeof source !== 'string' && source.op === 'DequantizeLinear'
        ? beforeQuantising()
        : t('Simplify the model first, in Python with onnxsim.simplify(model).'),
      cut(`${name}/${part}`, 80),
    );
  });
}

/** From here on nothing is bounded. */
const noClip = 3.4028234e38;

function factsOf({ op, attributes, inputs, graph }: OnnxNode, name: string, tick: Tick): Fact[] {
  const facts: Fact[] = [];
  const add = (key: string, value: Fact['value']): void => void facts.push({ name: `${name}/${key}`, value });
  const number = (key: string): number | null => attributes.get(key)?.number ?? null;
  const [D = 1, , H] = graph.constant(inputs[2] ?? '')?.stored?.shape ?? [];
  const activations = attributes.get('activations')?.texts ?? [];
  if (activations.length > 0) add('activations', activations);
  else if (op === 'RNN') add('activations', new Array<string>(D === 2 ? 2 : 1).fill('Tanh'));
  const direction = attributes.get('direction')?.text;
  if (direction) add('direction', direction);
  // Without a word a node runs forward.
  else if (D !== 1) add('direction', 'forward');
  const size = number('hidden_size');
  if (size !== null && size !== H) add('hidden_size', size);
  const clip = number('clip');
  if (clip !== null && !(clip >= noClip)) add('clip', clip);
  if (op === 'GRU') add('linear_before_reset', (number('linear_before_reset') ?? 0) !== 0);
  if (op === 'LSTM' && (number('input_forget') ?? 0) !== 0) add('input_forget', true);
  if (op === 'LSTM' && hasPeepholes(graph, inputs[7] ?? '', tick)) add('peepholes', true);
  return facts;
}

/** Weights from c to the gates; zeros say the same as none. */
function hasPeepholes(graph: OnnxGraph, name: string, tick: Tick): boolean {
  if (name === '') return false;
  const stored = graph.constant(name)?.stored ?? null;
  return stored === null || numbersOf(stored, tick).some((value) => value !== 0);
}

/** Outputs of a recurrent node that are no sequence: the last states. */
const lastStates: Readonly<Record<number, string>> = { 1: 'Y_h', 2: 'Y_c' };

/**
 * Where a node takes its numbers from: the value, the node that computes it (null: none), and those that hand it on
 * between. Null where that is unclear.
 */
type Source = { readonly name: string; readonly node: OnnxNode | null; readonly through: readonly OnnxNode[] };

function sourceOf({ graph, inputs }: OnnxNode, handsOn = passes): Source | null {
  const through: OnnxNode[] = [];
  let name = inputs[0] ?? '';
  while (through.length < 100) {
    const node = graph.producer(name);
    if (node === null || !handsOn.includes(node.op)) return { name, node, through };
    through.push(node);
    name = node.inputs[0] ?? '';
  }
  return null;
}

/**
 * The recurrent node whose sequence of outputs a node takes, the name of what stands between, or null where that is
 * unclear.
 */
function belowOf(layer: OnnxNode): OnnxNode | string | null {
  const source = sourceOf(layer);
  if (source === null) return null;
  const { name, node } = source;
  if (node === null) return name;
  const label = node.name === '' ? node.op : `${node.op} ${node.name}`;
  if (!recurrent.includes(node.op)) return label;
  const state = lastStates[node.outputs.indexOf(name)];
  return state === undefined ? node : `${label}, ${state}`;
}

/** Some steps of an output, which a readout takes, are no sequence; Dropout between is that of the layer. */
const handsOnSteps: readonly string[] = [...passes, 'Gather', 'Slice'];

/** Of each recurrent node the Dropout nodes through which it takes its inputs, and those that take its outputs. */
function dropoutsBeside(nodes: readonly OnnxNode[], tick: Tick): ReadonlyMap<OnnxNode, readonly string[]> {
  const beside = new Map<OnnxNode, readonly string[]>();
  const add = (layer: OnnxNode, { name, outputs }: OnnxNode): void =>
    addDropout(beside, layer, `Dropout ${cut(firstOf('', name, ...outputs), longestName)}`.trim());
  for (const [i, node] of nodes.entries()) {
    if (i % 64 === 0) tick();
    if (recurrent.includes(node.op))
      for (const one of sourceOf(node)?.through ?? []) if (isDropout(one, tick)) add(node, one);
    if (!isDropout(node, tick)) continue;
    const layer = sourceOf(node, handsOnSteps)?.node ?? null;
    if (layer !== null && recurrent.includes(layer.op)) add(layer, node);
  }
  return beside;
}

/** A ratio of 0 drops nothing; one that the graph computes may be any. */
function isDropout({ op, attributes, inputs, graph }: OnnxNode, tick: Tick): boolean {
  if (op !== 'Dropout') return false;
  const name = inputs[1] ?? '';
  const stored = name === '' ? null : (graph.constant(name)?.stored ?? null);
  const isOne = stored?.shape.every((length) => length === 1) === true;
  return (attributes.get('ratio')?.number ?? (isOne ? numbersOf(stored, tick)[0] : null)) !== 0;
}

const firstOf = (otherwise: string, ...names: readonly string[]): string =>
  names.find((name) => name !== '') ?? otherwise;

type Sums = ReadonlyMap<OnnxGraph, ReadonlyMap<string, OnnxNode>>;

/** The Add that takes a value, by its name. */
function sumsOf(nodes: readonly OnnxNode[]): Sums {
  const sums = new Map<OnnxGraph, Map<string, OnnxNode>>();
  for (const node of nodes) {
    if (node.op !== 'Add') continue;
    const own = sums.get(node.graph) ?? new Map<string, OnnxNode>();
    sums.set(node.graph, own);
    for (const input of node.inputs) own.set(input, node);
  }
  return sums;
}

/** `input`: as the node calls the tensor. */
type Readout = {
  readonly name: string;
  readonly tensor: OnnxTensor;
  readonly graph: OnnxGraph;
  readonly input: string;
};

/** A linear layer: Gemm, or MatMul and Add. Its tensors are called as PyTorch or Keras would. */
function readoutOf(node: OnnxNode, sums: Sums): Readout[] {
  const { op, graph, inputs, outputs, attributes } = node;
  const stored = (input: string | undefined, rank: number): Omit<Readout, 'name'> | null => {
    const tensor = input === undefined || input === '' ? null : graph.constant(input);
    return tensor?.stored?.shape.length === rank ? { tensor, graph, input: input! } : null;
  };
  const matrix = op === 'Gemm' || op === 'MatMul' ? stored(inputs[1], 2) : null;
  const number = (key: string, usual: number): number => attributes.get(key)?.number ?? usual;
  if (matrix === null || number('alpha', 1) !== 1 || number('beta', 1) !== 1 || number('transA', 0) !== 0) return [];
  const added = op === 'Gemm' ? null : sums.get(graph)?.get(outputs[0] ?? '');
  const bias = stored(op === 'Gemm' ? inputs[2] : added?.inputs.find((input) => input !== outputs[0]), 1);
  const isTurned = op === 'Gemm' && number('transB', 0) !== 0;
  const [known, ending] = [matrix.tensor.name, isTurned ? 'weight' : 'kernel'];
  const prefix = /[/.](?:weight|kernel)$/.test(known)
    ? known.replace(/[/.](?:weight|kernel)$/, '')
    : cut(firstOf(op, node.name, ...outputs), longestName).replace(/^\/+/, '');
  return [{ name: `${prefix}/${ending}`, ...matrix }, ...(bias === null ? [] : [{ name: `${prefix}/bias`, ...bias }])];
}

/** A file beside this one that it names and that is not among those that are known; null where there is none. */
export function missingBeside(
  bytes: Uint8Array,
  known: ReadonlyMap<string, { readonly bytes: Uint8Array | null }>,
  tick: Tick,
): string | null {
  if (!match(bytes)) return null;
  let missing: string | null = null;
  try {
    graphOf(bytes, tick, (name) => {
      if (missing === null && !known.has(name)) missing = name;
      return known.get(name)?.bytes ?? null;
    });
  } catch (error) {
    // What is wrong with the file is told when it is opened.
    if (!(error instanceof FormatError)) throw error;
  }
  return missing;
}

export const onnx: FileFormat = { name: () => t('an ONNX model'), match, open };
