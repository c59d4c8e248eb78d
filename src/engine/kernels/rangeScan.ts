// AssemblyScript. A single source on its way back in the plain arithmetic of a dtype, to see where that ends in zeros
// or infinities.
import { panelProduct } from './algebra';
import { throughActivation, throughSlope } from './activation';
import { largestOf, madd, panels, promoted, ROW, width } from './simd';
import { magnitudes, reachOf, SMALL, smallRows, smallThroughSlope, ZERO } from './subnormal';

/**
 * Below this sums of float32 come near its subnormal numbers, 2^−126 and less, which processors compute with up to a
 * hundred times slower.
 */
const SLOW32: f64 = 1e-33;
const SLOW64: f64 = 1e-300;
/**
 * 1.5·2^−97: added to a float64 that is much smaller, and taken away again, it leaves a multiple of 2^−149, as float32
 * holds its subnormal numbers. Larger numbers keep more digits than float32 would leave them.
 */
const QUANTUM = memory.data<f64>([9.466330862652142e-30, 9.466330862652142e-30], 16);

@inline function settled(sum: v128, quantum: v128): v128 {
  return f64x2.sub(f64x2.add(sum, quantum), quantum);
}

/** d = g ⊙ f'(h) of one row of a panel (float32), rounded so, as 16 numbers of float64. */
function wideThroughSlope(cell: i32, g: usize, h: usize, d: usize): void {
  const quantum = v128.load(QUANTUM);
  const one = f32x4.splat(1);
  for (let at: usize = 0; at < ROW; at += 16) {
    const slopes = throughSlope<f32>(cell, one, v128.load(h + at));
    const values = v128.load(g + at);
    v128.store(
      d + 2 * at,
      settled(f64x2.mul(f64x2.promote_low_f32x4(values), f64x2.promote_low_f32x4(slopes)), quantum),
    );
    v128.store(
      d + 2 * at,
      settled(f64x2.mul(f64x2.promote_low_f32x4(upper(values)), f64x2.promote_low_f32x4(upper(slopes))), quantum),
      16,
    );
  }
}

/**
 * A row of D·B for one panel of B (float32), each step of the sums rounded as float32 rounds its smallest numbers;
 * eight of them, because each waits three times. D as above.
 */
function wideProduct(d: usize, dPanel: usize, K: i32, b: usize, c: usize): void {
  const quantum = v128.load(QUANTUM);
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  for (; K > 0; K -= width<f32>()) {
    const end = d + <usize>min(K, width<f32>()) * 8;
    for (let p = d; p < end; p += 8, b += ROW) {
      const x = v128.load64_splat(p);
      s0 = settled(madd<f64>(x, promoted(b), s0), quantum);
      s1 = settled(madd<f64>(x, promoted(b + 8), s1), quantum);
      s2 = settled(madd<f64>(x, promoted(b + 16), s2), quantum);
      s3 = settled(madd<f64>(x, promoted(b + 24), s3), quantum);
      s4 = settled(madd<f64>(x, promoted(b + 32), s4), quantum);
      s5 = settled(madd<f64>(x, promoted(b + 40), s5), quantum);
      s6 = settled(madd<f64>(x, promoted(b + 48), s6), quantum);
      s7 = settled(madd<f64>(x, promoted(b + 56), s7), quantum);
    }
    d += dPanel;
  }
  v128.store(c, narrowed(s0, s1));
  v128.store(c, narrowed(s2, s3), 16);
  v128.store(c, narrowed(s4, s5), 32);
  v128.store(c, narrowed(s6, s7), 48);
}

@inline function narrowed(low: v128, high: v128): v128 {
  return v128.shuffle<u64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

@inline function upper(values: v128): v128 {
  return v128.shuffle<u64>(values, values, 1, 0);
}

/** Whether the numbers of the step under way may be below the normal range, as its first rows have seen. */
let small = false;

/**
 * g ← (g ⊙ f'(h_t))·Whᵀ for t = steps − 1 … 0, each beginning with a look at g. `hs` [H/w][steps·B][w], `hsPanel` bytes
 * apart; g [H/w][B][w], and room for so many float64 at d. Rows r0 … r1 − 1: of several steps all, of a single one
 * some; the first of them look for the others too.
 * @returns the t at which nothing but zeros was left or something was not finite, −1 when that did not happen
 */
export function plainBack<T>(
  cell: i32, g: usize, d: usize, B: i32, H: i32, hs: usize, hsPanel: usize, weights: usize, steps: i32, r0: i32,
  r1: i32,
): i32 {
  const rows = <usize>B * ROW;
  const panelCount = panels<T>(H);
  const first = <usize>r0 * ROW;
  const end = <usize>r1 * ROW;
  let reach: f64 = 0;
  for (let t = steps - 1; t >= 0; t--) {
    if (r0 == 0) {
      const most = largestOf<T>(g, 0, 1, panelCount * B);
      if (!(most > 0 && most < Infinity)) return t;
      small = most < (sizeof<T>() == 4 ? SLOW32 : SLOW64);
    }
    const h = hs + <usize>t * rows;
    if (!small) ordinary<T>(cell, g + first, h + first, hsPanel, d + first, rows, H, weights, r1 - r0);
    else if (sizeof<T>() == 4) {
      // Nothing comes of a row of zeros.
      for (let row = first; row < end; row += ROW)
        if (magnitudes<f32>(g + row, rows, panelCount) != 0)
          wideRow(cell, g + row, h + row, hsPanel, d + 2 * row, rows, H, weights);
    } else {
      if (reach == 0) reach = reachOf<T>(weights, panelCount, H);
      for (let row = first; row < end; row += ROW) {
        const kind = smallThroughSlope<T>(cell, g + row, rows, h + row, hsPanel, d + row, rows, H, reach);
        if (kind == SMALL)
          smallRows<T>(SMALL, 1, d + row, rows, panelCount, H, weights, 0, 0, 0, g + row, rows, panelCount, 0);
        else if (kind != ZERO) ordinary<T>(cell, g + row, h + row, hsPanel, d + row, rows, H, weights, 1);
      }
    }
  }
  return -1;
}

/** The same in ordinary arithmetic for `count` adjacent rows of one step. */
function ordinary<T>(
  cell: i32, g: usize, h: usize, hsPanel: usize, d: usize, rows: usize, H: i32, weights: usize, count: i32,
): void {
  throughActivation<T>(cell, g, rows, h, hsPanel, d, rows, panels<T>(H), count);
  for (let n = 0; n < panels<T>(H); n++)
    panelProduct<T>(d, rows, H, weights + <usize>(n * H) * ROW, g + <usize>n * rows, count);
}

/** One row of the same in float64, rounded as float32 rounds its smallest numbers. */
function wideRow(cell: i32, g: usize, h: usize, hsPanel: usize, d: usize, rows: usize, H: i32, weights: usize): void {
  for (let n = 0; n < panels<f32>(H); n++)
    wideThroughSlope(cell, g + <usize>n * rows, h + <usize>n * hsPanel, d + 2 * <usize>n * rows);
  for (let n = 0; n < panels<f32>(H); n++)
    wideProduct(d, 2 * rows, H, weights + <usize>(n * H) * ROW, g + <usize>n * rows);
}
