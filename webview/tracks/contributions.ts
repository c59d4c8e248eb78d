// Track: what each timestep adds to the gradients of the shared weights.
import { t as say } from '../page/l10n.js';
import { endsInWords, logAxis, logLine, logTable, normColumn, unseenText } from './logLines.js';
import { log10Of, reading } from '../page/series.js';
import { formatLog10 } from '../page/format.js';
import { borders, limits } from '../chart/trackView.js';
import { plotNote } from '../chart/scene.js';
import type { Page, View } from '../chart/trackView.js';

export const contributions = ({ model }: Page): View => ({
  id: 'contributions',
  title: say('Contribution of each step'),
  formula: () => say('‖x_t^{T}·dz_t‖, ‖h_{t−1}^{T}·dz_t‖, ‖dz_t‖: what the shared weights learn from step t'),
  height: 124,
  help: {
    text: [
      say(
        'Every timestep uses the same weights, so their gradient is a sum over all steps. Each line is the ' +
          'size of one step’s term in that sum, before it is added to the others.',
      ),
      say(
        'Steps whose terms lie many decades below the largest leave no trace in the sum: the network does not ' +
          'learn from what happened there.',
      ),
    ],
    formula: 'dWx = Σ_t x_t^{T}·dz_t   dWh = Σ_t h_{t−1}^{T}·dz_t   db = Σ_t dz_t',
    source: 'Werbos 1990, “Backpropagation through time: what it does and how to do it”',
  },
  available: () => true,
  refresh: () => undefined,
  scene(run, window, theme, hidden) {
    const lines = [
      logLine({ id: 'dWh', legend: '‖dWh_t‖', colour: theme.blue }, log10Of(run, 'dWh'), run.steps),
      logLine({ id: 'dWx', legend: '‖dWx_t‖', colour: theme.green, dash: [7, 3] }, log10Of(run, 'dWx'), run.steps),
      logLine({ id: 'db', legend: '‖db_t‖', colour: theme.purple, dash: [2, 2] }, log10Of(run, 'db'), run.steps),
    ];
    return {
      axis: logAxis(lines, window, say('norm'), hidden),
      lines,
      under: () => undefined,
      over: (painter) => plotNote(painter, theme, unseenText(lines, window, say('every contribution is exactly 0'))),
      ...borders(run, window),
      theme,
    };
  },
  colourBar: () => null,
  readout: (run, t) => [
    `t = ${t}`,
    ...(['dWh', 'dWx', 'db'] as const).map(
      (name) => `‖${name}‖ = ${reading(run.steps, log10Of(run, name), t, formatLog10)}`,
    ),
  ],
  summary: (run) => say('Contribution of each step to dWh: {0}.', endsInWords(run, 'dWh')),
  table: (run) =>
    logTable(model, run, [normColumn('‖dWh_t‖', 'dWh'), normColumn('‖dWx_t‖', 'dWx'), normColumn('‖db_t‖', 'db')]),
  facts: limits,
  click: () => undefined,
});
