// AssemblyScript. V = L·Q for the rows of V [height,H]: L lower triangular with a positive diagonal, the rows of Q
// orthonormal. Block Gram–Schmidt, twice where the first round took much away (Barlow & Smoktunowicz 2013), in two
// levels: so many rows TOGETHER lose what they have of all rows before them, which threads share, and then each BLOCK
// of them what it has of the others.
import { addTimes } from './eliminate';
import { productRows } from './product';
import { madd, panels, ROW, ZEROS } from './simd';

/** Rows that are made orthogonal to all earlier ones by products of matrices. */
const TOGETHER: i32 = 24;
/** Rows that are made orthogonal to the others of those by products, and then to each other one by one. */
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

/** p·q */
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

function scale(p: usize, factor: f64, panelBytes: usize, panelCount: i32): void {
  const f = f64x2.splat(factor);
  for (let n = 0; n < panelCount; n++) {
    for (let at: usize = 0; at < ROW; at += 16) v128.store(p + at, f64x2.mul(f, v128.load(p + at)));
    p += panelBytes;
  }
}

/** Bytes of packed coefficients from one panel to the next: of rows that go together, and of a block. */
const PITCH: usize = <usize>TOGETHER * ROW;
const BLOCKPITCH: usize = <usize>BLOCK * ROW;

/** What rows i … i + count − 1 have of the rows j0 ≤ j < j1, negative; packed, panels `pitch` bytes apart. */
function negativeDots(
  v: usize, panelBytes: usize, panelCount: i32, i: i32, count: i32, j0: i32, j1: i32, to: usize, pitch: usize,
): void {
  for (let r = 0; r < count; r += 2)
    negativeDots2(v, panelBytes, panelCount, i + r, j0, j1, to + <usize>r * ROW, pitch);
}

/** Takes that of rows 0 … i − 1 away from them, in one panel at `from`. */
@inline function takeAway(from: usize, i: i32, count: i32, dots: usize, pitch: usize): void {
  const rows = from + <usize>i * ROW;
  productRows<f64>(dots, pitch, i, 0, 0, 0, from, rows, ROW, rows, <usize>count * ROW);
}

/**
 * What rows i … i + count − 1 of V [height,H] have of the rows j0 ≤ j < j1 before them (both divisible by 8), negative;
 * packed [i/8][TOGETHER][8] at `to`.
 */
export function projectDots(
  v: usize, H: i32, height: i32, i: i32, count: i32, j0: i32, j1: i32, to: usize,
): void {
  negativeDots(v, <usize>height * ROW, panels<f64>(H), i, count, j0, j1, to, PITCH);
}

/** Takes that away from them, in the panels n0 ≤ n < n1. */
export function projectPanels(
  v: usize, height: i32, i: i32, count: i32, n0: i32, n1: i32, dots: usize,
): void {
  for (let n = n0; n < n1; n++) takeAway(v + <usize>(n * height) * ROW, i, count, dots, PITCH);
}

/** Rows i … i + count − 1 of a block lose what they have of rows 0 … i − 1; negative coefficients go to `to`. */
function projectBlock(v: usize, panelBytes: usize, panelCount: i32, i: i32, count: i32, to: usize): void {
  negativeDots(v, panelBytes, panelCount, i, count, 0, i, to, BLOCKPITCH);
  for (let n = 0; n < panelCount; n++) takeAway(v + <usize>n * panelBytes, i, count, to, BLOCKPITCH);
}

/**
 * Rows i … i + count − 1 become orthonormal among themselves (Gram–Schmidt, each row until a round takes next to
 * nothing away); their coefficients, [BLOCK][BLOCK] row by row, stay at `to`. What is left of a row by less than `rank`
 * of its length is rounding: it becomes zero.
 */
function among(
  v: usize, panelBytes: usize, panelCount: i32, i: i32, count: i32, to: usize, rank: f64, wholes: usize,
): void {
  memory.fill(to, 0, INNER);
  const first = v + <usize>i * ROW;
  for (let r = 0; r < count; r++) {
    const p = first + <usize>r * ROW;
    const own = to + <usize>r * 8 * BLOCK;
    let length = Math.sqrt(rowDot(p, p, panelBytes, panelCount));
    for (let round = 0; round < 4 && length > 0; round++) {
      for (let k: usize = 0; k < <usize>r; k++) {
        const projection = rowDot(p, first + k * ROW, panelBytes, panelCount);
        addTimes(p, first + k * ROW, -projection, panelBytes, panelCount);
        store<f64>(own + k * 8, load<f64>(own + k * 8) + projection);
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

// The scratch: coefficients of the first round and of the second, [H/8][TOGETHER][8] each; the rows among themselves,
// M and M', [TOGETHER/8][TOGETHER][8] each; their lengths before anything was taken away, and ones; then of a block:
// coefficients of the first round and of the second [TOGETHER/8][BLOCK][8], twice [BLOCK][BLOCK], lengths, ones.
@inline function secondAt(scratch: usize, H: i32): usize {
  return scratch + <usize>panels<f64>(H) * PITCH;
}
@inline function amongAt(scratch: usize, H: i32): usize {
  return secondAt(scratch, H) + <usize>panels<f64>(H) * PITCH;
}
const M: usize = <usize>(TOGETHER / 8) * PITCH;
@inline function wholesAt(scratch: usize, H: i32): usize {
  return amongAt(scratch, H) + 2 * M;
}
const WHOLES: usize = <usize>TOGETHER * 8;
@inline function blockAt(scratch: usize, H: i32): usize {
  return wholesAt(scratch, H) + 2 * WHOLES;
}
const OFBLOCK: usize = <usize>(TOGETHER / 8) * BLOCKPITCH;
const INNER: usize = 8 * BLOCK * BLOCK;

/** The lengths of rows i … i + count − 1, before anything is taken away from them. */
export function rowLengths(v: usize, H: i32, height: i32, i: i32, count: i32, scratch: usize): void {
  const wholes = wholesAt(scratch, H);
  lengths(v + <usize>i * ROW, <usize>height * ROW, panels<f64>(H), count, wholes);
  for (let r = 0; r < count; r++) store<f64>(wholes + WHOLES + <usize>r * 8, 1);
}

function lengths(v: usize, panelBytes: usize, panelCount: i32, count: i32, to: usize): void {
  for (const end = to + <usize>count * 8; to < end; to += 8, v += ROW)
    store<f64>(to, Math.sqrt(rowDot(v, v, panelBytes, panelCount)));
}

/** Whether row r has lost much of the length that it had. */
@inline function isShorter(length: f64, before: usize, r: i32): bool {
  return length < 0.7 * load<f64>(before + <usize>r * 8);
}

/** Where number (r, k) of M stands. */
@inline function placeOf(m: usize, r: i32, k: i32): usize {
  return m + <usize>(k >> 3) * PITCH + <usize>r * ROW + <usize>(k & 7) * 8;
}

/**
 * The first `count` rows of v become orthonormal; what they were of these, M [count,count], goes to `m`. `rank`,
 * `wholes`: as of `among`.
 */
function togetherOrthonormal(
  v: usize, panelBytes: usize, panelCount: i32, count: i32, m: usize, rank: f64, wholes: usize, scratch: usize,
): void {
  const second = scratch + OFBLOCK;
  const inner = second + OFBLOCK;
  const before = inner + 2 * INNER;
  const ones = before + 8 * BLOCK;
  memory.fill(m, 0, M);
  for (let i = 0; i < count; i += BLOCK) {
    const some = min(BLOCK, count - i);
    lengths(v + <usize>i * ROW, panelBytes, panelCount, some, before);
    projectBlock(v, panelBytes, panelCount, i, some, scratch);
    among(v, panelBytes, panelCount, i, some, inner, rank, wholes + <usize>i * 8);
    let again = false;
    for (let r = 0; r < some && i > 0; r++)
      if (isShorter(load<f64>(inner + <usize>(r * BLOCK + r) * 8), before, r)) again = true;
    if (again) {
      projectBlock(v, panelBytes, panelCount, i, some, second);
      for (let r = 0; r < some; r++) store<f64>(ones + <usize>r * 8, 1);
      // A row of length 1 that is lost now was rounding only.
      among(v, panelBytes, panelCount, i, some, inner + INNER, 0.001, ones);
    }
    // V = C·Q + M·X and X = C'·Q + M'·Y give (C + M·C' | M·M').
    for (let r = 0; r < some; r++) {
      const own = inner + <usize>(r * BLOCK) * 8;
      for (let k = 0; k <= i + r; k++) {
        const at = <usize>(k >> 3) * BLOCKPITCH + <usize>(k & 7) * 8;
        const inside = <usize>(k - i) * 8;
        let value = k < i ? -load<f64>(scratch + at + <usize>r * ROW) : again ? 0 : load<f64>(own + inside);
        for (let q: usize = 0; again && q <= <usize>r; q++)
          value += load<f64>(own + q * 8) *
            (k < i ? -load<f64>(second + at + q * ROW) : load<f64>(inner + INNER + q * 8 * BLOCK + inside));
        store<f64>(placeOf(m, i + r, k), value);
      }
    }
  }
}

/**
 * After the projection at `scratch`: makes the rows orthonormal among themselves. A row that is left shorter than
 * `rank` of what it was is zero, and so is its length.
 * @returns whether so much has been taken away that they need another projection, at `secondRound`
 */
export function rowsAmong(v: usize, H: i32, height: i32, i: i32, count: i32, rank: f64, scratch: usize): i32 {
  const m = amongAt(scratch, H);
  const wholes = wholesAt(scratch, H);
  togetherOrthonormal(
    v + <usize>i * ROW, <usize>height * ROW, panels<f64>(H), count, m, rank, wholes, blockAt(scratch, H),
  );
  for (let r = 0; r < count && i > 0; r++) if (isShorter(load<f64>(placeOf(m, r, r)), wholes, r)) return 1;
  return 0;
}

/** Where the coefficients of that projection go. */
export function secondRound(H: i32, scratch: usize): usize {
  return secondAt(scratch, H);
}

/**
 * Ends rows i … i + count − 1: after another projection where there was one (`again`), and with their rows of L, packed
 * like V, zero above its diagonal. `ratios` [H] receives ‖row of V‖ / L_ii: by how much the rounding of V is magnified
 * in L_ii.
 */
export function rowsEnd(
  v: usize, l: usize, H: i32, height: i32, i: i32, count: i32, again: i32, ratios: usize, scratch: usize,
): void {
  const panelBytes = <usize>height * ROW;
  const panelCount = panels<f64>(H);
  const m = amongAt(scratch, H);
  const bytes = <usize>count * ROW;
  const wholes = wholesAt(scratch, H);
  if (again)
    togetherOrthonormal(
      v + <usize>i * ROW, panelBytes, panelCount, count, m + M, 0.001, wholes + WHOLES, blockAt(scratch, H),
    );
  const rows = l + <usize>i * ROW;
  // As above, of the coefficients that are negative.
  for (let n: usize = 0; n < <usize>(i >> 3); n++) {
    const first = scratch + n * PITCH;
    const to = rows + n * panelBytes;
    if (again)
      productRows<f64>(m, PITCH, count, 0, 0, 0, secondAt(scratch, H) + n * PITCH, first, ROW, first, bytes);
    for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, f64x2.neg(v128.load(first + at)));
  }
  let n = i >> 3;
  for (let own: usize = 0; own < <usize>panels<f64>(count); own++, n++) {
    const to = rows + <usize>n * panelBytes;
    if (again) productRows<f64>(m, PITCH, count, 0, 0, 0, m + M + own * PITCH, ZEROS, 0, to, bytes);
    else memory.copy(to, m + own * PITCH, bytes);
  }
  for (; n < panelCount; n++) memory.fill(rows + <usize>n * panelBytes, 0, bytes);
  for (let r = 0; r < count; r++) {
    const length = load<f64>(placeOf(rows, r, 0) + <usize>((i + r) >> 3) * panelBytes + <usize>(r & 7) * 8);
    store<f64>(ratios + <usize>(i + r) * 8, load<f64>(wholes + <usize>r * 8) / length);
  }
}
