import { norm } from '../core/norm.js';

/**
 * Gram–Schmidt: takes from a vector what the first `count` of `units`, which are orthonormal, have of it. In rounds
 * until one takes next to nothing away, so that it is orthogonal to them to working precision even where it is nearly
 * parallel. `taken` hears how much of unit k each round takes. Gives the vector's length before and after.
 */
export function takeAway(
  vector: Float64Array,
  units: readonly Float64Array[],
  count: number,
  taken: ((k: number, projection: number) => void) | null = null,
): { readonly whole: number; readonly length: number } {
  const H = vector.length;
  const whole = norm(vector);
  let length = whole;
  for (let round = 0; round < 4 && length > 0; round++) {
    for (let k = 0; k < count; k++) {
      const q = units[k]!;
      let projection = 0;
      for (let j = 0; j < H; j++) projection += q[j]! * vector[j]!;
      for (let j = 0; j < H; j++) vector[j] = vector[j]! - projection * q[j]!;
      taken?.(k, projection);
    }
    const before = length;
    length = norm(vector);
    if (length > 0.7 * before) break;
  }
  return { whole, length };
}
