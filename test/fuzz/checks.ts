// What has to be true of every problem and of every place in a file.
import { problemCodes } from '../../src/config/index.js';
import type { Position, Problem, Range } from '../../src/config/index.js';
import type { TextChange } from '../../src/config/edit/textEdits.js';

/** What is wrong with a place or a problem, in words; null when nothing is. */
export type Wrong = string | null;

/** At most so many characters of a file's text stand in one part of a problem. */
const mostOfText = 200;
/** What a sentence of ours may add to it. */
const mostAround = 400;

/** A file as an editor shows it. */
export class Text {
  readonly text: string;
  /** Where each line begins, and where it ends without its line break. */
  readonly #lines: { readonly from: number; readonly to: number }[] = [];

  constructor(bytes: Uint8Array) {
    this.text = new TextDecoder().decode(bytes);
    let from = 0;
    for (const { index, 0: lineBreak } of this.text.matchAll(/\r\n|\r|\n/g)) {
      this.#lines.push({ from, to: index });
      from = index + lineBreak.length;
    }
    this.#lines.push({ from, to: this.text.length });
  }

  get lines(): number {
    return this.#lines.length;
  }

  /** Null where there is no such place. */
  offset({ line, character }: Position): number | null {
    const found = Number.isInteger(line) && Number.isInteger(character) ? this.#lines[line] : undefined;
    return found === undefined || character < 0 || found.from + character > found.to ? null : found.from + character;
  }

  wrongRange({ start, end }: Range): Wrong {
    const [from, to] = [this.offset(start), this.offset(end)];
    const told = `${start.line}:${start.character} … ${end.line}:${end.character}`;
    if (from === null || to === null) return `${told} is outside of the file of ${this.lines} lines`;
    return from > to ? `${told} ends before it begins` : null;
  }

  slice({ start, end }: Range): string {
    return this.text.slice(this.offset(start) ?? 0, this.offset(end) ?? 0);
  }

  /**
   * With all changes made at once, as an editor does it. @throws when they are outside of the text or over each other
   */
  changed(changes: readonly TextChange[]): string {
    const spans = changes.map(({ range, text }) => {
      const wrong = this.wrongRange(range);
      if (wrong !== null) throw new Error(`A change at ${wrong}.`);
      return { from: this.offset(range.start) ?? 0, to: this.offset(range.end) ?? 0, text };
    });
    // Two that insert at one place stay in their order.
    const ordered = spans.toSorted((a, b) => a.from - b.from || a.to - b.to);
    let at = 0;
    let result = '';
    for (const { from, to, text } of ordered) {
      if (from < at) throw new Error(`Two changes overlap at ${from}.`);
      result += this.text.slice(at, from) + text;
      at = to;
    }
    return result + this.text.slice(at);
  }
}

/** The files of an experiment, each decoded when it is first asked for. */
export class Texts {
  readonly #files: Readonly<Record<string, Uint8Array>>;
  readonly #texts = new Map<string, Text>();

  constructor(files: Readonly<Record<string, Uint8Array>>) {
    this.#files = files;
  }

  get names(): string[] {
    return Object.keys(this.#files);
  }

  /** Of a file that is not there: an empty one. */
  of(name: string): Text {
    let text = this.#texts.get(name);
    if (text === undefined) {
      text = new Text(Object.hasOwn(this.#files, name) ? (this.#files[name] ?? new Uint8Array()) : new Uint8Array());
      this.#texts.set(name, text);
    }
    return text;
  }

  holds(piece: string): boolean {
    return this.names.some((name) => this.of(name).text.includes(piece));
  }
}

/** A piece of more than 200 characters of a file, which somebody has to read in a list of problems. */
function echo(sentence: string, texts: Texts): Wrong {
  if (sentence.length <= mostOfText) return null;
  if (sentence.length > mostOfText + mostAround) return `${sentence.length} characters long`;
  for (let from = 0; from + mostOfText < sentence.length; from++) {
    if (texts.holds(sentence.slice(from, from + mostOfText + 1)))
      return `holds more than ${mostOfText} characters of a file`;
  }
  return null;
}

/** What a template leaves behind when a value is missing. */
const leftovers = ['undefined', '[object ', 'function ', '{0}', '{1}', '{2}', '{3}'];

/** Every fault of one problem. `files`: ids that were read or looked for. */
export function* wrongWith(problem: Problem, files: readonly string[], texts: Texts): Generator<string, void, void> {
  const { code, file, range, path, message, expected, found, advice, fix } = problem;
  if (!problemCodes.includes(code)) yield `has the unknown code ${code}`;
  if (!files.includes(file)) yield `is in ${file}, which was not read`;
  const wrong = texts.of(file).wrongRange(range);
  if (wrong !== null) yield wrong;
  for (const [name, sentence] of Object.entries({ message, expected, found, advice })) {
    if (typeof sentence !== 'string' || sentence.trim() === '') yield `has no ${name}`;
    else if (/\p{Surrogate}/u.test(sentence)) yield `has half a character in its ${name}`;
    else
      for (const left of leftovers)
        if (sentence.includes(left) && !texts.holds(left.trim()))
          yield `has "${left}" in its ${name}: ${sentence.slice(0, 200)}`;
  }
  for (const [name, sentence] of Object.entries({
    message,
    expected,
    found,
    advice,
    path,
    fix: fix?.kind === 'replace' ? fix.text : '',
  })) {
    const told = echo(sentence, texts);
    if (told !== null) yield `has a ${name} that is too long: ${told}`;
  }
}

/** Whether they stand by file and place. */
export function wrongOrder(problems: readonly Problem[], files: readonly string[]): Wrong {
  for (let i = 1; i < problems.length; i++) {
    const [one, next] = [problems[i - 1]!, problems[i]!];
    const [a, b] = [files.indexOf(one.file), files.indexOf(next.file)];
    const [from, to] = [one.range.start, next.range.start];
    if (a > b || (a === b && (from.line > to.line || (from.line === to.line && from.character > to.character))))
      return `problem ${i} stands before the one in front of it`;
  }
  return null;
}
