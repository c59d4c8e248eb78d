// Nested lists of numbers some of which are null: lists of different lengths, and places that hold nothing.
import { roundableOnce } from '../json/float32Rounding.js';
import { locateLeaves } from '../json/locateNumbers.js';
import type { JsonNode, TensorNode } from '../json/node.js';
import { checkNumbers, reportLeaf } from '../problems/numberChecks.js';
import type { TensorSpec } from '../problems/numberChecks.js';
import type { Report } from '../problems/problemReport.js';
import type { Value } from '../json/jsonValue.js';

/** One value inside such a list. Places are only looked for where something is told. */
export type Sparse = { readonly place: () => Value } & (
  | { readonly kind: 'list'; readonly length: number; readonly item: (index: number) => Sparse }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'null' }
  | { readonly kind: 'other'; readonly node: JsonNode }
);

const nodesPerTick = 1024;

/** Whether anything in a list may be null: the parser has NaN there. */
export function mayHoldNull({ node, document: { tick } }: Value): boolean {
  let seen = 0;
  const visit = (inner: JsonNode): boolean => {
    if (++seen % nodesPerTick === 0) tick();
    if (inner.kind === 'array') return inner.items.some(visit);
    if (inner.kind === 'tensor') return inner.data.some(Number.isNaN);
    return inner.kind === 'null' || (inner.kind === 'number' && Number.isNaN(inner.value));
  };
  return visit(node);
}

/** How deep the lists are nested, at most. */
export function depthOf({ node, document: { tick } }: Value): number {
  let seen = 0;
  const visit = (inner: JsonNode): number => {
    if (++seen % nodesPerTick === 0) tick();
    if (inner.kind === 'tensor') return inner.shape.length;
    if (inner.kind !== 'array') return 0;
    let deepest = 0;
    for (const item of inner.items) deepest = Math.max(deepest, visit(item));
    return 1 + deepest;
  };
  return visit(node);
}

/** A value as lists, numbers and nulls; what is no number, or not finite in the dtype, is reported, and NaN here. */
export function sparse(value: Value, spec: TensorSpec, report: Report): Sparse {
  const { node } = value;
  const place = (): Value => value;
  if (node.kind === 'tensor') return block(value, node, spec, report);
  if (node.kind === 'array') {
    const { items } = node;
    return { kind: 'list', length: items.length, place, item: (index) => sparse(value.item(index), spec, report) };
  }
  if (node.kind === 'object') return { kind: 'other', node, place };
  const text = value.document.text.slice(node.offset, node.offset + node.length);
  if (text === 'null') return { kind: 'null', place };
  const x = node.kind === 'number' ? node.value : Number.NaN;
  const isFinite = Number.isFinite(spec.dtype === 'float32' ? Math.fround(x) : x);
  if (!isFinite) reportLeaf(value, text, spec, report);
  return { kind: 'number', value: isFinite ? x : Number.NaN, place };
}

function block(value: Value, node: TensorNode, spec: TensorSpec, report: Report): Sparse {
  const rounded = spec.dtype === 'float32' ? roundableOnce(value, node) : node.data;
  const nulls = nullsOf(value, node);
  const data = nulls === null ? rounded : rounded.map((x, i) => (nulls[i] === 1 ? 0 : x));
  checkNumbers(() => value, { ...node, data }, spec, report, value.document.tick);
  const inside = (indices: readonly number[], from: number, size: number): Sparse => {
    const depth = indices.length;
    if (depth === node.shape.length) {
      const place = (): Value => value.leaves(node, [from])[0]!.where;
      return nulls?.[from] === 1 ? { kind: 'null', place } : { kind: 'number', value: finite(data[from]!), place };
    }
    const length = node.shape[depth]!;
    const each = size / length;
    return {
      kind: 'list',
      length,
      place: () => (depth === 0 ? value : value.row(node, indices)),
      item: (index) => inside([...indices, index], from + index * each, each),
    };
  };
  return inside([], 0, data.length);
}

/** What is not finite has been reported. */
const finite = (x: number): number => (Number.isFinite(x) ? x : Number.NaN);

/** 1 where the text is null; null where it is nowhere. */
function nullsOf({ document: { text, tick } }: Value, node: TensorNode): Uint8Array | null {
  const doubtful: number[] = [];
  for (const [i, x] of node.data.entries()) if (Number.isNaN(x)) doubtful.push(i);
  if (doubtful.length === 0) return null;
  const nulls = new Uint8Array(node.data.length);
  for (const [n, { offset, length }] of locateLeaves(text, node, doubtful, tick).entries()) {
    if (n % nodesPerTick === 0) tick();
    if (text.slice(offset, offset + length) === 'null') nulls[doubtful[n]!] = 1;
  }
  return nulls;
}
