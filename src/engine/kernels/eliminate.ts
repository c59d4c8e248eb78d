// AssemblyScript. Rows whose columns lie hundreds of decades apart, taken apart by Gaussian elimination: what
// ../linalg/gradedElimination.ts does, for slopes that float64 holds.
import { madd, panels, ROW } from './simd';

/** Rows that are freed together from all earlier ones. */
const BLOCK: i32 = 4;

@inline function placeOf(j: i32, panelBytes: usize): usize {
  return <usize>(j >> 3) * panelBytes + <usize>(j & 7) * 8;
}

/** p += factor·q */
export function addTimes(p: usize, q: usize, factor: f64, panelBytes: usize, panelCount: i32): void {
  const f = f64x2.splat(factor);
  for (let n = 0; n < panelCount; n++) {
    for (let at: usize = 0; at < ROW; at += 16) v128.store(p + at, madd<f64>(f, v128.load(q + at), v128.load(p + at)));
    p += panelBytes;
    q += panelBytes;
  }
}

/** The same for four rows that stand one behind the other. */
function addTimes4(p: usize, q: usize, c0: f64, c1: f64, c2: f64, c3: f64, panelBytes: usize, panelCount: i32): void {
  const f0 = f64x2.splat(c0);
  const f1 = f64x2.splat(c1);
  const f2 = f64x2.splat(c2);
  const f3 = f64x2.splat(c3);
  for (let n = 0; n < panelCount; n++) {
    for (let at: usize = 0; at < ROW; at += 16) {
      const value = v128.load(q + at);
      v128.store(p + at, madd<f64>(f0, value, v128.load(p + at)));
      v128.store(p + at, madd<f64>(f1, value, v128.load(p + at, 64)), 64);
      v128.store(p + at, madd<f64>(f2, value, v128.load(p + at, 128)), 128);
      v128.store(p + at, madd<f64>(f3, value, v128.load(p + at, 192)), 192);
    }
    p += panelBytes;
    q += panelBytes;
  }
}

/** Row `row` of U loses c of row k: c, its place in that row's pivot column, moves from V to U. */
@inline function takeOut(at: usize, u: usize): f64 {
  const c = load<f64>(at);
  store<f64>(u, c);
  store<f64>(at, 0);
  return -c;
}

/** Largest |v_j| of a row over its slope, where there is one. */
function largestOverSlope(row: usize, slopes: usize, H: i32, panelBytes: usize): f64 {
  let most: f64 = 0;
  for (let j = 0; j < H; j++) {
    const slope = load<f64>(slopes + placeOf(j, ROW));
    if (slope > 0) most = Math.max(most, Math.abs(load<f64>(row + placeOf(j, panelBytes))) / slope);
  }
  return most;
}

/**
 * Rows `from` ≤ i < `to` (from divisible by 4) of V [height,H] ← l_i with V = U·l, when the rows before are done: U
 * lower triangular, packed like V, and every l_i at most 1 and exactly 1 at its pivot, the place of the largest number
 * that was left of the row. `pivots`: i32 [H], −1 where nothing was left; `slopes`: one packed row, whose numbers the
 * columns of V carry. `ratios` [H] receives by how much the rounding of a row, relative to the slope of each column, is
 * magnified in U_ii.
 */
export function eliminateRows(
  v: usize, u: usize, H: i32, height: i32, from: i32, to: i32, slopes: usize, pivots: usize, ratios: usize,
): void {
  const panelBytes = <usize>height * ROW;
  const panelCount = panels<f64>(H);
  for (let i = from; i < to; i += BLOCK) {
    const count = min(BLOCK, to - i);
    for (let r = 0; r < count; r++) {
      const row = <usize>(i + r) * ROW;
      for (let n = 0; n < panelCount; n++) memory.fill(u + row + <usize>n * panelBytes, 0, ROW);
      store<f64>(ratios + <usize>(i + r) * 8, largestOverSlope(v + row, slopes, H, panelBytes));
    }
    const block = <usize>i * ROW;
    // A last few rows go one by one.
    for (let k = 0; k < i && count == BLOCK; k++) {
      const pivot = load<i32>(pivots + <usize>k * 4);
      if (pivot < 0) continue;
      const at = v + block + placeOf(pivot, panelBytes);
      const to = u + block + placeOf(k, panelBytes);
      const c0 = takeOut(at, to);
      const c1 = takeOut(at + ROW, to + ROW);
      const c2 = takeOut(at + 2 * ROW, to + 2 * ROW);
      const c3 = takeOut(at + 3 * ROW, to + 3 * ROW);
      addTimes4(v + block, v + <usize>k * ROW, c0, c1, c2, c3, panelBytes, panelCount);
      for (let r: usize = 0; r < 4 * ROW; r += ROW) store<f64>(at + r, 0);
    }
    for (let r = 0; r < count; r++) {
      const row = v + block + <usize>r * ROW;
      for (let k = count == BLOCK ? i : 0; k < i + r; k++) {
        const pivot = load<i32>(pivots + <usize>k * 4);
        if (pivot < 0) continue;
        const at = row + placeOf(pivot, panelBytes);
        addTimes(
          row, v + <usize>k * ROW, takeOut(at, u + block + <usize>r * ROW + placeOf(k, panelBytes)), panelBytes,
          panelCount,
        );
        store<f64>(at, 0);
      }
      finish(row, u + block + <usize>r * ROW, i + r, H, panelBytes, slopes, pivots, ratios);
    }
  }
}

/** The pivot of row i, and the row over it. */
function finish(
  row: usize, u: usize, i: i32, H: i32, panelBytes: usize, slopes: usize, pivots: usize, ratios: usize,
): void {
  let most: f64 = 0;
  let place = -1;
  for (let j = 0; j < H; j++) {
    const size = Math.abs(load<f64>(row + placeOf(j, panelBytes)));
    if (size > most) {
      most = size;
      place = j;
    }
  }
  store<i32>(pivots + <usize>i * 4, place);
  const ratio = ratios + <usize>i * 8;
  if (place < 0) {
    store<f64>(ratio, NaN);
    return;
  }
  const pivot = load<f64>(row + placeOf(place, panelBytes));
  store<f64>(u + placeOf(i, panelBytes), pivot);
  store<f64>(ratio, (load<f64>(ratio) / most) * load<f64>(slopes + placeOf(place, ROW)));
  const divisor = f64x2.splat(pivot);
  for (let n = 0; n < panels<f64>(H); n++) {
    const from = row + <usize>n * panelBytes;
    for (let at: usize = 0; at < ROW; at += 16) v128.store(from + at, f64x2.div(v128.load(from + at), divisor));
  }
}
