/**
 * The kinds of tokens, as jsonc-parser numbers them. `unknown`: a word that JSON does not know, or a text in single
 * quotes.
 */
export const token = {
  openBrace: 1,
  closeBrace: 2,
  openBracket: 3,
  closeBracket: 4,
  comma: 5,
  colon: 6,
  null: 7,
  true: 8,
  false: 9,
  string: 10,
  number: 11,
  lineComment: 12,
  blockComment: 13,
  lineBreak: 14,
  trivia: 15,
  unknown: 16,
  end: 17,
} as const;

/** What can be wrong with a token, as jsonc-parser numbers it. */
export const scanError = {
  none: 0,
  unclosedComment: 1,
  unclosedString: 2,
  invalidUnicode: 4,
  invalidEscape: 5,
  invalidCharacter: 6,
} as const;

/** Numbers as Python and NumPy write them, which JSON cannot say. */
export const notFinite = /^[+-]?(?:nan|inf|infinity)$/i;
