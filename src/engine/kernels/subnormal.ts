// AssemblyScript. Products of numbers below the normal range, which processors leave to microcode, a hundred times as
// slow. Such numbers are multiples of the smallest one, 2^−149 in float32 and 2^−1074 in float64. Here the multiples
// are what is multiplied, as ordinary numbers, and summed up on top of 1.5·2^23 (1.5·2^52), where numbers are whole:
// every sum is rounded as the dtype rounds its smallest numbers. Where they stand beside larger numbers, whose digits
// matter more, all are multiplied by 2^60 (2^900) on the way, and the sums are rounded at their end.
import { RELU, reluSlope, SIGN32, SIGN64, TANH, tanhSlope, throughActivation, throughSlope } from './activation';
import { productRows } from './product';
import {
  constant,
  FUSED,
  lanesMax,
  lanesSum64,
  largestOf,
  madd,
  panels,
  ROW,
  rowSquares,
  squares,
  width,
} from './simd';

/** 2^23 and 2^52: with the bits of a subnormal number in its last digits, one is that many more. */
const BASE32 = memory.data<f32>([8388608, 8388608, 8388608, 8388608], 16);
const BASE64 = memory.data<f64>([4503599627370496, 4503599627370496], 16);
const WHOLE32 = memory.data<f32>([12582912, 12582912, 12582912, 12582912], 16);
const WHOLE64 = memory.data<f64>([6755399441055744, 6755399441055744], 16);

/**
 * Sums of multiples up to here are rounded to whole ones on top of the constants above, with as much room again for
 * what rounding adds to them.
 */
@inline function most<T>(): f64 {
  return sizeof<T>() == 4 ? 2097152 : 1125899906842624;
}

/** The smallest number of the dtype. */
@inline function smallest<T>(): f64 {
  return sizeof<T>() == 4 ? 1.401298464324817e-45 : 5e-324;
}

/** The exponents of 2 that lift numbers out of the subnormal ones. */
const LIFT32: i32 = 60;
const LIFT64: i32 = 900;

@inline function lift<T>(): i32 {
  return sizeof<T>() == 4 ? LIFT32 : LIFT64;
}

/** The smallest number of the dtype, lifted. */
@inline function smallestLifted<T>(): f64 {
  return sizeof<T>() == 4 ? 1.6155871338926322e-27 : 4.176194859519056e-53;
}

/** How many times a lifted number is the smallest number of the dtype. */
@inline function multiplesOfLifted<T>(): f64 {
  return sizeof<T>() == 4 ? 6.189700196426902e+26 : 2.3945242826029513e+52;
}

/** The smallest number of the normal range, lifted. */
@inline function leastUsual<T>(): f64 {
  return sizeof<T>() == 4 ? 1.3552527156068805e-20 : 1.88079096131566e-37;
}

/** 2^−lift */
@inline function lowering<T>(): f64 {
  return sizeof<T>() == 4 ? 8.673617379884035e-19 : 1.1830521861667747e-271;
}

/**
 * Rows that hold larger numbers than 2^10 (2^−460) are not lifted: the squares of their products could leave the range
 * of float64.
 */
@inline function liftable<T>(): f64 {
  return sizeof<T>() == 4 ? 1024 : 3.3589380537835444e-139;
}
/** Nor are they multiplied by more than this. */
const FAR: f64 = 1e12;

/** Numbers below this, 2^−110 or 2^−1010, may soon be below the normal range. */
@inline function nearly<T>(): f64 {
  return sizeof<T>() == 4 ? 7.703719777548943e-34 : 9.113902524445496e-305;
}

@inline function whole<T>(): v128 {
  return constant(sizeof<T>() == 4 ? WHOLE32 : WHOLE64);
}

/** The multiples of subnormal numbers. */
@inline function multiples<T>(values: v128): v128 {
  const sign = constant(sizeof<T>() == 4 ? SIGN32 : SIGN64);
  const base = constant(sizeof<T>() == 4 ? BASE32 : BASE64);
  return v128.or(v128.sub<T>(v128.or(v128.andnot(values, sign), base), base), v128.and(values, sign));
}

/** The subnormal numbers of whole multiples. */
@inline function ofMultiples<T>(n: v128): v128 {
  const sign = constant(sizeof<T>() == 4 ? SIGN32 : SIGN64);
  const base = constant(sizeof<T>() == 4 ? BASE32 : BASE64);
  return v128.or(v128.xor(v128.add<T>(v128.andnot(n, sign), base), base), v128.and(n, sign));
}

/**
 * All bits of the magnitudes of a row together: of numbers below the normal range a multiple that none of theirs
 * exceeds, and less than twice the largest.
 */
export function magnitudes<T>(row: usize, panelBytes: usize, panelCount: i32): u64 {
  let bits = i32x4.splat(0);
  for (let n = 0; n < panelCount; n++, row += panelBytes) {
    bits = v128.or(
      v128.or(v128.or(bits, v128.load(row)), v128.or(v128.load(row, 16), v128.load(row, 32))),
      v128.load(row, 48),
    );
  }
  bits = v128.andnot(bits, constant(sizeof<T>() == 4 ? SIGN32 : SIGN64));
  const both = i64x2.extract_lane(bits, 0) | i64x2.extract_lane(bits, 1);
  return sizeof<T>() == 4 ? (<u64>both >> 32) | (<u64>both & 0xffffffff) : <u64>both;
}

/** Whether a row holds numbers, other than 0, that are nearly below the normal range, or nothing but zeros. */
export function isWorthWatching<T>(row: usize, panelBytes: usize, panelCount: i32): bool {
  const limit = v128.splat<T>(<T>nearly<T>());
  let some = i32x4.splat(0);
  let any = some;
  for (let n = 0; n < panelCount; n++, row += panelBytes) {
    for (let at: usize = 0; at < ROW; at += 16) {
      const values = v128.load(row + at);
      const isOther = v128.ne<T>(values, v128.splat<T>(0));
      some = v128.or(some, v128.and(v128.lt<T>(v128.abs<T>(values), limit), isOther));
      any = v128.or(any, isOther);
    }
  }
  return v128.any_true(some) || !v128.any_true(any);
}

/** Whether the numbers of a row can be lifted, which NaN cannot. */
export function canBeLifted<T>(row: usize, panelBytes: usize, panelCount: i32): bool {
  let largest = v128.splat<T>(0);
  for (let n = 0; n < panelCount; n++, row += panelBytes) {
    for (let at: usize = 0; at < ROW; at += 16) largest = v128.max<T>(largest, v128.abs<T>(v128.load(row + at)));
  }
  const within = v128.lt<T>(largest, v128.splat<T>(<T>liftable<T>()));
  return sizeof<T>() == 4 ? i32x4.all_true(within) : i64x2.all_true(within);
}

/** Whether `rows` rows are small enough to be the other factor; NaN is not. */
export function isNear<T>(from: usize, panelBytes: usize, panelCount: i32, rows: i32): bool {
  return squares<T>(from, panelBytes, panelCount, rows) < FAR * FAR;
}

/** Numbers times 2^lift. No arithmetic meets a subnormal one. */
@inline function lifted<T>(values: v128): v128 {
  const few = v128.mul<T>(multiples<T>(values), v128.splat<T>(<T>smallestLifted<T>()));
  const bits = v128.andnot(values, constant(sizeof<T>() == 4 ? SIGN32 : SIGN64));
  if (sizeof<T>() == 4)
    return v128.bitselect(few, i32x4.add(values, i32x4.splat(lift<T>() << 23)), i32x4.lt_s(bits, i32x4.splat(1 << 23)));
  return v128.bitselect(
    few,
    i64x2.add(values, i64x2.splat(<i64>lift<T>() << 52)),
    i64x2.lt_s(bits, i64x2.splat(<i64>1 << 52)),
  );
}

/**
 * Lifted numbers as they are. What falls below the normal range is rounded on top of 2^23 (2^52), where numbers are
 * whole: what those have more in their bits are the bits of the number.
 */
function lowered<T>(values: v128): v128 {
  const sign = constant(sizeof<T>() == 4 ? SIGN32 : SIGN64);
  const base = constant(sizeof<T>() == 4 ? BASE32 : BASE64);
  const size = v128.andnot(values, sign);
  const few = madd<T>(size, v128.splat<T>(<T>multiplesOfLifted<T>()), base);
  const isFew = v128.lt<T>(size, v128.splat<T>(<T>leastUsual<T>()));
  const magnitude =
    sizeof<T>() == 4
      ? v128.bitselect(i32x4.sub(few, base), i32x4.sub(size, i32x4.splat(lift<T>() << 23)), isFew)
      : v128.bitselect(i64x2.sub(few, base), i64x2.sub(size, i64x2.splat(<i64>lift<T>() << 52)), isFew);
  return v128.or(magnitude, v128.and(values, sign));
}

/** Where multiply-adds are rounded twice no row is SMALL. */
@inline export function isSmall(kind: u8): bool {
  return FUSED && kind == SMALL;
}

/** What is multiplied in place of numbers of this kind. */
@inline function stand<T>(values: v128, kind: u8): v128 {
  return isSmall(kind) ? multiples<T>(values) : lifted<T>(values);
}

/** What sums of such products begin with. */
@inline function beginning<T>(kind: u8): v128 {
  return isSmall(kind) ? whole<T>() : v128.splat<T>(0);
}

/**
 * By how much a product with a row can at most exceed its largest number: the largest column of Σ|B|, and 1 at least.
 * NaN where there is one. B: so many panels of K rows.
 */
export function reachOf<T>(b: usize, panelCount: i32, K: i32): f64 {
  let largest = v128.splat<T>(1);
  for (let n = 0; n < panelCount; n++) {
    for (let column: usize = 0; column < ROW; column += 16) {
      let sum = v128.splat<T>(0);
      for (let k = 0; k < K; k++) sum = v128.add<T>(sum, v128.abs<T>(v128.load(b + <usize>k * ROW + column)));
      largest = v128.max<T>(largest, sum);
    }
    b += <usize>K * ROW;
  }
  return <f64>lanesMax<T>(largest);
}

/**
 * Whether a multiply-add is rounded once: rounded twice, a sum of multiples may end beside that of the dtype. (1 + e)²
 * = 1 + 2e + e², and e² is half of the last digit.
 */
@inline function roundsOnce<T>(): bool {
  if (!FUSED) return false;
  const e = sizeof<T>() == 4 ? 0.000244140625 : 7.450580596923828e-9;
  const x = v128.splat<T>(<T>(1 + e));
  return v128.extract_lane<T>(madd<T>(x, x, v128.splat<T>(<T>(-1 - 2 * e))), 0) != 0;
}

/**
 * What the rows of d are: nothing in particular; multiples so small that the sums of their products are exact here;
 * zeros; some subnormal among others that can be lifted with them.
 */
export const ORDINARY: u8 = 0;
export const SMALL: u8 = 1;
export const ZERO: u8 = 2;
export const MIXED: u8 = 3;

/**
 * d = g ⊙ f'(h) for a row of g that is SMALL, ZERO or MIXED, as it says; ORDINARY where it is none of them, and d is
 * not to be used. `reach`: of the weights that d is multiplied by.
 */
export function smallThroughSlope<T>(
  cell: i32, g: usize, gPanel: usize, h: usize, hPanel: usize, d: usize, dPanel: usize, H: i32, reach: f64,
): u8 {
  const panelCount = panels<T>(H);
  const bits = magnitudes<T>(g, gPanel, panelCount);
  if (!(<f64>bits * reach < most<T>())) {
    if (!(reach < FAR && canBeLifted<T>(g, gPanel, panelCount))) return ORDINARY;
    for (let n = 0; n < panelCount; n++, g += gPanel, h += hPanel, d += dPanel) {
      for (let at: usize = 0; at < ROW; at += 16)
        v128.store(d + at, lowered<T>(throughSlope<T>(cell, lifted<T>(v128.load(g + at)), v128.load(h + at))));
    }
    return MIXED;
  }
  if (bits == 0) {
    throughActivation<T>(cell, g, gPanel, h, hPanel, d, dPanel, panelCount, 1);
    return largestOf<T>(d, dPanel, panelCount, 1) == 0 ? ZERO : ORDINARY;
  }
  if (!roundsOnce<T>()) return ORDINARY;
  let none = i32x4.splat(0);
  for (let n = 0; n < panelCount; n++) {
    for (let at: usize = 0; at < ROW; at += 16) {
      const state = v128.load(h + at);
      const slope = cell == TANH ? tanhSlope<T>(state) : cell == RELU ? reluSlope<T>(state) : v128.splat<T>(1);
      const product = v128.sub<T>(madd<T>(multiples<T>(v128.load(g + at)), slope, whole<T>()), whole<T>());
      none = v128.or(none, v128.ne<T>(product, product));
      v128.store(d + at, ofMultiples<T>(product));
    }
    g += gPanel;
    h += hPanel;
    d += dPanel;
  }
  return v128.any_true(none) ? ORDINARY : SMALL;
}

/** What a row of these magnitudes is, which holds no large numbers. */
export function smallKind<T>(bits: u64, reach: f64): u8 {
  if (!(reach < FAR)) return ORDINARY;
  return <f64>bits * reach < most<T>() && roundsOnce<T>() ? SMALL : MIXED;
}

/** What is multiplied in place of `rows` rows of one panel. */
export function copyStand<T>(kind: u8, from: usize, rows: i32, to: usize): void {
  for (const end = from + <usize>rows * ROW; from < end; from += 16, to += 16)
    v128.store(to, stand<T>(v128.load(from), kind));
}

/** The numbers of `rows` rows of one panel that others stand for; `start`: what was added to those. */
function settle<T>(kind: u8, from: usize, rows: i32, start: v128, to: usize, more: bool): void {
  for (const end = from + <usize>rows * ROW; from < end; from += 16, to += 16) {
    const sum = v128.sub<T>(v128.load(from), start);
    const value = isSmall(kind) ? ofMultiples<T>(sum) : lowered<T>(sum);
    v128.store(to, more ? v128.add<T>(v128.load(to), value) : value);
  }
}

/**
 * What comes of `rows` adjacent rows of D that are SMALL or MIXED: C += D·B for cPanels panels of B, which has K rows,
 * unless C is 0, and E = D'·B for ePanels more, where D' are the panels of D from `ofE` bytes on. D has dPanels.
 */
export function smallRows<T>(
  kind: u8, rows: i32, d: usize, dPanel: usize, dPanels: i32, K: i32, b: usize, c: usize, cPanel: usize, cPanels: i32,
  e: usize, ePanel: usize, ePanels: i32, ofE: usize,
): void {
  const bytes = <usize>rows * ROW;
  const start = beginning<T>(kind);
  // What stands for D takes its place meanwhile.
  const end = d + <usize>dPanels * dPanel;
  for (let at = d; at < end; at += dPanel) copyStand<T>(kind, at, rows, at);
  for (let n = c == 0 ? cPanels : 0; n < cPanels + ePanels; n++) {
    // The first panel of E has room for what is added to C.
    const to = n < cPanels ? e : e + <usize>(n - cPanels) * ePanel;
    for (let at = to; at < to + bytes; at += 16) v128.store(at, start);
    productRows<T>(d + (n < cPanels ? 0 : ofE), dPanel, K, 0, 0, 0, b + <usize>(n * K) * ROW, to, ROW, to, bytes);
    settle<T>(kind, to, rows, start, n < cPanels ? c + <usize>n * cPanel : to, n < cPanels);
  }
  for (let at = d; at < end; at += dPanel) settle<T>(kind, at, rows, v128.splat<T>(0), at, false);
}

/** The norm of `rows` SMALL rows of N numbers, or of their sum. */
export function smallNorm<T>(from: usize, panelBytes: usize, N: i32, rows: i32, summed: bool, scratch: usize): f64 {
  let sum: f64 = 0;
  for (let n = 0; n < panels<T>(N); n++, from += panelBytes) {
    copyStand<T>(SMALL, from, rows, scratch);
    if (summed) {
      for (let at: usize = ROW; at < <usize>rows * ROW; at += 16)
        v128.store(scratch + (at & 48), v128.add<T>(v128.load(scratch + (at & 48)), v128.load(scratch + at)));
    }
    sum += squares<T>(scratch, 0, 1, summed ? 1 : rows);
  }
  return settledNorm<T>(SMALL, Math.sqrt(sum));
}

/**
 * The norm of what stands for AᵀD, with each element rounded where D is SMALL, for B rows of A [B,M] and of one panel
 * of D. `scratch`: room for those and one more.
 */
export function standPanelNorm<T>(kind: u8, a: usize, aPanel: usize, M: i32, d: usize, B: i32, scratch: usize): f64 {
  const start = beginning<T>(kind);
  const bytes = <usize>B * ROW;
  const own = scratch + bytes;
  let total = f64x2.splat(0);
  copyStand<T>(kind, d, B, scratch);
  for (let m = 0; m < M; m++) {
    let x = a + <usize>(m / width<T>()) * aPanel + <usize>(m % width<T>()) * sizeof<T>();
    let sum0 = start;
    let sum1 = start;
    let sum2 = start;
    let sum3 = start;
    for (let row = scratch; row < own; row += ROW, x += ROW) {
      const value = v128.load_splat<T>(x);
      sum0 = madd<T>(value, v128.load(row), sum0);
      sum1 = madd<T>(value, v128.load(row, 16), sum1);
      sum2 = madd<T>(value, v128.load(row, 32), sum2);
      sum3 = madd<T>(value, v128.load(row, 48), sum3);
    }
    v128.store(own, v128.sub<T>(sum0, start));
    v128.store(own, v128.sub<T>(sum1, start), 16);
    v128.store(own, v128.sub<T>(sum2, start), 32);
    v128.store(own, v128.sub<T>(sum3, start), 48);
    total = f64x2.add(total, rowSquares<T>(own, false));
  }
  return Math.sqrt(lanesSum64(total));
}

/** The norm of numbers, as the dtype holds it, from that of what stands for them. */
export function settledNorm<T>(kind: u8, standing: f64): f64 {
  const norm = standing * (isSmall(kind) ? smallest<T>() : lowering<T>());
  return sizeof<T>() == 4 ? <f64><f32>norm : norm;
}

/** `rows` rows of one panel of C += sums of products that have not been rounded. */
export function addSettled<T>(kind: u8, sums: usize, rows: i32, c: usize): void {
  const limit = v128.splat<T>(<T>most<T>());
  for (const end = sums + <usize>rows * ROW; sums < end; sums += 16, c += 16) {
    const sum = v128.load(sums);
    // More than a few multiples are no longer below the normal range, or hold more digits than are exact on top of a
    // constant.
    const few = isSmall(kind) && !v128.any_true(v128.ge<T>(v128.abs<T>(sum), limit));
    const value = few
      ? ofMultiples<T>(v128.sub<T>(v128.add<T>(sum, whole<T>()), whole<T>()))
      : isSmall(kind)
        ? v128.mul<T>(v128.mul<T>(sum, v128.splat<T>(<T>smallestLifted<T>())), v128.splat<T>(<T>lowering<T>()))
        : lowered<T>(sum);
    v128.store(c, v128.add<T>(v128.load(c), value));
  }
}
