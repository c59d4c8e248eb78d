import { createScanner } from 'jsonc-parser';
import type { JSONScanner } from 'jsonc-parser';
import type { Span, TensorNode } from './node.js';
import { token, wordAt } from './token.js';

export type Tick = () => void;

/** A scanner that starts at `offset` and lets others in while it reads a long text. */
function scanFrom(text: string, offset: number, tick: Tick): JSONScanner {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  let work = 0;
  return {
    ...scanner,
    scan: () => {
      if (++work % 1024 === 0) tick();
      return scanner.scan();
    },
  };
}

/** Spans of the scalars inside the array that starts at `offset`, however deep, in order. */
export function* leafSpans(text: string, offset: number, tick: Tick): Generator<Span, void, void> {
  const scanner = scanFrom(text, offset, tick);
  let depth = 0;
  do {
    const kind: number = scanner.scan();
    if (kind === token.end) return;
    if (kind === token.openBracket) depth++;
    else if (kind === token.closeBracket) depth--;
    else if (kind !== token.comma) {
      const start = scanner.getTokenOffset();
      // A number such as 01 or a word such as -Infinity is one element, however many tokens the scanner makes of it.
      const length = kind === token.string ? scanner.getTokenLength() : wordLength(text, start);
      scanner.setPosition(start + length);
      yield { offset: start, length };
    }
  } while (depth > 0);
}

function wordLength(text: string, start: number): number {
  if (text.charAt(start) !== "'") return wordAt(text, start).length;
  return singleQuotedLength(text, start);
}

/** Length of a text in single quotes that ends on its line, quotes included; of the one quote when it does not. */
export function singleQuotedLength(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '\\') i++;
    else if (character === "'") return i + 1 - start;
    else if (character === '\n' || character === '\r') break;
  }
  return 1;
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
  const scanner = scanFrom(text, node.offset, tick);
  const position: number[] = [];
  let start = -1;
  for (;;) {
    const kind: number = scanner.scan();
    if (kind === token.end) return node;
    if (kind === token.openBracket) {
      if (start < 0 && position.length === indices.length && position.every((n, i) => n === indices[i]))
        start = scanner.getTokenOffset();
      position.push(0);
    } else if (kind === token.closeBracket) {
      position.pop();
      if (start >= 0 && position.length === indices.length)
        return { offset: start, length: scanner.getTokenOffset() + 1 - start };
      if (position.length === 0) return node;
    } else if (kind === token.comma) {
      position.push((position.pop() ?? 0) + 1);
    }
  }
}

/** Indices that lead from the collapsed array to the element at `target`, for the path of a problem. */
export function indicesAt(text: string, node: Span, target: number, tick: Tick): number[] {
  const scanner = scanFrom(text, node.offset, tick);
  const position: number[] = [];
  for (;;) {
    const kind: number = scanner.scan();
    if (scanner.getTokenOffset() >= target || kind === token.end) return position;
    if (kind === token.openBracket) position.push(0);
    else if (kind === token.closeBracket) position.pop();
    else if (kind === token.comma) position.push((position.pop() ?? 0) + 1);
  }
}
