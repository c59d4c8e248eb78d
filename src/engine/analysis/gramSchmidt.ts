// Columns of a running product, made orthonormal one after the other.
import { norm } from '../core/norm.js';
import { leastLength } from './lyapunov.js';

/**
 * Gram–Schmidt of column i against the `before`, until a round takes next to nothing away; what is left of a dependent
 * column is rounding and becomes zero. Gives by how much the column's rounding was magnified.
 */
export function orthogonalise(
  column: Float64Array,
  i: number,
  before: readonly Float64Array[],
  coefficients: readonly Float64Array[],
): number {
  const H = column.length;
  const whole = norm(column);
  let length = whole;
  for (let round = 0; round < 4 && length > 0; round++) {
    for (let k = 0; k < i; k++) {
      const q = before[k]!;
      let projection = 0;
      for (let j = 0; j < H; j++) projection += q[j]! * column[j]!;
      for (let j = 0; j < H; j++) column[j] = column[j]! - projection * q[j]!;
      coefficients[k]![i] = coefficients[k]![i]! + projection;
    }
    const last = length;
    length = norm(column);
    if (length > 0.7 * last) break;
  }
  const magnified = whole > leastLength ? whole / length : Infinity;
  if (!(length > 4 * H * Number.EPSILON * whole)) {
    column.fill(0);
    return magnified;
  }
  for (let j = 0; j < H; j++) column[j] = column[j]! / length;
  coefficients[i]![i] = length;
  return magnified;
}
