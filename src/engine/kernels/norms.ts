// AssemblyScript. Frobenius norms, and those of the weight gradients of one step without the gradients themselves.
import { lanesSum64, madd, panels, ROW, rowSquares, squares, width } from './simd';
import { clearBeyond } from './panel';
import { transposedProduct } from './product';
import { ORDINARY, settledNorm, standPanelNorm } from './subnormal';

/** Sums of squares in between have lost nothing to the ends of the range. */
const SAFE_LOW: f64 = 1e-250;
const SAFE_HIGH: f64 = 1e250;
/** As the dtype holds it. */
@inline export function rounded<T>(value: f64): f64 {
  return sizeof<T>() == 4 ? <f64><f32>value : value;
}

/** Norm of `rows` rows × N columns, from the sum of squares where that is sound. */
export function normOf<T>(from: usize, panelBytes: usize, N: i32, rows: i32): f64 {
  const sum = squares<T>(from, panelBytes, panels<T>(N), rows);
  if (sizeof<T>() == 4 || (sum >= SAFE_LOW && sum <= SAFE_HIGH)) return rounded<T>(Math.sqrt(sum));
  return carefulNorm<T>(from, panelBytes, N, rows);
}

/** The same, not rounded to the dtype. */
export function wideNormOf<T>(from: usize, panelBytes: usize, N: i32, rows: i32): f64 {
  return sizeof<T>() == 4
    ? Math.sqrt(squares<T>(from, panelBytes, panels<T>(N), rows))
    : normOf<T>(from, panelBytes, N, rows);
}

/** The norms of steps of `rows` rows each, one behind the other, to `to`; not rounded to the dtype if `wide`. */
export function stepNorms<T>(
  from: usize, panelBytes: usize, N: i32, rows: i32, steps: i32, wide: bool, to: usize,
): void {
  const stepBytes = <usize>rows * ROW;
  const end = to + <usize>steps * 8;
  if (sizeof<T>() == 8) {
    for (; to < end; to += 8, from += stepBytes) store<f64>(to, normOf<T>(from, panelBytes, N, rows));
    return;
  }
  for (let left = N; left > 0; left -= width<T>(), from += panelBytes) {
    const narrow = left <= width<T>() / 2;
    let p = from;
    for (let at = to; at < end; at += 8) {
      const next = p + stepBytes;
      let sum = f64x2.splat(0);
      for (; p < next; p += ROW) sum = f64x2.add(sum, rowSquares<T>(p, narrow));
      store<f64>(at, lanesSum64(sum) + (left < N ? load<f64>(at) : 0));
    }
  }
  for (; to < end; to += 16) {
    // Roots take as long for two as for one.
    const two = to + 8 < end;
    const roots = f64x2.sqrt(two ? v128.load(to) : v128.load64_zero(to));
    const norms = wide ? roots : f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(roots));
    if (two) v128.store(to, norms);
    else v128.store64_lane(to, norms, 0);
  }
}

/** The values are divided by the largest before they are squared. NaN when there is one, then Infinity. */
export function carefulNorm<T>(from: usize, panelBytes: usize, N: i32, rows: i32): f64 {
  let largest: f64 = 0;
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < N; j++) largest = Math.max(largest, Math.abs(element<T>(from, panelBytes, r, j)));
  }
  if (largest == 0 || !isFinite(largest)) return largest;
  let sum: f64 = 0;
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < N; j++) {
      const scaled = element<T>(from, panelBytes, r, j) / largest;
      sum += scaled * scaled;
    }
  }
  return rounded<T>(largest * Math.sqrt(sum));
}

@inline function element<T>(from: usize, panelBytes: usize, r: i32, j: i32): f64 {
  return <f64>load<T>(
    from + <usize>(j / width<T>()) * panelBytes + <usize>r * ROW + <usize>(j % width<T>()) * sizeof<T>(),
  );
}

/**
 * Dot products of rows i, i+1 with rows j … j+3, left as eight float64 at `to`. Summed in S: float64 for float32 rows
 * whose squares would leave the range of float32.
 */
function dots<T, S>(from: usize, panelBytes: usize, panelCount: i32, i: i32, j: i32, to: usize): void {
  let s00 = v128.splat<S>(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  for (let n = 0; n < panelCount; n++) {
    let p = from + <usize>i * ROW;
    let q = from + <usize>j * ROW;
    const end = p + ROW;
    while (p < end) {
      const x0 = v128.load(p);
      const x1 = v128.load(p, 64);
      const y0 = v128.load(q);
      s00 = addProducts<T, S>(x0, y0, s00);
      s10 = addProducts<T, S>(x1, y0, s10);
      const y1 = v128.load(q, 64);
      s01 = addProducts<T, S>(x0, y1, s01);
      s11 = addProducts<T, S>(x1, y1, s11);
      const y2 = v128.load(q, 128);
      s02 = addProducts<T, S>(x0, y2, s02);
      s12 = addProducts<T, S>(x1, y2, s12);
      const y3 = v128.load(q, 192);
      s03 = addProducts<T, S>(x0, y3, s03);
      s13 = addProducts<T, S>(x1, y3, s13);
      p += 16;
      q += 16;
    }
    from += panelBytes;
  }
  storeSums<S>(s00, s01, s02, s03, to);
  storeSums<S>(s10, s11, s12, s13, to + 32);
}

@inline function addProducts<T, S>(x: v128, y: v128, sum: v128): v128 {
  if (sizeof<T>() == sizeof<S>()) return madd<T>(x, y, sum);
  sum = madd<f64>(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y), sum);
  return madd<f64>(f64x2.promote_low_f32x4(upper(x)), f64x2.promote_low_f32x4(upper(y)), sum);
}

@inline function upper(v: v128): v128 {
  return v128.shuffle<u64>(v, v, 1, 0);
}

/** The sum of the lanes of each of four vectors, as float64. */
@inline function storeSums<T>(a: v128, b: v128, c: v128, d: v128, to: usize): void {
  if (sizeof<T>() == 4) {
    const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
    const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
    const sums = f32x4.add(v128.shuffle<u64>(ab, cd, 0, 2), v128.shuffle<u64>(ab, cd, 1, 3));
    v128.store(to, f64x2.promote_low_f32x4(sums));
    v128.store(to, f64x2.promote_low_f32x4(upper(sums)), 16);
  } else {
    v128.store(to, f64x2.add(v128.shuffle<u64>(a, b, 0, 2), v128.shuffle<u64>(a, b, 1, 3)));
    v128.store(to, f64x2.add(v128.shuffle<u64>(c, d, 0, 2), v128.shuffle<u64>(c, d, 1, 3)), 16);
  }
}

/** What `weightNorms` found: ‖xᵀd‖ and ‖hPrevᵀd‖. */
export let normWx: f64 = 0;
export let normWh: f64 = 0;

// Σ (A·Aᵀ) ∘ (D·Dᵀ), the same of the terms' magnitudes, and ‖A‖².
let sumX: f64 = 0;
let allX: f64 = 0;
let sizeX: f64 = 0;
let sumH: f64 = 0;
let allH: f64 = 0;
let sizeH: f64 = 0;

/** Bytes of what a pair of rows adds to each of these six. */
export const PARTIAL: usize = 48;

/**
 * Norms of xᵀ·d and hPrevᵀ·d over the B rows of one step: ‖AᵀD‖² = Σ (A·Aᵀ) ∘ (D·Dᵀ), O(B²·H) instead of O(B·H²).
 * Where the sum cancels, or comes near the ends of the dtype's range, the product itself is formed in `scratch`.
 * `sizeD` = ‖d‖ as the caller has it. ../wasm/stepNorms.ts does the same in pieces, with the same sums in the same
 * order.
 */
export function weightNorms<T>(
  x: usize, xPanel: usize, I: i32, h: usize, hPanel: usize, H: i32, d: usize, dPanel: usize, B: i32, sizeD: f64,
  scratch: usize,
): void {
  if (B == 1) {
    // One term each: ‖xᵀd‖ = ‖x‖·‖d‖.
    sizeX = squares<T>(x, xPanel, panels<T>(I), 1);
    sizeH = squares<T>(h, hPanel, panels<T>(H), 1);
    const sizes = f64x2.sqrt(f64x2.replace_lane(f64x2.splat(sizeX), 1, sizeH));
    const rootX = f64x2.extract_lane(sizes, 0);
    const rootH = f64x2.extract_lane(sizes, 1);
    if (
      inside<T>(sizeD) && inside<T>(rootX) && inside<T>(rootH) && inside<T>(rootX * sizeD) && inside<T>(rootH * sizeD)
    ) {
      normWx = rounded<T>(rootX * sizeD);
      normWh = rounded<T>(rootH * sizeD);
      return;
    }
    allX = sumX = sizeX * (sizeD * sizeD);
    allH = sumH = sizeH * (sizeD * sizeD);
  } else {
    gramSums<T>(x, xPanel, I, h, hPanel, H, d, d, dPanel, H, B, sizeD, sizeD, scratch);
  }
  normWx = soundNorm<T>(sumX, allX, sizeX, x, xPanel, I, B, sizeD);
  normWh = soundNorm<T>(sumH, allH, sizeH, h, hPanel, H, B, sizeD);
  if (normWx < 0) normWx = formedNorm<T>(ORDINARY, x, xPanel, I, d, dPanel, H, B, scratch);
  if (normWh < 0) normWh = formedNorm<T>(ORDINARY, h, hPanel, H, d, dPanel, H, B, scratch);
}

// The bounds of `inside` in float32, for two.
const LOW = memory.data<f64>([1e-27, 1e-27], 16);
const HIGH = memory.data<f64>([1e30, 1e30], 16);

/**
 * As `weightNorms` of one row of float32, step by step as long as all is far from the ends of the range; gives the
 * number of steps that are done. `before`: ‖h‖ before the first step. `at`: where the measures of that step begin,
 * `series` bytes apart, among them ‖h_t‖, ‖d_t‖, and ‖x_t‖ where ‖dWx‖ will be. Two steps at a time.
 */
export function outerNorms(before: f64, at: usize, series: usize, steps: i32): i32 {
  const low = v128.load(LOW);
  const high = v128.load(HIGH);
  let previous = f64x2.splat(before);
  let s = 0;
  for (; s + 1 < steps; s += 2, at += 16) {
    const ofX = v128.load(at + 4 * series);
    const here = v128.load(at);
    const ofBefore = v128.shuffle<u64>(previous, here, 1, 2);
    const d = v128.load(at + 6 * series);
    const wx = f64x2.mul(ofX, d);
    const wh = f64x2.mul(ofBefore, d);
    // What is no number stays, because it comes first.
    const least = f64x2.pmin(f64x2.pmin(wx, ofX), d);
    const most = f64x2.pmax(f64x2.pmax(wx, ofX), d);
    const leastH = f64x2.pmin(wh, ofBefore);
    const mostH = f64x2.pmax(wh, ofBefore);
    const inX = v128.and(f64x2.gt(least, low), f64x2.lt(most, high));
    const inH = v128.and(f64x2.gt(leastH, low), f64x2.lt(mostH, high));
    if (i64x2.bitmask(v128.and(inX, inH)) != 3) break;
    v128.store(at + 4 * series, f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(wx)));
    v128.store(at + 5 * series, f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(wh)));
    previous = here;
  }
  return s;
}

/** Whether products of float32 have to be summed in float64, because their squares may leave the range. */
function needsWide<T>(sizeD: f64, squaresX: f64, squaresH: f64): bool {
  return sizeof<T>() == 4 &&
    !(sizeD > 1e-15 && sizeD < 1e15 && squaresX < 1e30 && squaresH < 1e30 && squaresX > 1e-30 && squaresH > 1e-30);
}

// How often a product of rows i, i+1 with j … j+3 counts: all twice, because the matrices are symmetric, but on the
// diagonal (j = i).
const ONCE = memory.data<f64>([1, 2, 2, 2, 0, 1, 2, 2], 16);
const TWICE = memory.data<f64>([2, 2, 2, 2, 2, 2, 2, 2], 16);

/** The sums over the B rows of a step whose d [B,N] are at `dx`, of the size `ofX`, and at `dh`, of the size `ofH`. */
function gramSums<T>(
  x: usize, xPanel: usize, I: i32, h: usize, hPanel: usize, H: i32, dx: usize, dh: usize, dPanel: usize, N: i32, B: i32,
  ofX: f64, ofH: f64, scratch: usize,
): void {
  const wide = needsWide<T>(ofX, 1, 1) || needsWide<T>(ofH, 1, 1);
  grams<T>(x, xPanel, I, h, hPanel, H, dx, dh, dPanel, N, B, wide, scratch);
  if (!wide && needsWide<T>(1, sizeX, sizeH))
    grams<T>(x, xPanel, I, h, hPanel, H, dx, dh, dPanel, N, B, true, scratch);
}

function grams<T>(
  x: usize, xPanel: usize, I: i32, h: usize, hPanel: usize, H: i32, dx: usize, dh: usize, dPanel: usize, N: i32, B: i32,
  wide: bool, scratch: usize,
): void {
  const partial = scratch + OFPAIR;
  startSums();
  for (let i = 0; i < B; i += 2) {
    gramPair<T>(x, xPanel, I, h, hPanel, H, dx, dh, dPanel, N, B, i, wide, scratch, partial);
    addPartial(partial);
  }
}

function startSums(): void {
  sumX = allX = sizeX = sumH = allH = sizeH = 0;
}

function addPartial(partial: usize): void {
  sumX += load<f64>(partial);
  allX += load<f64>(partial, 8);
  sizeX += load<f64>(partial, 16);
  sumH += load<f64>(partial, 24);
  allH += load<f64>(partial, 32);
  sizeH += load<f64>(partial, 40);
}

/** Bytes of the dot products of a pair of rows with four others: of d, h, x, and of the d towards x. */
const OFPAIR: usize = 256;

/** What the rows i and i+1 add to the sums, with all rows from i on. */
function gramPair<T>(
  x: usize, xPanel: usize, I: i32, h: usize, hPanel: usize, H: i32, dx: usize, dh: usize, dPanel: usize, N: i32, B: i32,
  i: i32, wide: bool, scratch: usize, to: usize,
): void {
  const towardsX: usize = dx == dh ? 0 : 192;
  let termsH = f64x2.splat(0);
  let magnitudesH = termsH;
  let termsX = termsH;
  let magnitudesX = termsH;
  for (let j = i; j < B; j += 4) {
    dotsOf<T>(dh, dPanel, N, i, j, wide, scratch);
    dotsOf<T>(h, hPanel, H, i, j, wide, scratch + 64);
    dotsOf<T>(x, xPanel, I, i, j, wide, scratch + 128);
    if (towardsX != 0) dotsOf<T>(dx, dPanel, N, i, j, wide, scratch + towardsX);
    if (j + 4 > B || i + 2 > B) clearOutside(scratch, B - i, B - j);
    const counts = j == i ? ONCE : TWICE;
    for (let at: usize = 0; at < 64; at += 16) {
      const dd = f64x2.mul(v128.load(scratch + at), v128.load(counts + at));
      const hh = f64x2.mul(v128.load(scratch + at, 64), dd);
      termsH = f64x2.add(termsH, hh);
      magnitudesH = f64x2.add(magnitudesH, f64x2.abs(hh));
      const dd2 = f64x2.mul(v128.load(scratch + at + towardsX), v128.load(counts + at));
      const xx = f64x2.mul(v128.load(scratch + at, 128), dd2);
      termsX = f64x2.add(termsX, xx);
      magnitudesX = f64x2.add(magnitudesX, f64x2.abs(xx));
    }
    if (j > i) continue;
    store<f64>(to, load<f64>(scratch, 128) + load<f64>(scratch, 168), 16);
    store<f64>(to, load<f64>(scratch, 64) + load<f64>(scratch, 104), 40);
  }
  store<f64>(to, lanesSum64(termsX));
  store<f64>(to, lanesSum64(magnitudesX), 8);
  store<f64>(to, lanesSum64(termsH), 24);
  store<f64>(to, lanesSum64(magnitudesH), 32);
}

@inline function dotsOf<T>(from: usize, panelBytes: usize, N: i32, i: i32, j: i32, wide: bool, to: usize): void {
  if (sizeof<T>() == 4 && wide) dots<T, f64>(from, panelBytes, panels<T>(N), i, j, to);
  else dots<T, T>(from, panelBytes, panels<T>(N), i, j, to);
}

/**
 * As `weightNorms` where d has N columns, those towards x at `dx` and those towards hPrev at `dh`: −1 where a product
 * itself has to be formed.
 */
export function gramNorms<T>(
  x: usize, xPanel: usize, I: i32, h: usize, hPanel: usize, H: i32, dx: usize, dh: usize, dPanel: usize, N: i32,
  B: i32, scratch: usize,
): void {
  if (B == 1) {
    // One term: ‖aᵀd‖ = ‖a‖·‖d‖.
    const size = wideNormOf<T>(dh, dPanel, N, 1);
    normWh = rounded<T>(wideNormOf<T>(h, hPanel, H, 1) * size);
    normWx = rounded<T>(wideNormOf<T>(x, xPanel, I, 1) * (dx == dh ? size : wideNormOf<T>(dx, dPanel, N, 1)));
    return;
  }
  const ofH = normOf<T>(dh, dPanel, N, B);
  const ofX = dx == dh ? ofH : normOf<T>(dx, dPanel, N, B);
  gramSums<T>(x, xPanel, I, h, hPanel, H, dx, dh, dPanel, N, B, ofX, ofH, scratch);
  normWx = soundNorm<T>(sumX, allX, sizeX, x, xPanel, I, B, ofX);
  normWh = soundNorm<T>(sumH, allH, sizeH, h, hPanel, H, B, ofH);
}

/** Products with rows that are none, whatever lies there, count nothing. */
function clearOutside(scratch: usize, rows: i32, columns: i32): void {
  for (let k = 0; k < 8; k++) {
    if (k >> 2 < rows && (k & 3) < columns) continue;
    for (let at = scratch + <usize>k * 8; at < scratch + OFPAIR; at += 64) store<f64>(at, 0);
  }
}

/** The norm from the sums; −1 where the product itself has to be formed. */
function soundNorm<T>(sum: f64, all: f64, size: f64, a: usize, aPanel: usize, M: i32, B: i32, sizeD: f64): f64 {
  const sizeA = Math.sqrt(size);
  if (sizeD == 0 && isFinite(sizeA)) return 0;
  if (sizeA == 0 && isFinite(sizeD) && allZero<T>(a, aPanel, M, B)) return 0;
  const value = Math.sqrt(sum);
  const sound = inside<T>(sizeA) && inside<T>(sizeD) && inside<T>(value);
  // The terms carry the rounding of their dtype: where they cancel, too few digits are left.
  return sound && sum > (sizeof<T>() == 4 ? 0.2 : 1e-3) * all ? rounded<T>(value) : -1;
}

/**
 * ‖AᵀD‖ from the product itself, one panel of its columns after the other, so that it never leaves the cache. `kind`:
 * of the rows of D.
 */
export function formedNorm<T>(
  kind: u8, a: usize, aPanel: usize, M: i32, d: usize, dPanel: usize, H: i32, B: i32, scratch: usize,
): f64 {
  const ordinary = kind == ORDINARY;
  const norms = ordinary ? scratch + <usize>(panels<T>(M) * width<T>()) * ROW : scratch;
  const room = ordinary ? scratch : scratch + <usize>panels<T>(H) * ROW;
  for (let n = 0; n < panels<T>(H); n++)
    store<f64>(norms + <usize>n * 8, formedPanel<T>(kind, a, aPanel, M, d, dPanel, H, B, n, room));
  return together<T>(kind, norms, panels<T>(H));
}

/** The norm of panel n of AᵀD, not rounded to the dtype, or where D is not ORDINARY of what stands for it. */
function formedPanel<T>(
  kind: u8, a: usize, aPanel: usize, M: i32, d: usize, dPanel: usize, H: i32, B: i32, n: i32, scratch: usize,
): f64 {
  if (kind != ORDINARY) return standPanelNorm<T>(kind, a, aPanel, M, d + <usize>n * dPanel, B, scratch);
  memory.fill(scratch, 0, <usize>(panels<T>(M) * width<T>()) * ROW);
  transposedProduct<T>(a, aPanel, M, d + <usize>n * dPanel, 0, 1, B, scratch, 0);
  // What is not finite makes NaN of the zeros beyond H.
  if (n == panels<T>(H) - 1) clearBeyond<T>(H, scratch, M);
  return wideNormOf<T>(scratch, 0, width<T>(), M);
}

/** The norm of so many norms, as the dtype holds it. NaN when there is one, then Infinity. */
function together<T>(kind: u8, norms: usize, count: i32): f64 {
  let largest: f64 = 0;
  for (let n = 0; n < count; n++) largest = Math.max(largest, load<f64>(norms + <usize>n * 8));
  if (largest == 0 || !isFinite(largest)) return largest;
  let sum: f64 = 0;
  for (let n = 0; n < count; n++) {
    const scaled = load<f64>(norms + <usize>n * 8) / largest;
    sum += scaled * scaled;
  }
  return kind == ORDINARY ? rounded<T>(largest * Math.sqrt(sum)) : settledNorm<T>(kind, largest * Math.sqrt(sum));
}

/**
 * Of a step whose norms take too long for one call. ../wasm/abi.ts has the same fields, and ../wasm/stepNorms.ts writes
 * them.
 */
@unmanaged
export class NormJob {
  B: i32;
  I: i32;
  H: i32;
  /** Rows of the step and the distances of their panels. */
  x: usize;
  xPanel: usize;
  h: usize;
  hPanel: usize;
  d: usize;
  dPanel: usize;
  /**
   * float64: first the two norms, then what every pair of rows adds to the sums, later the norms of the product's
   * panels.
   */
  partials: usize;
  scratch: usize;
  /** Bytes of one thread's share of it. */
  scratchBytes: usize;
  /** What the rows of d are where products are formed: see ./subnormal.ts. */
  kind: i32;
}

const NORMS: usize = 16;

/** The pairs of rows first … end − 1. */
export function gramRows<T>(job: NormJob, first: i32, end: i32, wide: i32, thread: i32): void {
  const scratch = job.scratch + <usize>thread * job.scratchBytes;
  for (let pair = first; pair < end; pair++) {
    const to = job.partials + NORMS + <usize>pair * PARTIAL;
    gramPair<T>(
      job.x, job.xPanel, job.I, job.h, job.hPanel, job.H, job.d, job.d, job.dPanel, job.H, job.B, 2 * pair, wide != 0,
      scratch, to,
    );
  }
}

/**
 * After all pairs: leaves the two norms. 1: the pairs have to be done again with `wide`; otherwise 2 and 4 say that
 * xᵀ·d and hPrevᵀ·d are to be formed.
 */
export function gramEnd<T>(job: NormJob, wide: i32): i32 {
  startSums();
  for (let pair = 0; pair < (job.B + 1) >> 1; pair++) addPartial(job.partials + NORMS + <usize>pair * PARTIAL);
  const sizeD = normOf<T>(job.d, job.dPanel, job.H, job.B);
  if (!wide && needsWide<T>(sizeD, sizeX, sizeH)) return 1;
  const ofX = soundNorm<T>(sumX, allX, sizeX, job.x, job.xPanel, job.I, job.B, sizeD);
  const ofH = soundNorm<T>(sumH, allH, sizeH, job.h, job.hPanel, job.H, job.B, sizeD);
  store<f64>(job.partials, ofX);
  store<f64>(job.partials, ofH, 8);
  return (ofX < 0 ? 2 : 0) | (ofH < 0 ? 4 : 0);
}

/** The panels first … end − 1 of hPrevᵀ·d (`recurrent`), or of xᵀ·d. */
export function formPanels<T>(job: NormJob, recurrent: i32, first: i32, end: i32, thread: i32): void {
  const scratch = job.scratch + <usize>thread * job.scratchBytes;
  for (let n = first; n < end; n++) {
    const found = recurrent
      ? formedPanel<T>(<u8>job.kind, job.h, job.hPanel, job.H, job.d, job.dPanel, job.H, job.B, n, scratch)
      : formedPanel<T>(<u8>job.kind, job.x, job.xPanel, job.I, job.d, job.dPanel, job.H, job.B, n, scratch);
    store<f64>(job.partials + NORMS + <usize>n * 8, found);
  }
}

/** After all panels: leaves the norm. */
export function formEnd<T>(job: NormJob, recurrent: i32): void {
  store<f64>(job.partials + (recurrent ? 8 : 0), together<T>(<u8>job.kind, job.partials + NORMS, panels<T>(job.H)));
}

/**
 * Far enough from the ends of the range that no element and no product of two squares has lost anything that counts.
 */
@inline function inside<T>(size: f64): bool {
  return size > (sizeof<T>() == 4 ? 1e-27 : 1e-70) && size < (sizeof<T>() == 4 ? 1e30 : 1e70);
}

function allZero<T>(from: usize, panelBytes: usize, N: i32, rows: i32): bool {
  for (let n = 0; n < panels<T>(N); n++) {
    const start = from + <usize>n * panelBytes;
    for (let p = start; p < start + <usize>rows * ROW; p += 16)
      if (v128.any_true(v128.ne<T>(v128.load(p), v128.splat<T>(0)))) return false;
  }
  return true;
}
