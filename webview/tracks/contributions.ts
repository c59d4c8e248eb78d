// Track: what each timestep adds to the gradients of the shared weights.
import { t as say } from '../page/l10n.js';
import { endsInWords, logAxis, logLine, logTable, normColumn, unseenText } from './logLines.js';
import { contributionFormula } from '../page/laterFormulas.js';
import { gradientNames, log10Of, reading } from '../page/series.js';
import { formatLog10 } from '../page/format.js';
import { borders, limits } from '../chart/trackView.js';
import { stepName } from '../page/stepLabels.js';
import { plotNote } from '../chart/scene.js';
import { csvName } from '../page/tablePlan.js';
import type { Line } from '../chart/scene.js';
import type { Page, View } from '../chart/trackView.js';
import type { Theme } from '../page/theme.js';

const normName = (name: string): string => `‖${name}_t‖`;

/** Colours and dashes of the lines, in their order, and then again with other dashes. */
function looks(theme: Theme, i: number): Pick<Line, 'colour' | 'dash'> {
  const colours = [theme.blue, theme.green, theme.purple, theme.orange];
  const dashes = [[], [7, 3], [2, 2], [7, 3, 2, 3]];
  return {
    colour: colours[i % colours.length] ?? theme.foreground,
    dash: dashes[(i + Math.floor(i / colours.length)) % dashes.length] ?? [],
  };
}

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
    formula: contributionFormula,
    source: 'Werbos 1990, “Backpropagation through time: what it does and how to do it”',
  },
  available: () => true,
  refresh: () => undefined,
  scene(run, window, theme, hidden) {
    const lines = gradientNames(run).map((name, i) =>
      logLine({ id: name, legend: normName(name), ...looks(theme, i) }, log10Of(run, name), run.steps),
    );
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
    stepName(run, t),
    ...gradientNames(run).map((name) => `‖${name}‖ = ${reading(run.steps, log10Of(run, name), t, formatLog10)}`),
  ],
  summary: (run) => say('Contribution of each step to dWh: {0}.', endsInWords(run, 'dWh')),
  table: (run) =>
    logTable(
      model,
      run,
      gradientNames(run).map((name) => normColumn({ title: normName(name), csv: `${csvName(name)}_norm` }, name)),
    ),
  facts: limits,
  click: () => undefined,
});
