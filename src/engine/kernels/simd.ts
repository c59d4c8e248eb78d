// AssemblyScript. What all kernels share: the 64 byte row, multiply-add, sums.
//
// One packed layout holds every matrix, [N/w][rows][w]: panels of w columns whose rows are 64 bytes, w = 16 in float32 and 8 in
// float64. Columns beyond N are zero. A matrix in it can be either operand of a product.

/** Bytes of a panel's row. */
export const ROW: usize = 64;

/** Columns of a panel. */
@inline export function width<T>(): i32 {
  return 64 / sizeof<T>();
}

@inline export function panels<T>(columns: i32): i32 {
  return (columns + width<T>() - 1) / width<T>();
}

/** a·b + c: one rounding with relaxed SIMD on machines that have the instruction, otherwise two. */
@inline export function madd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
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
  return sizeof<T>() == 4 ? max<T>(most, max<T>(v128.extract_lane<T>(values, 2), v128.extract_lane<T>(values, 3))) : most;
}

@inline export function lowSquare(values: v128, sum: v128): v128 {
  const wide = f64x2.promote_low_f32x4(values);
  return madd<f64>(wide, wide, sum);
}

@inline export function highSquare(values: v128, sum: v128): v128 {
  return lowSquare(v128.shuffle<u64>(values, values, 1, 0), sum);
}

/**
 * Σ of squares over `rows` rows of every panel, in float64: there squares of float32 neither under- nor overflow. Four sums, so that none
 * waits for the one before.
 */
export function squares<T>(from: usize, panelBytes: usize, panelCount: i32, rows: i32): f64 {
  let a = f64x2.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let n = 0; n < panelCount; n++) {
    const start = from + <usize>n * panelBytes;
    const end = start + <usize>rows * ROW;
    for (let p = start; p < end; p += ROW) {
      const v0 = v128.load(p);
      const v1 = v128.load(p, 16);
      const v2 = v128.load(p, 32);
      const v3 = v128.load(p, 48);
      if (sizeof<T>() == 4) {
        a = lowSquare(v0, a);
        b = highSquare(v0, b);
        c = lowSquare(v1, c);
        d = highSquare(v1, d);
        a = lowSquare(v2, a);
        b = highSquare(v2, b);
        c = lowSquare(v3, c);
        d = highSquare(v3, d);
      } else {
        a = madd<f64>(v0, v0, a);
        b = madd<f64>(v1, v1, b);
        c = madd<f64>(v2, v2, c);
        d = madd<f64>(v3, v3, d);
      }
    }
  }
  return lanesSum64(f64x2.add(f64x2.add(a, b), f64x2.add(c, d)));
}
