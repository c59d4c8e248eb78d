import type { Position, Range } from './problem.js';
import type { Span } from './node.js';

/**
 * Finds lines and columns of offsets; the table is made when it is first asked. Lines end as in an editor: \n, \r\n or
 * \r.
 */
export class Lines {
  readonly #text: string;
  #starts: number[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  range(span: Span): Range {
    return { start: this.position(span.offset), end: this.position(span.offset + span.length) };
  }

  /** The offset of a position; of the end of the text when it lies behind that. */
  offset({ line, character }: Position): number {
    const starts = (this.#starts ??= lineStarts(this.#text));
    return Math.min((starts[line] ?? this.#text.length) + character, starts[line + 1] ?? this.#text.length);
  }

  position(offset: number): Position {
    const starts = (this.#starts ??= lineStarts(this.#text));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: offset - (starts[low] ?? 0) };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  if (text.includes('\r')) {
    for (const match of text.matchAll(/\r\n?|\n/g)) starts.push(match.index + match[0].length);
  } else {
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  }
  return starts;
}
