// Track: how much of the hidden state sits where the activation is nearly flat.
import { ticksBetween } from '../chart/axis.js';
import { t as say } from '../page/l10n.js';
import { extent } from '../chart/scene.js';
import { printRead, readAt, reading, seriesRows, stepValue } from '../page/series.js';
import { formatPercent } from '../page/format.js';
import { borders } from '../chart/trackView.js';
import { stepName } from '../page/stepLabels.js';
import type { Page, View } from '../chart/trackView.js';
import type { RunSeries } from '../page/model.js';

const share = ({ steps, layers: [{ saturation: shares }] }: RunSeries, t: number): number =>
  shares === null ? NaN : stepValue(steps, shares, t);

export const saturation = ({ model }: Page): View => ({
  id: 'saturation',
  title: say('Saturation'),
  formula: () => say('share of units with |h_t| > 0.97, where tanh′ = 1 − h² is below 0.06'),
  height: 78,
  help: {
    text: [
      say(
        'A saturated unit answers the same whatever comes in, so almost no gradient passes it. Where this ' +
          'share jumps up, look for a drop in the gradient flow right above.',
      ),
      say('Counted over all sequences and units. 0.97 means |z| > 2.09.'),
    ],
    formula: '∂h_t/∂z_t = 1 − h_t^2',
    source: 'Glorot & Bengio 2010, “Understanding the difficulty of training deep feedforward neural networks”',
  },
  available: (run) => run.layers[0].saturation !== null,
  refresh: () => undefined,
  scene(run, window, theme) {
    const values = run.layers[0].saturation ?? new Float64Array(0);
    const series = { values, t: run.steps };
    const top = extent(series, window.t0, window.t1)?.[1] ?? 0;
    const max = [0.05, 0.1, 0.25, 0.5, 1].find((bound) => bound >= top) ?? 1;
    return {
      axis: {
        min: 0,
        max,
        reverse: false,
        title: say('share'),
        ticks: (height) => ticksBetween(0, max, Math.max(1, height / 30)),
        label: formatPercent,
      },
      lines: [
        {
          id: 'saturation',
          legend: say('saturated units'),
          colour: theme.orange,
          width: 1.5,
          dash: [],
          series,
          at: (t) => readAt(run.steps, values, t),
          print: printRead(run.steps, formatPercent),
          inRange: true,
        },
      ],
      under: () => undefined,
      over: () => undefined,
      ...borders(run, window),
      theme,
    };
  },
  colourBar: () => null,
  readout: (run, t) => [
    stepName(run, t),
    say('{0} saturated', reading(run.steps, run.layers[0].saturation ?? [], t, formatPercent)),
  ],
  summary: (run) => {
    const values = run.layers[0].saturation ?? new Float64Array(0);
    const largest = values.reduce((most, value) => Math.max(most, value), 0);
    return say('Share of saturated units per timestep: at most {0}.', formatPercent(largest));
  },
  table: (run) => ({
    columns: [{ title: say('saturated share'), csv: 'saturated_share' }],
    ...seriesRows(model, run, 4096, (series, steps) =>
      steps.map((t) => [{ text: formatPercent(share(series, t)), exact: String(share(series, t)) }]),
    ),
  }),
  click: () => undefined,
});
