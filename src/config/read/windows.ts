// Sequences cut out of one long one: windows that begin a stride apart, their columns shifted and scaled.
import { t } from '@vscode/l10n';
import type { Value } from '../json/jsonValue.js';
import type { Tick } from '../json/scanner.js';
import { counted } from '../json/node.js';
import type { Report } from '../problems/problemReport.js';
import type { Table } from './tables.js';

/** Windows of `size` steps, each `stride` behind the one before. */
export type Windows = { readonly rows: number; readonly size: number; readonly stride: number; readonly count: number };

/** A window that overlaps others is made of numbers of its own: this many, or four times what stands in the file. */
const mostNumbers = 2 ** 25;

/** Without a size there is one window, of everything. Null after a report at `where`. */
export function windowsOf(
  rows: number,
  columns: number,
  { window, stride }: { readonly window: number | null; readonly stride: number | null },
  where: Value,
  report: Report,
): Windows | null {
  const size = window ?? rows;
  const step = stride ?? size;
  if (size > rows) {
    report.error(where, {
      code: 'wrong-dimension',
      message: t('A window of {0} does not fit into {1}.', counted(size, 'timesteps'), counted(rows, 'rows')),
      expected: t('at most {0}', rows),
      found: String(size),
      advice: t('Write a smaller "window", or leave it out: then all rows are one sequence.'),
    });
    return null;
  }
  const count = Math.floor((rows - size) / step) + 1;
  const most = Math.max(mostNumbers, 4 * rows * columns);
  if (count * size * columns > most) {
    report.error(where, {
      code: 'not-enough-memory',
      message: t('{0} windows hold {1} numbers.', count, count * size * columns),
      expected: t('at most {0}', most),
      found: String(count * size * columns),
      advice: t('Write a larger "stride", a smaller "window" or fewer columns.'),
    });
    return null;
  }
  return { rows, size, stride: step, count };
}

const windowsPerTick = 256;

/** [count,size,columns] of [rows,columns]. */
export function cutWindows(
  data: Float64Array,
  columns: number,
  { size, stride, count }: Windows,
  tick: Tick,
): Float64Array {
  if (count === 1) return data.slice(0, size * columns);
  const cut = new Float64Array(count * size * columns);
  for (let b = 0; b < count; b++) {
    if (b % windowsPerTick === 0) tick();
    cut.set(data.subarray(b * stride * columns, (b * stride + size) * columns), b * size * columns);
  }
  return cut;
}

/** Of a column: what is taken away, and by what the rest is divided. */
export type Scale = { readonly shift: number; readonly by: number };
export type Normalisation = 'none' | 'zScore' | 'minMax';

const numbersPerTick = 65_536;

/** By the first part of the rows alone: what comes behind is not known yet when a network is trained. */
export function normalise(
  { rows, columns, data }: Pick<Table, 'rows' | 'columns' | 'data'>,
  kind: Exclude<Normalisation, 'none'>,
  share: number,
  tick: Tick,
): { readonly data: Float64Array; readonly scales: readonly Scale[]; readonly first: number } {
  const width = columns.length;
  const first = Math.max(1, Math.floor(rows * share));
  const eachOf = (column: number, visit: (x: number) => void): void => {
    for (let row = 0; row < first; row++) {
      if (row % numbersPerTick === 0) tick();
      visit(data[row * width + column]!);
    }
  };
  const scales = columns.map((_, column): Scale => {
    const { shift, by } = (kind === 'zScore' ? meanAndDeviation : leastAndRange)((visit) => {
      eachOf(column, visit);
    }, first);
    // A column that never changes has nothing to be divided by.
    return { shift, by: by === 0 ? 1 : by };
  });
  const scaled = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    if (i % numbersPerTick === 0) tick();
    const { shift, by } = scales[i % width]!;
    scaled[i] = (data[i]! - shift) / by;
  }
  return { data: scaled, scales, first };
}

type Each = (visit: (x: number) => void) => void;

function meanAndDeviation(each: Each, count: number): Scale {
  let [sum, squares] = [0, 0];
  each((x) => (sum += x));
  const shift = sum / count;
  each((x) => (squares += (x - shift) ** 2));
  return { shift, by: Math.sqrt(squares / count) };
}

function leastAndRange(each: Each): Scale {
  let [least, most] = [Infinity, -Infinity];
  each((x) => {
    least = Math.min(least, x);
    most = Math.max(most, x);
  });
  return { shift: least, by: most - least };
}
