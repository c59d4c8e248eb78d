// Graphs of ONNX: their nodes in order, and the constants that can be known without running anything.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Beside } from './container.js';
import { damaged } from './formatError.js';
import { joined, readTensor } from './onnxTensors.js';
import type { OnnxTensor } from './onnxTensors.js';
import type { Field, Message, Protobuf } from './protobuf.js';
import { readRange, sizeOf } from './source.js';
import { countOf, numbersOf, stridesOf } from './storedNumbers.js';
import type { Stored } from './storedNumbers.js';

export type OnnxNode = {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly graph: OnnxGraph;
};
export type Attribute = {
  readonly number: number | null;
  readonly integers: readonly number[];
  readonly text: string | null;
  readonly texts: readonly string[];
  readonly tensor: Message | null;
};

/** If in Loop in Scan: what exporters write has two or three levels. */
const deepest = 16;
/** Chains of nodes that make one constant of others. */
const longestChain = 16;

/** Tensors and what is made of them on the way to one. */
const mostSources = 256;
/** Nodes that only move numbers, of those that have inputs. */
const moving: ReadonlySet<string> = new Set(['Identity', 'Unsqueeze', 'Squeeze', 'Concat']);

export class OnnxGraph {
  readonly nodes: OnnxNode[] = [];
  readonly tensors = new Map<string, OnnxTensor>();
  readonly inputs = new Set<string>();
  readonly outer: OnnxGraph | null;
  readonly #file: Protobuf;
  readonly #beside: Beside;
  readonly #producers = new Map<string, OnnxNode>();
  readonly #made = new Map<string, OnnxTensor | null>();
  readonly #folded: { bytes: number };

  /** @throws FormatError */
  constructor(file: Protobuf, message: Message, beside: Beside, outer: OnnxGraph | null = null, depth = 0) {
    if (depth > deepest) throw damaged(t('at most {0} levels', deepest), t('more of them'), message.from);
    this.#file = file;
    this.#beside = beside;
    this.outer = outer;
    this.#folded = outer === null ? { bytes: 0 } : outer.#folded;
    for (const field of file.fields(message)) {
      if (field.number === 5) this.#add(readTensor(file, field, beside));
      else if (field.number === 11) this.inputs.add(this.#textOf(field, 1));
    }
    for (const field of file.fields(message)) if (field.number === 1) this.#addNode(field, depth);
  }

  #textOf(message: Message, number: number): string {
    let text = '';
    for (const field of this.#file.fields(message)) if (field.number === number) text = this.#file.text(field);
    return text;
  }

  #add(tensor: OnnxTensor): void {
    if (this.tensors.has(tensor.name))
      throw damaged(t('each name once'), t('the same name twice'), null, cut(tensor.name, 80));
    this.tensors.set(tensor.name, tensor);
  }

  #addNode(message: Message, depth: number): void {
    const file = this.#file;
    const [inputs, outputs]: [string[], string[]] = [[], []];
    const attributes = new Map<string, Attribute>();
    const inner: Field[] = [];
    let [name, op] = ['', ''];
    for (const field of file.fields(message)) {
      if (field.number === 1) inputs.push(file.text(field));
      else if (field.number === 2) outputs.push(file.text(field));
      else if (field.number === 3) name = file.text(field);
      else if (field.number === 4) op = file.text(field);
      else if (field.number === 5) {
        const read = this.#attribute(field);
        attributes.set(read.name, read.attribute);
        inner.push(...read.graphs);
      }
    }
    const node = { name, op, inputs, outputs, attributes, graph: this };
    this.nodes.push(node);
    for (const output of outputs) this.#producers.set(output, node);
    for (const graph of inner)
      for (const own of new OnnxGraph(file, graph, this.#beside, this, depth + 1).nodes) this.nodes.push(own);
  }

  #attribute(message: Message): { readonly name: string; readonly attribute: Attribute; readonly graphs: Field[] } {
    const file = this.#file;
    const graphs: Field[] = [];
    const integers: number[] = [];
    const texts: string[] = [];
    let [name, text]: [string, string | null] = ['', null];
    let number: number | null = null;
    let tensor: Message | null = null;
    for (const field of file.fields(message)) {
      if (field.number === 1) name = file.text(field);
      else if (field.number === 2 && field.wire === 'four') number = file.view.getFloat32(field.from, true);
      else if (field.number === 3) number = Number(BigInt.asIntN(64, field.value));
      else if (field.number === 4) text = file.text(field);
      else if (field.number === 5) tensor = field;
      else if (field.number === 6 || field.number === 11) graphs.push(field);
      else if (field.number === 8) for (const value of file.integers(field)) integers.push(Number(value));
      else if (field.number === 9) texts.push(file.text(field));
    }
    return { name, attribute: { number, integers, text, texts, tensor }, graphs };
  }

  producer(name: string): OnnxNode | null {
    return this.#producers.get(name) ?? this.outer?.producer(name) ?? null;
  }

  /** The tensor of a name: stored, or made of stored ones by nodes that only move numbers; else null. */
  constant(name: string, chain = 0): OnnxTensor | null {
    const own = this.tensors.get(name) ?? this.#made.get(name);
    if (own !== undefined) return own;
    const node = this.#producers.get(name);
    if (node === undefined) return this.outer?.constant(name, chain) ?? null;
    const made = chain < longestChain ? this.#fold(node, chain + 1) : null;
    this.#made.set(name, made);
    return made;
  }

  /** Where a tensor that `constant` does not know comes from: the node that computes it, or the name of an input. */
  sourceOf(name: string, chain = 0): OnnxNode | string {
    const node = this.producer(name);
    if (node === null) return name;
    const unknown = node.inputs.find((input) => input !== '' && node.graph.constant(input) === null);
    return moving.has(node.op) && unknown !== undefined && chain < longestChain
      ? node.graph.sourceOf(unknown, chain + 1)
      : node;
  }

  /** Adds the stored tensors that `constant` makes that of a name from. */
  addSources(name: string, sources: Set<OnnxTensor>, seen = new Set<string>()): void {
    const own = this.tensors.get(name);
    if (own !== undefined) sources.add(own);
    if (own !== undefined || seen.has(name)) return;
    seen.add(name);
    const node = this.#producers.get(name);
    if (node === undefined) this.outer?.addSources(name, sources);
    else if (moving.has(node.op) && seen.size <= mostSources)
      for (const input of node.inputs) this.addSources(input, sources, seen);
  }

  #fold({ op, inputs, attributes }: OnnxNode, chain: number): OnnxTensor | null {
    if (op === 'Constant') {
      const tensor = attributes.get('value')?.tensor ?? null;
      return tensor === null ? null : readTensor(this.#file, tensor, this.#beside);
    }
    const [first = '', second = ''] = inputs;
    const axesOf = (): readonly number[] | null => {
      const given = attributes.get('axes')?.integers;
      if (given !== undefined) return given;
      const stored = second === '' ? null : (this.constant(second, chain)?.stored ?? null);
      return stored === null || stored.shape.length > 1 ? null : [...numbersOf(stored, this.#file.tick)];
    };
    if (op === 'Identity') return this.constant(first, chain);
    if (op === 'Unsqueeze' || op === 'Squeeze') {
      const stored = this.constant(first, chain)?.stored;
      const axes = axesOf();
      const shape = stored && axes && (op === 'Unsqueeze' ? widened(stored.shape, axes) : narrowed(stored.shape, axes));
      return stored && shape ? { name: first, stored: { ...stored, shape, strides: stridesOf(shape) } } : null;
    }
    if (op !== 'Concat') return null;
    const parts = inputs.map((input) => this.constant(input, chain)?.stored ?? null);
    const axis = attributes.get('axis')?.number ?? 0;
    return parts.every((part) => part !== null) ? this.#concat(first, parts, axis) : null;
  }

  /** Tensors beside each other on one axis. What is put together has no more bytes than the file, however often. */
  #concat(name: string, parts: readonly Stored[], given: number): OnnxTensor | null {
    const [first] = parts;
    if (first === undefined) return null;
    const rank = first.shape.length;
    const axis = given < 0 ? given + rank : given;
    const fits = parts.every(
      ({ type, shape }) =>
        type === first.type && shape.length === rank && shape.every((size, i) => i === axis || size === first.shape[i]),
    );
    const outer = first.shape.slice(0, axis).reduce((product, size) => product * size, 1);
    // Without numbers there may be more rows than memory.
    const isEmpty = parts.some(({ shape }) => shape.includes(0));
    if (!fits || axis < 0 || axis >= rank || isEmpty) return null;
    this.#folded.bytes += parts.reduce((sum, { bytes }) => sum + sizeOf(bytes), 0);
    if (this.#folded.bytes > this.#file.bytes.length)
      throw damaged(t('tensors beside each other'), t('one that is put together again and again'), null, cut(name, 80));
    const rows = Array.from({ length: outer }, (_, row) =>
      parts.map(({ bytes }) => {
        const size = sizeOf(bytes) / outer;
        return readRange(bytes, row * size, (row + 1) * size);
      }),
    );
    const shape = first.shape.map((size, i) =>
      i === axis ? parts.reduce((sum, part) => sum + part.shape[i]!, 0) : size,
    );
    return { name, stored: { ...first, bytes: joined(rows.flat()), shape, strides: stridesOf(shape) } };
  }
}

function widened(shape: readonly number[], axes: readonly number[]): number[] | null {
  const rank = shape.length + axes.length;
  const added = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
  if (added.size !== axes.length || rank > 8 || [...added].some((axis) => axis < 0 || axis >= rank)) return null;
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!));
}

function narrowed(shape: readonly number[], axes: readonly number[]): number[] | null {
  const taken = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const kept = shape.filter((_, axis) => !taken.has(axis));
  return countOf(kept) === countOf(shape) && kept.length + taken.size === shape.length ? kept : null;
}
