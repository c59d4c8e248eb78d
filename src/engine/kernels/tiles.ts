// AssemblyScript. The tiles of six rows × half a panel: twelve sums. A multiply-add takes four cycles and a processor
// begins two in each, so that the eight sums of ./product.ts would have to be served without a single delay. Here a few
// may wait.
import { madd, ROW, width } from './simd';

/**
 * Six rows of C = from + A·B for one panel of B, otherwise as `product2`: a tile of 6 rows × half a panel, twelve sums.
 */
export function product6<T>(
  a: usize, panelBytes: usize, K: i32, a2: usize, panelBytes2: usize, K2: i32, b: usize, from: usize, fromRow: usize,
  c: usize,
): void {
  half6<T>(a, panelBytes, K, a2, panelBytes2, K2, b, from, fromRow, c);
  half6<T>(a, panelBytes, K, a2, panelBytes2, K2, b + 32, from + 32, fromRow, c + 32);
}

/** The left half of such a tile, whose columns `b`, `from` and `c` begin with. */
export function half6<T>(
  a: usize, panelBytes: usize, K: i32, a2: usize, panelBytes2: usize, K2: i32, b: usize, from: usize, fromRow: usize,
  c: usize,
): void {
  let c00 = v128.load(from);
  let c01 = v128.load(from, 16);
  from += fromRow;
  let c10 = v128.load(from);
  let c11 = v128.load(from, 16);
  from += fromRow;
  let c20 = v128.load(from);
  let c21 = v128.load(from, 16);
  from += fromRow;
  let c30 = v128.load(from);
  let c31 = v128.load(from, 16);
  from += fromRow;
  let c40 = v128.load(from);
  let c41 = v128.load(from, 16);
  from += fromRow;
  let c50 = v128.load(from);
  let c51 = v128.load(from, 16);
  while (true) {
    while (K > 0) {
      let p = a;
      const end = a + <usize>min(K, width<T>()) * sizeof<T>();
      while (p < end) {
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        let x = v128.load_splat<T>(p);
        c00 = madd<T>(x, b0, c00);
        c01 = madd<T>(x, b1, c01);
        x = v128.load_splat<T>(p, ROW);
        c10 = madd<T>(x, b0, c10);
        c11 = madd<T>(x, b1, c11);
        x = v128.load_splat<T>(p, 2 * ROW);
        c20 = madd<T>(x, b0, c20);
        c21 = madd<T>(x, b1, c21);
        x = v128.load_splat<T>(p, 3 * ROW);
        c30 = madd<T>(x, b0, c30);
        c31 = madd<T>(x, b1, c31);
        x = v128.load_splat<T>(p, 4 * ROW);
        c40 = madd<T>(x, b0, c40);
        c41 = madd<T>(x, b1, c41);
        x = v128.load_splat<T>(p, 5 * ROW);
        c50 = madd<T>(x, b0, c50);
        c51 = madd<T>(x, b1, c51);
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
  v128.store(c, c10, 64);
  v128.store(c, c11, 80);
  v128.store(c, c20, 128);
  v128.store(c, c21, 144);
  v128.store(c, c30, 192);
  v128.store(c, c31, 208);
  v128.store(c, c40, 256);
  v128.store(c, c41, 272);
  v128.store(c, c50, 320);
  v128.store(c, c51, 336);
}

/** Rows m … m+5, otherwise as `transposed2`: a tile of 6 rows × half a panel. */
export function transposed6<T>(a: usize, b: usize, rows: i32, c: usize): void {
  transposedHalf6<T>(a, b, rows, c);
  transposedHalf6<T>(a, b + 32, rows, c + 32);
}

function transposedHalf6<T>(a: usize, b: usize, rows: i32, c: usize): void {
  let c00 = v128.splat<T>(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  const end = b + <usize>rows * ROW;
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load_splat<T>(a);
    c00 = madd<T>(x, b0, c00);
    c01 = madd<T>(x, b1, c01);
    x = v128.load_splat<T>(a, sizeof<T>());
    c10 = madd<T>(x, b0, c10);
    c11 = madd<T>(x, b1, c11);
    x = v128.load_splat<T>(a, 2 * sizeof<T>());
    c20 = madd<T>(x, b0, c20);
    c21 = madd<T>(x, b1, c21);
    x = v128.load_splat<T>(a, 3 * sizeof<T>());
    c30 = madd<T>(x, b0, c30);
    c31 = madd<T>(x, b1, c31);
    x = v128.load_splat<T>(a, 4 * sizeof<T>());
    c40 = madd<T>(x, b0, c40);
    c41 = madd<T>(x, b1, c41);
    x = v128.load_splat<T>(a, 5 * sizeof<T>());
    c50 = madd<T>(x, b0, c50);
    c51 = madd<T>(x, b1, c51);
    a += ROW;
    b += ROW;
  }
  v128.store(c, v128.add<T>(v128.load(c), c00));
  v128.store(c, v128.add<T>(v128.load(c, 16), c01), 16);
  v128.store(c, v128.add<T>(v128.load(c, 64), c10), 64);
  v128.store(c, v128.add<T>(v128.load(c, 80), c11), 80);
  v128.store(c, v128.add<T>(v128.load(c, 128), c20), 128);
  v128.store(c, v128.add<T>(v128.load(c, 144), c21), 144);
  v128.store(c, v128.add<T>(v128.load(c, 192), c30), 192);
  v128.store(c, v128.add<T>(v128.load(c, 208), c31), 208);
  v128.store(c, v128.add<T>(v128.load(c, 256), c40), 256);
  v128.store(c, v128.add<T>(v128.load(c, 272), c41), 272);
  v128.store(c, v128.add<T>(v128.load(c, 320), c50), 320);
  v128.store(c, v128.add<T>(v128.load(c, 336), c51), 336);
}
