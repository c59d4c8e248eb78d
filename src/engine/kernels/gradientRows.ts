// AssemblyScript. Many gradients on their way back at once, each row with a power of two of its own: what
// ../core/gradientRows.ts does, as products of matrices.
import { largestOf, panels, ROW } from './simd';
import { transposedProduct } from './product';

/** 2^k */
@inline function powerOfTwo(k: i32): f64 {
  return reinterpret<f64>(<u64>(max(-1022, min(1023, k)) + 1023) << 52);
}

function scaleRow(at: usize, panelBytes: usize, panelCount: i32, factor: f64): void {
  const f = f64x2.splat(factor);
  for (let n = 0; n < panelCount; n++) {
    for (let i: usize = 0; i < ROW; i += 16) v128.store(at + i, f64x2.mul(f, v128.load(at + i)));
    at += panelBytes;
  }
}

/**
 * Keeps the largest value between 2^-40 and 2^40 by moving powers of two into the row's exponent; a zero row's is
 * −Infinity.
 */
function normalise(at: usize, panelBytes: usize, panelCount: i32, exponent: usize): void {
  const largest = largestOf<f64>(at, panelBytes, panelCount, 1);
  if (largest == 0) {
    store<f64>(exponent, -Infinity);
    return;
  }
  if (!(largest < Infinity) || (largest > 9.094947017729282e-13 && largest < 1.099511627776e12)) return;
  const subnormal = largest < 2.2250738585072014e-308;
  if (subnormal) scaleRow(at, panelBytes, panelCount, 18014398509481984.0);
  const shift = <i32>((reinterpret<u64>(subnormal ? largest * 18014398509481984.0 : largest) >> 52) & 0x7ff) - 1023;
  // Two factors: a single one could be a power of two that no double holds.
  const half = shift / 2;
  scaleRow(at, panelBytes, panelCount, powerOfTwo(-half));
  scaleRow(at, panelBytes, panelCount, powerOfTwo(half - shift));
  store<f64>(exponent, load<f64>(exponent) + <f64>(subnormal ? shift - 54 : shift));
}

/** Leaves of rows 0 … rows − 1 at `g` the sum of the squares of each in `squares` and brings their numbers near 1. */
export function settleRows(g: usize, panelBytes: usize, H: i32, rows: i32, exponents: usize, squares: usize): void {
  const panelCount = panels<f64>(H);
  for (let r = 0; r < rows; r++) {
    const row = g + <usize>r * ROW;
    normalise(row, panelBytes, panelCount, exponents + <usize>r * 8);
    let sum = f64x2.splat(0);
    let at = row;
    for (let n = 0; n < panelCount; n++) {
      for (let i: usize = 0; i < ROW; i += 16) {
        const value = v128.load(at + i);
        sum = f64x2.add(sum, f64x2.mul(value, value));
      }
      at += panelBytes;
    }
    store<f64>(squares + <usize>r * 8, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  }
}

/** d = g ⊙ slopes, or `more` of it; row r takes row (first + r) mod `period` of the slopes, first < period. */
export function throughSlopes(
  g: usize, panelBytes: usize, H: i32, rows: i32, slopes: usize, slopesPanel: usize, first: i32, period: i32, d: usize,
  dPanel: usize, more: i32,
): void {
  for (let n = 0; n < panels<f64>(H); n++) {
    const from = g + <usize>n * panelBytes;
    const to = d + <usize>n * dPanel;
    const slope = slopes + <usize>n * slopesPanel;
    let s = first;
    for (let r = 0; r < rows; r++) {
      const at = <usize>r * ROW;
      const here = slope + <usize>s * ROW;
      for (let i: usize = 0; i < ROW; i += 16) {
        let value = f64x2.mul(v128.load(from + at + i), v128.load(here + i));
        if (more) value = f64x2.add(v128.load(to + at + i), value);
        v128.store(to + at + i, value);
      }
      if (++s == period) s = 0;
    }
  }
}

/**
 * sum += Σ beforeᵀ·d·2^(exponent − E) over the rows, for `panelCount` panels of d and of the sum; d is changed. `sum`
 * packed like a matrix with an even number of rows.
 */
export function addOuter(
  before: usize, beforePanel: usize, d: usize, dPanel: usize, H: i32, panelCount: i32, rows: i32, exponents: usize,
  E: i32, sum: usize, sumPanel: usize,
): void {
  for (let r = 0; r < rows; r++) {
    const difference = load<f64>(exponents + <usize>r * 8) - <f64>E;
    if (difference == 0) continue;
    scaleRow(
      d + <usize>r * ROW, dPanel, panelCount, difference < -1022 ? 0 : powerOfTwo(<i32>Math.min(1023, difference)),
    );
  }
  transposedProduct<f64>(before, beforePanel, H, d, dPanel, panelCount, rows, sum, sumPanel);
}

export function clearRow(g: usize, panelBytes: usize, H: i32, exponent: usize): void {
  for (let n = 0; n < panels<f64>(H); n++) memory.fill(g + <usize>n * panelBytes, 0, ROW);
  store<f64>(exponent, -Infinity);
}
