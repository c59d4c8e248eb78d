// Track: the hidden state of every unit at every step.
import { formatNumber } from '../page/format.js';
import { stateFormula } from '../page/formulas.js';
import { t } from '../page/l10n.js';
import { stateField } from '../page/stepCache.js';
import type { HeatmapKind } from './heatmap.js';

export const hiddenMap = (): HeatmapKind => ({
  id: 'hiddenMap',
  tensor: 'hs',
  title: t('Hidden state'),
  formula: t('h_t per unit'),
  column: 'h',
  height: 148,
  help: {
    text: [
      t(
        'One row per hidden unit, one column per step. Rows of one steady colour are units that hold a value; ' +
          'rows that flicker follow the input; strong colours at ±1 are saturated tanh units, which block the ' +
          'gradient.',
      ),
      t('Click a row to draw it as a line below; click it again to take it away.'),
    ],
    formula: stateFormula,
    source: 'Karpathy, Johnson & Fei-Fei 2015, “Visualizing and understanding recurrent networks”',
  },
  bar: ({ limit }) => (limit > 0 ? { low: formatNumber(-limit, 3), middle: '0', high: formatNumber(limit, 3) } : null),
  print: ({ limit }, share) => `h = ${formatNumber(share * limit)}`,
  faint: (peak) => (peak === 0 ? t('every h is exactly 0') : t('every |h| is at most {0}', formatNumber(peak, 2))),
  cell: stateField,
});
