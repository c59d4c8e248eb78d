// Graphs of ONNX: their nodes in order, and the constants that can be known without running anything.
import { t } from '@vscode/l10n';
import { cut } from '../json/problem.js';
import type { Beside } from './container.js';
import { damaged } from './formatError.js';
import { isMoving, moved } from './onnxMoves.js';
import type { Move } from './onnxMoves.js';
import { numberType, readTensor } from './onnxTensors.js';
import type { OnnxTensor } from './onnxTensors.js';
import type { Field, Message, Protobuf } from './protobuf.js';
import { bytesOf, numbersOf, stridesOf } from './storedNumbers.js';

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
  readonly floats: readonly number[];
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
/** How often the files may be copied: turned around, put together, both directions beside each other. */
const mostCopies = 4;

export class OnnxGraph {
  readonly nodes: OnnxNode[] = [];
  readonly tensors = new Map<string, OnnxTensor>();
  readonly inputs = new Set<string>();
  readonly outer: OnnxGraph | null;
  readonly #file: Protobuf;
  readonly #beside: Beside;
  readonly #producers = new Map<string, OnnxNode>();
  readonly #made = new Map<string, OnnxTensor | null>();
  /** Bytes that were copied, and those of the files beside this one. */
  readonly #folded: { bytes: number; readonly files: Map<string, number> };

  /** @throws FormatError */
  constructor(file: Protobuf, message: Message, beside: Beside, outer: OnnxGraph | null = null, depth = 0) {
    if (depth > deepest) throw damaged(t('at most {0} levels', deepest), t('more of them'), message.from);
    this.#file = file;
    this.outer = outer;
    const files = outer === null ? new Map<string, number>() : outer.#folded.files;
    this.#folded = outer === null ? { bytes: 0, files } : outer.#folded;
    this.#beside =
      outer === null
        ? (name) => {
            const content = beside(name);
            files.set(name, content?.length ?? 0);
            return content;
          }
        : beside;
    for (const field of file.fields(message)) {
      if (field.number === 5) this.#add(readTensor(file, field, this.#beside));
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
    const floats: number[] = [];
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
      else if (field.number === 7)
        for (let at = field.from; at + 4 <= field.to; at += 4) floats.push(file.view.getFloat32(at, true));
      else if (field.number === 8) for (const value of file.integers(field)) integers.push(Number(value));
      else if (field.number === 9) texts.push(file.text(field));
    }
    return { name, attribute: { number, integers, floats, text, texts, tensor }, graphs };
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
    const made = chain < longestChain ? this.#fold(node, name, chain + 1) : null;
    this.#made.set(name, made);
    return made;
  }

  /** Where a tensor that `constant` does not know comes from: the node that computes it, or the name of an input. */
  sourceOf(name: string, chain = 0): OnnxNode | string {
    const node = this.producer(name);
    if (node === null) return name;
    const unknown = node.inputs.find((input) => input !== '' && node.graph.constant(input) === null);
    return isMoving(node.op) && unknown !== undefined && chain < longestChain
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
    else if (isMoving(node.op) && seen.size <= mostSources)
      for (const input of node.inputs) this.addSources(input, sources, seen);
  }

  #fold(node: OnnxNode, name: string, chain: number): OnnxTensor | null {
    const { op, inputs, outputs, attributes } = node;
    if (op === 'Constant') return this.#constantOf(attributes);
    if (!isMoving(op)) return null;
    const integersOf = (input: string): readonly number[] | null => {
      const stored = this.constant(input, chain)?.stored ?? null;
      return stored === null || stored.shape.length > 1 ? null : [...numbersOf(stored, this.#file.tick)];
    };
    // Behind the tensor of other nodes stand lists of whole numbers.
    const tensors = (op === 'Concat' || op === 'Gather' ? inputs : inputs.slice(0, 1)).map((input) =>
      this.constant(input, chain),
    );
    const move: Move = {
      tensors: tensors.map((tensor) => tensor?.stored ?? null),
      has: (input) => (inputs[input] ?? '') !== '',
      integers: (attribute, input) =>
        attributes.get(attribute)?.integers ?? (input === null ? null : integersOf(inputs[input] ?? '')),
      integer: (attribute) => attributes.get(attribute)?.number ?? null,
      outputs: outputs.length,
      output: outputs.indexOf(name),
      tick: this.#file.tick,
      spend: (bytes) => this.#spend(bytes, name),
    };
    const stored = moved(op, move, numberType(attributes.get('to')?.number ?? 0));
    return stored === null ? null : { name: tensors[0]!.name, stored };
  }

  #constantOf(attributes: OnnxNode['attributes']): OnnxTensor | null {
    const tensor = attributes.get('value')?.tensor ?? null;
    if (tensor !== null) return readTensor(this.#file, tensor, this.#beside);
    const [key, attribute] = [...attributes].find(([one]) => constants.has(one)) ?? [];
    return key === undefined || attribute === undefined ? null : plainConstant(constants.get(key)!, attribute);
  }

  /** What is put together has no more bytes than some copies of the files, however often. */
  #spend(bytes: number, name: string): void {
    const { files } = this.#folded;
    const held = [...files.values()].reduce((sum, length) => sum + length, this.#file.bytes.length);
    this.#folded.bytes += bytes;
    if (this.#folded.bytes > mostCopies * held)
      throw damaged(t('tensors beside each other'), t('one that is put together again and again'), null, cut(name, 80));
  }
}

/** What a Constant may have in the place of a tensor. */
const constants: ReadonlyMap<string, 'i8' | 'f4'> = new Map([
  ['value_int', 'i8'],
  ['value_ints', 'i8'],
  ['value_float', 'f4'],
  ['value_floats', 'f4'],
]);

function plainConstant(type: 'i8' | 'f4', { number, integers, floats }: Attribute): OnnxTensor {
  const list = type === 'i8' ? integers : floats;
  const values = number === null ? list : [number];
  const bytes = new Uint8Array(values.length * bytesOf(type));
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries())
    // What stands for "to the end" is 2^63 − 1, which no float64 holds.
    if (type === 'i8') view.setBigInt64(8 * i, BigInt(Math.min(value, 2 ** 63 - 1024)), true);
    else view.setFloat32(4 * i, value, true);
  const shape = number === null ? [values.length] : [];
  return { name: '', stored: { type, bytes, little: true, shape, offset: 0, strides: stridesOf(shape) } };
}
