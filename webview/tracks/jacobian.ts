// Tracks: singular values of each Jacobian, and of their product back from the last step.
import { t as say } from '../page/l10n.js';
import { logAxis, logLine, unseenBecause, unseenText } from './logLines.js';
import { exactLog10, formatLog10 } from '../page/format.js';
import { allStates, ofAllStates } from '../page/formulas.js';
import { jacobianFormula } from '../page/laterFormulas.js';
import { Latest } from '../page/model.js';
import { olderWord } from '../widgets/staleMark.js';
import { placesIn, plotNote } from '../chart/scene.js';
import { printNear } from '../page/nearest.js';
import { borders } from '../chart/trackView.js';
import { isReverse, positionOf, stepName } from '../page/stepLabels.js';
import type { Help } from '../widgets/popover.js';
import type { Page, View } from '../chart/trackView.js';
import type { CellFacts, Jacobians, TimeWindow } from '../page/model.js';
import type { Line } from '../chart/scene.js';
import type { Theme } from '../page/theme.js';
import { nearest } from '../page/nearest.js';
import { named, sequenceNote } from '../page/tablePlan.js';

type Curve = {
  readonly id: string;
  readonly legend: string;
  readonly csv: string;
  readonly colour: 'red' | 'blue' | 'purple';
  readonly dash: readonly number[];
  readonly log10: (values: Jacobians) => Float64Array;
};
type Kind = {
  readonly id: string;
  readonly title: string;
  readonly formula: string;
  readonly help: Help;
  readonly curves: readonly Curve[];
};

const logs = (values: Float64Array): Float64Array => values.map(Math.log10);

const each = (): Kind => ({
  id: 'jacobian',
  title: say('Jacobian of each step'),
  formula: say('σ(∂h_t/∂h_{t−1}), log axis'),
  help: {
    text: [
      say(
        'What one step does to a small change of the state, and so to the gradient on its way back: no ' +
          'direction is multiplied by more than the largest singular value, none by less than the smallest.',
      ),
      say(
        'Above 1 a step can enlarge the gradient; a gap between the two lines means that some directions are ' +
          'lost while others pass. The largest value alone proves no explosion: the direction it belongs to may ' +
          'be another one at every step, which is why the product is drawn below.',
      ),
    ],
    formula: jacobianFormula,
    source: 'Pascanu, Mikolov & Bengio 2013, “On the difficulty of training recurrent neural networks”',
  },
  curves: [
    {
      id: 'sigmaMax',
      legend: 'σ_{max}(J_t)',
      csv: 'sigma_max',
      colour: 'red',
      dash: [],
      log10: ({ sigmaMax }) => logs(sigmaMax),
    },
    {
      id: 'sigmaMin',
      legend: 'σ_{min}(J_t)',
      csv: 'sigma_min',
      colour: 'blue',
      dash: [7, 3],
      log10: ({ sigmaMin }) => logs(sigmaMin),
    },
  ],
});

const product = (): Kind => ({
  id: 'product',
  title: say('Product of Jacobians'),
  formula: say('σ(∂h_{last}/∂h_t) = σ(J_{last} ⋯ J_{t+1}), log axis'),
  help: {
    text: [
      say(
        'The whole way from the last step back to t. The largest singular value is the most that any gradient ' +
          'can keep on this way, the median what a typical direction keeps, the smallest the least. Lines that ' +
          'fall towards the left vanish; that spread apart leave few directions alive.',
      ),
      say(
        'Unlike the gradient flow this does not depend on the loss. Values carry their exponent and are ' +
          'computed by one-sided Jacobi rotations, so that the smallest keeps its digits hundreds of decades ' +
          'below the largest. A value that rounding has lost, as very saturated gates can make it, is left out.',
      ),
    ],
    formula: (cell) => ofAllStates(say('‖∂L/∂h_t‖ ≤ σ_{max}(J_{last} ⋯ J_{t+1})·‖∂L/∂h_{last}‖'), cell),
    source: 'Pennington, Schoenholz & Ganguli 2017, “Resurrecting the sigmoid”; Demmel & Veselić 1992',
  },
  curves: [
    {
      id: 'largest',
      legend: say('largest'),
      csv: 'sigma_largest',
      colour: 'red',
      dash: [],
      log10: ({ log10Largest }) => log10Largest,
    },
    {
      id: 'median',
      legend: say('median'),
      csv: 'sigma_median',
      colour: 'purple',
      dash: [2, 2],
      log10: ({ log10Median }) => log10Median,
    },
    {
      id: 'smallest',
      legend: say('smallest'),
      csv: 'sigma_smallest',
      colour: 'blue',
      dash: [7, 3],
      log10: ({ log10Smallest }) => log10Smallest,
    },
  ],
});

const none = new Float64Array(0);
const emptyJacobians: Jacobians = {
  sequence: 0,
  fraction: 0,
  t: none,
  sigmaMax: none,
  sigmaMin: none,
  log10Largest: none,
  log10Median: none,
  log10Smallest: none,
};

export function jacobianTracks({ model, timeline }: Page): View[] {
  let answer: Jacobians | null = null;
  /**
   * The run that the answer is of: the picture of the one before stays until there is another, its numbers are not told
   * as this one's.
   */
  let answered: number | undefined;
  /** Finer, in the window of time that is looked at; complete. */
  let finer: { readonly values: Jacobians; readonly window: TimeWindow; readonly run: number | undefined } | null =
    null;
  let asked = '';
  let askedFiner = '';
  const listeners = new Map<string, () => void>();
  const latest = new Latest(
    (params: { sequence: number }) => model.analysis('jacobians', params),
    (values, params) => {
      if (values === null) return;
      [answer, answered] = [values, model.run?.runId];
      for (const changed of listeners.values()) changed();
      if (values.fraction < 1) latest.again(params);
      else askFiner();
    },
    () => {
      for (const changed of listeners.values()) changed();
    },
  );
  const latestFiner = new Latest(
    (params: { sequence: number; window: TimeWindow }) => model.analysis('jacobians', params),
    (values, params) => {
      if (values === null) return;
      if (values.fraction < 1) {
        latestFiner.again(params);
        return;
      }
      finer = { values, window: params.window, run: model.run?.runId };
      for (const changed of listeners.values()) changed();
    },
    () => {
      for (const changed of listeners.values()) changed();
    },
  );
  const older = (): boolean => answer !== null && answered !== model.run?.runId;
  /** What is told of the steps in view: the finer answer when it is of them. */
  const told = (): Jacobians | null => {
    const { t0, t1 } = timeline.window;
    return finer !== null &&
      answer !== null &&
      finer.run === answered &&
      finer.values.sequence === answer.sequence &&
      finer.window.t0 <= t0 &&
      finer.window.t1 >= t1
      ? finer.values
      : answer;
  };
  /** How many of the steps in view have their singular values told, and how many there are. */
  const counted = (): readonly [number, number] => {
    const { t0, t1 } = timeline.window;
    const [from, to] = placesIn(told()?.t ?? new Float64Array(0), t0, t1);
    return [to - from, t1 - t0];
  };
  /** Asks for the steps in view that the samples of the whole run leave out. */
  function askFiner(): void {
    const [known, all] = counted();
    const { window, shownSequence: sequence } = timeline;
    const key = `${answered ?? ''} ${sequence} ${window.t0} ${window.t1}`;
    if (!timeline.zoomed || older() || answer?.fraction !== 1 || known === all || key === askedFiner) return;
    askedFiner = key;
    latestFiner.request({ sequence, window });
  }

  model.onChange((change) => {
    if (change !== 'run') return;
    asked = askedFiner = '';
    latestFiner.forget();
    latest.forget();
  });

  const cellShown = (): CellFacts | null => model.run?.cell ?? null;
  const view = (kind: Kind): View => {
    const lines = (theme: Theme): Line[] => {
      const drawn = told();
      if (drawn === null) return [];
      const { t } = drawn;
      return kind.curves.map(({ id, legend, colour, dash, log10 }) => {
        const values = log10(drawn);
        return logLine(
          {
            id,
            legend,
            colour: theme[colour],
            dash,
            at: (step) => nearest(t, values, step),
            print: printNear(t, formatLog10),
          },
          values,
          t,
        );
      });
    };
    const progress = (): string[] => {
      if (latest.failure !== null) return [];
      if (answer === null || older() || answer.sequence !== timeline.shownSequence) return [say('computing {0} %', 0)];
      if (answer.fraction < 1) return [say('computing {0} %', Math.floor(answer.fraction * 100))];
      if (latestFiner.busy) return [say('computing {0} %', 0)];
      const [known, all] = counted();
      return known < all ? [say('sampled at {0} of {1} steps', known, all)] : [];
    };
    return {
      id: kind.id,
      title: kind.title,
      formula: () =>
        [
          ofAllStates(kind.formula, cellShown()),
          ...[allStates(cellShown())].filter((states) => states !== null),
          say('sequence {0}', (answer?.sequence ?? timeline.shownSequence) + 1),
          ...progress(),
        ].join(' · '),
      height: 124,
      costly: true,
      pending: () => latest.busy || latestFiner.busy,
      failure: () => latest.failure ?? latestFiner.failure,
      older,
      help: kind.help,
      available: () => true,
      refresh(_window, _size, changed) {
        listeners.set(kind.id, changed);
        const sequence = timeline.shownSequence;
        const key = `${model.run?.runId ?? ''} ${sequence}`;
        if (key !== asked) {
          asked = key;
          latest.request({ sequence });
        }
        askFiner();
      },
      scene(run, window, theme, hidden) {
        const all = lines(theme);
        return {
          axis: logAxis(all, window, 'σ', hidden),
          lines: all,
          under: (painter) => {
            const { context, left, right } = painter;
            const height = Math.round(painter.y(0)) + 0.5;
            // A singular value of 1 neither shrinks nor grows.
            context.strokeStyle = theme.muted;
            context.setLineDash([1, 3]);
            context.beginPath();
            context.moveTo(left, height);
            context.lineTo(right, height);
            context.stroke();
          },
          over: (painter) => {
            if (answer?.fraction !== 1) return;
            // NaN also stands where the sequence is not there.
            const note =
              unseenBecause(all, window) === 'notFinite'
                ? say('nothing in view is finite, or the sequence is not there')
                : unseenText(all, window, say('every singular value is exactly 0'));
            plotNote(painter, theme, note);
          },
          ...borders(run, window),
          theme,
        };
      },
      colourBar: () => null,
      readout: (run, t) => {
        const values = told();
        return [
          stepName(run, t),
          ...(older() ? [olderWord()] : []),
          ...(values === null
            ? []
            : kind.curves.map(
                ({ legend, log10 }) =>
                  `${legend.replace(/[_{}]/g, '')} = ` +
                  printNear(values.t, formatLog10)(nearest(values.t, log10(values), t), t),
              )),
        ];
      },
      summary: (run) => {
        if (answer === null) return say('{0} of {1} timesteps, being computed.', kind.title, run.shapes.T);
        const values = answer;
        const ends = (legend: string, first: string, last: string): string =>
          isReverse(run)
            ? say(
                '{0}: {1} at t = {2}, {3} at t = {4}.',
                legend,
                last,
                positionOf(run, run.shapes.T - 1),
                first,
                positionOf(run, 0),
              )
            : say('{0}: {1} at t = 0, {2} at the last step.', legend, first, last);
        return [
          say('{0}, sequence {1}.', kind.title, values.sequence + 1),
          ...kind.curves.map(({ legend, log10 }) =>
            ends(legend, formatLog10(log10(values)[0] ?? NaN), formatLog10(log10(values)[values.t.length - 1] ?? NaN)),
          ),
        ].join(' ');
      },
      table: (run, columnsWanted) => {
        const known = columnsWanted === 'all' ? answer : told();
        const values = answered === run.runId && known !== null ? known : emptyJacobians;
        const columns = kind.curves.map(({ log10 }) => log10(values));
        return {
          rowHeading: named('t'),
          columns: kind.curves.map(({ legend, csv }) => ({ title: legend, csv })),
          csvNotes: [sequenceNote(values.sequence)],
          rowCount: values.t.length,
          steps: values.t,
          rowLabel: (row) => String(values.t[row] ?? row),
          rowOf: (t) => {
            const at = values.t.findIndex((step) => step >= t);
            return at < 0 ? values.t.length - 1 : at;
          },
          rows: (from, to) =>
            Promise.resolve(
              Array.from({ length: to - from }, (_, i) =>
                columns.map((log10) => {
                  const value = log10[from + i] ?? NaN;
                  return { text: formatLog10(value), exact: exactLog10(value) };
                }),
              ),
            ),
        };
      },
      click: () => undefined,
    };
  };
  return [view(each()), view(product())];
}
