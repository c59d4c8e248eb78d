// Track: the gradient of every unit at every step.
import { formatLog10, powerOfTen } from '../page/format.js';
import { t } from '../page/l10n.js';
import { gradientField } from '../page/stepCache.js';
import type { HeatmapKind } from './heatmap.js';

export const gradientMap = (): HeatmapKind => ({
  id: 'gradientMap',
  tensor: 'dh',
  title: t('Gradient'),
  formula: t('∂L/∂h_t per unit, signed log scale'),
  column: 'g',
  height: 148,
  help: {
    text: [
      t(
        'One row per hidden unit, one column per step. Blue pulls a unit down, orange pushes it up when the ' +
          'weights follow the negative gradient; the stronger the colour, the larger the gradient, each equal ' +
          'change of colour the same factor.',
      ),
      t(
        'The scale ends at the largest gradient of the run; what lies more decades below it than the colour ' +
          'bar shows has the colour of the background.',
      ),
    ],
    formula: t('colour = sign(g)·(1 + (log_10|g| − log_10 max|g|) / decades)'),
    source: 'Karpathy, Johnson & Fei-Fei 2015, “Visualizing and understanding recurrent networks”',
  },
  bar: ({ log10Max, decades }) =>
    Number.isFinite(log10Max)
      ? {
          low: `−${formatLog10(log10Max, 3)}`,
          middle: `|g| ≤ ${powerOfTen(Math.round(log10Max - decades))}`,
          high: formatLog10(log10Max, 3),
        }
      : null,
  print(map, value) {
    if (value === 0)
      return Number.isFinite(map.log10Max)
        ? t('|g| below {0}', powerOfTen(Math.round(map.log10Max - map.decades)))
        : 'g = 0';
    return `g ≈ ${value < 0 ? '−' : ''}${formatLog10(map.log10Max + (Math.abs(value) - 1) * map.decades)}`;
  },
  faint: (peak) =>
    peak === -Infinity ? t('every gradient is exactly 0') : t('every |g| is at most {0}', formatLog10(peak, 2)),
  cell: gradientField,
});
