// What is printed of where the gradient comes from: how much of each loss arrives at each layer.
import { t as say } from '@vscode/l10n';
import type { AnyNetworkRun, Attribution } from '../../engine/index.js';
import { fromLog10, isChosen, layerName, someOf } from './runTable.js';
import type { LayerChoice } from './runTable.js';

/** What --attribution prints: a row for each loss, or for some of many, with a column for each layer that is shown. */
export function attributionTable(
  run: AnyNetworkRun,
  { sources, layers: arrivals = [], leftOut }: Attribution,
  shown: LayerChoice | null,
): string {
  if (leftOut !== null) return `${whyLeftOut(leftOut)}\n`;
  if (sources.length === 0) return `${say('no gradient enters anywhere')}\n`;
  const columns = [
    {
      title: 's',
      at: (s: number): string => {
        const { from = NaN, to = NaN } = sources[s] ?? {};
        return from === to ? String(from) : `${from}–${to}`;
      },
    },
    ...arrivals.flatMap(({ log10 }, i) => {
      const own = run.layers[i];
      if (own === undefined || !isChosen(shown, own.experiment.layers[0])) return [];
      return [{ title: layerName(run, own), at: (s: number): string => fromLog10(log10[s] ?? NaN) }];
    }),
  ];
  const row = (cells: readonly string[]): string =>
    cells.map((cell, i) => cell.padStart(Math.max(12, (columns[i]?.title.length ?? 0) + 2))).join('');
  return `${[
    say('How much of the loss at s arrives at each layer, over all of its steps:'),
    row(columns.map(({ title }) => title)),
    ...someOf(sources.length).map((s) => row(columns.map(({ at }) => at(s)))),
  ].join('\n')}\n`;
}

/** @param reason what stands in an attribution that has nothing */
export const whyLeftOut = (reason: NonNullable<Attribution['leftOut']>): string =>
  reason === 'work'
    ? say('--attribution: not computed, because for a run of this size it would take minutes')
    : say('--attribution: not computed, because there is not enough memory');
