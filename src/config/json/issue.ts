import type { Span } from './node.js';
import { notFinite, scanError } from './token.js';

/** Something that is not JSON. `broken`: brackets, keys and values cannot be told apart with certainty from here on. */
export type SyntaxIssue = Span & {
  readonly code: 'not-json' | 'not-a-number';
  readonly broken: boolean;
  readonly message: string;
  readonly expected: string;
  readonly found: string;
  readonly advice: string;
};

const pythonWords: Readonly<Record<string, string>> = { None: 'null', True: 'true', False: 'false' };

/** A word of another language where a value belongs: NaN, None, True, .5, +1, 0x10, tanh. */
export function wordIssue(word: string, span: Span): SyntaxIssue {
  const json = Object.hasOwn(pythonWords, word) ? pythonWords[word] : undefined;
  if (notFinite.test(word)) {
    return {
      ...span, code: 'not-a-number', broken: false,
      message: `${word} is how Python writes a value that JSON cannot hold.`,
      expected: 'a finite number', found: word,
      advice: /nan/i.test(word)
        ? 'A NaN in exported weights usually means that the training diverged: export a checkpoint from before it, or replace the value by a number.'
        : 'An infinite value usually means that the training diverged: export a checkpoint from before it, or replace the value by a finite number.',
    };
  }
  if (json !== undefined) {
    return { ...span, code: 'not-json', broken: false, message: `${word} is Python, not JSON.`, expected: json, found: word, advice: `Write ${json}, or export the file with json.dump instead of print.` };
  }
  if (/^[+-]?[\d.]/.test(word)) {
    const value = Number(word.replace(/_/g, ''));
    return {
      ...span, code: 'not-json', broken: false, message: `${word} is not a number as JSON writes it.`,
      expected: 'a number such as 0.5, -1 or 1e-3', found: word, advice: Number.isFinite(value) ? `Write ${value}.` : 'Write digits with a point, and a digit on both sides of it.',
    };
  }
  return {
    ...span, code: 'not-json', broken: false, message: `${printable(word)} is no JSON value; a text stands in double quotes.`,
    expected: 'a number, a "text", true, false, null, a list or an object', found: printable(word), advice: `Write "${printable(word)}" if a text is meant.`,
  };
}

export const strayIssue = (word: string, span: Span): SyntaxIssue =>
  notJson(span, `${printable(word)} has no meaning in JSON.`, 'a bracket, a comma, a key or a value', printable(word), 'Remove it.', false);

/** Invisible characters by their code, so that they can be searched for. */
export function printable(word: string): string {
  const short = word.length > 40 ? `${word.slice(0, 37)}…` : word;
  return short.replace(/[^\x20-\x7e\u00a1-\u{10ffff}]/gu, (c) => `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`);
}

export const missing = (what: string, span: Span, found: string, advice: string, broken = false): SyntaxIssue => ({
  ...span, code: 'not-json', broken, message: `${what} is missing.`, expected: what.replace(/^A/, 'a'), found, advice,
});

export const notJson = (span: Span, message: string, expected: string, found: string, advice: string, broken: boolean): SyntaxIssue => ({ ...span, code: 'not-json', broken, message, expected, found, advice });

/** What the scanner found wrong inside a text in double quotes. */
export function textIssue(error: number, span: Span, found: string): SyntaxIssue {
  if (error === scanError.unclosedString) return notJson(span, 'A text has no closing quote.', 'a double quote at its end', found, 'Close the text on the line where it begins.', true);
  if (error === scanError.invalidCharacter) return notJson(span, 'A text holds a control character.', 'printable characters', found, 'Write \\t for a tab.', false);
  return notJson(span, 'A text holds a backslash that means nothing.', 'one of \\\\ \\" \\/ \\b \\f \\n \\r \\t \\u0000', found, 'Write \\\\ for a backslash; in paths a / works on every system.', false);
}
