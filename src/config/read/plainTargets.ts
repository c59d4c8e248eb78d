// Targets out of a table or a text: rows or tokens some steps ahead of those of the sequences.
import { t } from '@vscode/l10n';
import type { Loss } from '../../engine/index.js';
import type { Value } from '../json/jsonValue.js';
import { counted } from '../json/node.js';
import { maxRepeats } from '../problems/problemReport.js';
import type { Report } from '../problems/problemReport.js';
import type { KnownSizes } from './knownSizes.js';
import { targetPartKeys } from './partKeys.js';
import { numbersOf, Options, textTokens } from './plainFiles.js';
import { isIgnored, noTargets, valueChecks } from './readTargets.js';
import type { Targets } from './readTargets.js';
import type { Sources } from './sourceFiles.js';
import { cellPath, placedCells } from './tables.js';
import type { Table, TableCell } from './tables.js';
import type { TokenKind } from './tokens.js';

type Wanted = Pick<Loss, 'kind' | 'at'> & { readonly O: number | null };

/** Targets of each window, some steps ahead; behind the last row there are none. Null after a report. */
export async function plainTargets(
  part: Value,
  root: Value,
  { kind, at, O }: Wanted,
  { B, T, windows: known }: KnownSizes,
  sources: Sources,
  report: Report,
): Promise<Targets | null> {
  const options = new Options(part, root, targetPartKeys());
  const tokens = options.text('tokens') as TokenKind | null;
  const table =
    tokens === null ? numbersOf(root, options, report) : await tokenColumn(root, tokens, options, sources, report);
  if (table === null || B === null || T === null) return null;
  const windows = known ?? (B === 1 ? { rows: T, size: T, stride: T, count: 1 } : null);
  if (windows?.count !== B) {
    report.error(options.where, {
      code: 'wrong-dimension',
      message: t('The rows of a table belong to windows, and the sequences have none.'),
      expected: t('sequences of a table or a text, or one sequence'),
      found: counted(B, 'sequences'),
      advice: t('Name a table for the sequences too, or write the targets as a list.'),
    });
    return null;
  }
  const width = kind === 'crossEntropy' ? 1 : O;
  if (width === null) return null;
  if (table.columns.length !== width) {
    report.error(options.at('columns'), {
      code: 'wrong-dimension',
      message:
        kind === 'crossEntropy'
          ? t('Classes stand in one column.')
          : t('The readout has {0}.', counted(width, 'outputs')),
      expected: counted(width, 'columns'),
      found: counted(table.columns.length, 'columns'),
      advice: t('Choose them by "columns".'),
    });
    return null;
  }
  const ahead = options.number('ahead') ?? usualAhead;
  const steps =
    at === 'every'
      ? Array.from({ length: windows.size }, (_, i) => i)
      : typeof at === 'object'
        ? at
        : [windows.size - 1];
  const targets = new Float64Array(B * steps.length * width);
  const present = new Uint8Array(B * steps.length);
  const { passes, tell } = valueChecks(kind, O);
  let isReached = false;
  const wrong = new Map<number, TableCell & { readonly x: number }>();
  for (let b = 0; b < B; b++) {
    root.document.tick();
    for (const [s, step] of steps.entries()) {
      const row = b * windows.stride + step + ahead;
      if (row >= table.rows) continue;
      isReached = true;
      const place = b * steps.length + s;
      if (isIgnored(kind, table.data[row * width]!)) continue;
      present[place] = 1;
      for (let column = 0; column < width; column++) {
        const x = table.data[row * width + column]!;
        targets[place * width + column] = x;
        // Windows lie over each other: one number may be the target of several.
        if (!passes(x) && wrong.size < maxRepeats)
          wrong.set(row * width + column, { row, column: table.columns[column]!, x });
      }
    }
  }
  if (wrong.size > 0) {
    const cells = [...wrong.values()];
    const places =
      tokens === null ? placedCells(root, cells) : cells.map((cell) => root.at(root.place, cellPath(cell)));
    for (const [i, { x }] of cells.entries()) report.error(places[i]!, tell(String(x)));
    return null;
  }
  if (present.every((one) => one === 1)) return { targets };
  if (present.some((one) => one === 1)) return { targets, present };
  if (isReached) {
    report.error(options.at('columns'), noTargets(t('classes of -100 alone')));
    return null;
  }
  report.error(options.at('ahead'), {
    code: 'wrong-value',
    message: t('No row lies far enough ahead of a step of the loss.'),
    expected: t('at least {0}', counted(windows.size + ahead, 'rows')),
    found: counted(table.rows, 'rows'),
    advice: t('Write a smaller "ahead" or smaller windows.'),
  });
  return null;
}

/** Targets are of the next step. */
const usualAhead = 1;

/** Numbers of tokens, as classes. */
async function tokenColumn(
  root: Value,
  kind: TokenKind,
  options: Options,
  sources: Sources,
  report: Report,
): Promise<Table | null> {
  const read = await textTokens(root, kind, options, sources, report);
  return read === null
    ? null
    : { rows: read.ids.length, columns: ['token'], data: Float64Array.from(read.ids), leftOut: [], labels: null };
}
