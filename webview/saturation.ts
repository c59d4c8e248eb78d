// Track: how much of the hidden state sits where the activation is nearly flat.
import { ticksBetween } from './axis.js';
import { t as say } from './l10n.js';
import { dense } from './lines.js';
import { formatPercent } from './format.js';
import { borders } from './view.js';
import type { View } from './view.js';
import type { RunSummary } from './model.js';

const share = (run: RunSummary, t: number): number => run.saturation?.[t] ?? NaN;

export const saturation = (): View => ({
  id: 'saturation',
  title: say('Saturation'),
  formula: () => say('share of units with |h_t| > 0.97, where tanh′ = 1 − h² is below 0.06'),
  height: 78,
  help: {
    text: [
      say('A saturated unit answers the same whatever comes in, so almost no gradient passes it. Where this share jumps up, look for a drop in the gradient flow right above.'),
      say('Counted over all sequences and units. 0.97 means |z| > 2.09.'),
    ],
    formula: '∂h_t/∂z_t = 1 − h_t^2',
    source: 'Glorot & Bengio 2010, “Understanding the difficulty of training deep feedforward neural networks”',
  },
  available: (run) => run.saturation !== null,
  refresh: () => undefined,
  scene(run, window, theme) {
    const values = run.saturation ?? new Float64Array(0);
    let top = 0;
    for (let t = window.t0; t < window.t1; t++) top = Math.max(top, values[t] ?? 0);
    const max = [0.05, 0.1, 0.25, 0.5, 1].find((bound) => bound >= top) ?? 1;
    return {
      axis: { min: 0, max, reverse: false, title: say('share'), ticks: (height) => ticksBetween(0, max, Math.max(1, height / 30)), label: formatPercent },
      lines: [{ id: 'saturation', legend: say('saturated units'), colour: theme.orange, width: 1.5, dash: [], series: dense(values), at: (t) => share(run, t), print: formatPercent, inRange: true }],
      under: () => undefined,
      over: () => undefined,
      ...borders(run, window),
      theme,
    };
  },
  colourBar: () => null,
  readout: (run, t) => [`t = ${t}`, say('{0} saturated', formatPercent(share(run, t)))],
  summary: (run) => {
    const values = run.saturation ?? new Float64Array(0);
    const largest = values.reduce((most, value) => Math.max(most, value), 0);
    return say('Share of saturated units per timestep: at most {0}.', formatPercent(largest));
  },
  table: (run) => ({
    rowName: 't',
    columns: [say('saturated share')],
    rowCount: run.shapes.T,
    rows: (from, to) => Promise.resolve(Array.from({ length: to - from }, (_, i) => [{ text: formatPercent(share(run, from + i)), exact: String(share(run, from + i)) }])),
  }),
  click: () => undefined,
});
