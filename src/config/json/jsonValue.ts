import type { Document } from './jsonDocument.js';
import { locateLeaves, locateRow } from './locateNumbers.js';
import type { ArrayNode, JsonNode, ObjectNode, Span, TensorNode } from './node.js';
import type { Problem } from './problem.js';
import { appendIndex, appendKey } from './jsonPath.js';

type Address = Pick<Problem, 'file' | 'range' | 'path'>;

/** Values that are made between two ticks. */
const valuesPerTick = 1024;

/**
 * A JSON value with its place. A problem of the value as a whole is shown at its key, in a list at the element itself,
 * and for the root of a file at its first character, so that a file of a million numbers is not underlined from end to
 * end.
 */
export class Value {
  readonly document: Document;
  readonly node: JsonNode;
  readonly path: string;
  readonly #place: Span;
  readonly #namedBy: Address | null;
  // An object is asked for its keys many times and may have very many of them: both are made once.
  #entries: readonly (readonly [string, Value])[] | null = null;
  #byKey: ReadonlyMap<string, Value> | null = null;

  private constructor(document: Document, node: JsonNode, path: string, place: Span, namedBy: Address | null = null) {
    this.document = document;
    this.node = node;
    this.path = path;
    this.#place = place;
    this.#namedBy = namedBy;
  }

  /** Another value that was reached in the same way. */
  #beside(node: JsonNode, path: string, place: Span): Value {
    return new Value(this.document, node, path, place, this.#namedBy);
  }

  static root(document: Document): Value | null {
    return document.root === null
      ? null
      : new Value(document, document.root, '', { offset: document.root.offset, length: 1 });
  }

  /** A value of its own, beside what was parsed. */
  static ofRoot(document: Document, node: JsonNode): Value {
    return new Value(document, node, '', { offset: node.offset, length: node.length });
  }

  /** The same value, with its problems shown at a place inside of it. */
  at(place: Span, path: string): Value {
    return this.#beside(this.node, path, place);
  }

  /** The same value of a file without a text, with its problems told at the place that names the file, too. */
  namedAt(namedBy: Address): Value {
    return new Value(this.document, this.node, this.path, this.#place, namedBy);
  }

  /** Where problems of the value are shown: its key, or the element itself. */
  get place(): Span {
    return this.#place;
  }

  /** What stands there: its key as it is written, quotes and all. */
  get placeText(): string {
    return this.document.binary === null
      ? this.document.text.slice(this.#place.offset, this.#place.offset + this.#place.length)
      : this.path;
  }

  address(): Address & Pick<Problem, 'namedBy'> {
    const namedBy = this.#namedBy;
    const address = { file: this.document.id, range: this.document.lines.range(this.#place), path: this.path };
    return namedBy === null ? address : { ...address, namedBy };
  }

  /** The same value, with its problems shown at a scalar itself instead of at its key. */
  itself(): Value {
    const { kind } = this.node;
    if (kind === 'tensor' || kind === 'array' || kind === 'object') return this;
    return this.#beside(this.node, this.path, this.node);
  }

  /** The value of a key; the last one where the key stands twice. */
  get(key: string): Value | null {
    return (this.#byKey ??= this.#makeIndex()).get(key) ?? null;
  }

  /** Keys of an object with their values. Empty for anything else. */
  entries(): readonly (readonly [string, Value])[] {
    return (this.#entries ??= this.#makeEntries());
  }

  #makeEntries(): readonly (readonly [string, Value])[] {
    if (this.node.kind !== 'object') return [];
    return this.node.properties.map(({ key, keySpan, value }, i) => {
      if (i % valuesPerTick === 0) this.document.tick();
      return [key, this.#beside(value, appendKey(this.path, key), keySpan)] as const;
    });
  }

  #makeIndex(): ReadonlyMap<string, Value> {
    const byKey = new Map<string, Value>();
    for (const [i, [key, value]] of this.entries().entries()) {
      if (i % valuesPerTick === 0) this.document.tick();
      byKey.set(key, value);
    }
    return byKey;
  }

  /** The same object, which this has to be, with other names for some of its keys; they stand where they stood. */
  renamed(name: (key: string) => string): Value {
    const node = this.node as ObjectNode;
    const properties = node.properties.map((property, i) => {
      if (i % valuesPerTick === 0) this.document.tick();
      return { ...property, key: name(property.key) };
    });
    return this.#beside({ ...node, properties }, this.path, this.#place);
  }

  /** The same names and shapes, and no numbers: of a file of tensors none is read. */
  withoutNumbers(): Value {
    return this.#beside(shapesOf(this.node), this.path, this.#place);
  }

  /** An object of some values of the same file, each where it stands. */
  select(entries: readonly (readonly [string, Value])[]): Value {
    const properties = entries.map(([key, value]) => ({ key, keySpan: value.#place, value: value.node }));
    const selected = this.#beside(
      { kind: 'object', properties, offset: this.node.offset, length: this.node.length },
      this.path,
      this.#place,
    );
    selected.#entries = entries;
    return selected;
  }

  /** The values of an object as a list, as an archive of arrays holds one for each sequence. */
  asList(): Value {
    const items = this.entries().map(([, { node }]) => node);
    return this.#beside({ kind: 'array', items, offset: 0, length: 0 }, this.path, this.#place);
  }

  /** Elements of an irregular list; a collapsed block of numbers has none. */
  items(): Value[] {
    return this.node.kind === 'array' ? this.node.items.map((_, i) => this.item(i)) : [];
  }

  /** One element of an irregular list, which this has to be. */
  item(index: number): Value {
    if (index % valuesPerTick === 0) this.document.tick();
    const item = (this.node as ArrayNode).items[index]!;
    return this.#beside(item, appendIndex(this.path, index), item);
  }

  /**
   * Single elements of a collapsed block of numbers by their flat row-major indices (ascending), with the text that
   * stands there.
   */
  leaves(node: TensorNode, flatIndices: readonly number[]): { readonly where: Value; readonly text: string }[] {
    if (this.document.binary !== null)
      return flatIndices.map((flat) => ({
        where: this.#beside(node, unravel(flat, node.shape).reduce(appendIndex, this.path), this.#place),
        text: String(node.data[flat]),
      }));
    return locateLeaves(this.document.text, node, flatIndices, this.document.tick).map((span, i) => {
      const path = unravel(flatIndices[i]!, node.shape).reduce(appendIndex, this.path);
      return {
        where: this.#beside(node, path, span),
        text: this.document.text.slice(span.offset, span.offset + span.length),
      };
    });
  }

  /** A sub-array of a collapsed block of numbers. */
  row(node: TensorNode, indices: readonly number[]): Value {
    return this.#beside(
      node,
      indices.reduce(appendIndex, this.path),
      locateRow(this.document.text, node, indices, this.document.tick),
    );
  }
}

function shapesOf(node: JsonNode): JsonNode {
  if (node.kind === 'tensor') {
    const { kind, shape, offset, length } = node;
    return { kind, shape, data: new Float64Array(), offset, length };
  }
  if (node.kind !== 'object') return node;
  return { ...node, properties: node.properties.map((one) => ({ ...one, value: shapesOf(one.value) })) };
}

/** Indices of a flat row-major index. */
function unravel(flat: number, shape: readonly number[]): number[] {
  const indices: number[] = [];
  let rest = flat;
  for (const size of shape.toReversed()) {
    indices.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return indices;
}
