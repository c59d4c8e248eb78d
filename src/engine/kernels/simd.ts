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

/** sum + the squares of the values, in two lanes of float64: squares of float32 neither under- nor overflow there. */
@inline export function addSquares<T>(values: v128, sum: v128): v128 {
  if (sizeof<T>() == 4) {
    const low = f64x2.promote_low_f32x4(values);
    const high = f64x2.promote_low_f32x4(v128.shuffle<u64>(values, values, 1, 0));
    return madd<f64>(high, high, madd<f64>(low, low, sum));
  }
  return madd<f64>(values, values, sum);
}

@inline export function lanesSum64(values: v128): f64 {
  return f64x2.extract_lane(values, 0) + f64x2.extract_lane(values, 1);
}

/** Σ of squares over `rows` rows of every panel. */
export function squares<T>(from: usize, panelBytes: usize, panelCount: i32, rows: i32): f64 {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  for (let n = 0; n < panelCount; n++) {
    const start = from + <usize>n * panelBytes;
    const end = start + <usize>rows * ROW;
    for (let p = start; p < end; p += ROW) {
      even = addSquares<T>(v128.load(p), even);
      odd = addSquares<T>(v128.load(p, 16), odd);
      even = addSquares<T>(v128.load(p, 32), even);
      odd = addSquares<T>(v128.load(p, 48), odd);
    }
  }
  return lanesSum64(f64x2.add(even, odd));
}
