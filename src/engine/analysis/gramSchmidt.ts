// Columns of a running product, made orthonormal one after the other.
import { takeAway } from '../linalg/takeAway.js';
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
  const { whole, length } = takeAway(column, before, i, (k, projection) => {
    coefficients[k]![i] = coefficients[k]![i]! + projection;
  });
  const magnified = whole > leastLength ? whole / length : Infinity;
  if (!(length > 4 * H * Number.EPSILON * whole)) {
    column.fill(0);
    return magnified;
  }
  for (let j = 0; j < H; j++) column[j] = column[j]! / length;
  coefficients[i]![i] = length;
  return magnified;
}
