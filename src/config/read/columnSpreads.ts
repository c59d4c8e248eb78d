// Means and deviations of a table's columns: whether they look like the inputs that networks are trained on.
import type { Tick } from '../json/scanner.js';
import type { Table } from './tables.js';

/** `isRaw`: far from mean 0 and deviation 1. */
export type ColumnSpread = {
  readonly name: string;
  readonly mean: number;
  readonly deviation: number;
  readonly isRaw: boolean;
};

/** Beyond these a column counts as one that nobody has normalised. README and the schema say them too. */
const rawBounds = { mean: 3, leastDeviation: 0.1, mostDeviation: 10 } as const;

const numbersPerTick = 65_536;

/** The numbers of a table never change, and an editor asks at every key. */
const known = new WeakMap<Float64Array, readonly ColumnSpread[]>();

export function spreadsOf(
  { rows, columns, data }: Pick<Table, 'rows' | 'columns' | 'data'>,
  tick: Tick,
): readonly ColumnSpread[] {
  const before = known.get(data);
  if (before !== undefined) return before;
  const width = columns.length;
  const sums = new Float64Array(width);
  const squares = new Float64Array(width);
  const others = new Uint8Array(width);
  const each = (visit: (x: number, column: number) => void): void => {
    for (let i = 0; i < rows * width; i++) {
      if (i % numbersPerTick === 0) tick();
      visit(data[i]!, i % width);
    }
  };
  each((x, column) => {
    sums[column] = sums[column]! + x;
    if (x !== 0 && x !== 1) others[column] = 1;
  });
  const means = sums.map((sum) => sum / rows);
  each((x, column) => {
    squares[column] = squares[column]! + (x - means[column]!) ** 2;
  });
  const spreads = columns.map((name, column): ColumnSpread => {
    const [mean, deviation] = [means[column]!, Math.sqrt(squares[column]! / rows)];
    // A column of zeros and ones is a class or a flag, which nobody shifts; one that never changes has no deviation.
    const isRaw =
      others[column] === 1 &&
      (Math.abs(mean) > rawBounds.mean ||
        deviation > rawBounds.mostDeviation ||
        (deviation < rawBounds.leastDeviation && deviation > 0));
    return { name, mean, deviation, isRaw };
  });
  known.set(data, spreads);
  return spreads;
}
