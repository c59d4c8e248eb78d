// AssemblyScript. V = L·Q for the rows of V [height,H]: L lower triangular with a positive diagonal, the rows of Q
// orthonormal.
import { product1, product2 } from './product';
import { madd, panels, ROW } from './simd';

/** Rows that are made orthogonal to all earlier ones by products of matrices, and then to each other one by one. */
const BLOCK: i32 = 8;

/** −(row i of V)·(row j of V), and that of row i + 1, for j0 ≤ j < j1; packed [j/8][pitch/64][8] at `to`. */
function negativeDots2(
  v: usize, panelBytes: usize, panelCount: i32, i: i32, j0: i32, j1: i32, to: usize, pitch: usize,
): void {
  for (let j = j0; j < j1; j += 4) {
    let p = v + <usize>i * ROW;
    let q = v + <usize>j * ROW;
    let s00 = f64x2.splat(0);
    let s01 = s00;
    let s02 = s00;
    let s03 = s00;
    let s10 = s00;
    let s11 = s00;
    let s12 = s00;
    let s13 = s00;
    for (let n = 0; n < panelCount; n++) {
      for (let at: usize = 0; at < ROW; at += 16) {
        const x0 = v128.load(p + at);
        const x1 = v128.load(p + at, 64);
        const y0 = v128.load(q + at);
        const y1 = v128.load(q + at, 64);
        const y2 = v128.load(q + at, 128);
        const y3 = v128.load(q + at, 192);
        s00 = madd<f64>(x0, y0, s00);
        s01 = madd<f64>(x0, y1, s01);
        s02 = madd<f64>(x0, y2, s02);
        s03 = madd<f64>(x0, y3, s03);
        s10 = madd<f64>(x1, y0, s10);
        s11 = madd<f64>(x1, y1, s11);
        s12 = madd<f64>(x1, y2, s12);
        s13 = madd<f64>(x1, y3, s13);
      }
      p += panelBytes;
      q += panelBytes;
    }
    const at = to + <usize>(j >> 3) * pitch + <usize>(j & 7) * 8;
    v128.store(at, negativeSums(s00, s01));
    v128.store(at, negativeSums(s02, s03), 16);
    v128.store(at + ROW, negativeSums(s10, s11));
    v128.store(at + ROW, negativeSums(s12, s13), 16);
  }
}

@inline function negativeSums(x: v128, y: v128): v128 {
  return f64x2.neg(f64x2.add(v128.shuffle<u64>(x, y, 0, 2), v128.shuffle<u64>(x, y, 1, 3)));
}

function rowDot(p: usize, q: usize, panelBytes: usize, panelCount: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let n = 0; n < panelCount; n++) {
    s0 = madd<f64>(v128.load(p), v128.load(q), s0);
    s1 = madd<f64>(v128.load(p, 16), v128.load(q, 16), s1);
    s2 = madd<f64>(v128.load(p, 32), v128.load(q, 32), s2);
    s3 = madd<f64>(v128.load(p, 48), v128.load(q, 48), s3);
    p += panelBytes;
    q += panelBytes;
  }
  const sum = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** p += factor·q */
function addTimes(p: usize, q: usize, factor: f64, panelBytes: usize, panelCount: i32): void {
  const f = f64x2.splat(factor);
  for (let n = 0; n < panelCount; n++) {
    for (let at: usize = 0; at < ROW; at += 16) v128.store(p + at, madd<f64>(f, v128.load(q + at), v128.load(p + at)));
    p += panelBytes;
    q += panelBytes;
  }
}

function scale(p: usize, factor: f64, panelBytes: usize, panelCount: i32): void {
  const f = f64x2.splat(factor);
  for (let n = 0; n < panelCount; n++) {
    for (let at: usize = 0; at < ROW; at += 16) v128.store(p + at, f64x2.mul(f, v128.load(p + at)));
    p += panelBytes;
  }
}

/** Bytes of a packed block of coefficients from one panel to the next. */
const PITCH: usize = <usize>BLOCK * ROW;

/**
 * What rows i … i + count − 1 of V [height,H] have of the rows j0 ≤ j < j1 before them (both divisible by 8), negative;
 * packed [i/8][BLOCK][8] at `to`.
 */
export function projectDots(
  v: usize, H: i32, height: i32, i: i32, count: i32, j0: i32, j1: i32, to: usize,
): void {
  const panelBytes = <usize>height * ROW;
  for (let r = 0; r < count; r += 2)
    negativeDots2(v, panelBytes, panels<f64>(H), i + r, j0, j1, to + <usize>r * ROW, PITCH);
}

/** Takes that away from them, in the panels n0 ≤ n < n1. */
export function projectPanels(
  v: usize, height: i32, i: i32, count: i32, n0: i32, n1: i32, dots: usize,
): void {
  const panelBytes = <usize>height * ROW;
  const block = v + <usize>i * ROW;
  for (let n = n0; n < n1; n++) {
    const from = <usize>n * panelBytes;
    let r = 0;
    for (; r + 1 < count; r += 2)
      product2<f64>(
        dots + <usize>r * ROW, PITCH, i, 0, 0, 0, v + from, block + from + <usize>r * ROW, ROW,
        block + from + <usize>r * ROW,
      );
    if (r < count)
      product1<f64>(
        dots + <usize>r * ROW, PITCH, i, 0, 0, 0, v + from, block + from + <usize>r * ROW,
        block + from + <usize>r * ROW,
      );
  }
}

/** Rows i … i + count − 1 lose what they have of rows 0 … i − 1; −coefficients stay at `to`. */
function project(v: usize, H: i32, height: i32, i: i32, count: i32, to: usize): void {
  projectDots(v, H, height, i, count, 0, i, to);
  projectPanels(v, height, i, count, 0, panels<f64>(H), to);
}

/**
 * Rows i … i + count − 1 become orthonormal among themselves (Gram–Schmidt, each row until a round takes next to
 * nothing away); their coefficients, [BLOCK][BLOCK] row by row, stay at `to`. What is left of a row by less than `rank`
 * of its length is rounding: it becomes zero.
 */
function among(
  v: usize, panelBytes: usize, panelCount: i32, i: i32, count: i32, to: usize, rank: f64, wholes: usize,
): void {
  memory.fill(to, 0, 8 * BLOCK * BLOCK);
  for (let r = 0; r < count; r++) {
    const p = v + <usize>(i + r) * ROW;
    const own = to + <usize>r * 8 * BLOCK;
    let length = Math.sqrt(rowDot(p, p, panelBytes, panelCount));
    for (let round = 0; round < 4 && length > 0; round++) {
      for (let k = 0; k < r; k++) {
        const q = v + <usize>(i + k) * ROW;
        const projection = rowDot(p, q, panelBytes, panelCount);
        addTimes(p, q, -projection, panelBytes, panelCount);
        store<f64>(own + <usize>k * 8, load<f64>(own + <usize>k * 8) + projection);
      }
      const before = length;
      length = Math.sqrt(rowDot(p, p, panelBytes, panelCount));
      if (length > 0.7 * before) break;
    }
    if (length <= rank * load<f64>(wholes + <usize>r * 8)) length = 0;
    store<f64>(own + <usize>r * 8, length);
    scale(p, length == 0 ? 0 : 1 / length, panelBytes, panelCount);
  }
}

// The scratch of a block: coefficients of the first round and of the second, [H + 8][8] each; then among its own rows,
// twice [BLOCK][BLOCK], the rows' lengths, and ones.
@inline function secondAt(scratch: usize, H: i32): usize {
  return scratch + <usize>(H + 8) * ROW;
}
@inline function innerAt(scratch: usize, H: i32): usize {
  return secondAt(scratch, H) + <usize>(H + 8) * ROW;
}
@inline function wholesAt(scratch: usize, H: i32): usize {
  return innerAt(scratch, H) + 16 * BLOCK * BLOCK;
}

/** The lengths of rows i … i + count − 1, before anything is taken away from them. */
export function blockLengths(v: usize, H: i32, height: i32, i: i32, count: i32, scratch: usize): void {
  const wholes = wholesAt(scratch, H);
  for (let r = 0; r < count; r++) {
    const p = v + <usize>(i + r) * ROW;
    store<f64>(wholes + <usize>r * 8, Math.sqrt(rowDot(p, p, <usize>height * ROW, panels<f64>(H))));
  }
}

/**
 * After the projection at `scratch`: makes the rows orthonormal among themselves.
 * @returns whether so much has been taken away that the block needs another projection, at secondAt(scratch)
 */
export function blockAmong(v: usize, H: i32, height: i32, i: i32, count: i32, rank: f64, scratch: usize): i32 {
  const inner = innerAt(scratch, H);
  const wholes = wholesAt(scratch, H);
  among(v, <usize>height * ROW, panels<f64>(H), i, count, inner, rank, wholes);
  let much = false;
  for (let r = 0; r < count; r++)
    if (load<f64>(inner + <usize>(r * BLOCK + r) * 8) < 0.7 * load<f64>(wholes + <usize>r * 8)) much = true;
  return much && i > 0 ? 1 : 0;
}

/** Ends the block: after another projection where there was one (`again`), and with its rows of L and their ratios. */
export function blockEnd(
  v: usize, l: usize, H: i32, height: i32, i: i32, count: i32, again: i32, ratios: usize, scratch: usize,
): void {
  const panelBytes = <usize>height * ROW;
  const panelCount = panels<f64>(H);
  const second = secondAt(scratch, H);
  const inner = innerAt(scratch, H);
  const innerSecond = inner + 8 * BLOCK * BLOCK;
  const wholes = wholesAt(scratch, H);
  if (again) {
    const ones = wholes + 8 * BLOCK;
    for (let r = 0; r < count; r++) store<f64>(ones + <usize>r * 8, 1);
    // A row of length 1 that is lost now was rounding only.
    among(v, panelBytes, panelCount, i, count, innerSecond, 0.001, ones);
  }
  for (let r = 0; r < count; r++) {
    const row = l + <usize>(i + r) * ROW;
    // V = C·Q + M·X and X = C'·Q + M'·Y give L = (C + M·C' | M·M').
    for (let k = 0; k < i; k++) {
      const at = <usize>(k >> 3) * PITCH + <usize>(k & 7) * 8;
      let value = -load<f64>(scratch + at + <usize>r * ROW);
      if (again)
        for (let q = 0; q <= r; q++)
          value -= load<f64>(inner + <usize>(r * BLOCK + q) * 8) * load<f64>(second + at + <usize>q * ROW);
      store<f64>(row + <usize>(k >> 3) * panelBytes + <usize>(k & 7) * 8, value);
    }
    const own = row + <usize>(i >> 3) * panelBytes;
    for (let k = 0; k < 8; k++) {
      let value: f64 = 0;
      if (again)
        for (let q = k; q <= r; q++)
          value += load<f64>(inner + <usize>(r * BLOCK + q) * 8) * load<f64>(innerSecond + <usize>(q * BLOCK + k) * 8);
      else value = load<f64>(inner + <usize>(r * BLOCK + k) * 8);
      store<f64>(own + <usize>k * 8, k <= r ? value : 0);
    }
    for (let n = (i >> 3) + 1; n < panelCount; n++) memory.fill(row + <usize>n * panelBytes, 0, ROW);
    store<f64>(ratios + <usize>(i + r) * 8, load<f64>(wholes + <usize>r * 8) / load<f64>(own + <usize>r * 8));
  }
}

/**
 * Rows `from` ≤ i < `to` (from divisible by 8) of V ← Q, when the rows before are orthonormal; L packed like V, zero
 * above its diagonal.
 * Block Gram–Schmidt, twice where the first round took much away (Barlow & Smoktunowicz 2013). `ratios` [H] receives
 * ‖row of V‖ / L_ii: by how much the rounding of V is magnified in L_ii. A row shorter than `rank` of what it was is
 * zero in Q and in L_ii. `scratch`: (2·H + 8 + 3·8)·64 bytes. Threads share the projections of a block instead, call by
 * call.
 */
export function orthogonaliseRows(
  v: usize, l: usize, H: i32, height: i32, from: i32, to: i32, rank: f64, ratios: usize, scratch: usize,
): void {
  for (let i = from; i < to; i += BLOCK) {
    const count = min(BLOCK, to - i);
    blockLengths(v, H, height, i, count, scratch);
    project(v, H, height, i, count, scratch);
    const again = blockAmong(v, H, height, i, count, rank, scratch);
    if (again) project(v, H, height, i, count, secondAt(scratch, H));
    blockEnd(v, l, H, height, i, count, again, ratios, scratch);
  }
}
