// AssemblyScript. f and f' of each cell on vectors, as in ../cells/tanh.ts and its neighbours.
import { constant, madd, ROW } from './simd';

// `kernel` of the cells in ../cells.
export const TANH = 0;
export const RELU = 1;
export const IDENTITY = 2;
/** |h| of tanh above which a unit counts as saturated, and 1 − h² has lost digits; as in ../cells. */
export const SATURATED: f64 = 0.97;

export const SIGN32 = memory.data<u32>([0x80000000, 0x80000000, 0x80000000, 0x80000000], 16);
const ONE32 = memory.data<f32>([1, 1, 1, 1], 16);
const TWO32 = memory.data<f32>([2, 2, 2, 2], 16);
/** tanh is 1 from 9.02 on in float32, from 19.07 on in float64. */
const END32 = memory.data<f32>([10, 10, 10, 10], 16);
/** 2/ln 2: e^(2z) = 2^(z·2/ln 2). */
const TWICELOG2E32 = memory.data<f32>(
  [2.8853900817779268, 2.8853900817779268, 2.8853900817779268, 2.8853900817779268],
  16,
);
/**
 * 1.5·2^23 + 127: added to a small number, it rounds that to an integer n and leaves n + 127 in the last bits, the
 * exponent field of 2^n once moved up.
 */
const MAGIC32 = memory.data<f32>([12583039.0, 12583039.0, 12583039.0, 12583039.0], 16);
// (2^f − 1)/f as a polynomial, highest power first: fitted so that the largest relative error of 2^f for |f| ≤ 1/2 is
// least, 9.2e-8, of which half arrives at most.
const SERIES32 = memory.data<f32>([
  0.001326472731307149, 0.001326472731307149, 0.001326472731307149, 0.001326472731307149,
  0.009671512991189957, 0.009671512991189957, 0.009671512991189957, 0.009671512991189957,
  0.05550733581185341, 0.05550733581185341, 0.05550733581185341, 0.05550733581185341,
  0.24022242426872253, 0.24022242426872253, 0.24022242426872253, 0.24022242426872253,
  0.6931470036506653, 0.6931470036506653, 0.6931470036506653, 0.6931470036506653,
], 16);
/** Below this tanh z is a polynomial. */
const NEAR32 = memory.data<f32>([0.7, 0.7, 0.7, 0.7], 16);
// (tanh z/z − 1)/z² as a polynomial in z², highest power first: fitted so that the largest relative error of tanh z up
// to 0.7 is least, 1.4e-8.
const NEARSERIES32 = memory.data<f32>([
  -0.005155088379979134, -0.005155088379979134, -0.005155088379979134, -0.005155088379979134,
  0.020111627876758575, 0.020111627876758575, 0.020111627876758575, 0.020111627876758575,
  -0.05356697738170624, -0.05356697738170624, -0.05356697738170624, -0.05356697738170624,
  0.13329242169857025, 0.13329242169857025, 0.13329242169857025, 0.13329242169857025,
  -0.33333197236061096, -0.33333197236061096, -0.33333197236061096, -0.33333197236061096,
], 16);

export const SIGN64 = memory.data<u64>([0x8000000000000000, 0x8000000000000000], 16);
const ONE64 = memory.data<f64>([1, 1], 16);
const TWO64 = memory.data<f64>([2, 2], 16);
const FOUR64 = memory.data<f64>([4, 4], 16);
const END64 = memory.data<f64>([22, 22], 16);
/**
 * 27.5·ln 2, from where on tanh in float64 is 1: what is left, 2/(e^(2z) + 1), is half a unit in the last place of the
 * numbers below 1.
 */
const ONEFROM64 = memory.data<f64>([19.061547465398496, 19.061547465398496], 16);
/** From here on f'(z) is below half of 2^-1074. */
const NOSLOPE64 = memory.data<f64>([400, 400], 16);
const LOG2E64 = memory.data<f64>([1.4426950408889634074, 1.4426950408889634074], 16);
const LN2HIGH64 = memory.data<f64>([-6.93147180369123816490e-1, -6.93147180369123816490e-1], 16);
const LN2LOW64 = memory.data<f64>([-1.90821492927058770002e-10, -1.90821492927058770002e-10], 16);
/** 2^52 + 1023, the same. */
const MAGIC64 = memory.data<f64>([4503599627371519.0, 4503599627371519.0], 16);
// 1/k!, k = 13 … 2
const SERIES64 = memory.data<f64>([
  1 / 6227020800.0, 1 / 6227020800.0, 1 / 479001600.0, 1 / 479001600.0, 1 / 39916800.0, 1 / 39916800.0,
  1 / 3628800.0, 1 / 3628800.0, 1 / 362880.0, 1 / 362880.0, 1 / 40320.0, 1 / 40320.0,
  1 / 5040.0, 1 / 5040.0, 1 / 720.0, 1 / 720.0, 1 / 120.0, 1 / 120.0,
  1 / 24.0, 1 / 24.0, 1 / 6.0, 1 / 6.0, 0.5, 0.5,
], 16);

/**
 * tanh of 32 bytes in place. Near 0, |z|·(1 + z²·P(z²)); beyond, 1 − 2/(e^(2|z|) + 1), where of the relative error of
 * e^(2|z|) = 2^n·2^f half arrives at most. Both are short chains, evaluated by halves (Estrin), because with one small
 * sequence every step waits for this: what is too large for 2^n is seen to only at the end.
 * Two vectors begin together, so that fewer instructions wait. NaN passes through.
 */
@inline function tanh32(at: usize): void {
  const z0 = v128.load(at);
  const z1 = v128.load(at, 16);
  const x0 = v128.andnot(z0, constant(SIGN32));
  const x1 = v128.andnot(z1, constant(SIGN32));
  const magic = constant(MAGIC32);
  const rounded0 = madd<f32>(x0, constant(TWICELOG2E32), magic);
  const rounded1 = madd<f32>(x1, constant(TWICELOG2E32), magic);
  const f0 = madd<f32>(x0, constant(TWICELOG2E32), f32x4.sub(magic, rounded0));
  const f1 = madd<f32>(x1, constant(TWICELOG2E32), f32x4.sub(magic, rounded1));
  v128.store(at, tanhFrom32(z0, x0, rounded0, f0));
  v128.store(at, tanhFrom32(z1, x1, rounded1, f1), 16);
}

/** tanh z from x = |z|, the magic number with n and f. */
@inline function tanhFrom32(z: v128, x: v128, rounded: v128, f: v128): v128 {
  const one = constant(ONE32);
  const ff = f32x4.mul(f, f);
  const high = madd<f32>(f, constant(SERIES32), constant(SERIES32 + 16));
  const middle = madd<f32>(f, constant(SERIES32 + 32), constant(SERIES32 + 48));
  const power = madd<f32>(ff, madd<f32>(ff, high, middle), madd<f32>(f, constant(SERIES32 + 64), one));
  const open = f32x4.div(constant(TWO32), madd<f32>(i32x4.shl(rounded, 23), power, one));
  const far = f32x4.sub(one, v128.andnot(open, f32x4.ge(x, constant(END32))));
  const xx = f32x4.mul(x, x);
  const nearMiddle = madd<f32>(xx, constant(NEARSERIES32 + 16), constant(NEARSERIES32 + 32));
  const nearLow = madd<f32>(xx, constant(NEARSERIES32 + 48), constant(NEARSERIES32 + 64));
  const x4 = f32x4.mul(xx, xx);
  const series = madd<f32>(x4, madd<f32>(x4, constant(NEARSERIES32), nearMiddle), nearLow);
  const near = madd<f32>(f32x4.mul(x, xx), series, x);
  return v128.or(v128.bitselect(far, near, f32x4.ge(x, constant(NEAR32))), v128.and(z, constant(SIGN32)));
}

/**
 * tanh|z| = E/(E + 2), E = e^(2|z|) − 1, which cancels nowhere. E = 2^n·(e^r − 1) + (2^n − 1) with 2|z| = n·ln 2 + r,
 * |r| ≤ ln 2 / 2, and the series of e^r − 1 up to r¹³/13!. NaN passes through; test/unit/wasm/tanh.test.ts measures the
 * error of both.
 */
@inline function tanh64(z: v128): v128 {
  const sign = v128.and(z, constant(SIGN64));
  const half = f64x2.pmin(v128.xor(z, sign), constant(END64));
  const y = f64x2.add(half, half);
  const rounded = madd<f64>(y, constant(LOG2E64), constant(MAGIC64));
  const n = f64x2.sub(rounded, constant(MAGIC64));
  const near = madd<f64>(n, constant(LN2HIGH64), y);
  const rest = f64x2.mul(n, constant(LN2LOW64));
  const r = f64x2.add(near, rest);
  const low = madd<f64>(f64x2.mul(r, r), series64(r), f64x2.sub(rest, f64x2.sub(r, near)));
  return v128.or(quotient(i64x2.shl(rounded, 52), r, low), sign);
}

/**
 * E/(E + 2) for E = scale·(r + low) + (scale − 1). What the sums that make E and E + 2 round away is kept and brought
 * in at the end: with q = E/(E + 2), dq/dE = (1 − q)²/2 and 1/(E + 2) = (1 − q)/2. What is left is the rounding of the
 * division and of the last sum.
 */
@inline function quotient(scale: v128, r: v128, low: v128): v128 {
  const one = constant(ONE64);
  const two = constant(TWO64);
  const rest = f64x2.sub(scale, one);
  const large = f64x2.mul(scale, r);
  const sum = f64x2.add(rest, large);
  const small = madd<f64>(scale, low, f64x2.sub(large, f64x2.sub(sum, rest)));
  const E = f64x2.add(sum, small);
  const lostOfE = f64x2.sub(small, f64x2.sub(E, sum));
  const denominator = f64x2.add(E, two);
  const partOfE = f64x2.sub(denominator, two);
  const lostOfDenominator = f64x2.add(f64x2.sub(two, f64x2.sub(denominator, partOfE)), f64x2.sub(E, partOfE));
  const q = f64x2.div(E, denominator);
  const open = f64x2.sub(one, q);
  const correction = f64x2.sub(f64x2.mul(lostOfE, open), f64x2.mul(q, lostOfDenominator));
  return madd<f64>(f64x2.mul(open, constant(SERIES64 + 176)), correction, q);
}

/** (e^r − 1 − r)/r² */
@inline function series64(r: v128): v128 {
  let q = constant(SERIES64);
  for (let at: usize = 16; at < 192; at += 16) q = madd<f64>(q, r, constant(SERIES64 + at));
  return q;
}

/**
 * f'(z) = 4·(E + 1)/(E + 2)² of tanh in float64, E = e^(2|z|) − 1, with all its digits at any z (see
 * ../cells/tanh.ts).
 */
export function sechSquared(z: v128): v128 {
  const size = v128.andnot(z, constant(SIGN64));
  const half = f64x2.pmin(size, constant(END64));
  const y = f64x2.add(half, half);
  const rounded = madd<f64>(y, constant(LOG2E64), constant(MAGIC64));
  const n = f64x2.sub(rounded, constant(MAGIC64));
  const r = madd<f64>(n, constant(LN2LOW64), madd<f64>(n, constant(LN2HIGH64), y));
  const scale = i64x2.shl(rounded, 52);
  const E = f64x2.add(
    madd<f64>(scale, r, f64x2.sub(scale, constant(ONE64))),
    f64x2.mul(scale, f64x2.mul(f64x2.mul(r, r), series64(r))),
  );
  const open = f64x2.add(E, constant(TWO64));
  const slope = f64x2.div(f64x2.mul(constant(FOUR64), f64x2.add(E, constant(ONE64))), f64x2.mul(open, open));
  const far = f64x2.ge(half, constant(ONEFROM64));
  return v128.any_true(far) ? v128.bitselect(farSlope(size), slope, far) : slope;
}

/**
 * 4·e^(−2|z|), which is f'(z) to the last digit where tanh z rounds to ±1. The power of two comes in two factors,
 * because one alone reaches 2^-1022 only; 0 below 2^-1074.
 */
function farSlope(size: v128): v128 {
  const half = f64x2.pmin(size, constant(NOSLOPE64));
  const y = f64x2.add(half, half);
  const n = f64x2.sub(madd<f64>(y, constant(LOG2E64), constant(MAGIC64)), constant(MAGIC64));
  const r = madd<f64>(n, constant(LN2LOW64), madd<f64>(n, constant(LN2HIGH64), y));
  const back = f64x2.neg(r);
  const power = f64x2.add(constant(ONE64), f64x2.add(back, f64x2.mul(f64x2.mul(r, r), series64(back))));
  const first = f64x2.floor(f64x2.mul(n, constant(SERIES64 + 176)));
  const near = f64x2.mul(f64x2.mul(constant(FOUR64), power), oneOver(first));
  return f64x2.mul(near, oneOver(f64x2.sub(n, first)));
}

/** 2^-n, −1023 < n < 1023 */
@inline function oneOver(n: v128): v128 {
  return i64x2.shl(f64x2.sub(constant(MAGIC64), n), 52);
}

/** f over `bytes` bytes (a multiple of 64) in place. */
export function activate<T>(cell: i32, at: usize, bytes: usize): void {
  const end = at + bytes;
  if (cell == TANH) {
    if (sizeof<T>() == 4) for (; at < end; at += 32) tanh32(at);
    else for (; at < end; at += 16) v128.store(at, tanh64(v128.load(at)));
  } else if (cell == RELU) {
    const zero = v128.splat<T>(0);
    for (; at < end; at += 16) v128.store(at, v128.max<T>(v128.load(at), zero));
  }
}

/** g ⊙ f'(h), f' taken from h. (1 − h)(1 + h) keeps the digits that 1 − h² would lose near |h| = 1. */
@inline export function throughSlope<T>(cell: i32, g: v128, h: v128): v128 {
  if (cell == TANH) return v128.mul<T>(g, tanhSlope<T>(h));
  if (cell == RELU) return v128.mul<T>(g, reluSlope<T>(h));
  return g;
}

@inline export function tanhSlope<T>(h: v128): v128 {
  const one = constant(sizeof<T>() == 4 ? ONE32 : ONE64);
  return v128.mul<T>(v128.sub<T>(one, h), v128.add<T>(one, h));
}

/** Not a number where h is none: all bits set are a NaN. */
@inline export function reluSlope<T>(h: v128): v128 {
  return v128.or(
    v128.and(v128.gt<T>(h, v128.splat<T>(0)), constant(sizeof<T>() == 4 ? ONE32 : ONE64)),
    v128.ne<T>(h, h),
  );
}

/** d = g ⊙ f'(h) over `rows` rows. */
export function throughActivation<T>(
  cell: i32, g: usize, gPanel: usize, h: usize, hPanel: usize, d: usize, dPanel: usize, panelCount: i32, rows: i32,
): void {
  const bytes = <usize>rows * ROW;
  for (let n = 0; n < panelCount; n++) {
    for (let at: usize = 0; at < bytes; at += 16)
      v128.store(d + at, throughSlope<T>(cell, v128.load(g + at), v128.load(h + at)));
    g += gPanel;
    h += hPanel;
    d += dPanel;
  }
}
