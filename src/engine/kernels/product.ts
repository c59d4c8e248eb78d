// AssemblyScript. The inner kernels of every product: a tile of 2 rows × one panel keeps eight vectors of sums in
// registers, those of ./tiles.ts twelve.
//
// One k per iteration and no unrolling: V8 keeps the order of instructions, and with an optimiser's regrouping the sums
// no longer fit the registers. The addresses are added explicitly, because V8 does not fold an offset into a splat
// load.
import { activate } from './activation';
import { FUSED, madd, ROW, width, ZEROS } from './simd';
import { half6, product6, transposed6 } from './tiles';

/**
 * Rows c and c+1 of C = from + A·B for one panel of B.
 * A is a pair of adjacent rows in packed layout, K columns at `a` (panels `panelBytes` apart), then K2 columns at `a2`:
 * two matrices side by side. B holds K + K2 rows. `from` gives the start of the sums, `fromRow` the distance to those
 * of the second row.
 */
export function product2<T>(
  a: usize, panelBytes: usize, K: i32, a2: usize, panelBytes2: usize, K2: i32, b: usize, from: usize, fromRow: usize,
  c: usize,
): void {
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  let c02 = v128.load(from, 32);
  let c03 = v128.load(from, 48);
  from += fromRow;
  let c10 = v128.load(from);
  let c11 = v128.load(from, 16);
  let c12 = v128.load(from, 32);
  let c13 = v128.load(from, 48);
  while (true) {
    while (K > 0) {
      let p = a;
      const end = a + <usize>min(K, width<T>()) * sizeof<T>();
      while (p < end) {
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        const b2 = v128.load(b, 32);
        const b3 = v128.load(b, 48);
        const x0 = v128.load_splat<T>(p);
        c00 = madd<T>(x0, b0, c00);
        c01 = madd<T>(x0, b1, c01);
        c02 = madd<T>(x0, b2, c02);
        c03 = madd<T>(x0, b3, c03);
        const q = p + ROW;
        const x1 = v128.load_splat<T>(q);
        c10 = madd<T>(x1, b0, c10);
        c11 = madd<T>(x1, b1, c11);
        c12 = madd<T>(x1, b2, c12);
        c13 = madd<T>(x1, b3, c13);
        p += sizeof<T>();
        b += ROW;
      }
      a += panelBytes;
      K -= width<T>();
    }
    if (K2 <= 0) break;
    a = a2;
    panelBytes = panelBytes2;
    K = K2;
    K2 = 0;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c, c02, 32);
  v128.store(c, c03, 48);
  v128.store(c, c10, 64);
  v128.store(c, c11, 80);
  v128.store(c, c12, 96);
  v128.store(c, c13, 112);
}

/** The same for one row, with the same order of additions. */
export function product1<T>(
  a: usize, panelBytes: usize, K: i32, a2: usize, panelBytes2: usize, K2: i32, b: usize, from: usize, c: usize,
): void {
  let c0 = v128.load(from);
  let c1 = v128.load(from, 16);
  let c2 = v128.load(from, 32);
  let c3 = v128.load(from, 48);
  while (true) {
    while (K > 0) {
      let p = a;
      const end = a + <usize>min(K, width<T>()) * sizeof<T>();
      while (p < end) {
        const x = v128.load_splat<T>(p);
        c0 = madd<T>(x, v128.load(b), c0);
        c1 = madd<T>(x, v128.load(b, 16), c1);
        c2 = madd<T>(x, v128.load(b, 32), c2);
        c3 = madd<T>(x, v128.load(b, 48), c3);
        p += sizeof<T>();
        b += ROW;
      }
      a += panelBytes;
      K -= width<T>();
    }
    if (K2 <= 0) break;
    a = a2;
    panelBytes = panelBytes2;
    K = K2;
    K2 = 0;
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
}

/** Rows of a panel of B that the first cache keeps while those of A pass by. */
const NEAR: i32 = 256;

/**
 * `bytes` / 64 adjacent rows of C = from + A·B for one panel of B, otherwise as `product2`: every row has the same
 * order of additions.
 */
export function productRows<T>(
  a: usize, panelBytes: usize, K: i32, a2: usize, panelBytes2: usize, K2: i32, b: usize, from: usize, fromRow: usize,
  c: usize, bytes: usize,
): void {
  for (; FUSED && K > NEAR && bytes > ROW; K -= NEAR) {
    productRows<T>(a, panelBytes, NEAR, 0, 0, 0, b, from, fromRow, c, bytes);
    a += <usize>(NEAR / width<T>()) * panelBytes;
    b += <usize>NEAR * ROW;
    from = c;
    fromRow = ROW;
  }
  let row: usize = 0;
  for (; FUSED && row + 5 * ROW < bytes; row += 6 * ROW, from += 6 * fromRow)
    product6<T>(a + row, panelBytes, K, a2 + row, panelBytes2, K2, b, from, fromRow, c + row);
  for (; row + ROW < bytes; row += 2 * ROW, from += 2 * fromRow)
    product2<T>(a + row, panelBytes, K, a2 + row, panelBytes2, K2, b, from, fromRow, c + row);
  if (row < bytes) product1<T>(a + row, panelBytes, K, a2 + row, panelBytes2, K2, b, from, c + row);
}

/** The same for a panel of B whose right half is zero, from zeros on. */
export function narrowRows<T>(a: usize, panelBytes: usize, K: i32, b: usize, c: usize, bytes: usize): void {
  const zero = v128.splat<T>(0);
  let row: usize = 0;
  for (; row + 5 * ROW < bytes; row += 6 * ROW) {
    half6<T>(a + row, panelBytes, K, 0, 0, 0, b, ZEROS, 0, c + row);
    for (let at = c + row; at < c + row + 6 * ROW; at += ROW) {
      v128.store(at, zero, 32);
      v128.store(at, zero, 48);
    }
  }
  productRows<T>(a + row, panelBytes, K, 0, 0, 0, b, ZEROS, 0, c + row, bytes - row);
}

/**
 * One row of C += A·B for two panels of B and of C at once: eight independent sums, as a product with a vector needs
 * them.
 */
function product1x2<T>(
  a: usize, panelBytes: usize, K: i32, b: usize, panelBytesB: usize, c: usize, panelBytesC: usize,
): void {
  const d = c + panelBytesC;
  let e = b + panelBytesB;
  let c0 = v128.load(c);
  let c1 = v128.load(c, 16);
  let c2 = v128.load(c, 32);
  let c3 = v128.load(c, 48);
  let d0 = v128.load(d);
  let d1 = v128.load(d, 16);
  let d2 = v128.load(d, 32);
  let d3 = v128.load(d, 48);
  while (K > 0) {
    let p = a;
    const end = a + <usize>min(K, width<T>()) * sizeof<T>();
    while (p < end) {
      const x = v128.load_splat<T>(p);
      c0 = madd<T>(x, v128.load(b), c0);
      c1 = madd<T>(x, v128.load(b, 16), c1);
      c2 = madd<T>(x, v128.load(b, 32), c2);
      c3 = madd<T>(x, v128.load(b, 48), c3);
      d0 = madd<T>(x, v128.load(e), d0);
      d1 = madd<T>(x, v128.load(e, 16), d1);
      d2 = madd<T>(x, v128.load(e, 32), d2);
      d3 = madd<T>(x, v128.load(e, 48), d3);
      p += sizeof<T>();
      b += ROW;
      e += ROW;
    }
    a += panelBytes;
    K -= width<T>();
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
  v128.store(d, d0);
  v128.store(d, d1, 16);
  v128.store(d, d2, 32);
  v128.store(d, d3, 48);
}

/** The same for three panels, twelve sums. */
function product1x3<T>(
  a: usize, panelBytes: usize, K: i32, b: usize, panelBytesB: usize, c: usize, panelBytesC: usize,
): void {
  const d = c + panelBytesC;
  const g = d + panelBytesC;
  let e = b + panelBytesB;
  let f = e + panelBytesB;
  let c0 = v128.load(c);
  let c1 = v128.load(c, 16);
  let c2 = v128.load(c, 32);
  let c3 = v128.load(c, 48);
  let d0 = v128.load(d);
  let d1 = v128.load(d, 16);
  let d2 = v128.load(d, 32);
  let d3 = v128.load(d, 48);
  let g0 = v128.load(g);
  let g1 = v128.load(g, 16);
  let g2 = v128.load(g, 32);
  let g3 = v128.load(g, 48);
  while (K > 0) {
    let p = a;
    const end = a + <usize>min(K, width<T>()) * sizeof<T>();
    while (p < end) {
      const x = v128.load_splat<T>(p);
      c0 = madd<T>(x, v128.load(b), c0);
      c1 = madd<T>(x, v128.load(b, 16), c1);
      c2 = madd<T>(x, v128.load(b, 32), c2);
      c3 = madd<T>(x, v128.load(b, 48), c3);
      d0 = madd<T>(x, v128.load(e), d0);
      d1 = madd<T>(x, v128.load(e, 16), d1);
      d2 = madd<T>(x, v128.load(e, 32), d2);
      d3 = madd<T>(x, v128.load(e, 48), d3);
      g0 = madd<T>(x, v128.load(f), g0);
      g1 = madd<T>(x, v128.load(f, 16), g1);
      g2 = madd<T>(x, v128.load(f, 32), g2);
      g3 = madd<T>(x, v128.load(f, 48), g3);
      p += sizeof<T>();
      b += ROW;
      e += ROW;
      f += ROW;
    }
    a += panelBytes;
    K -= width<T>();
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(c, c2, 32);
  v128.store(c, c3, 48);
  v128.store(d, d0);
  v128.store(d, d1, 16);
  v128.store(d, d2, 32);
  v128.store(d, d3, 48);
  v128.store(g, g0);
  v128.store(g, g1, 16);
  v128.store(g, g2, 32);
  v128.store(g, g3, 48);
}

/** Bytes of weights of which the first cache still serves so much that twelve sums are fed. */
const FED = 65536;

/**
 * One row of C = f(C + A·B) for all N panels of B and of C: three at a time, because twelve sums leave the processor
 * more to do than eight while it waits, or two where B comes from the second cache, which feeds two streams better than
 * three. `back`: from the last panel to the first. Who goes there and back finds in the first cache what was used last;
 * a cache that is too small for a round has nothing of it when the next begins.
 */
export function productOne<T>(
  cell: i32, a: usize, panelBytes: usize, K: i32, b: usize, panelBytesB: usize, N: i32, c: usize, panelBytesC: usize,
  back: bool,
): void {
  const three = FUSED && sizeof<T>() == 4 && K * N * <i32>ROW <= FED && N > 1;
  // Pairs, and then what does not come out even with them: threes, or a single one.
  const pairs = three ? (3 - N % 3) % 3 : N >> 1;
  const rest = three ? (N - 2 * pairs) / 3 : N & 1;
  let n = back ? N : 0;
  for (let i = 0; i < pairs + rest; i++) {
    const pair = back ? i >= rest : i < pairs;
    const count = pair ? 2 : three ? 3 : 1;
    if (back) n -= count;
    const from = b + <usize>n * panelBytesB;
    const to = c + <usize>n * panelBytesC;
    if (pair) product1x2<T>(a, panelBytes, K, from, panelBytesB, to, panelBytesC);
    else if (FUSED && sizeof<T>() == 4 && three) product1x3<T>(a, panelBytes, K, from, panelBytesB, to, panelBytesC);
    else product1<T>(a, panelBytes, K, 0, 0, 0, from, to, to);
    for (let m = 0; m < count; m++) activate<T>(cell, to + <usize>m * panelBytesC, ROW);
    if (!back) n += count;
  }
}

/**
 * Rows m and m+1 of C += Aᵀ·B for one panel of B, summed over `rows`: `a` is column m of A in the first of those rows.
 * The rows are summed from zero and then added, so that long sums keep their digits.
 */
export function transposed2<T>(a: usize, b: usize, rows: i32, c: usize): void {
  let c00 = v128.splat<T>(0);
  let c01 = c00;
  let c02 = c00;
  let c03 = c00;
  let c10 = c00;
  let c11 = c00;
  let c12 = c00;
  let c13 = c00;
  const end = b + <usize>rows * ROW;
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    const x0 = v128.load_splat<T>(a);
    c00 = madd<T>(x0, b0, c00);
    c01 = madd<T>(x0, b1, c01);
    c02 = madd<T>(x0, b2, c02);
    c03 = madd<T>(x0, b3, c03);
    const q = a + sizeof<T>();
    const x1 = v128.load_splat<T>(q);
    c10 = madd<T>(x1, b0, c10);
    c11 = madd<T>(x1, b1, c11);
    c12 = madd<T>(x1, b2, c12);
    c13 = madd<T>(x1, b3, c13);
    a += ROW;
    b += ROW;
  }
  v128.store(c, v128.add<T>(v128.load(c), c00));
  v128.store(c, v128.add<T>(v128.load(c, 16), c01), 16);
  v128.store(c, v128.add<T>(v128.load(c, 32), c02), 32);
  v128.store(c, v128.add<T>(v128.load(c, 48), c03), 48);
  v128.store(c, v128.add<T>(v128.load(c, 64), c10), 64);
  v128.store(c, v128.add<T>(v128.load(c, 80), c11), 80);
  v128.store(c, v128.add<T>(v128.load(c, 96), c12), 96);
  v128.store(c, v128.add<T>(v128.load(c, 112), c13), 112);
}

/** Bytes of A that the second cache keeps while the panels of B pass by. */
const STAYING: i32 = 524288;

/**
 * C += Aᵀ·B over `rows` rows; A has M columns. C in packed layout, one row for each column of A (an even number of
 * them); it is large, so that it is gone through in the order of its memory.
 */
export function transposedProduct<T>(
  a: usize, panelBytesA: usize, M: i32, b: usize, panelBytesB: usize, panelCountB: i32, rows: i32, c: usize,
  panelBytesC: usize,
): void {
  const together = max(1, STAYING / (max(1, rows) * <i32>ROW)) * width<T>();
  for (let first = 0; first < M; first += together) {
    const end = min(M, first + together);
    let own = b;
    let target = c + <usize>first * ROW;
    for (let n = 0; n < panelCountB; n++, own += panelBytesB, target += panelBytesC) {
      let from = a;
      let to = target;
      for (let left = end - first; left > 0; left -= width<T>(), from += panelBytesA, to += <usize>width<T>() * ROW) {
        const columns = min(left, width<T>());
        let m = 0;
        for (; FUSED && m + 5 < columns; m += 6)
          transposed6<T>(from + <usize>m * sizeof<T>(), own, rows, to + <usize>m * ROW);
        for (; m < columns; m += 2)
          transposed2<T>(from + <usize>m * sizeof<T>(), own, rows, to + <usize>m * ROW);
      }
    }
    a += panelBytesA * <usize>(together / width<T>());
  }
}
