// Track: what the gate that keeps a state lets through from each step to the last.
import { ticksBetween } from '../chart/axis.js';
import { exactLog10, formatLog10, formatSteps } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { logAxis, logLine } from './logLines.js';
import { nearestIndex, printNear, stepRead } from '../page/nearest.js';
import { withAlpha } from '../page/colourMaths.js';
import { windowRows } from '../page/windowRows.js';
import { plotNote, plotText, withNeighbours } from '../chart/scene.js';
import { borders } from '../chart/trackView.js';
import { named, sequenceNote } from '../page/tablePlan.js';
import type { Kept, RunSummary } from '../page/model.js';
import { keptUnits, triedField, unitsDrawn } from '../page/gateSource.js';
import type { GateSource } from '../page/gateSource.js';
import type { Line } from '../chart/scene.js';
import type { Page, View } from '../chart/trackView.js';
import type { Theme } from '../page/theme.js';

/** Fewer decades than this below the top nobody tells apart from nothing. */
const mostDecades = 12;

/** The half-life of the unit in the middle. */
function middleHalfLife({ halfLives }: Kept): number {
  const sorted = halfLives.filter((steps) => !Number.isNaN(steps)).sort();
  return sorted[sorted.length >> 1] ?? NaN;
}

const halfLifeText = (steps: number): string =>
  steps === Infinity ? say('it loses nothing') : say('{0} steps', formatSteps(steps));

export function keptLines({ model, timeline }: Page, source: GateSource): View {
  let changed = (): void => undefined;
  source.kept.onChange(() => changed());
  source.onTried(() => changed());
  /** Of what is tried, while that is there. */
  const shown = (): Kept | null => source.tried?.kept ?? source.kept.answer;
  const gate = (): string => model.run?.cell.keeper ?? '';

  function lines(theme: Theme): Line[] {
    const { answer: own } = source.kept;
    const kept = shown();
    if (kept === null) return [];
    const faint = withAlpha(theme.green, theme.highContrast ? 0.8 : 0.45);
    return [
      logLine(
        {
          id: 'median',
          legend: kept === own ? say('median unit') : say('median unit, what if'),
          colour: theme.green,
          width: 2.5,
          at: (t) => kept.median[nearestIndex(kept.t, t)] ?? NaN,
          print: printNear(kept.t, formatLog10),
        },
        kept.median,
        kept.t,
      ),
      ...kept.log10.map((values, i) =>
        logLine(
          { id: 'units', legend: i === 0 ? say('single units') : null, colour: faint, width: 1, at: null },
          values,
          kept.t,
        ),
      ),
      ...(own === null || own === kept
        ? []
        : [
            logLine(
              {
                id: 'own',
                legend: say('median unit'),
                colour: withAlpha(theme.green, theme.highContrast ? 0.9 : 0.7),
                dash: [6, 4],
                at: (t) => own.median[nearestIndex(own.t, t)] ?? NaN,
                print: printNear(own.t, formatLog10),
              },
              own.median,
              own.t,
            ),
          ]),
    ];
  }

  return {
    id: 'kept',
    title: say('What the gate keeps'),
    formula: () => say('product of {0} from each step to the last · sequence {1}', gate(), timeline.shownSequence + 1),
    height: 150,
    help: {
      text: [
        say(
          'The state of a step reaches the end multiplied by this gate at every step in between. Where the line is ' +
            'at 10⁻³, a thousandth is left of what stood there: it is forgotten, and on its way back the gradient by ' +
            'this path is as small.',
        ),
        say(
          'Thin lines are single units, evenly spaced; the bold one is the median of all units. How long each of ' +
            'them remembers stands in the histogram of half-lives.',
        ),
      ],
      formula: (cell) => (cell?.keeper === 'z' ? 'Π_{τ>t} z_τ' : 'Π_{τ>t} f_τ'),
      source: 'Gers, Schmidhuber & Cummins 2000, “Learning to forget”; Tallec & Ollivier 2018',
    },
    available: (run) => run.cell.keeper !== null,
    older: () => source.kept.older,
    // A plain pass over the sequence: not for those who do not look.
    costly: true,
    refresh(window, size, onChange) {
      changed = onChange;
      source.askKept(timeline.shownSequence, withNeighbours(window, timeline.steps), size.columns);
    },
    scene(run, window, theme, hidden) {
      const all = lines(theme);
      const whole = logAxis(all, window, '', hidden);
      const min = Math.max(whole.min, whole.max - mostDecades);
      return {
        axis:
          min === whole.min
            ? whole
            : { ...whole, min, ticks: (height) => ticksBetween(min, whole.max, Math.max(2, height / 24), 1) },
        lines: all,
        under: () => undefined,
        over: (painter) => {
          const kept = shown();
          if (kept === null) {
            if (source.kept.missing) plotNote(painter, theme, say('not computed: there is not enough memory'));
            return;
          }
          const text = say('half-life of the median unit: {0}', halfLifeText(middleHalfLife(kept)));
          plotText(painter, theme, text, painter.left + 10, painter.top + 12, theme.green, 'left');
        },
        ...borders(run, window),
        theme,
      };
    },
    colourBar: () => null,
    readout: (run, t) => {
      const { answer: kept } = source.kept;
      return [
        stepRead(run, kept, t),
        ...(kept === null ? [] : [say('median: {0}', formatLog10(kept.median[nearestIndex(kept.t, t)] ?? NaN))]),
      ];
    },
    summary: () => {
      const { answer: kept } = source.kept;
      return kept === null
        ? say('Being computed.')
        : say(
            'Product of the gate {0} from each step to the last; half-life of the median unit: {1}.',
            kept.gate,
            halfLifeText(middleHalfLife(kept)),
          );
    },
    table(run: RunSummary) {
      const { shownSequence: sequence } = timeline;
      const units = unitsDrawn(run.shapes.H);
      const tried = source.tried?.kept ?? null;
      const told = (value: number) => ({ text: formatLog10(value), exact: exactLog10(value) });
      return {
        rowHeading: named('t'),
        columns: [
          { title: say('median'), csv: 'kept_median' },
          ...units.map((unit) => ({ title: say('unit {0}', unit), csv: `kept_unit${unit}` })),
          ...(tried === null ? [] : [{ title: say('median, what if'), csv: 'kept_median_what_if' }]),
        ],
        csvNotes: [sequenceNote(sequence)],
        ...windowRows(
          run,
          source.kept.answer,
          (window) =>
            model.sliceOf(run, 'kept', { sequence, window, maxPoints: window.t1 - window.t0, maxUnits: keptUnits }),
          (kept, t) => [
            ...[kept.median, ...kept.log10].map((values) => told(values[nearestIndex(kept.t, t)] ?? NaN)),
            ...(tried === null ? [] : [triedField(tried.t, tried.median, t, told)]),
          ],
        ),
      };
    },
    click: () => undefined,
  };
}
