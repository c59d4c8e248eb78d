import { scanError, token } from './token.js';

/** Lets others in: called about every millisecond of work, may throw to give up. */
export type Tick = () => void;

/** Tokens between two ticks: well below a millisecond. */
const tokensPerTick = 1024;
/** Code units between two ticks inside one long token, less one: a power of two, so that a mask finds it. */
const unitsMask = 0xffff;

/**
 * Tokens of JSON with comments, of the kinds and errors of jsonc-parser's scanner. What is different: every character
 * is read once, because a word, or a text in other quotes, is one token and nobody has to set the scanner back. A long
 * token ticks inside. A number is one only when nothing behind it goes on with its word.
 */
export class Scanner {
  readonly text: string;
  readonly #tick: Tick;
  readonly #withTrivia: boolean;
  #work = 0;
  /** Where a search for a closing quote of each kind ended in vain: no text that begins before it has one. */
  readonly #noQuoteBefore: [straight: number, single: number, double: number] = [-1, -1, -1];
  offset = 0;
  /** The character behind the token. */
  end: number;
  error: number = scanError.none;
  /** Where a comment begins that has no end. */
  unclosedComment: number | null = null;

  /** With trivia, blanks, line breaks and comments are tokens; without, they are skipped. */
  constructor(text: string, tick: Tick, from = 0, withTrivia = false) {
    this.text = text;
    this.#tick = tick;
    this.end = from;
    this.#withTrivia = withTrivia;
  }

  get length(): number {
    return this.end - this.offset;
  }

  /** The token as it is written. */
  get written(): string {
    return this.text.slice(this.offset, this.end);
  }

  /** What a text in double quotes says; of one that is not sound, what stands between its quotes. */
  get said(): string {
    const { written, error } = this;
    if (error !== scanError.none) return error === scanError.unclosedString ? written.slice(1) : written.slice(1, -1);
    return written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1);
  }

  scan(): number {
    for (;;) {
      if (++this.#work % tokensPerTick === 0) this.#tick();
      const kind = this.#next();
      if (this.#withTrivia || kind < token.lineComment || kind > token.trivia) return kind;
    }
  }

  #next(): number {
    const { text } = this;
    this.error = scanError.none;
    this.offset = this.end;
    const code = text.charCodeAt(this.offset);
    switch (code) {
      case 0x20:
      case 0x09:
        this.#skip(isBlank);
        return token.trivia;
      case 0x0a:
      case 0x0d:
        this.end += code === 0x0d && text.charCodeAt(this.offset + 1) === 0x0a ? 2 : 1;
        return token.lineBreak;
      case 0x7b:
        this.end++;
        return token.openBrace;
      case 0x7d:
        this.end++;
        return token.closeBrace;
      case 0x5b:
        this.end++;
        return token.openBracket;
      case 0x5d:
        this.end++;
        return token.closeBracket;
      case 0x3a:
        this.end++;
        return token.colon;
      case 0x2c:
        this.end++;
        return token.comma;
      case 0x22:
        return this.#string();
      case 0x2f:
        return this.#comment();
      default:
        return Number.isNaN(code) ? token.end : this.#word(code);
    }
  }

  /** Goes on while the characters pass. */
  #skip(passes: (code: number) => boolean): void {
    let at = this.end;
    for (; at < this.text.length && passes(this.text.charCodeAt(at)); at++) if ((at & unitsMask) === 0) this.#tick();
    this.end = at;
  }

  #comment(): number {
    const { text } = this;
    const next = text.charCodeAt(this.offset + 1);
    if (next === 0x2f) {
      this.#skip(isNoLineBreak);
      return token.lineComment;
    }
    if (next !== 0x2a) {
      this.end++;
      return token.unknown;
    }
    let star = false;
    this.end += 2;
    for (; this.end < text.length; this.end++) {
      if ((this.end & unitsMask) === 0) this.#tick();
      const code = text.charCodeAt(this.end);
      if (star && code === 0x2f) {
        this.end++;
        return token.blockComment;
      }
      star = code === 0x2a;
    }
    this.error = scanError.unclosedComment;
    this.unclosedComment = this.offset;
    return token.blockComment;
  }

  /** A text in double quotes; one that has no end stops at the end of its line. */
  #string(): number {
    const { text } = this;
    let at = this.offset + 1;
    for (; ; at++) {
      if ((at & unitsMask) === 0) this.#tick();
      const code = text.charCodeAt(at);
      if (code === 0x22) break;
      if (code === 0x5c) {
        at = this.#escape(at);
      } else if (Number.isNaN(code) || isLineBreak(code)) {
        this.error = scanError.unclosedString;
        this.end = at;
        return token.string;
      } else if (code < 0x20) {
        this.error = scanError.invalidCharacter;
      }
    }
    this.end = at + 1;
    return token.string;
  }

  /** The last character of the escape that begins at a backslash. */
  #escape(at: number): number {
    const { text } = this;
    if (text.charCodeAt(at + 1) === 0x75) {
      const digits = hexDigits(text, at + 2);
      if (digits < 4) this.error = scanError.invalidUnicode;
      return at + 1 + digits;
    }
    // A line break is not escaped: the text has no end on its line.
    if (at + 1 === text.length || isLineBreak(text.charCodeAt(at + 1))) return at;
    if (!escapes.includes(text.charAt(at + 1))) this.error = scanError.invalidEscape;
    return at + 1;
  }

  /** A text in other quotes than JSON's that ends on its line; only the one quote when it does not. */
  #quoted(first: number): number {
    const { text, offset } = this;
    this.end = offset + 1;
    // Inside of straight ones a curly one is an apostrophe.
    const passed = first === 0x27 ? 0 : isSingleQuote(first) ? 1 : 2;
    const closes = closing[passed];
    if (offset < this.#noQuoteBefore[passed]) return token.unknown;
    let at = offset + 1;
    for (; at < text.length; at++) {
      if ((at & unitsMask) === 0) this.#tick();
      const code = text.charCodeAt(at);
      if (code === 0x5c && !isLineBreak(text.charCodeAt(at + 1))) at++;
      else if (closes(code)) {
        this.end = at + 1;
        return token.unknown;
      } else if (isLineBreak(code)) break;
    }
    // Each quote that this search passed stands behind a backslash: one that begins there passes the same characters.
    this.#noQuoteBefore[passed] = at;
    return token.unknown;
  }

  /** A number, true, false, null, or a word that JSON does not know. */
  #word(first: number): number {
    const { text, offset } = this;
    if (first === 0x2d || isDigit(first)) {
      const end = this.#numberEnd(offset);
      if (end !== null && endsWord(text.charCodeAt(end))) {
        this.end = end;
        return token.number;
      }
    }
    if (isOtherQuote(first)) return this.#quoted(first);
    if (endsWord(first)) {
      this.end++;
      return token.unknown;
    }
    this.#skip(goesOn);
    switch (this.length) {
      case 4:
        if (text.startsWith('true', offset)) return token.true;
        return text.startsWith('null', offset) ? token.null : token.unknown;
      case 5:
        return text.startsWith('false', offset) ? token.false : token.unknown;
      default:
        return token.unknown;
    }
  }

  /** The end of the JSON number that begins here; null when there is none. */
  #numberEnd(start: number): number | null {
    const { text } = this;
    const first = text.charCodeAt(start) === 0x2d ? start + 1 : start;
    let end = text.charCodeAt(first) === 0x30 ? first + 1 : this.#digitsEnd(first);
    if (end === first) return null;
    if (text.charCodeAt(end) === 0x2e) {
      const fraction = end + 1;
      end = this.#digitsEnd(fraction);
      if (end === fraction) return null;
    }
    if ((text.charCodeAt(end) | 0x20) === 0x65) {
      const sign = text.charCodeAt(end + 1);
      const exponent = sign === 0x2b || sign === 0x2d ? end + 2 : end + 1;
      end = this.#digitsEnd(exponent);
      if (end === exponent) return null;
    }
    return end;
  }

  #digitsEnd(from: number): number {
    let end = from;
    for (; isDigit(this.text.charCodeAt(end)); end++) if ((end & unitsMask) === 0) this.#tick();
    return end;
  }
}

/** ' and what a word processor or a Korean keyboard writes for it: ‘ ’. */
const isSingleQuote = (code: number): boolean => code === 0x27 || code === 0x2018 || code === 0x2019;
/** " and what is written for it: “ ” „ ＂. */
const isDoubleQuote = (code: number): boolean =>
  code === 0x22 || code === 0x201c || code === 0x201d || code === 0x201e || code === 0xff02;
/** What closes a text that a straight single quote begins, a curly one, a double one. */
const closing = [(code: number): boolean => code === 0x27, isSingleQuote, isDoubleQuote] as const;
/** Quotes that JSON does not know. */
export const isOtherQuote = (code: number): boolean => code !== 0x22 && (isSingleQuote(code) || isDoubleQuote(code));

/** What may follow a backslash, besides u. */
const escapes = '"\\/bfnrt';

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
const isLineBreak = (code: number): boolean => code === 0x0a || code === 0x0d;
const isNoLineBreak = (code: number): boolean => !isLineBreak(code);
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const isHexDigit = (code: number): boolean =>
  isDigit(code) || (code >= 0x41 && code <= 0x46) || (code >= 0x61 && code <= 0x66);

/** How many of the four hexadecimal digits of an escape are there. */
function hexDigits(text: string, from: number): number {
  let count = 0;
  while (count < 4 && isHexDigit(text.charCodeAt(from + count))) count++;
  return count;
}

/**
 * Whether a word ends before the character: at blanks of all scripts, JSON's own signs in any width, quotes, and what
 * begins a comment in JSON or Python. NaN is the end of the text.
 */
function endsWord(code: number): boolean {
  if (code <= 0x7d) {
    switch (code) {
      case 0x09:
      case 0x0a:
      case 0x0b:
      case 0x0c:
      case 0x0d:
      case 0x20:
      case 0x22:
      case 0x23:
      case 0x27:
      case 0x2c:
      case 0x2f:
      case 0x3a:
      case 0x5b:
      case 0x5d:
      case 0x7b:
      case 0x7d:
        return true;
      default:
        return false;
    }
  }
  return Number.isNaN(code) || (code >= 0xa0 && (isRareBlank(code) || isOtherQuote(code) || isWideSign(code)));
}

const goesOn = (code: number): boolean => !endsWord(code);

/** Comma, colon and brackets of full width, and the comma of CJK. */
const isWideSign = (code: number): boolean =>
  code === 0xff0c ||
  code === 0xff1a ||
  code === 0xff3b ||
  code === 0xff3d ||
  code === 0xff5b ||
  code === 0xff5d ||
  code === 0x3001;

const isRareBlank = (code: number): boolean =>
  (code >= 0x2000 && code <= 0x200a) ||
  code === 0xa0 ||
  code === 0x1680 ||
  code === 0x2028 ||
  code === 0x2029 ||
  code === 0x202f ||
  code === 0x205f ||
  code === 0x3000 ||
  code === 0xfeff;
