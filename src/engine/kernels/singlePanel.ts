// AssemblyScript. One sequence in float32 whose state fits into one panel: from step to step so little is to be done
// that each waits for the one before.
// Nothing on the way goes by memory that need not, and even and odd k have sums of their own, a chain of half the
// length.
import { activate, TANH, tanhSlope, throughActivation } from './activation';
import { maskOf } from './panel';
import { madd, ROW } from './simd';

/** h_t = f(c_t + h_{t−1}·W) for so many steps: `h` is the row before them, and those behind it hold c. */
export function forwardChain(cell: i32, h: usize, steps: i32, H: i32, weights: usize): void {
  const mask = maskOf<f32>(H);
  const m0 = v128.load(mask);
  const m1 = v128.load(mask, 16);
  const m2 = v128.load(mask, 32);
  const m3 = v128.load(mask, 48);
  for (; steps > 0; steps--) {
    const end = h + <usize>H * 4;
    let w = weights;
    let p = h;
    h += ROW;
    let c0 = v128.load(h);
    let c1 = v128.load(h, 16);
    let c2 = v128.load(h, 32);
    let c3 = v128.load(h, 48);
    let d0 = f32x4.splat(0);
    let d1 = d0;
    let d2 = d0;
    let d3 = d0;
    while (p < end) {
      const x = v128.load32_splat(p);
      c0 = madd<f32>(x, v128.load(w), c0);
      c1 = madd<f32>(x, v128.load(w, 16), c1);
      c2 = madd<f32>(x, v128.load(w, 32), c2);
      c3 = madd<f32>(x, v128.load(w, 48), c3);
      const q = p + 4;
      if (q == end) break;
      const y = v128.load32_splat(q);
      d0 = madd<f32>(y, v128.load(w, 64), d0);
      d1 = madd<f32>(y, v128.load(w, 80), d1);
      d2 = madd<f32>(y, v128.load(w, 96), d2);
      d3 = madd<f32>(y, v128.load(w, 112), d3);
      p += 2 * 4;
      w += 2 * ROW;
    }
    c0 = v128.and(f32x4.add(c0, d0), m0);
    c1 = v128.and(f32x4.add(c1, d1), m1);
    c2 = v128.and(f32x4.add(c2, d2), m2);
    c3 = v128.and(f32x4.add(c3, d3), m3);
    v128.store(h, c0);
    v128.store(h, c1, 16);
    v128.store(h, c2, 32);
    v128.store(h, c3, 48);
    activate<f32>(cell, h, ROW);
  }
}

/**
 * d_t = g_t ⊙ f'(h_t) and g_{t−1} += d_t·W for so many steps: g, h and d are the rows of the last of them, `target` the
 * row that the first adds to.
 */
export function backwardChain(
  cell: i32, g: usize, h: usize, d: usize, steps: i32, H: i32, weights: usize, target: usize,
): void {
  const mask = maskOf<f32>(H);
  let c0 = v128.load(g);
  let c1 = v128.load(g, 16);
  let c2 = v128.load(g, 32);
  let c3 = v128.load(g, 48);
  for (; steps > 0; steps--) {
    if (cell == TANH) {
      v128.store(d, f32x4.mul(c0, tanhSlope<f32>(v128.load(h))));
      v128.store(d, f32x4.mul(c1, tanhSlope<f32>(v128.load(h, 16))), 16);
      v128.store(d, f32x4.mul(c2, tanhSlope<f32>(v128.load(h, 32))), 32);
      v128.store(d, f32x4.mul(c3, tanhSlope<f32>(v128.load(h, 48))), 48);
    } else throughActivation<f32>(cell, g, 0, h, 0, d, 0, 1, 1);
    g = steps == 1 ? target : g - ROW;
    c0 = v128.load(g);
    c1 = v128.load(g, 16);
    c2 = v128.load(g, 32);
    c3 = v128.load(g, 48);
    let d0 = f32x4.splat(0);
    let d1 = d0;
    let d2 = d0;
    let d3 = d0;
    let w = weights;
    let p = d;
    const end = d + <usize>H * 4;
    while (p < end) {
      const x = v128.load32_splat(p);
      c0 = madd<f32>(x, v128.load(w), c0);
      c1 = madd<f32>(x, v128.load(w, 16), c1);
      c2 = madd<f32>(x, v128.load(w, 32), c2);
      c3 = madd<f32>(x, v128.load(w, 48), c3);
      const q = p + 4;
      if (q == end) break;
      const y = v128.load32_splat(q);
      d0 = madd<f32>(y, v128.load(w, 64), d0);
      d1 = madd<f32>(y, v128.load(w, 80), d1);
      d2 = madd<f32>(y, v128.load(w, 96), d2);
      d3 = madd<f32>(y, v128.load(w, 112), d3);
      p += 2 * 4;
      w += 2 * ROW;
    }
    c0 = v128.and(f32x4.add(c0, d0), v128.load(mask));
    c1 = v128.and(f32x4.add(c1, d1), v128.load(mask, 16));
    c2 = v128.and(f32x4.add(c2, d2), v128.load(mask, 32));
    c3 = v128.and(f32x4.add(c3, d3), v128.load(mask, 48));
    v128.store(g, c0);
    v128.store(g, c1, 16);
    v128.store(g, c2, 32);
    v128.store(g, c3, 48);
    h -= ROW;
    d -= ROW;
  }
}

/** c += a·B, `a` of `panels` whole panels, from one row of float32 to one panel. */
export function productChain(a: usize, panelBytes: usize, panels: i32, b: usize, c: usize): void {
  let c0 = v128.load(c);
  let c1 = v128.load(c, 16);
  let c2 = v128.load(c, 32);
  let c3 = v128.load(c, 48);
  let d0 = f32x4.splat(0);
  let d1 = d0;
  let d2 = d0;
  let d3 = d0;
  for (; panels > 0; panels--, a += panelBytes) {
    const end = a + ROW;
    for (let p = a; p < end; p += 8, b += 2 * ROW) {
      const x = v128.load32_splat(p);
      c0 = madd<f32>(x, v128.load(b), c0);
      c1 = madd<f32>(x, v128.load(b, 16), c1);
      c2 = madd<f32>(x, v128.load(b, 32), c2);
      c3 = madd<f32>(x, v128.load(b, 48), c3);
      const q = p + 4;
      const y = v128.load32_splat(q);
      d0 = madd<f32>(y, v128.load(b, 64), d0);
      d1 = madd<f32>(y, v128.load(b, 80), d1);
      d2 = madd<f32>(y, v128.load(b, 96), d2);
      d3 = madd<f32>(y, v128.load(b, 112), d3);
    }
  }
  v128.store(c, f32x4.add(c0, d0));
  v128.store(c, f32x4.add(c1, d1), 16);
  v128.store(c, f32x4.add(c2, d2), 32);
  v128.store(c, f32x4.add(c3, d3), 48);
}
