// AssemblyScript. Frobenius norms, and those of the weight gradients of one step without the gradients themselves.
import { madd, panels, ROW, squares, width } from './simd';
import { transposedProduct } from './product';

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
  return sizeof<T>() == 4 ? Math.sqrt(squares<T>(from, panelBytes, panels<T>(N), rows)) : normOf<T>(from, panelBytes, N, rows);
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
  return <f64>load<T>(from + <usize>(j / width<T>()) * panelBytes + <usize>r * ROW + <usize>(j % width<T>()) * sizeof<T>());
}

/**
 * Dot products of rows i, i+1 with rows j … j+3, left as eight float64 at `to`. Summed in S: float64 for float32 rows whose squares
 * would leave the range of float32.
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
  store<f64>(to, lanesSum<S>(s00));
  store<f64>(to, lanesSum<S>(s01), 8);
  store<f64>(to, lanesSum<S>(s02), 16);
  store<f64>(to, lanesSum<S>(s03), 24);
  store<f64>(to, lanesSum<S>(s10), 32);
  store<f64>(to, lanesSum<S>(s11), 40);
  store<f64>(to, lanesSum<S>(s12), 48);
  store<f64>(to, lanesSum<S>(s13), 56);
}

@inline function addProducts<T, S>(x: v128, y: v128, sum: v128): v128 {
  if (sizeof<T>() == sizeof<S>()) return madd<T>(x, y, sum);
  sum = madd<f64>(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(y), sum);
  return madd<f64>(f64x2.promote_low_f32x4(upper(x)), f64x2.promote_low_f32x4(upper(y)), sum);
}

@inline function upper(v: v128): v128 {
  return v128.shuffle<u64>(v, v, 1, 0);
}

@inline function lanesSum<T>(v: v128): f64 {
  if (sizeof<T>() == 4) return <f64>((f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 2)) + (f32x4.extract_lane(v, 1) + f32x4.extract_lane(v, 3)));
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
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

/**
 * Norms of xᵀ·d and hPrevᵀ·d over the B rows of one step: ‖AᵀD‖² = Σ (A·Aᵀ) ∘ (D·Dᵀ), O(B²·H) instead of O(B·H²).
 * Where the sum cancels, or comes near the ends of the dtype's range, the product itself is formed in `scratch`.
 * `sizeD` = ‖d‖ as the caller has it.
 */
export function weightNorms<T>(x: usize, xPanel: usize, I: i32, h: usize, hPanel: usize, H: i32, d: usize, dPanel: usize, B: i32, sizeD: f64, scratch: usize): void {
  if (B == 1) {
    // One term each: ‖xᵀd‖ = ‖x‖·‖d‖.
    sizeX = squares<T>(x, xPanel, panels<T>(I), 1);
    sizeH = squares<T>(h, hPanel, panels<T>(H), 1);
    const sizes = f64x2.sqrt(f64x2.replace_lane(f64x2.splat(sizeX), 1, sizeH));
    const rootX = f64x2.extract_lane(sizes, 0);
    const rootH = f64x2.extract_lane(sizes, 1);
    if (inside<T>(sizeD) && inside<T>(rootX) && inside<T>(rootH) && inside<T>(rootX * sizeD) && inside<T>(rootH * sizeD)) {
      normWx = rounded<T>(rootX * sizeD);
      normWh = rounded<T>(rootH * sizeD);
      return;
    }
    allX = sumX = sizeX * (sizeD * sizeD);
    allH = sumH = sizeH * (sizeD * sizeD);
  } else if (sizeof<T>() == 4 && !(sizeD > 1e-15 && sizeD < 1e15)) {
    grams<T, f64>(x, xPanel, I, h, hPanel, H, d, dPanel, B, scratch);
  } else {
    grams<T, T>(x, xPanel, I, h, hPanel, H, d, dPanel, B, scratch);
    if (sizeof<T>() == 4 && !(sizeX < 1e30 && sizeH < 1e30 && sizeX > 1e-30 && sizeH > 1e-30)) grams<T, f64>(x, xPanel, I, h, hPanel, H, d, dPanel, B, scratch);
  }
  normWx = soundNorm<T>(sumX, allX, sizeX, x, xPanel, I, d, dPanel, H, B, sizeD, scratch);
  normWh = soundNorm<T>(sumH, allH, sizeH, h, hPanel, H, d, dPanel, H, B, sizeD, scratch);
}

function grams<T, S>(x: usize, xPanel: usize, I: i32, h: usize, hPanel: usize, H: i32, d: usize, dPanel: usize, B: i32, scratch: usize): void {
  const hPanels = panels<T>(H);
  const xPanels = panels<T>(I);
  sumX = allX = sizeX = sumH = allH = sizeH = 0;
  for (let i = 0; i < B; i += 2) {
    for (let j = i & ~3; j < B; j += 4) {
      dots<T, S>(d, dPanel, hPanels, i, j, scratch);
      dots<T, S>(h, hPanel, hPanels, i, j, scratch + 64);
      dots<T, S>(x, xPanel, xPanels, i, j, scratch + 128);
      for (let k = 0; k < 8; k++) {
        const row = i + (k >> 2);
        const col = j + (k & 3);
        if (col < row || col >= B || row >= B) continue;
        const at = <usize>k * 8;
        const dd = load<f64>(scratch + at) * (row == col ? 1 : 2);
        const hh = load<f64>(scratch + 64 + at);
        const xx = load<f64>(scratch + 128 + at);
        sumH += hh * dd;
        allH += Math.abs(hh * dd);
        sumX += xx * dd;
        allX += Math.abs(xx * dd);
        if (row == col) {
          sizeH += hh;
          sizeX += xx;
        }
      }
    }
  }
}

function soundNorm<T>(sum: f64, all: f64, size: f64, a: usize, aPanel: usize, M: i32, d: usize, dPanel: usize, H: i32, B: i32, sizeD: f64, scratch: usize): f64 {
  const sizeA = Math.sqrt(size);
  if (sizeD == 0 && isFinite(sizeA)) return 0;
  if (sizeA == 0 && isFinite(sizeD) && allZero<T>(a, aPanel, M, B)) return 0;
  const value = Math.sqrt(sum);
  const sound = inside<T>(sizeA) && inside<T>(sizeD) && inside<T>(value);
  // The terms carry the rounding of their dtype: where they cancel, too few digits are left.
  if (sound && sum > (sizeof<T>() == 4 ? 0.2 : 1e-3) * all) return rounded<T>(value);
  const panelCount = panels<T>(H);
  const panelBytes = <usize>(panels<T>(M) * width<T>()) * ROW;
  memory.fill(scratch, 0, <usize>panelCount * panelBytes);
  transposedProduct<T>(a, aPanel, M, d, dPanel, panelCount, B, scratch, panelBytes);
  return carefulNorm<T>(scratch, panelBytes, H, M);
}

/** Far enough from the ends of the range that no element and no product of two squares has lost anything that counts. */
@inline function inside<T>(size: f64): bool {
  return size > (sizeof<T>() == 4 ? 1e-27 : 1e-70) && size < (sizeof<T>() == 4 ? 1e30 : 1e70);
}

function allZero<T>(from: usize, panelBytes: usize, N: i32, rows: i32): bool {
  for (let n = 0; n < panels<T>(N); n++) {
    const start = from + <usize>n * panelBytes;
    for (let p = start; p < start + <usize>rows * ROW; p += 16) if (v128.any_true(v128.ne<T>(v128.load(p), v128.splat<T>(0)))) return false;
  }
  return true;
}
