// Track: what enters the activation of every unit at every step; folded until somebody asks for it.
import { formatNumber } from '../page/format.js';
import { zFormula } from '../page/formulas.js';
import { t as say } from '../page/l10n.js';
import { stateField } from '../page/stepCache.js';
import type { HeatmapKind } from './heatmap.js';
import { isGated } from '../page/model.js';
import type { Heatmap } from '../page/model.js';

/** Where the colours end: beyond it lie two of a hundred numbers. */
const end = ({ usual, limit }: Heatmap): number => (usual > 0 && usual < limit ? usual : limit);

export const preActivation = (): HeatmapKind & { readonly folded: true } => ({
  id: 'preActivation',
  tensor: 'z',
  title: say('Pre-activation'),
  formula: say('z_t per unit, before the activation'),
  column: 'z',
  height: 148,
  folded: true,
  available: (run) => !isGated(run),
  help: {
    text: [
      say(
        'The number that each unit hands to its activation. Where |z| is above 2.09, tanh is saturated and its ' +
          'slope below 0.06; above 9.5 a float32 tanh is exactly ±1 and the unit is stuck.',
      ),
      say('The hidden state hides this: h = 0.999 and h = 0.9999999 look alike, but lie far apart here.'),
    ],
    formula: zFormula,
    source: 'Glorot & Bengio 2010, “Understanding the difficulty of training deep feedforward neural networks”',
  },
  stretch: (map) => map.limit / end(map),
  bar: (map) =>
    !(map.limit > 0)
      ? null
      : end(map) < map.limit
        ? { low: `≤ ${formatNumber(-end(map), 3)}`, middle: '0', high: `≥ ${formatNumber(end(map), 3)}` }
        : { low: formatNumber(-map.limit, 3), middle: '0', high: formatNumber(map.limit, 3) },
  print: ({ limit }, share) => `z = ${formatNumber(share * limit)}`,
  faint: (peak) => (peak === 0 ? say('every z is exactly 0') : say('every |z| is at most {0}', formatNumber(peak, 2))),
  // In the place of h stands z, so that the cells of the table read it.
  cell: stateField,
});
