// AssemblyScript. Products of matrices in float64 for the analyses: any number of rows, some columns scaled, or
// triangular.
import { productRows } from './product';
import { panels, ROW, ZEROS } from './simd';

/** Rows of C = A·B for one panel of B; the first of K columns of A stands at `a`, the first of K rows of B at `b`. */
export function panelProduct<T>(a: usize, aPanel: usize, K: i32, b: usize, c: usize, rows: i32): void {
  productRows<T>(a, aPanel, K, 0, 0, 0, b, ZEROS, 0, c, <usize>rows * ROW);
}

/**
 * `rows` rows of C = (A·B) ⊙ scale for A [rows,K], B [K,N] and one packed row `scale` (its panels 64 bytes apart) that
 * multiplies every row; 0: none.
 */
export function multiplyRows(
  a: usize, aPanel: usize, K: i32, b: usize, N: i32, c: usize, cPanel: usize, rows: i32, scale: usize,
): void {
  for (let n = 0; n < panels<f64>(N); n++) {
    panelProduct<f64>(a, aPanel, K, b, c, rows);
    if (scale != 0) {
      scaleRows(c, rows, scale);
      scale += ROW;
    }
    b += <usize>K * ROW;
    c += cPanel;
  }
}

/** `rows` rows of one panel times the numbers of one row. */
@inline function scaleRows(at: usize, rows: i32, scale: usize): void {
  const s0 = v128.load(scale);
  const s1 = v128.load(scale, 16);
  const s2 = v128.load(scale, 32);
  const s3 = v128.load(scale, 48);
  for (const end = at + <usize>rows * ROW; at < end; at += ROW) {
    v128.store(at, f64x2.mul(v128.load(at), s0));
    v128.store(at, f64x2.mul(v128.load(at, 16), s1), 16);
    v128.store(at, f64x2.mul(v128.load(at, 32), s2), 32);
    v128.store(at, f64x2.mul(v128.load(at, 48), s3), 48);
  }
}

/**
 * Rows r0 ≤ r < r1 (r0 even) of C = A·B, all [H,H] and lower triangular, or upper; what lies beyond is zero in A and B
 * and becomes zero in C.
 */
export function triangularProduct(a: usize, b: usize, H: i32, c: usize, r0: i32, r1: i32, upper: i32): void {
  const panelBytes = <usize>H * ROW;
  for (let n = 0; n < panels<f64>(H); n++) {
    for (let r = r0; r < r1; r += 2) {
      const rows = min(2, r1 - r);
      const row = <usize>r * ROW;
      if (upper) {
        const from = r & ~7;
        if (8 * n + 7 < r) memory.fill(c + row, 0, <usize>rows * ROW);
        else
          panelProduct<f64>(
            a + <usize>(from / 8) * panelBytes + row, panelBytes, min(H, 8 * n + 8) - from, b + <usize>from * ROW,
            c + row, rows,
          );
      } else {
        const from = 8 * n;
        if (from > r + 1) memory.fill(c + row, 0, <usize>rows * ROW);
        else
          panelProduct<f64>(
            a + <usize>n * panelBytes + row, panelBytes, min(H, r + 2) - from, b + <usize>from * ROW, c + row, rows,
          );
      }
    }
    b += panelBytes;
    c += panelBytes;
  }
}
