import type { Position, Range } from './problem.js';
import type { Span } from './node.js';
import type { Tick } from './scanner.js';

/** Code units between two ticks, less one. */
const unitsMask = 0xffff;

/**
 * Finds lines and columns of offsets; the table is made when it is first asked. Lines end as in an editor: \n, \r\n or
 * \r.
 */
export class Lines {
  readonly #text: string;
  readonly #tick: Tick;
  #starts: Uint32Array | null = null;

  constructor(text: string, tick: Tick) {
    this.#text = text;
    this.#tick = tick;
  }

  range(span: Span): Range {
    return { start: this.position(span.offset), end: this.position(span.offset + span.length) };
  }

  /** The offset of a position; of the end of the text when it lies behind that. */
  offset({ line, character }: Position): number {
    const starts = (this.#starts ??= lineStarts(this.#text, this.#tick));
    return Math.min((starts[line] ?? this.#text.length) + character, starts[line + 1] ?? this.#text.length);
  }

  /** Where the line of an offset begins. */
  start(offset: number): number {
    return offset - this.position(offset).character;
  }

  position(offset: number): Position {
    const starts = (this.#starts ??= lineStarts(this.#text, this.#tick));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: offset - starts[low]! };
  }
}

function lineStarts(text: string, tick: Tick): Uint32Array {
  let count = 1;
  eachBreak(text, tick, () => count++);
  const starts = new Uint32Array(count);
  let line = 1;
  eachBreak(text, tick, (end) => (starts[line++] = end));
  return starts;
}

/** Tells where each line break ends. */
function eachBreak(text: string, tick: Tick, tell: (end: number) => void): void {
  for (let at = 0; at < text.length; at++) {
    if ((at & unitsMask) === 0) tick();
    const code = text.charCodeAt(at);
    if (code === 0x0a || (code === 0x0d && text.charCodeAt(at + 1) !== 0x0a)) tell(at + 1);
  }
}
