// Track: hidden states of the chosen units as lines.
import { ticksBetween } from '../chart/axis.js';
import { formatNumber, formatTick } from '../page/format.js';
import { stateFormula } from '../page/formulas.js';
import { t as say } from '../page/l10n.js';
import { Latest } from '../page/model.js';
import { extent, withNeighbours } from '../chart/scene.js';
import { printDecimated } from '../page/nearest.js';
import { emptyField, sequenceNote, unitHeading } from '../page/tablePlan.js';
import { stateField, stepRows } from '../page/stepCache.js';
import { borders } from '../chart/trackView.js';
import { stepName } from '../page/stepLabels.js';
import type { Line, Scene } from '../chart/scene.js';
import type { Page, View } from '../chart/trackView.js';
import type { RunSummary } from '../page/model.js';
import type { StepCache } from '../page/stepCache.js';
import type { Theme } from '../page/theme.js';
import { nearest } from '../page/nearest.js';

export const unitColours = (theme: Theme): readonly string[] => [
  theme.blue,
  theme.orange,
  theme.green,
  theme.purple,
  theme.red,
  theme.yellow,
  theme.foreground,
  theme.muted,
];
const dashes: readonly (readonly number[])[] = [
  [],
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
  [4, 2],
  [1, 3],
  [12, 4],
  [6, 2, 1, 2],
];

type Answer = {
  readonly t: Float64Array;
  readonly values: readonly Float64Array[];
  readonly units: readonly number[];
  readonly sequence: number;
};
type Ask = { sequence: number; units: readonly number[]; window: { t0: number; t1: number }; maxPoints: number };

export function unitLines({ model, timeline }: Page, steps: StepCache): View {
  let answer: Answer | null = null;
  let changed = (): void => undefined;
  const latest = new Latest(
    (params: Ask) => model.slice('unitLines', params),
    (lines, { units, sequence }) => {
      if (lines === null) return;
      answer = { ...lines, units, sequence };
      changed();
    },
  );

  function lines(theme: Theme): Line[] {
    const colours = unitColours(theme);
    const drawn = answer;
    if (drawn === null) return [];
    return drawn.units.map((unit, i): Line => {
      const values = drawn.values[i] ?? new Float64Array(0);
      return {
        id: `unit ${unit}`,
        legend: say('unit {0}', unit),
        colour: colours[i % colours.length] ?? theme.foreground,
        // A thin line that turns in every pixel is drawn four times as fast, and looks the same.
        width: drawn.t.length > 600 ? 1 : 1.5,
        // Dashes of a line with thousands of turns cannot be told apart, and take long to draw.
        dash: drawn.t.length > 600 ? [] : (dashes[i % dashes.length] ?? []),
        series: { t: drawn.t, values },
        at: (t) => nearest(drawn.t, values, t),
        print: printDecimated(drawn.t, formatNumber),
        inRange: true,
      };
    });
  }

  const readings = (t: number): readonly string[] => {
    const known = answer;
    return known === null
      ? []
      : known.units.map((unit, i) =>
          say(
            'unit {0}: {1}',
            unit,
            printDecimated(known.t, formatNumber)(nearest(known.t, known.values[i] ?? [], t), t),
          ),
        );
  };

  return {
    id: 'units',
    title: say('Chosen units'),
    formula: () =>
      `${say('h_t of units {0}', timeline.units.join(', '))} · ${say('sequence {0}', timeline.shownSequence + 1)}`,
    height: 124,
    help: {
      text: [
        say(
          'The hidden state of single units over time. Choose them by clicking rows of a heatmap, or type them ' +
            'into the Units field: “0,3,7-9”. At most eight are drawn; each has its own colour and dashes, and a ' +
            'flag of that colour at its row of the heatmaps.',
        ),
      ],
      formula: stateFormula,
      source: 'Elman 1990, “Finding structure in time”',
    },
    available: () => true,
    refresh(window, size, onChange) {
      changed = onChange;
      latest.request({
        sequence: timeline.shownSequence,
        units: timeline.units,
        window: withNeighbours(window, timeline.steps),
        maxPoints: size.columns,
      });
    },
    scene(run, window, theme, hidden): Scene {
      const all = lines(theme);
      let [min, max] = [Infinity, -Infinity];
      for (const line of all) {
        if (hidden.has(line.id)) continue;
        const range = extent(line.series, window.t0, window.t1);
        if (range !== null) [min, max] = [Math.min(min, range[0]), Math.max(max, range[1])];
      }
      if (min > max) [min, max] = [-1, 1];
      const air = max > min ? (max - min) * 0.06 : Math.max(Math.abs(max) * 0.1, 0.05);
      const axis = { min: min - air, max: max + air };
      return {
        axis: {
          ...axis,
          reverse: false,
          title: 'h',
          ticks: (height) => ticksBetween(axis.min, axis.max, Math.max(2, height / 26)),
          label: formatTick,
        },
        lines: all,
        under: () => undefined,
        over: () => undefined,
        ...borders(run, window),
        theme,
      };
    },
    colourBar: () => null,
    readout: (run, t) => [stepName(run, t), ...readings(t)],
    summary: (run) =>
      say(
        'Hidden state of units {0} of sequence {1} over {2} timesteps.',
        timeline.units.join(', '),
        timeline.shownSequence + 1,
        run.shapes.T,
      ),
    table(run: RunSummary) {
      const { units, shownSequence: sequence } = timeline;
      return {
        columns: units.map((unit) => unitHeading('h', unit)),
        csvNotes: [sequenceNote(sequence)],
        ...stepRows(steps, model, run, sequence, { tensor: 'hs' }, (values) =>
          units.map((unit) => (values === null ? emptyField : stateField(values, unit))),
        ),
      };
    },
    click: () => undefined,
  };
}
