// AssemblyScript. One step of many Lanczos iterations at the same time, each for a matrix diag(s)·G·diag(s) with a
// diagonal of its own.
import { multiplyRows } from './algebra';
import { madd, panels, ROW } from './simd';

/**
 * v ← the next Lanczos vector of rows r0 ≤ r < r1 of `rows`, `previous` ← v (Golub & Van Loan, Matrix Computations,
 * algorithm 10.1.1; without reorthogonalisation, which the largest eigenvalue does not need: Paige 1976). All packed
 * [H/8][rows][8]; G [H,H] packed. `betas` [rows] holds β of the step before (0 at the start) and receives this one's,
 * `alphas` [rows] its α. `work`: two more such matrices. Threads may share the rows.
 */
export function lanczosStep(
  v: usize, previous: usize, slopes: usize, rows: i32, H: i32, G: usize, alphas: usize, betas: usize, work: usize,
  r0: i32, r1: i32,
): void {
  const panelBytes = <usize>rows * ROW;
  const panelCount = panels<f64>(H);
  const w = work + <usize>panelCount * panelBytes;
  const first = <usize>r0 * ROW;
  const own = <usize>(r1 - r0) * ROW;
  for (let n: usize = 0; n < <usize>panelCount; n++)
    for (let at = n * panelBytes + first, end = at + own; at < end; at += 16)
      v128.store(work + at, f64x2.mul(v128.load(v + at), v128.load(slopes + at)));
  multiplyRows(work + first, panelBytes, H, G, H, w + first, panelBytes, r1 - r0, 0);
  for (let r = r0; r < r1; r++) {
    const row = <usize>r * ROW;
    const beta = f64x2.splat(-load<f64>(betas + <usize>r * 8));
    let sum = f64x2.splat(0);
    let at = row;
    for (let n = 0; n < panelCount; n++) {
      for (const end = at + ROW; at < end; at += 16) {
        const value = madd<f64>(beta, v128.load(previous + at), f64x2.mul(v128.load(w + at), v128.load(slopes + at)));
        v128.store(w + at, value);
        sum = madd<f64>(value, v128.load(v + at), sum);
      }
      at += panelBytes - ROW;
    }
    const alpha = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
    store<f64>(alphas + <usize>r * 8, alpha);
    const minusAlpha = f64x2.splat(-alpha);
    sum = f64x2.splat(0);
    at = row;
    for (let n = 0; n < panelCount; n++) {
      for (const end = at + ROW; at < end; at += 16) {
        const value = madd<f64>(minusAlpha, v128.load(v + at), v128.load(w + at));
        v128.store(w + at, value);
        sum = madd<f64>(value, value, sum);
      }
      at += panelBytes - ROW;
    }
    const length = Math.sqrt(f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
    store<f64>(betas + <usize>r * 8, length);
    const inverse = f64x2.splat(length == 0 ? 0 : 1 / length);
    at = row;
    for (let n = 0; n < panelCount; n++) {
      for (const end = at + ROW; at < end; at += 16) {
        v128.store(previous + at, v128.load(v + at));
        v128.store(v + at, f64x2.mul(inverse, v128.load(w + at)));
      }
      at += panelBytes - ROW;
    }
  }
}
