// AssemblyScript, a module of its own. Reads a block of JSON numbers, that is nested lists of one shape, from UTF-8
// bytes to float64.
//
// A number w·10^q (w of at most 19 digits) is rounded as Lemire shows ("Number parsing at a gigabyte per second",
// Software: Practice and
// Experience 51, 2021): the top 128 bits of w·5^q decide unless they lie next to the middle between two numbers. What
// they do not decide, and what lies at the ends of float64's range, is left to the caller by its place in the text;
// nothing is ever rounded by guess.

/** What `read` came to. ../numberBlocks.ts knows the same numbers. */
const MORE = 0;
const DONE = 1;
const IRREGULAR = 2;
const COMMENT = 3;
const FULL = 4;
const READING = -1;

const SPACE = 0x20;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** Deeper lists than this are left to the caller. */
const MOST_LEVELS = 8;
/** Powers of ten in the table: −342 … 308, beyond which every w of 19 digits is 0 or infinite. */
const LOWEST: i32 = -342;
const HIGHEST: i32 = 308;
const MOST_DIGITS: i32 = 19;
/** Numbers that may wait for the caller before he is asked. */
const MOST_LEFT: i32 = 64;

const ZEROS: u64 = 0x3030303030303030;
const SPACES: u64 = 0x2020202020202020;
/** Powers of ten that float64 holds exactly: 5^22 < 2^53. */
const MOST_EXACT: u32 = 22;
const exactTens = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
], 8);
const tens = memory.data<u64>([1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000], 8);
/** [level] elements of the list that is open there, and of every list that was closed there before; 0: none was. */
const counts = memory.data(4 * (MOST_LEVELS + 1), 4);
const sizes = memory.data(4 * (MOST_LEVELS + 1), 4);
/**
 * Of each number that is left to the caller: its place in the output, its first byte and the byte after it, 4 bytes
 * each.
 */
const left = memory.data(12 * MOST_LEFT, 4);

let level: i32 = 0;
let leafLevel: i32 = 0;
/** The last thing read was a value, so that a comma or the list's end has to follow. */
let afterValue = false;
let at: usize = 0;
let written: i32 = 0;
let leftCount: i32 = 0;

export function freeFrom(): usize {
  return (__heap_base + 63) & ~63;
}

/** Address of the shape's sizes, outermost first, once a block is done. */
export function sizesAt(): usize {
  return sizes + 4;
}
export function rank(): i32 {
  return leafLevel;
}
export function leftAt(): usize {
  return left;
}
export function leftNumbers(): i32 {
  return leftCount;
}
export function position(): usize {
  return at;
}
export function numbersWritten(): i32 {
  return written;
}

/** Before a block: nothing has been read of it. */
export function begin(): void {
  memory.fill(counts, 0, 4 * (MOST_LEVELS + 1));
  memory.fill(sizes, 0, 4 * (MOST_LEVELS + 1));
  level = 0;
  leafLevel = 0;
  afterValue = false;
}

@inline function isDigit(c: i32): bool {
  return <u32>(c - ZERO) <= 9;
}

@inline function isBlank(c: i32): bool {
  return c == SPACE || c == 0x0a || c == 0x0d || c == 0x09;
}

/** The first byte from p on that is no blank. Lines are indented by many spaces at once. */
function pastBlanks(p: usize): usize {
  while (true) {
    const different = load<u64>(p) ^ SPACES;
    p += different == 0 ? 8 : <usize>(ctz(different) >> 3);
    if (different == 0) continue;
    if (!isBlank(<i32>load<u8>(p))) return p;
    p++;
  }
}

/**
 * Reads on from `from` to at most `end`; the bytes there and beyond, 16 at least, are 0. Numbers go to `out`, whose
 * room the caller has made large enough (one for every two bytes). `powers`: see `powersOfFive`. MORE: everything up to
 * `position` has been read, and what follows does not end here.
 */
export function read(from: usize, end: usize, out: usize, powers: usize): i32 {
  let p = from;
  let value = out;
  let count = load<i32>(counts + 4 * <usize>level);
  let outcome = READING;
  leftCount = 0;
  while (outcome == READING) {
    p = pastBlanks(p);
    let c = <i32>load<u8>(p);
    if (p >= end) outcome = MORE;
    else if (afterValue && c == COMMA) {
      afterValue = false;
      p++;
    } else if (!afterValue && (c == MINUS || isDigit(c))) {
      if (leafLevel == 0) leafLevel = level;
      if (level != leafLevel || level == 0) outcome = IRREGULAR;
      // Numbers with a comma between them: nothing else has to be kept in mind.
      while (outcome == READING) {
        const next = readNumber(p, end, value, out, powers);
        if (next == 0) outcome = IRREGULAR;
        else if (next >= end) outcome = MORE;
        else if (leftCount == MOST_LEFT) outcome = FULL;
        else {
          p = next;
          value += 8;
          count++;
          c = <i32>load<u8>(p);
          afterValue = c != COMMA;
          if (afterValue) break;
          c = <i32>load<u8>(++p);
          if (c == SPACE) c = <i32>load<u8>(++p);
          if (c <= SPACE) {
            p = pastBlanks(p);
            c = <i32>load<u8>(p);
          }
          if (c != MINUS && !isDigit(c)) break;
        }
      }
    } else if (!afterValue && c == OPEN) {
      // A list beside numbers, or one too deep.
      if (level == MOST_LEVELS || (leafLevel != 0 && level == leafLevel)) outcome = IRREGULAR;
      else {
        store<i32>(counts + 4 * <usize>level, count);
        level++;
        count = 0;
        p++;
      }
    } else if (c == CLOSE) {
      const size = load<i32>(sizes + 4 * <usize>level);
      if (count == 0 || (size != 0 && size != count)) outcome = IRREGULAR;
      else {
        store<i32>(sizes + 4 * <usize>level, count);
        p++;
        count = load<i32>(counts + 4 * <usize>(--level)) + 1;
        afterValue = true;
        if (level == 0) outcome = DONE;
      }
    } else outcome = c == SLASH ? COMMENT : IRREGULAR;
  }
  at = p;
  written = <i32>((value - out) >> 3);
  store<i32>(counts + 4 * <usize>level, count);
  // A number that reaches the end may go on behind it: it is read again with what follows.
  while (leftCount > 0 && load<i32>(left + 12 * <usize>(leftCount - 1)) >= written) leftCount--;
  return outcome;
}

/** The high bit of every byte of v ^ '0…0' that is no digit. */
@inline function others(x: u64): u64 {
  return (((x & 0x7f7f7f7f7f7f7f7f) + 0x7676767676767676) | x) & 0x8080808080808080;
}

/** The value of eight digits 0 … 9, the first in the lowest byte: two at a time, then four, then all. */
@inline function eight(digits: u64): u64 {
  const pairs = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ff;
  const fours = (pairs * 100 + (pairs >> 16)) & 0x0000ffff0000ffff;
  return (fours & 0xffff) * 10000 + (fours >> 32);
}

/**
 * The number at `start` goes to `out`. Gives the byte after it, at least `end` when it may go on there, or 0 when what
 * stands there is no JSON number.
 */
function readNumber(start: usize, end: usize, out: usize, outStart: usize, powers: usize): usize {
  const negative = <usize>(load<u8>(start) == MINUS);
  const first = start + negative;
  let p = first;
  let c = <i32>load<u8>(p);
  if (!isDigit(c)) return p < end ? 0 : end;
  let w = <u64>(c - ZERO);
  c = <i32>load<u8>(++p);
  if (w != 0) {
    while (isDigit(c)) {
      w = w * 10 + <u64>(c - ZERO);
      c = <i32>load<u8>(++p);
    }
  }
  let digitCount = <i32>(p - first);
  let q = 0;
  if (c == POINT) {
    const point = ++p;
    let digits = load<u64>(p) ^ ZEROS;
    let rest = others(digits);
    while (rest == 0) {
      w = w * 100000000 + eight(digits);
      p += 8;
      digits = load<u64>(p) ^ ZEROS;
      rest = others(digits);
    }
    const count = <usize>(ctz(rest) >> 3);
    // Two shifts, because one by 64 bits would be none.
    w = w * load<u64>(tens + 8 * count) + eight((digits << 8) << (56 - 8 * <u64>count));
    p += count;
    if (p == point) return p < end ? 0 : end;
    q = <i32>(point - p);
    digitCount -= q;
    c = <i32>load<u8>(p);
  }
  if ((c | 0x20) == 0x65) {
    c = <i32>load<u8>(++p);
    const down = c == MINUS;
    if (down || c == 0x2b) c = <i32>load<u8>(++p);
    if (!isDigit(c)) return p < end ? 0 : end;
    let exponent = 0;
    while (isDigit(c)) {
      if (exponent < 100000) exponent = exponent * 10 + c - ZERO;
      c = <i32>load<u8>(++p);
    }
    q += down ? -exponent : exponent;
  }
  // Whatever else follows makes a word of it that is no number: 01, 1.5f, 0x10.
  if (c != COMMA && c != CLOSE && !isBlank(c) && c != SLASH && p < end) return 0;
  let bits = UNDECIDED;
  if (digitCount <= MOST_DIGITS) bits = float64Bits(w, q, powers);
  else bits = manyDigits(first, w, q, powers);
  store<u64>(out, bits | (<u64>negative << 63));
  if (bits == UNDECIDED) {
    const place = left + 12 * <usize>leftCount;
    leftCount++;
    store<i32>(place, <i32>((out - outStart) >> 3));
    store<i32>(place, <i32>start, 4);
    store<i32>(place, <i32>p, 8);
  }
  return p;
}

/** No float64: all bits set. */
const UNDECIDED: u64 = 0xffffffffffffffff;

/**
 * More than 19 digits from p on, zeros in front among them: the number lies between those with the 19 first digits and
 * one more in the last of them.
 */
function manyDigits(p: usize, w: u64, q: i32, powers: usize): u64 {
  let top: u64 = 0;
  let taken = 0;
  let dropped = 0;
  for (let c = <i32>load<u8>(p); isDigit(c) || c == POINT; c = <i32>load<u8>(++p)) {
    if (c == POINT || (c == ZERO && taken == 0)) continue;
    if (taken < MOST_DIGITS) {
      top = top * 10 + <u64>(c - ZERO);
      taken++;
    } else dropped++;
  }
  if (dropped == 0) return float64Bits(w, q, powers);
  const low = float64Bits(top, q + dropped, powers);
  return low == float64Bits(top + 1, q + dropped, powers) ? low : UNDECIDED;
}

/** The upper 64 of the 128 bits of a·b. */
@inline function upperProduct(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const cross = aHigh * bLow + ((aLow * bLow) >> 32);
  const middle = aLow * bHigh + (cross & 0xffffffff);
  return aHigh * bHigh + (cross >> 32) + (middle >> 32);
}

/**
 * The float64 nearest to w·10^q, ties to even, as bits; UNDECIDED when 128 bits of 5^q do not tell, and for what is no
 * normal number.
 */
function float64Bits(w: u64, q: i32, powers: usize): u64 {
  if (w == 0) return 0;
  // Both are float64 without rounding, so that one division rounds once (Clinger, "How to read floating point numbers
  // accurately", PLDI 1990).
  if (w < (<u64>1 << 53) && <u32>-q <= MOST_EXACT)
    return reinterpret<u64>(<f64>w / load<f64>(exactTens + 8 * <usize>-q));
  if (q < LOWEST || q > HIGHEST) return UNDECIDED;
  const shift = clz(w);
  const W = w << shift;
  const power = powers + 16 * <usize>(q - LOWEST);
  // 5^q = (power + less than 1)·2^e, so that W·5^q is at most 2^64 more than this product, counted in its last place.
  const factor = load<u64>(power);
  let high = upperProduct(W, factor);
  let low = W * factor;
  const upper = high >> 63;
  const cut = 10 + upper;
  const half = (<u64>1) << (cut - 1);
  const mask = (half << 1) - 1;
  let rest = high & mask;
  if (rest == half - 1 || (rest == half && low == 0)) {
    const more = upperProduct(W, load<u64>(power, 8));
    low += more;
    if (low < more) high++;
    rest = high & mask;
    // Now it is less than 2 more.
    if ((rest == half && low == 0) || (rest == half - 1 && low >= 0xfffffffffffffffe)) return UNDECIDED;
  }
  const mantissa = high >> cut;
  // ⌊q·log2 5⌋ = ⌊q·1217359 / 2^19⌋ for |q| ≤ 3528.
  const exponent = 1023 + 63 + <i64>upper + <i64>q + ((<i64>q * 1217359) >> 19) - <i64>shift;
  if (exponent <= 0 || exponent >= 2046) return UNDECIDED;
  // Without a branch, which would be guessed wrong every other time; a mantissa of 2^53 carries into the exponent.
  return (<u64>(exponent - 1) << 52) + mantissa + <u64>(rest >= half);
}
