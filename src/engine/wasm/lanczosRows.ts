// Lanczos iterations for the largest eigenvalues of many operators side by side: each has a row of vectors and a
// tridiagonal matrix of its own, and one call takes all rows a step further.
import { topOfTridiagonal } from '../linalg/lanczos.js';
import type { Resumable } from '../core/resumable.js';

const tolerance = 1e-12;
/** Iterations to the next look at a tridiagonal matrix: at least so many, later this share of those that have been. */
const [between, share] = [4, 1 / 8];

/** One iteration under way: of which operator, its tridiagonal matrix so far, and what the last look found. */
type Slot = { index: number; a: number[]; b: number[]; guess: number; near: number; nextLook: number };

export type LanczosRows = {
  /** α and β of each row's last step. */
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** Row ← the start of operator i; false where it needs none. */
  begin(row: number, i: number): boolean;
  /** Nothing is left for a row, which has to stay zero. */
  idle(row: number): void;
  step(): void;
};

/**
 * Calls `found(i, λ, row)` for the operators 0 … count − 1 of order n that do begin, in no particular order; NaN for
 * what has not converged. `pause`: steps of all rows between two pauses.
 */
export function* lanczosRows(
  { count, slots, n, pause }: Readonly<Record<'count' | 'slots' | 'n' | 'pause', number>>,
  rows: LanczosRows,
  found: (i: number, value: number, row: number) => void,
): Resumable<void> {
  let next = 0;
  let done = 0;
  const takeNext = (row: number): Slot | null => {
    for (; next < count; next++) {
      if (!rows.begin(row, next)) {
        done++;
        continue;
      }
      // With β = 0 the vector before does not count.
      rows.b[row] = 0;
      return { index: next++, a: [], b: [], guess: 0, near: 0, nextLook: between };
    }
    rows.idle(row);
    return null;
  };
  const under = Array.from({ length: slots }, (_, row) => takeNext(row));
  for (let round = 1; done < count; round++) {
    rows.step();
    for (let row = 0; row < slots; row++) {
      const slot = under[row];
      if (slot === null || slot === undefined) continue;
      slot.a.push(rows.a[row]!);
      const beta = rows.b[row]!;
      const steps = slot.a.length;
      if (steps < slot.nextLook && steps !== n && beta > tolerance * slot.guess) {
        slot.b.push(beta);
        continue;
      }
      const { value, lastComponent } = topOfTridiagonal(slot.a, slot.b, slot.guess, slot.near);
      slot.guess = value;
      slot.near = beta * lastComponent;
      slot.nextLook = steps + Math.max(between, Math.floor(steps * share));
      const converged = slot.near <= tolerance * value || beta === 0;
      if (!converged && steps < 4 * n + 40) {
        slot.b.push(beta);
        continue;
      }
      found(slot.index, converged ? value : NaN, row);
      done++;
      under[row] = takeNext(row);
    }
    if (round % pause === 0) yield done / count;
  }
}
