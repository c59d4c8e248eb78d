// Track: by which paths of a step the gradient goes back: beside the weights, or through one gate and its block of Wh.
import { ticksBetween } from '../chart/axis.js';
import { formatNumber, formatPercent } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { isGated } from '../page/model.js';
import { nearestIndex, printNear, stepRead } from '../page/nearest.js';
import { isTold } from '../page/gateSource.js';
import { plotNote, withNeighbours } from '../chart/scene.js';
import { borders } from '../chart/trackView.js';
import { positionOf } from '../page/stepLabels.js';
import { pathColour } from './gateColours.js';
import { csvName, emptyField, named } from '../page/tablePlan.js';
import type { CellFacts, GateSeries, RunSummary, TimeWindow } from '../page/model.js';
import type { GateSource } from '../page/gateSource.js';
import type { Line, Painter } from '../chart/scene.js';
import type { Page, View } from '../chart/trackView.js';
import type { Theme } from '../page/theme.js';

/** Factor e^ln of each path at a step, and its share of their sum; in the order of the answer. */
function sharesAt(series: GateSeries, t: number): readonly { readonly name: string; factor: number; share: number }[] {
  const place = nearestIndex(series.t, t);
  const factors = series.paths.map(({ name, ln }) => ({ name, factor: Math.exp(ln[place] ?? NaN), share: NaN }));
  const sum = factors.reduce((all, { factor }) => all + factor, 0);
  return factors.map((path) => ({ ...path, share: sum > 0 ? path.factor / sum : NaN }));
}

/** In the order of the answer. */
const pathsOf = ({ hasD, gates }: CellFacts): readonly string[] => [...(hasD ? ['beside'] : []), ...gates];

/** `c by f` of an LSTM, `h by z` of a GRU; else the gate that the path goes through. */
const pathName = ({ keeper, states }: CellFacts, name: string): string =>
  name === 'beside' ? say('{0} by {1}', states.at(-1) ?? 'h', keeper ?? '') : say('h by {0} and Wh', name);

export function gradientPaths({ timeline }: Page, source: GateSource): View {
  let changed = (): void => undefined;
  source.series.onChange(() => changed());
  source.onTried(() => changed());
  /** Of what is tried, while that is there. */
  const shownSeries = (): GateSeries | null => source.tried?.series ?? source.series.answer;

  /** Lines of no width, for the legend and its readings. */
  function lines(run: RunSummary, theme: Theme): Line[] {
    const series = shownSeries();
    if (series === null) return [];
    return series.paths.map(({ name }, i): Line => ({
      id: name,
      legend: pathName(run.cell, name),
      colour: pathColour(run.cell, name, theme),
      width: 6,
      dash: [],
      series: { t: new Float64Array(0), values: new Float64Array(0) },
      at: (t) => sharesAt(series, t)[i]?.share ?? NaN,
      print: (value, t) => (Number.isNaN(value) ? '–' : printNear(series.t, formatPercent)(value, t)),
      inRange: false,
    }));
  }

  function paint(
    painter: Painter,
    run: RunSummary,
    { t0, t1 }: TimeWindow,
    theme: Theme,
    hidden: ReadonlySet<string>,
  ): void {
    const series = shownSeries();
    if (series === null) return;
    const { context } = painter;
    const { t } = series;
    const shown = series.paths.map(({ name }, i) => ({ name, i })).filter(({ name }) => !hidden.has(name));
    t.forEach((step, place) => {
      if (step < t0 - 1 || step > t1) return;
      // Whole pixels, or the background shines through between neighbours.
      const from = Math.round(painter.x(step - 0.5));
      const to = Math.round(place + 1 < t.length ? painter.x((t[place + 1] ?? step) - 0.5) : painter.x(step + 0.5));
      let height = 0;
      const shares = sharesAt(series, step);
      for (const { name, i } of shown) {
        const share = shares[i]?.share ?? NaN;
        if (!(share > 0)) continue;
        const [top, bottom] = [painter.y(height + share), painter.y(height)];
        context.fillStyle = pathColour(run.cell, name, theme);
        context.fillRect(from, top, Math.max(1, to - from), bottom - top);
        height += share;
      }
    });
  }

  return {
    id: 'paths',
    title: say('Paths'),
    formula: () =>
      [
        ...(source.tried === null ? [] : [say('what if')]),
        say('which way the gradient from the last step takes back through each step'),
      ].join(' · '),
    height: 150,
    help: {
      text: [
        say(
          'The gradient that comes from the last step alone, split at each step over the paths by which it goes on ' +
            'to the step before: the state that the gate keeps, and h through the block of Wh of each gate. The ' +
            'height is the share of each path in the sum of their norms.',
        ),
        say(
          'An LSTM whose forget gates are open is one colour: its gradient goes along c, untouched by Wh. Under the ' +
            'mouse stands by which factor each path alone would multiply the gradient; the paths add up as vectors, ' +
            'so their factors may add up to more than the whole.',
        ),
      ],
      formula: (cell) =>
        cell?.keeper === 'z'
          ? 'g_{t−1} = g_t⊙z + Σ_{gate} (g_t⊙A_{gate})·Wh_{gate}^{T}'
          : '∂s_t/∂s_{t−1} = f + Σ_{gate} A_{gate}·Wh_{gate}^{T}',
      source: 'Hochreiter & Schmidhuber 1997 (constant error carousel); Pascanu, Mikolov & Bengio 2013',
    },
    available: isGated,
    older: () => source.series.older,
    refresh(window, size, onChange) {
      changed = onChange;
      source.askSeries(withNeighbours(window, timeline.steps), size.columns);
    },
    scene(run, window, theme, hidden) {
      return {
        axis: {
          min: 0,
          max: 1,
          reverse: false,
          title: say('share'),
          ticks: (height) => ticksBetween(0, 1, Math.max(2, height / 40)),
          label: formatPercent,
        },
        lines: lines(run, theme),
        under: (painter) => paint(painter, run, window, theme, hidden),
        over: (painter) => {
          const series = shownSeries();
          if (series?.paths.every(({ ln }) => ln.every((value) => Number.isNaN(value))) === true)
            plotNote(painter, theme, say('nothing of the gradient from the last step is here, or it is not finite'));
        },
        ...borders(run, window),
        theme,
      };
    },
    colourBar: () => null,
    readout: (run, t) => {
      const series = shownSeries();
      return [
        stepRead(run, series, t),
        ...(series === null ? [] : sharesAt(series, t)).map(({ name, factor, share }) =>
          say('{0}: ×{1}, {2} of the sum', pathName(run.cell, name), formatNumber(factor, 3), formatPercent(share)),
        ),
      ];
    },
    summary: (run) => {
      const series = shownSeries();
      if (series === null) return say('Being computed.');
      const step = series.t[series.t.length >> 1] ?? 0;
      const middle = sharesAt(series, step);
      const largest = middle.reduce(
        (most, path) => (path.share > most.share ? path : most),
        middle[0] ?? { name: '', share: 0 },
      );
      return say(
        'Shares of the paths back through each step; at t = {0} most goes by {1}: {2}.',
        positionOf(run, step),
        pathName(run.cell, largest.name),
        formatPercent(largest.share),
      );
    },
    table(run) {
      // Of what is tried now, also while rows are gathered.
      const tried = source.tried?.series ?? null;
      return {
        rowHeading: named('t'),
        columns: [
          ...pathsOf(run.cell).flatMap((name) => [
            { title: `× ${pathName(run.cell, name)}`, csv: `factor_${csvName(name)}` },
            { title: say('share of {0}', pathName(run.cell, name)), csv: `share_${csvName(name)}` },
          ]),
          ...(tried === null
            ? []
            : pathsOf(run.cell).map((name) => ({
                title: say('share of {0}, what if', pathName(run.cell, name)),
                csv: `share_${csvName(name)}_what_if`,
              }))),
        ],
        ...source.rows(run, (series, t) => [
          ...sharesAt(series, t).flatMap(({ factor, share }) => [
            { text: formatNumber(factor), exact: String(factor) },
            { text: formatPercent(share), exact: String(share) },
          ]),
          ...(tried === null ? [] : sharesAt(tried, t)).map(({ share }) =>
            tried !== null && isTold(tried.t, t) ? { text: formatPercent(share), exact: String(share) } : emptyField,
          ),
        ]),
      };
    },
    click: () => undefined,
  };
}
