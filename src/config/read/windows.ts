// Sequences cut out of one long one: windows that begin a stride apart, their columns shifted and scaled.
import { t } from '@vscode/l10n';
import type { Value } from '../json/jsonValue.js';
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

/** [count,size,columns] of [rows,columns]. */
export function cutWindows(data: Float64Array, columns: number, { size, stride, count }: Windows): Float64Array {
  if (count === 1) return data.slice(0, size * columns);
  const cut = new Float64Array(count * size * columns);
  for (let b = 0; b < count; b++)
    cut.set(data.subarray(b * stride * columns, (b * stride + size) * columns), b * size * columns);
  return cut;
}

/** Of a column: what is taken away, and by what the rest is divided. */
export type Scale = { readonly shift: number; readonly by: number };
export type Normalisation = 'none' | 'zScore' | 'minMax';

/** By the first part of the rows alone: what comes behind is not known yet when a network is trained. */
export function normalise(
  { rows, columns, data }: Pick<Table, 'rows' | 'columns' | 'data'>,
  kind: Exclude<Normalisation, 'none'>,
  share: number,
): { readonly data: Float64Array; readonly scales: readonly Scale[]; readonly first: number } {
  const width = columns.length;
  const first = Math.max(1, Math.floor(rows * share));
  const scales = columns.map((_, column): Scale => {
    const own = Array.from({ length: first }, (_, row) => data[row * width + column] ?? 0);
    const { shift, by } = kind === 'zScore' ? meanAndDeviation(own) : leastAndRange(own);
    // A column that never changes has nothing to be divided by.
    return { shift, by: by === 0 ? 1 : by };
  });
  return {
    data: data.map((x, i) => {
      const { shift = 0, by = 1 } = scales[i % width] ?? {};
      return (x - shift) / by;
    }),
    scales,
    first,
  };
}

function meanAndDeviation(numbers: readonly number[]): Scale {
  const shift = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  return { shift, by: Math.sqrt(numbers.reduce((sum, x) => sum + (x - shift) ** 2, 0) / numbers.length) };
}

function leastAndRange(numbers: readonly number[]): Scale {
  const [least, most] = numbers.reduce(
    ([low, high], x) => [Math.min(low, x), Math.max(high, x)],
    [Infinity, -Infinity],
  );
  return { shift: least, by: most - least };
}
