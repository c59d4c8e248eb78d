import { t } from '@vscode/l10n';
import type { Span } from './node.js';
import type { Fix } from './problem.js';
import { notFinite, scanError } from './token.js';

/**
 * Something that is not JSON. `broken`: brackets, keys and values cannot be told apart with certainty from here on.
 * `structural`: it is about brackets, commas, colons and keys, not about one value.
 */
export type SyntaxIssue = Span & {
  readonly code: 'not-json' | 'not-a-number';
  readonly broken: boolean;
  readonly structural: boolean;
  readonly message: string;
  readonly expected: string;
  readonly found: string;
  readonly advice: string;
  /** What says the same in JSON, in its place. */
  readonly fix?: Extract<Fix, { readonly kind: 'replace' }>;
  /** Where that is made, if not in the place of the issue. */
  readonly fixAt?: Span;
};

const pythonWords: Readonly<Record<string, string>> = { None: 'null', True: 'true', False: 'false' };

/** Words for something else than a text, as other languages write them. */
const noText = /^(?:undefined|null|nil|none|true|false)$/i;

/** What more digits make a number of JSON, as they do not of 007 and .5. */
const cutNumber = /^-$|^-?(?:0|[1-9]\d*)(?:\.|(?:\.\d+)?e[+-]?)$/i;

/** Characters of a text that is written anew; a longer one is none that somebody wrote. */
const longestMended = 100;

/** Full-width forms, of which U+FF01 is !, and so on; minus sign and dashes as in formulas; the comma of CJK. */
const asciiOf = (character: string): string => {
  const code = character.charCodeAt(0);
  return code >= 0xff00 ? String.fromCharCode(code - 0xfee0) : code === 0x3001 ? ',' : '-';
};

/** Numbers and signs of JSON as a Korean keyboard or a formula writes them, in JSON's own; null of anything else. */
export function asJsonWrites(word: string): string | null {
  if (word.length > longestMended) return null;
  const written = word.replace(/[\uff01-\uff5e\u2012\u2013\u2212\u3001]/g, asciiOf);
  return written !== word && /^[-+\d.eE]+$|^[,:[\]{}]$/.test(written) ? written : null;
}

/**
 * A word of another language where a value belongs: NaN, None, True, .5, +1, 0x10, tanh. `isLast`: the file ends behind
 * it. `isWhole`: it is all that stands for the value.
 */
export function wordIssue(word: string, span: Span, isLast: boolean, isWhole: boolean): SyntaxIssue {
  const shown = printable(word);
  const json = Object.hasOwn(pythonWords, word) ? pythonWords[word] : undefined;
  if (notFinite.test(word)) {
    return {
      ...span,
      code: 'not-a-number',
      broken: false,
      structural: false,
      message: t('{0} is how Python writes a value that JSON cannot hold.', word),
      expected: t('a finite number'),
      found: word,
      advice: t(
        'In weights it usually means that the training diverged: export a checkpoint from before it. In sequences ' +
          'and targets fill in a finite number, or leave that sequence out.',
      ),
    };
  }
  if (json !== undefined) {
    return {
      ...span,
      code: 'not-json',
      broken: false,
      structural: false,
      message: t('{0} is Python, not JSON.', word),
      expected: json,
      found: word,
      advice: t('Write {0}, or export the file with json.dump instead of print.', json),
      fix: { kind: 'replace', text: json },
    };
  }
  if (isLast && (cutNumber.test(word) || ['true', 'false', 'null'].some((one) => one.startsWith(word))))
    return {
      ...span,
      code: 'not-json',
      broken: false,
      structural: false,
      message: t('The file ends in the middle of a value.'),
      expected: t('the rest of it, and the brackets that close'),
      found: t('the end of the file behind {0}', shown),
      advice: t('Export or copy the file again: it was cut off.'),
    };
  const known = asJsonWrites(word);
  if (/^[+-]?[\d.]/.test(known ?? word)) {
    // A longer one is no number that somebody wrote.
    const value = word.length > 400 ? Number.NaN : Number((known ?? word).replace(/_/g, ''));
    const written = Object.is(value, -0) ? '-0' : String(value);
    return {
      ...span,
      code: 'not-json',
      broken: false,
      structural: false,
      message: t('{0} is not a number as JSON writes it.', shown),
      expected: t('a number such as 0.5, -1 or 1e-3'),
      found: shown,
      advice: Number.isFinite(value)
        ? t('Write {0}.', written)
        : t('Write digits with a point, and a digit on both sides of it.'),
      ...(Number.isFinite(value) ? { fix: { kind: 'replace', text: written } } : {}),
    };
  }
  return {
    ...span,
    code: 'not-json',
    broken: false,
    structural: false,
    message: t('{0} is no JSON value; a text stands in double quotes.', shown),
    expected: t('a number, a "text", true, false, null, a list or an object'),
    found: shown,
    advice: t('Write "{0}" if a text is meant.', shown),
    ...(isWhole && /^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(word) && !noText.test(word) ? inQuotes(word) : {}),
  };
}

/** How a text is mended that lacks its double quotes. What a backslash means in it nobody has said. */
export const inQuotes = (text: string): Pick<SyntaxIssue, 'fix'> =>
  text.length > longestMended || text.includes('\\') ? {} : { fix: { kind: 'replace', text: JSON.stringify(text) } };

export function strayIssue(word: string, span: Span): SyntaxIssue {
  const known = asJsonWrites(word);
  const issue = notJson(
    span,
    t('{0} has no meaning in JSON.', printable(word)),
    t('a bracket, a comma, a key or a value'),
    printable(word),
    t('Remove it.'),
    false,
  );
  // As a mark of its own in a sentence: "Write ,." is no sentence.
  return known === null
    ? issue
    : { ...issue, advice: t('Write {0}.', `"${known}"`), fix: { kind: 'replace', text: known } };
}

/** Invisible characters by their code, so that they can be searched for; blanks between letters stay. */
export function printable(word: string): string {
  // Cut between characters, not inside one that takes two code units.
  const end = /[\ud800-\udbff]/.test(word.charAt(36)) ? 36 : 37;
  const short = word.length > 40 ? `${word.slice(0, end)}…` : word;
  const code = (c: string): string => `U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  return short.replace(/[\p{C}\p{Z}]/gu, (c) => (c === ' ' ? c : code(c)));
}

/** What can be missing: the sentence that says so, and what belongs there. */
const absent = {
  comma: [() => t('A comma is missing.'), () => t('a comma')],
  colon: [() => t('A colon is missing.'), () => t('a colon')],
  key: [() => t('A key is missing.'), () => t('a key')],
  property: [() => t('A key with its value is missing.'), () => t('a key with its value')],
  value: [() => t('A value is missing.'), () => t('a value')],
  colonAndValue: [() => t('A colon and a value is missing.'), () => t('a colon and a value')],
} as const;

export const missing = (
  what: keyof typeof absent,
  span: Span,
  found: string,
  advice: string,
  broken = false,
): SyntaxIssue => ({
  ...span,
  code: 'not-json',
  broken,
  structural: true,
  message: absent[what][0](),
  expected: absent[what][1](),
  found,
  advice,
});

/** How a comma or a colon that is missing comes behind what ends at `end`. */
export const inserted = (what: 'comma' | 'colon', end: number): Required<Pick<SyntaxIssue, 'fix' | 'fixAt'>> => ({
  fix: {
    kind: 'replace',
    text: what === 'comma' ? ',' : ':',
    title: what === 'comma' ? t('Insert the comma') : t('Insert the colon'),
  },
  fixAt: { offset: end, length: 0 },
});

/** How a comma that is too many goes. */
export const removed = (): Required<Pick<SyntaxIssue, 'fix'>> => ({
  fix: { kind: 'replace', text: '', title: t('Remove the comma') },
});

export const notJson = (
  span: Span,
  message: string,
  expected: string,
  found: string,
  advice: string,
  broken: boolean,
): SyntaxIssue => ({ ...span, code: 'not-json', broken, structural: broken, message, expected, found, advice });

/** What the scanner found wrong inside a text in double quotes. */
export function textIssue(error: number, span: Span, found: string): SyntaxIssue {
  if (error === scanError.unclosedString)
    return notJson(
      span,
      t('A text has no closing quote.'),
      t('a double quote at its end'),
      found,
      t('Close the text on the line where it begins.'),
      true,
    );
  if (error === scanError.invalidCharacter)
    return notJson(
      span,
      t('A text holds a control character.'),
      t('printable characters'),
      found,
      t('Write \\t for a tab.'),
      false,
    );
  return notJson(
    span,
    t('A text holds a backslash that means nothing.'),
    t('one of \\\\ \\" \\/ \\b \\f \\n \\r \\t \\u0000'),
    found,
    t('Write \\\\ for a backslash; in paths a / works on every system.'),
    false,
  );
}
