// AssemblyScript. What all kernels share: the 64 byte row, multiply-add, sums.
//
// One packed layout holds every matrix, [N/w][rows][w]: panels of w columns whose rows are 64 bytes, w = 16 in float32
// and 8 in float64. Columns beyond N are zero. A matrix in it can be either operand of a product.

/** Bytes of a panel's row. */
export const ROW: usize = 64;

/**
 * Bytes from one panel of d to the next, for so many rows: an odd number of rows, because with the usual power of two
 * the same rows of all panels would fall into one set of the first cache, and drive each other out of it.
 */
@inline export function pitchOf(rows: i32): usize {
  return <usize>(rows | 1) * ROW;
}

/** Columns of a panel. */
@inline export function width<T>(): i32 {
  return 64 / sizeof<T>();
}

@inline export function panels<T>(columns: i32): i32 {
  return (columns + width<T>() - 1) / width<T>();
}

/** The same in float64 (`wide`) or float32, for code that both share. */
@inline export function widthOf(wide: bool): i32 {
  return wide ? width<f64>() : width<f32>();
}

@inline export function panelsOf(columns: i32, wide: bool): i32 {
  return wide ? panels<f64>(columns) : panels<f32>(columns);
}

/**
 * Whether this module has relaxed SIMD, with multiply-adds that are one instruction on nearly every machine. Where they
 * are two, sums wait anyway, and twelve of them beside a product do not fit the registers: what is made for speed alone
 * is left out there, because all modules together have to stay small.
 */
export const FUSED = ASC_FEATURE_RELAXED_SIMD;

/** a·b + c: one rounding with relaxed SIMD on machines that have the instruction, otherwise two. */
@inline export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (FUSED) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(v128.mul<T>(a, b), c);
}

/** A constant in memory, repeated to fill a vector: V8 loads it in one instruction and builds a v128.const in three. */
@inline export function constant(address: usize): v128 {
  return v128.load(address);
}

@inline export function lanesSum64(values: v128): f64 {
  return f64x2.extract_lane(values, 0) + f64x2.extract_lane(values, 1);
}

/** The largest lane; NaN where there is one. */
@inline export function lanesMax<T>(values: v128): T {
  const most = max<T>(v128.extract_lane<T>(values, 0), v128.extract_lane<T>(values, 1));
  return sizeof<T>() == 4
    ? max<T>(most, max<T>(v128.extract_lane<T>(values, 2), v128.extract_lane<T>(values, 3)))
    : most;
}

/** A row of zeros. */
export const ZEROS = memory.data(64, 16);

/** The largest |value| of a row's four vectors, lane by lane; NaN where there is one. */
@inline export function sizesOf<T>(row: usize): v128 {
  const left = v128.max<T>(v128.abs<T>(v128.load(row)), v128.abs<T>(v128.load(row, 16)));
  const right = v128.max<T>(v128.abs<T>(v128.load(row, 32)), v128.abs<T>(v128.load(row, 48)));
  return v128.max<T>(left, right);
}

/** The largest |value| of `rows` adjacent rows of every panel; NaN where there is one. */
export function largestOf<T>(from: usize, panelBytes: usize, panelCount: i32, rows: i32): f64 {
  let most = v128.splat<T>(0);
  for (let n = 0; n < panelCount; n++, from += panelBytes) {
    const end = from + <usize>rows * ROW;
    for (let at = from; at < end; at += ROW) most = v128.max<T>(most, sizesOf<T>(at));
  }
  return <f64>lanesMax<T>(most);
}

@inline export function lowSquare(values: v128, sum: v128): v128 {
  const wide = f64x2.promote_low_f32x4(values);
  return madd<f64>(wide, wide, sum);
}

@inline export function highSquare(values: v128, sum: v128): v128 {
  return lowSquare(v128.shuffle<u64>(values, values, 1, 0), sum);
}

/**
 * The two float32 at `at` as float64: V8 makes one instruction of load and promotion, two of a register's upper half.
 */
@inline export function promoted(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

@inline function twoSquares(at: usize, sum: v128): v128 {
  const wide = promoted(at);
  return madd<f64>(wide, wide, sum);
}

/**
 * Σ of squares of a row of a panel, to be added up, in float64: there squares of float32 neither under- nor overflow.
 * `narrow`: the right half is zero.
 */
@inline export function rowSquares<T>(p: usize, narrow: bool): v128 {
  let a = f64x2.splat(0);
  let b = a;
  if (sizeof<T>() == 4) {
    a = twoSquares(p, a);
    b = twoSquares(p + 8, b);
    a = twoSquares(p + 16, a);
    b = twoSquares(p + 24, b);
    if (!narrow) {
      a = twoSquares(p + 32, a);
      b = twoSquares(p + 40, b);
      a = twoSquares(p + 48, a);
      b = twoSquares(p + 56, b);
    }
  } else {
    const v0 = v128.load(p);
    const v1 = v128.load(p, 16);
    const v2 = v128.load(p, 32);
    const v3 = v128.load(p, 48);
    a = madd<f64>(v2, v2, f64x2.mul(v0, v0));
    b = madd<f64>(v3, v3, f64x2.mul(v1, v1));
  }
  return f64x2.add(a, b);
}

/**
 * Σ of squares over `rows` rows of every panel, in float64; in the order of `stepNorms`, because steps are divided
 * between the two.
 */
export function squares<T>(from: usize, panelBytes: usize, panelCount: i32, rows: i32): f64 {
  let total: f64 = 0;
  for (let n = 0; n < panelCount; n++, from += panelBytes) {
    const end = from + <usize>rows * ROW;
    let sum = f64x2.splat(0);
    for (let p = from; p < end; p += ROW) sum = f64x2.add(sum, rowSquares<T>(p, false));
    total += lanesSum64(sum);
  }
  return total;
}
