/** jsonc-parser's SyntaxKind: an ambient const enum, which code compiled file by file cannot read. */
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

/** jsonc-parser's ScanError, for the same reason. */
export const scanError = {
  none: 0,
  unclosedComment: 1,
  unclosedString: 2,
  unfinishedNumber: 3,
  invalidUnicode: 4,
  invalidEscape: 5,
  invalidCharacter: 6,
} as const;

/** A run of characters that JSON has no meaning for: `NaN`, `-Infinity`, `None`, `.5`, `+1`, `0x10`. */
export function wordAt(text: string, offset: number): string {
  let end = offset;
  while (end < text.length && !/[\s,:[\]{}"'/#]/.test(text.charAt(end))) end++;
  return text.slice(offset, Math.max(end, offset + 1));
}

/** Numbers as Python and NumPy write them, which JSON cannot say. */
export const notFinite = /^[+-]?(?:nan|inf|infinity)$/i;
