// Rows of a text whose fields stand between separators (RFC 4180), with the place of each field: what is wrong with a
// number is told where it stands. Each character is looked at once, whatever stands there.
import type { Tick } from '../json/scanner.js';

/** What stands between two fields; `space` is any stretch of blanks. */
export type Separator = ',' | ';' | '\t' | 'space';

const [quote, lineFeed, carriageReturn, space, tab] = [0x22, 0x0a, 0x0d, 0x20, 0x09];
const rowsPerTick = 256;
const unitsPerTick = 65_536;

/** What stops the reading of a row: a quote that is not closed, or text behind a closing one. */
export type RowFault = { readonly kind: 'open' | 'behind'; readonly at: number };

/** Walks over the rows of a text; blank lines are none. The fields are those of the last row that was read. */
export class Rows {
  readonly #text: string;
  readonly #separator: Separator;
  readonly #tick: Tick;
  #at = 0;
  #rows = 0;
  #ticked = 0;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #count = 0;
  fault: RowFault | null = null;

  constructor(text: string, separator: Separator, tick: Tick) {
    this.#text = text;
    this.#separator = separator;
    this.#tick = tick;
  }

  /** How many fields the row has. */
  get count(): number {
    return this.#count;
  }

  /** Where a field that the row has begins, with its quote. */
  start(field: number): number {
    return this.#starts[field]!;
  }

  end(field: number): number {
    return this.#ends[field]!;
  }

  /** A field without its quotes. */
  field(field: number): string {
    const [start, end] = [this.start(field), this.end(field)];
    return this.#text.charCodeAt(start) === quote && this.#separator !== 'space' && end > start + 1
      ? this.#text.slice(start + 1, end - 1).replaceAll('""', '"')
      : this.#text.slice(start, end);
  }

  fields(): string[] {
    return Array.from({ length: this.#count }, (_, i) => this.field(i));
  }

  /**
   * Passes the lines before the first row that begin with # and a blank, as programs write what a table is; gives the
   * last of them that says anything, without its #, where the names of the columns may stand. Null where there is none.
   */
  comment(): string | null {
    let last: string | null = null;
    while (this.#at < this.#text.length) {
      const [end, line] = lineAt(this.#text, this.#at);
      if (isComment(line)) last = line.slice(1).trim() || last;
      else if (line.trim() !== '') break;
      this.#at = this.#behindBreak(end);
      this.#pause();
    }
    return last;
  }

  /** Reads the next row; false at the end of the text, and at a fault. */
  next(): boolean {
    for (;;) {
      this.#pause();
      if (this.#at >= this.#text.length || this.fault !== null) return false;
      this.#count = 0;
      if (this.#separator === 'space') this.#blankRow();
      else if (!this.#row(this.#separator.charCodeAt(0))) return false;
      const isBlank = this.#count === 0 || (this.#count === 1 && this.start(0) === this.end(0));
      if (!isBlank) return true;
    }
  }

  #pause(): void {
    if (this.#rows++ % rowsPerTick !== 0 && this.#at < this.#ticked) return;
    this.#ticked = this.#at + unitsPerTick;
    this.#tick();
  }

  #add(start: number, end: number): void {
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#count++;
    if (this.#count % rowsPerTick === 0) this.#pause();
  }

  /** False after a fault. */
  #row(separator: number): boolean {
    const text = this.#text;
    for (let at = this.#at; ; at++) {
      const start = at;
      if (text.charCodeAt(at) === quote) {
        const end = this.#closing(at);
        if (end === null) return false;
        at = end;
      } else
        for (let code = text.charCodeAt(at); at < text.length; code = text.charCodeAt(++at))
          if (code === separator || code === lineFeed || code === carriageReturn) break;
      this.#add(start, at);
      const code = text.charCodeAt(at);
      if (code === separator) continue;
      if (at < text.length && code !== lineFeed && code !== carriageReturn) {
        this.fault = { kind: 'behind', at };
        return false;
      }
      this.#at = this.#behindBreak(at);
      return true;
    }
  }

  /** Behind the quote that closes; two of them are one that stands in the field. Null after a fault. */
  #closing(start: number): number | null {
    const text = this.#text;
    for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 2))
      if (text.charCodeAt(at + 1) !== quote) return at + 1;
    this.fault = { kind: 'open', at: start };
    return null;
  }

  #behindBreak(at: number): number {
    return this.#text.charCodeAt(at) === carriageReturn && this.#text.charCodeAt(at + 1) === lineFeed ? at + 2 : at + 1;
  }

  #blankRow(): void {
    const text = this.#text;
    const isBlank = (code: number): boolean => code === space || code === tab;
    const isBreak = (code: number): boolean => code === lineFeed || code === carriageReturn;
    let at = this.#at;
    for (;;) {
      while (at < text.length && isBlank(text.charCodeAt(at))) at++;
      if (at >= text.length || isBreak(text.charCodeAt(at))) break;
      const start = at;
      while (at < text.length && !isBlank(text.charCodeAt(at)) && !isBreak(text.charCodeAt(at))) at++;
      this.#add(start, at);
    }
    this.#at = this.#behindBreak(at);
  }
}

/** Where the line that begins there ends, and the line. */
function lineAt(text: string, start: number): readonly [end: number, line: string] {
  let end = start;
  for (let code = text.charCodeAt(end); end < text.length; code = text.charCodeAt(++end))
    if (code === lineFeed || code === carriageReturn) break;
  return [end, text.slice(start, end)];
}

/** Not `#3`, which may be what a row is called. */
const isComment = (line: string): boolean => /^#+(?:\s|$)/.test(line);

/** How much of a text its separator is looked for in. */
const looked = 65_536;

/** The first lines of a text that are no comments and hold anything, at most so many. */
export const firstLines = (text: string, most: number): string[] =>
  text
    .slice(0, looked)
    .split(/\r\n|[\r\n]/)
    .filter((line) => line.trim() !== '' && !isComment(line))
    .slice(0, most);

/**
 * By the name of the file, and of a .csv by what stands oftenest in its first row, outside of quotes; blanks where
 * nothing else does and they stand between numbers.
 */
export function separatorOf(id: string, text: string): Separator {
  if (/\.(?:tsv|tab)$/i.test(id)) return '\t';
  const lines = firstLines(text, 2);
  const unquoted = lines.join('\n').replace(/"[^"]*"/g, '');
  const first = unquoted.slice(0, unquoted.search(/["\n]|$/));
  const counts = ([',', ';', '\t'] as const).map((one) => ({ one, count: first.split(one).length - 1 }));
  const best = counts.reduce((most, next) => (next.count > most.count ? next : most));
  if (best.count > 0) return best.one;
  return !/\.csv$/i.test(id) || lines.some(isNumbersBetweenBlanks) ? 'space' : best.one;
}

const isNumbersBetweenBlanks = (line: string): boolean =>
  /^\s*[+-]?[\d.]+(?:e[+-]?\d+)?(?:[ \t]+[+-]?[\d.]+(?:e[+-]?\d+)?)+\s*$/i.test(line);
