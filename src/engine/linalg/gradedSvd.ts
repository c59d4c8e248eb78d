// Matrices whose rows lie hundreds of decades apart: their singular values, each to its own digits.
import { Mover } from '../core/resumableCopy.js';
import { norm } from '../core/norm.js';
import type { Resumable } from '../core/resumable.js';

/** Row i is `rows[i]`·2^`log2[i]`; `rows[i]` is of length 1, or zero with `log2[i]` −Infinity. */
export type GradedRows = { readonly rows: Float64Array[]; readonly log2: Float64Array };

/** Rows of ordinary size, or with an exponent each, brought to length 1. */
export function graded(rows: readonly Float64Array[], exponents: ArrayLike<number> | null = null): GradedRows {
  const log2 = new Float64Array(rows.length);
  const unit = rows.map((row, i) => {
    const length = norm(row);
    log2[i] = length === 0 ? -Infinity : Math.log2(length) + (exponents?.[i] ?? 0);
    return length === 0 ? new Float64Array(row.length) : row.map((value) => value / length);
  });
  return { rows: unit, log2 };
}

/** The same of the rows that `rowOf` makes, each of ordinary size or with an exponent, with pauses. */
export function* gradedResumably(
  count: number,
  rowOf: (i: number) => Float64Array,
  exponents: ArrayLike<number> | null = null,
): Resumable<GradedRows> {
  const all: GradedRows = { rows: [], log2: new Float64Array(count) };
  const mover = new Mover();
  for (let i = 0; i < count; i++) {
    const row = rowOf(i);
    const {
      rows: [unit],
      log2: [own],
    } = graded([row], exponents === null ? null : [exponents[i]!]);
    all.rows.push(unit!);
    all.log2[i] = own!;
    yield* mover.count(4 * row.length);
  }
  return all;
}

const dot = (x: Float64Array, y: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
};

/** Rows count as orthogonal below this cosine. */
const orthogonal = 1e-14;
/** Below this ratio of lengths a rotation only takes the longer row's share out of the shorter one. */
const farApart = 1e-8;
const mostSweeps = 40;

/**
 * log2 of the singular values, descending; −Infinity for zero. One-sided Jacobi on the rows (Demmel & Veselić 1992,
 * “Jacobi's method is more accurate than QR”): a row's scale never touches the digits of another, so the smallest value
 * of a product of a thousand
 * Jacobians is as right as the largest. `rows` is used up.
 */
export function* log2SingularValues({ rows, log2 }: GradedRows): Resumable<Float64Array> {
  const count = rows.length;
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let turned = false;
    for (let first = 0; first < count - 1; first++) {
      for (let second = first + 1; second < count; second++) {
        if (log2[first] === -Infinity || log2[second] === -Infinity) continue;
        const [long, short] = log2[first]! >= log2[second]! ? [first, second] : [second, first];
        turned = turn(rows, log2, long, short) || turned;
      }
      yield sweep / mostSweeps;
    }
    if (!turned) break;
  }
  return log2.slice().sort().reverse();
}

/** One rotation of two rows; false when they were orthogonal already. */
function turn(rows: Float64Array[], log2: Float64Array, long: number, short: number): boolean {
  const [x, y] = [rows[long]!, rows[short]!];
  const cosine = dot(x, y);
  if (!(Math.abs(cosine) > orthogonal)) return false;
  const ratio = 2 ** (log2[short]! - log2[long]!);
  const scale = log2[long]!;
  if (ratio < farApart) {
    for (let i = 0; i < y.length; i++) y[i] = y[i]! - cosine * x[i]!;
    log2[short] = log2[short]! + rescale(y);
    return true;
  }
  const zeta = (ratio * ratio - 1) / (2 * cosine * ratio);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const c = 1 / Math.sqrt(1 + tangent * tangent);
  const s = c * tangent;
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i]!, ratio * y[i]!];
    x[i] = c * a - s * b;
    y[i] = s * a + c * b;
  }
  log2[long] = scale + rescale(x);
  log2[short] = scale + rescale(y);
  return true;
}

/** Brings a row to length 1 and gives log2 of the length that it had. */
function rescale(row: Float64Array): number {
  const length = norm(row);
  if (length === 0) return -Infinity;
  for (let i = 0; i < row.length; i++) row[i] = row[i]! / length;
  return Math.log2(length);
}
