// AssemblyScript. One-sided Jacobi on rows hundreds of decades apart: what ../linalg/gradedSvd.ts does, at the speed of
// the other kernels.
import { madd } from './simd';

/** Rows count as orthogonal below this cosine. */
const ORTHOGONAL: f64 = 1e-14;
/** Below this ratio of lengths a rotation only takes the longer row's share out of the shorter one. */
const FAR_APART: f64 = 1e-8;

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

/**
 * The row's length was `scale` times length; brings it to 1 and takes the length into mantissa and exponent of
 * `target`, times those of `source`.
 */
function rescale(
  row: usize, bytes: usize, squares: f64, mantissas: usize, exponents: usize, source: i32, target: i32,
): void {
  const length = Math.sqrt(squares);
  if (length == 0) {
    store<f64>(mantissas + <usize>target * 8, 0);
    store<f64>(exponents + <usize>target * 8, -Infinity);
    return;
  }
  const inverse = f64x2.splat(1 / length);
  for (let at: usize = 0; at < bytes; at += 16) v128.store(row + at, f64x2.mul(inverse, v128.load(row + at)));
  const product = load<f64>(mantissas + <usize>source * 8) * length;
  const shift = <i32>((reinterpret<u64>(product) >> 52) & 0x7ff) - 1023;
  const exponent = load<f64>(exponents + <usize>source * 8) + <f64>shift;
  store<f64>(
    mantissas + <usize>target * 8,
    reinterpret<f64>((reinterpret<u64>(product) & 0x800fffffffffffff) | 0x3ff0000000000000),
  );
  store<f64>(exponents + <usize>target * 8, exponent);
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
  if (ratio < FAR_APART) {
    const c = f64x2.splat(-cosine);
    let sum = f64x2.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      const value = madd<f64>(c, v128.load(x + at), v128.load(y + at));
      v128.store(y + at, value);
      sum = madd<f64>(value, value, sum);
    }
    rescale(y, bytes, lanes(sum), mantissas, exponents, short, short);
    return 1;
  }
  const zeta = (ratio * ratio - 1) / (2 * cosine * ratio);
  const tangent = (zeta < 0 ? -1.0 : 1.0) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cos = 1 / Math.sqrt(1 + tangent * tangent);
  const c = f64x2.splat(cos);
  const s = f64x2.splat(cos * tangent);
  const minusS = f64x2.neg(s);
  const r = f64x2.splat(ratio);
  let sumX = f64x2.splat(0);
  let sumY = sumX;
  for (let at: usize = 0; at < bytes; at += 16) {
    const a = v128.load(x + at);
    const b = f64x2.mul(r, v128.load(y + at));
    const newX = madd<f64>(minusS, b, f64x2.mul(c, a));
    const newY = madd<f64>(c, b, f64x2.mul(s, a));
    v128.store(x + at, newX);
    v128.store(y + at, newY);
    sumX = madd<f64>(newX, newX, sumX);
    sumY = madd<f64>(newY, newY, sumY);
  }
  rescale(y, bytes, lanes(sumY), mantissas, exponents, long, short);
  rescale(x, bytes, lanes(sumX), mantissas, exponents, long, long);
  return 1;
}

/**
 * One sweep's rotations of the rows first0 ≤ first < first1 with all later ones. Rows of `bytes` (a multiple of 16) one
 * after the other.
 * @returns how many rotations were needed
 */
export function jacobiSweep(
  rows: usize, bytes: usize, count: i32, mantissas: usize, exponents: usize, first0: i32, first1: i32,
): i32 {
  let turned = 0;
  for (let first = first0; first < first1; first++)
    for (let second = first + 1; second < count; second++)
      turned += turn(rows, bytes, mantissas, exponents, first, second);
  return turned;
}

/**
 * Rotations of the rows first0 ≤ first < first1 with second0 ≤ second < second1, as far as these come later; how many
 * were needed is added to the i32 at `turned`. Threads do this to blocks that have no row in common.
 */
export function jacobiPairs(
  rows: usize, bytes: usize, mantissas: usize, exponents: usize, first0: i32, first1: i32, second0: i32, second1: i32,
  turned: usize,
): void {
  let count = 0;
  for (let first = first0; first < first1; first++)
    for (let second = max(first + 1, second0); second < second1; second++)
      count += turn(rows, bytes, mantissas, exponents, first, second);
  store<i32>(turned, load<i32>(turned) + count);
}

function dot(x: usize, y: usize, bytes: usize): f64 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    s0 = madd<f64>(v128.load(x + at), v128.load(y + at), s0);
    s1 = madd<f64>(v128.load(x + at, 16), v128.load(y + at, 16), s1);
    s2 = madd<f64>(v128.load(x + at, 32), v128.load(y + at, 32), s2);
    s3 = madd<f64>(v128.load(x + at, 48), v128.load(y + at, 48), s3);
  }
  for (; at < bytes; at += 16) s0 = madd<f64>(v128.load(x + at), v128.load(y + at), s0);
  return lanes(f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3)));
}

@inline function lanes(values: v128): f64 {
  return f64x2.extract_lane(values, 0) + f64x2.extract_lane(values, 1);
}
