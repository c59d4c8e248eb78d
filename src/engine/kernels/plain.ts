// AssemblyScript. A single source on its way back in the plain arithmetic of a dtype, to see where that ends in zeros or infinities.
import { panelProduct } from './algebra';
import { throughSlope } from './activation';
import { panels, ROW } from './simd';

/** Whether all values of g [B,H] are zero, or one is not finite. */
function atAnEnd<T>(g: usize, bytes: usize): bool {
  let most = v128.splat<T>(0);
  for (let at: usize = 0; at < bytes; at += 16) most = v128.max<T>(most, v128.abs<T>(v128.load(g + at)));
  // A NaN stays, and compares with nothing.
  const ordinary = v128.and(v128.ge<T>(most, v128.splat<T>(0)), v128.lt<T>(most, v128.splat<T>(Infinity)));
  return !(v128.all_true<u32>(ordinary) && v128.any_true(v128.gt<T>(most, v128.splat<T>(0))));
}

/**
 * g ← (g ⊙ f'(h_t))·Whᵀ for t = steps − 1 … 0, each beginning with a look at g. `hs` [H/w][steps·B][w], `hsPanel` bytes apart; g and d [H/w][B][w].
 * @returns the t at which nothing but zeros was left or something was not finite, −1 when that did not happen
 */
export function plainBack<T>(cell: i32, g: usize, d: usize, B: i32, H: i32, hs: usize, hsPanel: usize, weights: usize, steps: i32): i32 {
  const rows = <usize>B * ROW;
  const panelCount = panels<T>(H);
  const bytes = <usize>panelCount * rows;
  for (let t = steps - 1; t >= 0; t--) {
    if (atAnEnd<T>(g, bytes)) return t;
    for (let n = 0; n < panelCount; n++) {
      const h = hs + <usize>n * hsPanel + <usize>t * rows;
      const from = <usize>n * rows;
      for (let at: usize = 0; at < rows; at += 16) v128.store(d + from + at, throughSlope<T>(cell, v128.load(g + from + at), v128.load(h + at)));
    }
    for (let n = 0; n < panelCount; n++) panelProduct<T>(d, rows, H, weights + <usize>n * <usize>H * ROW, g + <usize>n * rows, B);
  }
  return -1;
}
