// Track: how far the gates of a cell are open at every step, over the batch and the units.
import { ticksBetween } from '../chart/axis.js';
import { formatNumber, formatPercent, formatTick } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { isGated } from '../page/model.js';
import { nearestIndex, printNear, stepRead } from '../page/nearest.js';
import { withAlpha } from '../page/colourMaths.js';
import { extent, withNeighbours } from '../chart/scene.js';
import { borders } from '../chart/trackView.js';
import { gateColour } from './gateColours.js';
import { csvName, named } from '../page/tablePlan.js';
import type { GateSeries, RunSummary } from '../page/model.js';
import { triedField } from '../page/gateSource.js';
import type { GateSource } from '../page/gateSource.js';
import type { Line, Painter } from '../chart/scene.js';
import type { Page, View } from '../chart/trackView.js';
import type { Theme } from '../page/theme.js';

/** Below and above these a gate counts as shut and as open. */
const [shut, wide] = [0.1, 0.9];

const at = ({ t }: GateSeries, values: Float64Array, step: number): number => values[nearestIndex(t, step)] ?? NaN;

export function gateLines({ timeline }: Page, source: GateSource): View {
  let changed = (): void => undefined;
  source.series.onChange(() => changed());
  source.onTried(() => changed());

  function lines(run: RunSummary, theme: Theme): Line[] {
    const { answer: series } = source.series;
    if (series === null) return [];
    const line = (
      id: string,
      legend: string | null,
      values: Float64Array,
      colour: string,
      part: Partial<Line>,
    ): Line => ({
      id,
      legend,
      colour,
      width: 1.5,
      dash: [],
      series: { t: series.t, values },
      at: (t) => at(series, values, t),
      print: printNear(series.t, formatNumber),
      inRange: true,
      ...part,
    });
    const tried = source.tried?.series ?? null;
    if (tried !== null)
      // What the run itself does steps back.
      return [
        ...tried.gates.map(({ name, mean }) => {
          const colour = gateColour(run.cell, name, theme);
          return {
            ...line(name, say('{0} what if', name), mean, colour, { width: name === run.cell.keeper ? 2.5 : 1.5 }),
            series: { t: tried.t, values: mean },
            at: (t: number) => at(tried, mean, t),
            print: printNear(tried.t, formatNumber),
          };
        }),
        // Most stay where they are: only the gate that keeps has its reading.
        ...series.gates.map(({ name, mean }) =>
          line(
            'own',
            name === run.cell.keeper ? name : null,
            mean,
            withAlpha(gateColour(run.cell, name, theme), theme.highContrast ? 0.9 : 0.6),
            {
              width: 1,
              dash: [6, 4],
            },
          ),
        ),
      ];
    const means = series.gates.map(({ name, mean }) =>
      line(name, name, mean, gateColour(run.cell, name, theme), { width: name === run.cell.keeper ? 2.5 : 1.5 }),
    );
    // Of all gates alike, so that the legend has one entry for them, behind the gates.
    const shares = series.gates.flatMap(({ name, closed, open }, i) => {
      const colour = gateColour(run.cell, name, theme);
      const share = { width: 1, at: null };
      return [
        line('closed', i === 0 ? say('share that is shut') : null, closed, colour, { ...share, dash: [2, 2] }),
        line('open', i === 0 ? say('share that is open') : null, open, colour, { ...share, dash: [6, 3] }),
      ];
    });
    return [...means, ...shares];
  }

  /** Where a gate is as good as shut, and as good as open. */
  function bands(painter: Painter, theme: Theme): void {
    const { context, left, right } = painter;
    context.fillStyle = withAlpha(theme.muted, theme.highContrast ? 0.22 : 0.09);
    for (const [from, to] of [
      [0, shut],
      [wide, 1],
    ] as const)
      context.fillRect(left, painter.y(to), right - left, painter.y(from) - painter.y(to));
  }

  return {
    id: 'gateLines',
    title: say('Gates'),
    formula: () => say('mean over units and batch; shaded: below 0.1 and above 0.9'),
    height: 150,
    hiddenAtFirst: () => ['closed', 'open'],
    help: {
      text: [
        say(
          'The mean of each gate over all units and sequences at each step. The bold line is the gate that keeps the ' +
            'state: near 1 it carries the gradient back, near 0 it cuts it off.',
        ),
        say(
          'A mean of 0.5 may be units that are half open, or half of them shut: the shares of units below 0.1 and ' +
            'above 0.9 tell, when you switch them on in the legend. Of a candidate (g, n) they are those of |value|.',
        ),
      ],
      formula: (cell) => cell?.forward ?? '',
      source: 'Karpathy, Johnson & Fei-Fei 2015, “Visualizing and understanding recurrent networks”',
    },
    available: isGated,
    older: () => source.series.older,
    refresh(window, size, onChange) {
      changed = onChange;
      source.askSeries(withNeighbours(window, timeline.steps), size.columns);
    },
    scene(run, window, theme) {
      const all = lines(run, theme);
      const least = all.reduce((low, { series }) => Math.min(low, ...(extent(series, window.t0, window.t1) ?? [0])), 0);
      // Only a candidate goes below 0.
      const low = least < 0 ? Math.min(-0.1, Math.floor(least * 10) / 10) : 0;
      return {
        axis: {
          min: low,
          max: 1,
          reverse: false,
          title: say('mean'),
          ticks: (height) => ticksBetween(low, 1, Math.max(2, height / 40)),
          label: formatTick,
        },
        lines: all,
        under: (painter) => bands(painter, theme),
        over: () => undefined,
        ...borders(run, window),
        theme,
      };
    },
    colourBar: () => null,
    readout: (run, t) => {
      const { answer: series } = source.series;
      return [
        stepRead(run, series, t),
        ...(series?.gates ?? []).map(({ name, mean, closed, open }) =>
          series === null
            ? ''
            : say(
                '{0}: mean {1}, {2} shut, {3} open',
                name,
                formatNumber(at(series, mean, t), 3),
                formatPercent(at(series, closed, t)),
                formatPercent(at(series, open, t)),
              ),
        ),
      ];
    },
    summary: (run) => say('Means of the gates {0} over {1} timesteps.', run.cell.gates.join(', '), run.shapes.T),
    table(run) {
      // Of what is tried now, also while rows are gathered.
      const tried = source.tried?.series ?? null;
      return {
        rowHeading: named('t'),
        columns: [
          ...run.cell.gates.flatMap((name) => [
            { title: name, csv: `mean_${csvName(name)}` },
            { title: say('{0} shut', name), csv: `shut_${csvName(name)}` },
            { title: say('{0} open', name), csv: `open_${csvName(name)}` },
          ]),
          ...(tried?.gates ?? []).map(({ name }) => ({
            title: say('{0} what if', name),
            csv: `mean_${csvName(name)}_what_if`,
          })),
        ],
        ...source.rows(run, (series, t) => [
          ...series.gates.flatMap(({ mean, closed, open }) =>
            [mean, closed, open].map((values, k) => {
              const value = at(series, values, t);
              return { text: k === 0 ? formatNumber(value) : formatPercent(value), exact: String(value) };
            }),
          ),
          ...(tried?.gates ?? []).map(({ mean }) =>
            triedField(tried?.t ?? mean, mean, t, (value) => ({ text: formatNumber(value), exact: String(value) })),
          ),
        ]),
      };
    },
    click: () => undefined,
  };
}
