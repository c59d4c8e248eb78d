// Slopes are element-wise: unit j of a block meets unit j of another, and no other unit.
import type { FloatArray } from '../core/dtypes.js';

/**
 * out = d·slopes unit by unit, for d of `from` blocks and `out` of `to` blocks of H units each:
 * out[g·H + j] = Σ_s d[s·H + j]·slopes[(s·to + g)·H + j].
 */
export function throughSlopes(
  d: FloatArray,
  slopes: Float64Array,
  from: number,
  to: number,
  H: number,
  out: FloatArray,
): void {
  for (let g = 0; g < to; g++) {
    for (let j = 0; j < H; j++) {
      let sum = d[j]! * slopes[g * H + j]!;
      for (let s = 1; s < from; s++) sum += d[s * H + j]! * slopes[(s * to + g) * H + j]!;
      out[g * H + j] = sum;
    }
  }
}
