// Track: how much of the hidden state sits where the activation is nearly flat.
import { ticksBetween } from './axis.js';
import { t as say } from './l10n.js';
import { extent } from './scene.js';
import { everyStep, stepValue } from './series.js';
import { formatPercent } from './format.js';
import { borders } from './view.js';
import type { Page, View } from './view.js';
import type { RunSeries } from './model.js';

const share = ({ steps, saturation: shares }: RunSeries, t: number): number => (shares === null ? NaN : stepValue(steps, shares, t));

export const saturation = ({ model }: Page): View => ({
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
    const series = { values, t: run.steps };
    const top = extent(series, window.t0, window.t1)?.[1] ?? 0;
    const max = [0.05, 0.1, 0.25, 0.5, 1].find((bound) => bound >= top) ?? 1;
    return {
      axis: { min: 0, max, reverse: false, title: say('share'), ticks: (height) => ticksBetween(0, max, Math.max(1, height / 30)), label: formatPercent },
      lines: [{ id: 'saturation', legend: say('saturated units'), colour: theme.orange, width: 1.5, dash: [], series, at: (t) => share(run, t), print: formatPercent, inRange: true }],
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
    rowsAtOnce: 4096,
    async rows(from, to) {
      const series = await everyStep(model, run, from, to);
      return Array.from({ length: to - from }, (_, i) => [{ text: formatPercent(share(series, from + i)), exact: String(share(series, from + i)) }]);
    },
  }),
  click: () => undefined,
});
