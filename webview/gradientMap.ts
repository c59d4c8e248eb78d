// Track: the gradient of every unit at every step.
import { formatLog10, powerOfTen } from './format.js';
import { t } from './l10n.js';
import { gradientCell } from './steps.js';
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
      t('One row per hidden unit, one column per step. Blue pulls a unit down, orange pushes it up when the weights follow the negative gradient; the stronger the colour, the larger the gradient, each equal change of colour the same factor.'),
      t('The scale ends at the largest gradient of the run; what lies more decades below it than the colour bar shows has the colour of the background.'),
    ],
    formula: t('colour = sign(g)·(1 + (log_10|g| − log_10 max|g|) / decades)'),
    source: 'Karpathy, Johnson & Fei-Fei 2015, “Visualizing and understanding recurrent networks”',
  },
  scale: () => 1,
  bar: (map) => ({ low: `−${formatLog10(map.log10Max, 3)}`, middle: `|g| ≤ ${powerOfTen(Math.round(map.log10Max - map.decades))}`, high: formatLog10(map.log10Max, 3) }),
  print(map, value) {
    if (value === 0) return t('|g| below {0}', powerOfTen(Math.round(map.log10Max - map.decades)));
    return `g ≈ ${value < 0 ? '−' : ''}${formatLog10(map.log10Max + (Math.abs(value) - 1) * map.decades)}`;
  },
  faint: () => t('every gradient is exactly 0'),
  cell: gradientCell,
});
