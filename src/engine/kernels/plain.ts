// AssemblyScript. A single source on its way back in the plain arithmetic of a dtype, to see where that ends in zeros or infinities.
import { panelProduct } from './algebra';
import { throughSlope } from './activation';
import { panels, ROW } from './simd';
import { ORDINARY, reachOf, SMALL, smallRowProduct, smallThroughSlope, ZERO } from './subnormal';

/** The largest magnitude of g [B,H]; NaN when there is one. */
function largest<T>(g: usize, bytes: usize): T {
  let most = v128.splat<T>(0);
  for (let at: usize = 0; at < bytes; at += 16) most = v128.max<T>(most, v128.abs<T>(v128.load(g + at)));
  let value = max<T>(v128.extract_lane<T>(most, 0), v128.extract_lane<T>(most, 1));
  if (sizeof<T>() == 4) value = max<T>(value, max<T>(v128.extract_lane<T>(most, 2), v128.extract_lane<T>(most, 3)));
  return value;
}

/** Whether the numbers of the step under way may be below the normal range, as its first rows have seen. */
let small = false;

/**
 * g ← (g ⊙ f'(h_t))·Whᵀ for t = steps − 1 … 0, each beginning with a look at g. `hs` [H/w][steps·B][w], `hsPanel` bytes apart; g [H/w][B][w], and
 * room for so many numbers at d. Rows r0 … r1 − 1: of several steps all, of a single one some; the first of them look for the others too.
 * @returns the t at which nothing but zeros was left or something was not finite, −1 when that did not happen
 */
export function plainBack<T>(cell: i32, g: usize, d: usize, B: i32, H: i32, hs: usize, hsPanel: usize, weights: usize, steps: i32, r0: i32, r1: i32): i32 {
  const rows = <usize>B * ROW;
  const panelCount = panels<T>(H);
  const panelBytes = <usize>H * ROW;
  let reach: f64 = 0;
  for (let t = steps - 1; t >= 0; t--) {
    if (r0 == 0) {
      const most = largest<T>(g, <usize>panelCount * rows);
      if (!(most > 0 && most < Infinity)) return t;
      small = <f64>most < (sizeof<T>() == 4 ? 1e-37 : 1e-307);
    }
    const h = hs + <usize>t * rows;
    if (small && reach == 0) reach = reachOf<T>(weights, panelCount, H);
    for (let r = r0; r < r1;) {
      const end = small ? r + 1 : r1;
      const first = <usize>r * ROW;
      const kind = small ? smallThroughSlope<T>(cell, g + first, rows, h + first, hsPanel, d + first, rows, H, reach) : ORDINARY;
      if (kind == SMALL) smallRowProduct<T>(d + first, rows, H, weights, panelCount, g + first, rows);
      else if (kind != ZERO) ordinary<T>(cell, g + first, h + first, hsPanel, d + first, rows, H, weights, end - r);
      r = end;
    }
  }
  return -1;
}

/** The same in ordinary arithmetic for `count` adjacent rows of one step. */
function ordinary<T>(cell: i32, g: usize, h: usize, hsPanel: usize, d: usize, rows: usize, H: i32, weights: usize, count: i32): void {
  const bytes = <usize>count * ROW;
  for (let n = 0; n < panels<T>(H); n++) {
    const from = <usize>n * rows;
    for (let at: usize = 0; at < bytes; at += 16) v128.store(d + from + at, throughSlope<T>(cell, v128.load(g + from + at), v128.load(h + <usize>n * hsPanel + at)));
  }
  for (let n = 0; n < panels<T>(H); n++) panelProduct<T>(d, rows, H, weights + <usize>(n * H) * ROW, g + <usize>n * rows, count);
}
