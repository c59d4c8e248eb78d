import type { Span, TensorNode } from './node.js';
import { Scanner } from './scanner.js';
import type { Tick } from './scanner.js';
import { token } from './token.js';

export type { Tick } from './scanner.js';

/** Spans of the scalars inside the array that starts at `offset`, however deep, in order. */
export function* leafSpans(text: string, offset: number, tick: Tick): Generator<Span, void, void> {
  const scanner = new Scanner(text, tick, offset);
  let depth = 0;
  let kind: number;
  do {
    kind = scanner.scan();
    if (kind === token.openBracket) depth++;
    else if (kind === token.closeBracket) depth--;
    else if (kind !== token.comma && kind !== token.end) yield { offset: scanner.offset, length: scanner.length };
  } while (depth > 0 && kind !== token.end);
}

/**
 * Spans of the elements with the given flat row-major indices (ascending) of a collapsed array, found by reading its
 * text again.
 */
export function locateLeaves(text: string, node: TensorNode, indices: readonly number[], tick: Tick): Span[] {
  const found: Span[] = [];
  let index = 0;
  for (const span of leafSpans(text, node.offset, tick)) {
    if (index === indices[found.length]) found.push(span);
    if (found.length === indices.length) break;
    index++;
  }
  return found;
}

/** Span of one sub-array of a collapsed array, as `[3][1]` is reached by the indices 3, 1. */
export function locateRow(text: string, node: TensorNode, indices: readonly number[], tick: Tick): Span {
  const scanner = new Scanner(text, tick, node.offset);
  const position: number[] = [];
  let start = -1;
  let kind: number;
  do {
    kind = scanner.scan();
    if (kind === token.openBracket) {
      if (start < 0 && position.length === indices.length && position.every((n, i) => n === indices[i]))
        start = scanner.offset;
      position.push(0);
    } else if (kind === token.closeBracket) {
      position.pop();
      if (start >= 0 && position.length === indices.length)
        return { offset: start, length: scanner.offset + 1 - start };
    } else if (kind === token.comma) {
      position.push(position.pop()! + 1);
    }
  } while (position.length > 0 && kind !== token.end);
  return node;
}

/**
 * Spans of the innermost lists with the given numbers (ascending) of a collapsed array, counted through all of it: one
 * reading for all.
 */
export function locateLists(text: string, node: TensorNode, wanted: readonly number[], tick: Tick): Span[] {
  const scanner = new Scanner(text, tick, node.offset);
  const found: Span[] = [];
  let [depth, list, start] = [0, 0, node.offset];
  let kind: number;
  do {
    kind = scanner.scan();
    if (kind === token.openBracket) {
      depth++;
      start = scanner.offset;
    } else if (kind === token.closeBracket) {
      if (depth === node.shape.length && list++ === wanted[found.length])
        found.push({ offset: start, length: scanner.offset + 1 - start });
      depth--;
    }
  } while (depth > 0 && found.length < wanted.length && kind !== token.end);
  return found;
}

/**
 * Indices that lead from the collapsed array to the element at each target (ascending), for the paths of problems: one
 * reading for all.
 */
export function indicesAt(text: string, node: Span, targets: readonly number[], tick: Tick): number[][] {
  const scanner = new Scanner(text, tick, node.offset);
  const position: number[] = [];
  const found: number[][] = [];
  while (found.length < targets.length) {
    const kind = scanner.scan();
    while (found.length < targets.length && (kind === token.end || scanner.offset >= targets[found.length]!))
      found.push([...position]);
    if (kind === token.openBracket) position.push(0);
    else if (kind === token.closeBracket) position.pop();
    else if (kind === token.comma) position.push(position.pop()! + 1);
  }
  return found;
}
