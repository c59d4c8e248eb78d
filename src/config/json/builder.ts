import { leafSpans } from './locateNumbers.js';
import type { JsonNode, StringNode } from './node.js';
import type { Tick } from './scanner.js';

/** A stack of numbers that grows by doubling. */
export class NumberStack {
  #data = new Float64Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#data.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.length++] = value;
  }

  copy(start: number, end: number): Float64Array {
    return this.#data.slice(start, end);
  }

  /** Takes everything from `start` off the stack. */
  cut(start: number): Float64Array {
    const taken = this.#data.slice(start, this.length);
    this.length = start;
    return taken;
  }
}

/** Nodes that are made between two ticks. */
const nodesPerTick = 1024;

/**
 * What an open array holds so far. Regular arrays of numbers keep no node per element: their numbers wait on the shared
 * stack.
 */
type Content = 'empty' | 'leaves' | 'tensors' | 'nodes';

/**
 * An array while it is being read. As long as its elements are scalars with at least one that is no text, or sub-arrays
 * of one shape, only counts are kept; the first irregular element turns what came before into nodes.
 */
export class ArrayBuilder {
  readonly offset: number;
  readonly #text: string;
  readonly #numbers: NumberStack;
  readonly #tick: Tick;
  readonly #start: number;
  #content: Content = 'empty';
  #count = 0;
  #childShape: readonly number[] = [];
  /** Offset and length of every sub-array, alternating; needed only when a later one turns out to be irregular. */
  #childSpans: number[] = [];
  #items: JsonNode[] = [];
  #onlyTexts = true;

  constructor(text: string, numbers: NumberStack, offset: number, tick: Tick) {
    this.#text = text;
    this.#numbers = numbers;
    this.#tick = tick;
    this.#start = numbers.length;
    this.offset = offset;
  }

  /**
   * A number, or NaN for null, true, false and what is no JSON; `otherwise` makes the node that an irregular array
   * needs.
   */
  addLeaf(value: number, otherwise: () => JsonNode): void {
    if (this.#content === 'leaves' || this.#content === 'empty') {
      this.#content = 'leaves';
      this.#count++;
      this.#numbers.push(value);
    } else if (this.#content === 'nodes' && this.#onlyTexts) {
      this.#count = this.#items.length + 1;
      while (this.#items.pop() !== undefined) this.#numbers.push(Number.NaN);
      this.#numbers.push(value);
      this.#content = 'leaves';
    } else {
      this.addNode(otherwise());
    }
  }

  addString(node: StringNode): void {
    if (this.#content === 'leaves') {
      this.#count++;
      this.#numbers.push(Number.NaN);
    } else {
      this.addNode(node);
    }
  }

  addNode(node: JsonNode): void {
    this.#turnIntoNodes(this.#numbers.length);
    this.#items.push(node);
    if (node.kind !== 'string') this.#onlyTexts = false;
  }

  /** Adds an array that has just been closed; its numbers, if it is regular, are on top of the stack. */
  addArray(child: ArrayBuilder, length: number): void {
    const shape = child.#shape();
    if (shape === null) {
      this.addNode(child.node(length));
    } else if (this.#content === 'empty' || (this.#content === 'tensors' && sameShape(shape, this.#childShape))) {
      this.#content = 'tensors';
      this.#childShape = shape;
      this.#childSpans.push(child.offset, length);
      this.#count++;
    } else {
      const data = this.#numbers.cut(child.#start);
      this.addNode({ kind: 'tensor', offset: child.offset, length, shape, data });
    }
  }

  /** Ends the array. Takes its numbers off the stack. */
  node(length: number): JsonNode {
    const shape = this.#shape();
    return shape === null
      ? { kind: 'array', offset: this.offset, length, items: this.#items }
      : { kind: 'tensor', offset: this.offset, length, shape, data: this.#numbers.cut(this.#start) };
  }

  #shape(): readonly number[] | null {
    switch (this.#content) {
      case 'empty':
        return [0];
      case 'leaves':
        return [this.#count];
      case 'tensors':
        return [this.#count, ...this.#childShape];
      case 'nodes':
        return null;
    }
  }

  #turnIntoNodes(end: number): void {
    if (this.#content === 'leaves') {
      const values = this.#numbers.copy(this.#start, end);
      let i = 0;
      for (const span of leafSpans(this.#text, this.offset, this.#tick)) {
        if (i === values.length) break;
        this.#items.push({ kind: 'number', value: values[i++]!, ...span });
      }
    } else if (this.#content === 'tensors') {
      const size = this.#childShape.reduce((product, n) => product * n, 1);
      for (let i = 0; i < this.#count; i++) {
        if (i % nodesPerTick === 0) this.#tick();
        const data = this.#numbers.copy(this.#start + i * size, this.#start + (i + 1) * size);
        this.#items.push({
          kind: 'tensor',
          offset: this.#childSpans[2 * i]!,
          length: this.#childSpans[2 * i + 1]!,
          shape: this.#childShape,
          data,
        });
      }
    }
    if (this.#content !== 'nodes') {
      this.#numbers.length = this.#start;
      this.#childSpans = [];
      this.#onlyTexts = this.#content === 'empty';
      this.#content = 'nodes';
    }
  }
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);
