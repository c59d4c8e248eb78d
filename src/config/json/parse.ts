import { t } from '@vscode/l10n';
import { ArrayBuilder, NumberStack } from './builder.js';
import {
  asJsonWrites,
  inQuotes,
  inserted,
  missing,
  notJson,
  printable,
  removed,
  strayIssue,
  textIssue,
  wordIssue,
} from './syntaxIssues.js';
import type { SyntaxIssue } from './syntaxIssues.js';
import { Lines } from './lineIndex.js';
import type { JsonNode, Property, ScalarNode, Span, StringNode } from './node.js';
import { cut } from './problem.js';
import { isOtherQuote, Scanner } from './scanner.js';
import type { Tick } from './scanner.js';
import { scanError, token } from './token.js';

export type Parsed = {
  /** Null when the text holds no value at all. */
  readonly root: JsonNode | null;
  /** The first `maxIssues` in the order of the text. */
  readonly issues: readonly SyntaxIssue[];
  readonly issueCount: number;
  /** Keys that an object holds more than once: every one after the first. */
  readonly duplicates: readonly Property[];
};

const maxIssues = 20;
/** Deeper nesting than this is no data of ours; readers may recurse without fear for their stack. */
export const maxDepth = 64;

type ObjectBuilder = {
  readonly offset: number;
  readonly properties: Property[];
  readonly keys: Set<string>;
  key: { readonly name: string; readonly span: Span } | null;
};
type ArrayFrame = { readonly array: ArrayBuilder; readonly object: null; expects: 'value' | 'comma' };
type ObjectFrame = {
  readonly array: null;
  readonly object: ObjectBuilder;
  expects: 'key' | 'colon' | 'value' | 'comma';
};
type Frame = ArrayFrame | ObjectFrame;

/**
 * Reads JSON with comments and trailing commas, in one pass and without recursion. Goes on after an error as far as the
 * text can still be understood. `tick` is called at least every millisecond of work and may throw to give up.
 */
export function parseJson(text: string, tick: Tick, lines = new Lines(text, tick)): Parsed {
  return new Parser(text, tick, lines).parse(false);
}

/** The same for a text that is in order; null at the first thing that is not, keys that stand twice included. */
export function parseSound(text: string, tick: Tick): Parsed | null {
  const parsed = new Parser(text, tick, new Lines(text, tick)).parse(true);
  return parsed.root === null || parsed.issueCount > 0 || parsed.duplicates.length > 0 ? null : parsed;
}

class Parser {
  readonly #text: string;
  readonly #tick: Tick;
  readonly #lines: Lines;
  readonly #scanner: Scanner;
  readonly #numbers = new NumberStack();
  readonly #frames: Frame[] = [];
  readonly #issues: SyntaxIssue[] = [];
  readonly #duplicates: Property[] = [];
  #issueCount = 0;
  #root: JsonNode | null = null;
  #lastEnd = 0;
  #gaveUp = false;

  constructor(text: string, tick: Tick, lines: Lines) {
    this.#text = text;
    this.#tick = tick;
    this.#lines = lines;
    this.#scanner = new Scanner(text, tick);
  }

  parse(onlySound: boolean): Parsed {
    while (!onlySound || this.#isSound) {
      const kind = this.#scanner.scan();
      if (kind === token.end) break;
      if (this.#root !== null && this.#frames.length === 0) {
        this.#report(() =>
          notJson(
            this.#span(),
            t('There is more text after the end of the JSON value.'),
            t('the end of the file'),
            this.#found(),
            t('Remove it, or put all values into one list or object, with commas between them.'),
            true,
          ),
        );
        break;
      }
      if (!this.#take(kind)) break;
      this.#lastEnd = this.#scanner.end;
    }
    if (!onlySound || this.#isSound) this.#finish();
    return { root: this.#root, issues: this.#issues, issueCount: this.#issueCount, duplicates: this.#duplicates };
  }

  get #isSound(): boolean {
    return this.#issueCount === 0 && this.#duplicates.length === 0;
  }

  /** False to stop reading. */
  #take(kind: number): boolean {
    const frame = this.#frames.at(-1);
    if (kind === token.unknown && this.#skipStray(frame)) return true;
    if (kind === token.closeBrace || kind === token.closeBracket) {
      this.#close(kind);
      return true;
    }
    if (frame?.expects === 'comma') {
      if (kind === token.comma) {
        frame.expects = frame.array === null ? 'key' : 'value';
        return true;
      }
      if (kind === token.colon) {
        // What was taken for an element of a list is a key: the list lacks its end, and no comma.
        if (frame.array !== null) this.#withdrawInsertion();
        this.#report(() =>
          notJson(
            this.#span(),
            t('A colon stands where a comma belongs.'),
            t('a comma'),
            ':',
            t('Put a comma between two elements; a colon only follows a key.'),
            true,
          ),
        );
        return true;
      }
      this.#report(() => ({
        ...missing('comma', this.#span(), this.#found(), t('Put a comma between this and what stands before it.')),
        // Behind a word that means nothing more may be wrong than a comma.
        ...(kind === token.unknown ? {} : inserted('comma', this.#lastEnd)),
      }));
      frame.expects = frame.array === null ? 'key' : 'value';
    }
    if (frame?.expects === 'key') {
      this.#key(frame.object, kind, frame);
      return true;
    }
    if (frame?.expects === 'colon') {
      frame.expects = 'value';
      if (kind === token.colon) return true;
      this.#report(() => ({
        ...missing(
          'colon',
          this.#span(),
          this.#found(),
          t('Put a colon between the key and its value.'),
          kind === token.comma,
        ),
        ...(kind === token.comma || kind === token.unknown ? {} : inserted('colon', this.#lastEnd)),
      }));
    }
    return this.#value(kind);
  }

  /** The issue before stays; what would mend it alone does not. */
  #withdrawInsertion(): void {
    const last = this.#issues.at(-1);
    if (last === undefined) return;
    const { fix, fixAt, ...rest } = last;
    if (fix !== undefined && fixAt !== undefined) this.#issues.splice(-1, 1, rest);
  }

  /** Characters that can begin neither a value nor a key. One that stands for a comma or a colon is taken for it. */
  #skipStray(frame: Frame | undefined): boolean {
    const { written } = this.#scanner;
    if (startsWord(written.charAt(0))) return false;
    this.#report(() => strayIssue(written, this.#span()));
    const meant = asJsonWrites(written);
    if (frame?.expects === 'comma' && meant === ',') frame.expects = frame.array === null ? 'key' : 'value';
    else if (frame?.expects === 'colon' && meant === ':') frame.expects = 'value';
    return true;
  }

  #key(object: ObjectBuilder, kind: number, frame: Frame): void {
    const span = this.#span();
    if (kind === token.comma) {
      this.#report(() => ({
        ...missing('property', span, this.#found(), t('Remove the comma that is too many.')),
        ...removed(),
      }));
      return;
    }
    if (kind === token.string) {
      this.#checkText(span);
      object.key = { name: this.#scanner.said, span };
    } else if (kind === token.unknown && isOtherQuote(this.#text.charCodeAt(span.offset))) {
      object.key = { name: this.#otherQuoted(true).value, span };
    } else if (kind === token.openBrace || kind === token.openBracket || kind === token.colon) {
      this.#report(() =>
        missing('key', span, this.#found(), t('Put a key in double quotes and a colon before the value.'), true),
      );
      if (kind === token.colon) frame.expects = 'value';
      else this.#value(kind);
      return;
    } else {
      const name = this.#scanner.written;
      const isBroken = !/^[\w.$/-]+$/.test(name);
      this.#report(() => ({
        ...notJson(
          span,
          t('The key {0} has no double quotes around it.', printable(name)),
          `"${printable(name)}"`,
          printable(name),
          t('Put the key into double quotes.'),
          isBroken,
        ),
        ...(isBroken || !this.#isWhole(true) ? {} : inQuotes(name)),
      }));
      object.key = { name, span };
    }
    frame.expects = 'colon';
  }

  #value(kind: number): boolean {
    const { offset } = this.#scanner;
    switch (kind) {
      case token.number:
        this.#number(offset);
        return true;
      case token.openBracket:
      case token.openBrace:
        return this.#open(kind, offset);
      case token.string: {
        const span = this.#span();
        if (this.#checkText(span)) this.#addString({ kind: 'string', value: this.#scanner.said, ...span });
        else this.#addLeaf(Number.NaN, { kind: 'number', value: Number.NaN, ...span });
        return true;
      }
      case token.null:
        this.#addLeaf(Number.NaN, { kind: 'null', ...this.#span() });
        return true;
      case token.true:
      case token.false:
        this.#addLeaf(Number.NaN, { kind: 'boolean', value: kind === token.true, ...this.#span() });
        return true;
      case token.unknown:
        this.#unknown(offset);
        return true;
      default:
        this.#missingValue(kind);
        return true;
    }
  }

  /** A comma or a colon where a value belongs; reading goes on behind it. */
  #missingValue(kind: number): void {
    this.#report(() =>
      missing(
        'value',
        this.#span(),
        this.#found(),
        kind === token.comma
          ? t('Remove the comma that is too many, or put a value before it.')
          : t('Put a value here.'),
        true,
      ),
    );
    const frame = this.#frames.at(-1);
    if (frame?.object === undefined || frame.object === null) return;
    frame.object.key = null;
    frame.expects = 'key';
  }

  #number(offset: number): void {
    const value = Number(this.#scanner.written);
    const frame = this.#openArray();
    if (frame !== null) {
      const { length } = this.#scanner;
      frame.array.addLeaf(value, () => ({ kind: 'number', value, offset, length }));
      frame.expects = 'comma';
    } else {
      this.#add({ kind: 'number', value, ...this.#span() });
    }
  }

  #unknown(offset: number): void {
    if (isOtherQuote(this.#text.charCodeAt(offset))) {
      this.#addString(this.#otherQuoted(false));
      return;
    }
    const span = this.#span();
    const isLast = span.offset + span.length === this.#text.length;
    this.#report(() => wordIssue(this.#scanner.written, span, isLast, this.#isWhole(false)));
    this.#addLeaf(Number.NaN, { kind: 'number', value: Number.NaN, ...span });
  }

  /** In single quotes, or in those of a word processor. */
  #otherQuoted(isKey: boolean): StringNode {
    const span = this.#span();
    const text = this.#scanner.written;
    const value = text.slice(1, -1);
    const isBroken = span.length === 1;
    const isAscii = text.startsWith("'");
    this.#report(() => ({
      ...notJson(
        span,
        isAscii ? t('A text stands in single quotes.') : t('A text stands in quotes that JSON does not use.'),
        JSON.stringify(cut(value, 40)),
        printable(text),
        isAscii
          ? t('JSON texts and keys stand in double quotes.')
          : t('JSON texts and keys stand in straight double quotes (").'),
        isBroken,
      ),
      ...(isBroken || !this.#isWhole(isKey) ? {} : inQuotes(value)),
    }));
    return { kind: 'string', value, ...span };
  }

  /** Whether the token is all of a key or a value, not a piece of one as it was meant: of a/b, 'it's', two words. */
  #isWhole(isKey: boolean): boolean {
    const { offset, end } = this.#scanner;
    let begin = offset;
    while (/[ \t]/.test(this.#text.charAt(begin - 1))) begin--;
    const begins = begin === 0 || /(?:[[{,:\r\n]|\*\/)$/.test(this.#text.slice(Math.max(0, begin - 2), begin));
    const follows = isKey ? /[ \t]*:/y : /[ \t]*(?:[,\]}\r\n]|\/[/*]|$)/y;
    follows.lastIndex = end;
    return begins && follows.test(this.#text);
  }

  /** Whether the text is sound; one that is not is NaN to the reader, so that nobody looks for a file of that name. */
  #checkText(span: Span): boolean {
    const { error } = this.#scanner;
    if (error === scanError.none) return true;
    this.#report(() => textIssue(error, span, printable(this.#text.slice(span.offset, span.offset + span.length))));
    return false;
  }

  #open(kind: number, offset: number): boolean {
    if (this.#frames.length >= maxDepth) {
      this.#report(() =>
        notJson(
          this.#span(),
          t('Lists and objects are nested more than {0} deep.', maxDepth),
          t('at most three levels of lists'),
          t('level {0}', maxDepth + 1),
          t('Check that this is the right file.'),
          true,
        ),
      );
      this.#gaveUp = true;
      return false;
    }
    if (kind === token.openBracket)
      this.#frames.push({
        array: new ArrayBuilder(this.#text, this.#numbers, offset, this.#tick),
        object: null,
        expects: 'value',
      });
    else
      this.#frames.push({
        array: null,
        object: { offset, properties: [], keys: new Set(), key: null },
        expects: 'key',
      });
    return true;
  }

  #close(kind: number): void {
    const top = this.#frames.at(-1);
    const matches = (frame: Frame): boolean => (kind === token.closeBracket) === (frame.array !== null);
    const name = kind === token.closeBracket ? ']' : '}';
    if (top === undefined || !this.#frames.some(matches)) {
      this.#report(() =>
        notJson(
          this.#span(),
          t('{0} closes nothing.', name),
          top === undefined ? t('a value') : t('a value or the matching bracket'),
          name,
          t('Remove it, or put the bracket that it closes before it.'),
          true,
        ),
      );
      return;
    }
    if (!matches(top)) {
      const open = top.array === null ? '{' : '[';
      this.#report(() =>
        notJson(
          this.#span(),
          t('{0} stands where {1} belongs.', name, top.array === null ? '}' : ']'),
          top.array === null ? '}' : ']',
          name,
          t('Close the {0} that was opened before it.', open),
          true,
        ),
      );
      for (let frame: Frame | undefined = top; frame !== undefined && !matches(frame); frame = this.#frames.at(-1))
        this.#popFrame(this.#scanner.offset);
    } else if (top.object !== null && (top.expects === 'colon' || top.expects === 'value')) {
      this.#report(() =>
        missing(
          top.expects === 'colon' ? 'colonAndValue' : 'value',
          this.#span(),
          name,
          t('Put a value after the key.'),
          true,
        ),
      );
    }
    this.#popFrame(this.#scanner.end);
  }

  #popFrame(end: number): void {
    const frame = this.#frames.pop()!;
    if (frame.array === null) {
      const { offset, properties } = frame.object;
      this.#add({ kind: 'object', offset, length: end - offset, properties });
      return;
    }
    const length = end - frame.array.offset;
    const parent = this.#openArray();
    if (parent !== null) {
      parent.array.addArray(frame.array, length);
      parent.expects = 'comma';
    } else {
      this.#add(frame.array.node(length));
    }
  }

  #addLeaf(value: number, node: ScalarNode): void {
    const frame = this.#openArray();
    if (frame === null) {
      this.#add(node);
    } else {
      frame.array.addLeaf(value, () => node);
      frame.expects = 'comma';
    }
  }

  #addString(node: StringNode): void {
    const frame = this.#openArray();
    if (frame === null) {
      this.#add(node);
    } else {
      frame.array.addString(node);
      frame.expects = 'comma';
    }
  }

  #add(node: JsonNode): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) {
      this.#root = node;
    } else if (frame.array !== null) {
      frame.array.addNode(node);
    } else if (frame.object.key !== null) {
      const property = { key: frame.object.key.name, keySpan: frame.object.key.span, value: node };
      if (frame.object.keys.has(property.key)) this.#duplicates.push(property);
      frame.object.keys.add(property.key);
      frame.object.properties.push(property);
    }
    this.#afterValue();
  }

  #afterValue(): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    if (frame.object !== null) frame.object.key = null;
    frame.expects = 'comma';
  }

  #finish(): void {
    const open = this.#frames.at(-1);
    const end = { offset: Math.max(0, this.#lastEnd - 1), length: Math.min(1, this.#lastEnd) };
    const comment = this.#scanner.unclosedComment;
    if (comment !== null)
      this.#report(() =>
        notJson(
          { offset: comment, length: 2 },
          t('A comment has no end.'),
          '*/',
          t('the end of the file'),
          t('Close the comment with */.'),
          true,
        ),
      );
    if (open !== undefined && !this.#gaveUp) {
      const line = this.#lines.position(open.array === null ? open.object.offset : open.array.offset).line + 1;
      const bracket = open.array === null ? '}' : ']';
      this.#report(() =>
        notJson(
          end,
          t('The file ends before the {0} of line {1} is closed.', open.array === null ? '{' : '[', line),
          bracket,
          t('the end of the file'),
          t('Put {0} where it ends; a file that is still being written may be cut off here.', bracket),
          true,
        ),
      );
    }
    while (this.#frames.length > 0) this.#popFrame(this.#lastEnd);
    if (this.#root === null && this.#issueCount === 0) {
      this.#report(() =>
        notJson(
          { offset: 0, length: 0 },
          t('The file is empty.'),
          'JSON',
          t('nothing'),
          t('Save content into the file, or name another file.'),
          true,
        ),
      );
    }
  }

  #openArray(): ArrayFrame | null {
    const frame = this.#frames.at(-1);
    return frame !== undefined && frame.array !== null ? frame : null;
  }

  #span(): Span {
    return { offset: this.#scanner.offset, length: this.#scanner.length };
  }

  #found(): string {
    const { offset, length } = this.#span();
    const found = printable(this.#text.slice(offset, offset + Math.min(length, 60)));
    // As a mark of its own in a sentence: "found ,." is no sentence.
    return /^[,:]$/.test(found) ? `"${found}"` : found;
  }

  /** Only what is kept is put into words: a hopeless file has as many mistakes as characters. */
  #report(tell: () => SyntaxIssue): void {
    this.#issueCount++;
    if (this.#issues.length < maxIssues) this.#issues.push(tell());
  }
}

/**
 * Letters, digits, _ . $ + - in any width, quotes: what begins with another character is neither a value nor a key.
 */
const startsWord = (character: string): boolean =>
  /^[\w.$+-]/.test(asJsonWrites(character) ?? character) || isOtherQuote(character.charCodeAt(0));
