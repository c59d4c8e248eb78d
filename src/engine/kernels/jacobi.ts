// AssemblyScript. One-sided Jacobi on rows hundreds of decades apart: what ../linalg/gradedSvd.ts does, at the speed of
// the other kernels.
import { madd, ROW } from './simd';

/** Rows count as orthogonal below this cosine. */
const ORTHOGONAL: f64 = 1e-14;
/** Below this ratio of lengths a rotation only takes the longer row's share out of the shorter one. */
const FAR_APART: f64 = 1e-8;
/** As long as a row keeps this much of its square, what is left of it follows from the angle; else it is measured. */
const PLAIN: f64 = 0.25;

/** ‖row‖ = `mantissas`·2^`exponents` (1 ≤ mantissa < 2, or 0), the row itself has length 1. */
@inline function lengthRatio(mantissas: usize, exponents: usize, short: i32, long: i32): f64 {
  const difference = load<f64>(exponents + <usize>short * 8) - load<f64>(exponents + <usize>long * 8);
  if (difference < -1000) return 0;
  return (load<f64>(mantissas + <usize>short * 8) / load<f64>(mantissas + <usize>long * 8)) *
    reinterpret<f64>(<u64>(1023 + <i32>difference) << 52);
}

@inline function isLonger(mantissas: usize, exponents: usize, i: i32, j: i32): bool {
  const ei = load<f64>(exponents + <usize>i * 8);
  const ej = load<f64>(exponents + <usize>j * 8);
  return ei > ej || (ei == ej && load<f64>(mantissas + <usize>i * 8) >= load<f64>(mantissas + <usize>j * 8));
}

/** ‖target‖ = length·‖source‖ */
function setLength(length: f64, mantissas: usize, exponents: usize, source: i32, target: i32): void {
  if (length == 0) {
    store<f64>(mantissas + <usize>target * 8, 0);
    store<f64>(exponents + <usize>target * 8, -Infinity);
    return;
  }
  const product = load<f64>(mantissas + <usize>source * 8) * length;
  const shift = <i32>((reinterpret<u64>(product) >> 52) & 0x7ff) - 1023;
  const exponent = load<f64>(exponents + <usize>source * 8) + <f64>shift;
  store<f64>(
    mantissas + <usize>target * 8,
    reinterpret<f64>((reinterpret<u64>(product) & 0x800fffffffffffff) | 0x3ff0000000000000),
  );
  store<f64>(exponents + <usize>target * 8, exponent);
}

/** Brings a row to length 1; gives the length that it had. */
function toUnit(row: usize, bytes: usize): f64 {
  const length = Math.sqrt(dot(row, row, bytes));
  const inverse = f64x2.splat(length == 0 ? 0 : 1 / length);
  for (let at: usize = 0; at < bytes; at += 16) v128.store(row + at, f64x2.mul(inverse, v128.load(row + at)));
  return length;
}

/** y ← a·x + b·y */
function combine(x: usize, y: usize, bytes: usize, a: f64, b: f64): void {
  const ofX = f64x2.splat(a);
  const ofY = f64x2.splat(b);
  for (let at: usize = 0; at < bytes; at += 32) {
    const y0 = f64x2.mul(ofY, v128.load(y + at));
    const y1 = f64x2.mul(ofY, v128.load(y + at, 16));
    v128.store(y + at, madd<f64>(ofX, v128.load(x + at), y0));
    v128.store(y + at, madd<f64>(ofX, v128.load(x + at, 16), y1), 16);
  }
}

/** x ← a·x + b·y, y ← c·x + d·y */
function rotate(x: usize, y: usize, bytes: usize, a: f64, b: f64, c: f64, d: f64): void {
  const va = f64x2.splat(a);
  const vb = f64x2.splat(b);
  const vc = f64x2.splat(c);
  const vd = f64x2.splat(d);
  for (let at: usize = 0; at < bytes; at += 32) {
    const x0 = v128.load(x + at);
    const y0 = v128.load(y + at);
    const x1 = v128.load(x + at, 16);
    const y1 = v128.load(y + at, 16);
    v128.store(x + at, madd<f64>(vb, y0, f64x2.mul(va, x0)));
    v128.store(y + at, madd<f64>(vd, y0, f64x2.mul(vc, x0)));
    v128.store(x + at, madd<f64>(vb, y1, f64x2.mul(va, x1)), 16);
    v128.store(y + at, madd<f64>(vd, y1, f64x2.mul(vc, x1)), 16);
  }
}

/** Makes two rows orthogonal. @returns 1 when it took a rotation */
function turn(rows: usize, bytes: usize, mantissas: usize, exponents: usize, first: i32, second: i32): i32 {
  if (load<f64>(mantissas + <usize>first * 8) == 0 || load<f64>(mantissas + <usize>second * 8) == 0) return 0;
  const firstIsLonger = isLonger(mantissas, exponents, first, second);
  const long = firstIsLonger ? first : second;
  const short = firstIsLonger ? second : first;
  const x = rows + <usize>long * bytes;
  const y = rows + <usize>short * bytes;
  const cosine = dot(x, y, bytes);
  if (!(Math.abs(cosine) > ORTHOGONAL)) return 0;
  const ratio = lengthRatio(mantissas, exponents, short, long);
  const far = ratio < FAR_APART;
  // y ← c·x + d·y, of whose square `left` remains of `whole`.
  let c = -cosine;
  let d = 1.0;
  let left = 1 - cosine * cosine;
  let whole = 1.0;
  let tangent = 0.0;
  let cos = 1.0;
  if (!far) {
    const zeta = (ratio * ratio - 1) / (2 * cosine * ratio);
    // So the longer row becomes longer, also where both are of one length, and loses no digits.
    tangent = (cosine > 0 ? -1.0 : 1.0) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
    cos = 1 / Math.sqrt(1 + tangent * tangent);
    c = cos * tangent;
    d = cos * ratio;
    // The squares are the eigenvalues of [[1, r·c], [r·c, r²]] (Golub & Van Loan, Matrix Computations, 8.5.2).
    whole = ratio * ratio;
    left = whole + tangent * ratio * cosine;
  }
  const plain = left > PLAIN * whole;
  let length = plain ? Math.sqrt(left) : 1.0;
  const lengthX = Math.sqrt(1 - tangent * ratio * cosine);
  if (far) combine(x, y, bytes, c / length, d / length);
  else rotate(x, y, bytes, cos / lengthX, (-cos * tangent * ratio) / lengthX, c / length, d / length);
  if (!plain) length = toUnit(y, bytes);
  setLength(length, mantissas, exponents, far ? short : long, short);
  if (!far) setLength(lengthX, mantissas, exponents, long, long);
  return 1;
}

/**
 * Rotations of the pairs of blocks p0 ≤ p < p1 of a round, in which no block comes twice, so that threads may share
 * them; rows of `bytes` (a multiple of 64) one after the other. Round 0 is each block by itself, in the others block 0
 * stays and the others go round (Brent & Luk 1985). How many were needed is added to the i32 number p0 at `turned`.
 */
export function jacobiRound(
  rows: usize, bytes: usize, H: i32, mantissas: usize, exponents: usize, blocks: i32, round: i32, p0: i32, p1: i32,
  turned: usize,
): void {
  let count = 0;
  for (let p = p0; p < p1; p++) {
    let one = p;
    let other = p;
    if (round > 0) {
      one = placeIn(round, p, blocks);
      other = placeIn(round, blocks - 1 - p, blocks);
    }
    const end = border(max(one, other) + 1, H, blocks);
    const from = border(max(one, other), H, blocks);
    const last = border(min(one, other) + 1, H, blocks);
    for (let first = border(min(one, other), H, blocks); first < last; first++)
      for (let second = max(first + 1, from); second < end; second++)
        count += turn(rows, bytes, mantissas, exponents, first, second);
  }
  const at = turned + <usize>p0 * 4;
  store<i32>(at, load<i32>(at) + count);
}

@inline function border(block: i32, H: i32, blocks: i32): i32 {
  return (H * block) / blocks;
}

@inline function placeIn(round: i32, place: i32, blocks: i32): i32 {
  return place == 0 ? 0 : 1 + ((place + round - 2) % (blocks - 1));
}

function dot(x: usize, y: usize, bytes: usize): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (let at: usize = 0; at < bytes; at += ROW) {
    s0 = madd<f64>(v128.load(x + at), v128.load(y + at), s0);
    s1 = madd<f64>(v128.load(x + at, 16), v128.load(y + at, 16), s1);
    s2 = madd<f64>(v128.load(x + at, 32), v128.load(y + at, 32), s2);
    s3 = madd<f64>(v128.load(x + at, 48), v128.load(y + at, 48), s3);
  }
  const sum = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}
