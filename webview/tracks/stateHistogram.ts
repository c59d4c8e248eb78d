// Track: a histogram of the hidden state at every step.
import { ticksBetween } from '../chart/axis.js';
import { colourMap } from '../page/colours.js';
import { withAlpha } from '../page/colourMaths.js';
import { formatNumber, formatPercent, formatTick } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { Latest } from '../page/model.js';
import { columnAt, columnsIn, largestIn, stepsOf } from '../chart/scene.js';
import { borders } from '../chart/trackView.js';
import { positionsOf, stepName, stepsName } from '../page/stepLabels.js';
import { named, sequenceNote } from '../page/tablePlan.js';
import type { ActivationBins, Activations, RunSummary, TimeWindow } from '../page/model.js';
import type { Painter } from '../chart/scene.js';
import type { Page, View } from '../chart/trackView.js';
import type { Field, TablePlan } from '../page/tablePlan.js';
import type { Theme } from '../page/theme.js';

const bins: ActivationBins = 28;
const tableBins = 10;
const notFiniteHeight = 6;

export function spread({ model, timeline }: Page): View {
  let picture: {
    readonly map: Activations;
    /** Of what is in view. */ readonly most: number;
    readonly odd: boolean;
    bitmap: { readonly theme: Theme; readonly canvas: HTMLCanvasElement } | null;
  } | null = null;
  let changed = (): void => undefined;
  type Ask = {
    readonly sequence: number | null;
    readonly window: TimeWindow;
    readonly maxColumns: number;
    readonly bins: number;
  };
  const latest = new Latest(
    (params: Ask) => model.slice('activations', params),
    (map, { window }) => {
      if (map === null) return;
      const { from, to } = columnsIn(map, window);
      picture = {
        map,
        most: largestIn(map.shares, map, window),
        odd: map.notFinite.subarray(from, to).some((share) => share > 0),
        bitmap: null,
      };
      changed();
    },
  );

  function bitmap(theme: Theme): HTMLCanvasElement | null {
    if (picture === null) return null;
    if (picture.bitmap?.theme === theme) return picture.bitmap.canvas;
    const { map, most } = picture;
    const canvas = document.createElement('canvas');
    canvas.width = map.columns;
    canvas.height = map.bins;
    // The square root lets single units be seen beside a crowd.
    canvas.getContext('2d')?.putImageData(
      new ImageData(
        colourMap(theme).pixels(
          map.shares.map((share) => Math.sqrt(share / (most || 1))),
          1,
        ),
        map.columns,
        map.bins,
      ),
      0,
      0,
    );
    picture.bitmap = { theme, canvas };
    return canvas;
  }

  const recordedAsPicture = ({ shapes: { B } }: RunSummary): boolean =>
    model.status?.recordedSteps !== undefined ||
    (timeline.sequence === null && (model.status?.recordedSequences ?? B) < B);

  return {
    id: 'spread',
    title: say('Spread of h'),
    formula: () =>
      [
        say('share of units by value of h_t'),
        timeline.sequence === null ? say('all sequences') : say('sequence {0}', timeline.sequence + 1),
      ].join(' · '),
    height: 96,
    help: {
      text: [
        say(
          'How the hidden state is spread at each step: a histogram standing upright in every column, the ' +
            'stronger the colour the more units have that value. Units that gather at ±1 are saturated; a thin ' +
            'line at 0 is a network that hardly does anything.',
        ),
        say('The colour grows with the square root of the share, so that single units can be seen.'),
      ],
      formula: say('share of units with h in each of {0} equal bins', bins),
      source: 'Glorot & Bengio 2010, “Understanding the difficulty of training deep feedforward neural networks”',
    },
    available: () => true,
    refresh(window, size, onChange) {
      changed = onChange;
      latest.request({ sequence: timeline.sequence, window, maxColumns: size.columns, bins });
    },
    scene(run, window, theme) {
      const [low, high] = [picture?.map.low ?? -1, picture?.map.high ?? 1];
      return {
        axis: {
          min: low,
          max: high,
          reverse: false,
          title: 'h',
          ticks: (height) => ticksBetween(low, high, Math.max(2, height / 26)),
          label: formatTick,
        },
        lines: [],
        under: (painter) => {
          const image = bitmap(theme);
          if (picture === null || image === null) return;
          const { t0, t1 } = picture.map.window;
          const [x0, x1, y0, y1] = [painter.x(t0 - 0.5), painter.x(t1 - 0.5), painter.y(high), painter.y(low)];
          painter.context.imageSmoothingEnabled = false;
          painter.context.drawImage(image, x0, y0, x1 - x0, y1 - y0);
        },
        over: (painter) => {
          if (picture !== null) notFiniteStrip(painter, picture.map, theme);
        },
        ...borders(run, window),
        theme,
      };
    },
    colourBar: (theme) =>
      picture === null
        ? null
        : {
            map: colourMap(theme),
            low: '0',
            middle: '',
            high: say('{0} of the units', formatPercent(picture.most)),
            from: 0,
          },
    notFinite: () => (picture?.odd === true ? say('not finite') : null),
    readout(run, t, value) {
      if (picture === null) return [stepName(run, t)];
      const { map } = picture;
      const bin = Math.max(
        0,
        Math.min(map.bins - 1, Math.floor(((map.high - value) / (map.high - map.low)) * map.bins)),
      );
      const { column, from, to } = columnAt(map, t);
      const edge = (i: number): string => formatNumber(map.high - ((map.high - map.low) * i) / map.bins, 2);
      return [
        stepsName(run, from, to),
        say(
          'h from {0} to {1}: {2}',
          edge(bin + 1),
          edge(bin),
          formatPercent(map.shares[bin * map.columns + column] ?? NaN),
        ),
        ...((map.notFinite[column] ?? 0) > 0
          ? [say('not finite: {0}', formatPercent(map.notFinite[column] ?? NaN))]
          : []),
      ];
    },
    summary: (run) =>
      say(
        'Histogram of the hidden state at each of {0} timesteps, from {1} to {2}.',
        run.shapes.T,
        formatNumber(picture?.map.low ?? NaN),
        formatNumber(picture?.map.high ?? NaN),
      ),
    table(run) {
      const { sequence } = timeline;
      const [low, high] = [picture?.map.low ?? -1, picture?.map.high ?? 1];
      const finite = run.layers[0].hNorm.every(Number.isFinite);
      const columns = (count: number): Pick<TablePlan, 'columns' | 'csvNotes'> => {
        const from = (bin: number): number => low + ((high - low) * bin) / count;
        return {
          columns: [
            ...Array.from({ length: count }, (_, bin) => ({
              title: `≥ ${formatNumber(from(bin), 2)}`,
              csv: `share_bin${bin}`,
            })),
            ...(finite ? [] : [{ title: say('not finite'), csv: 'share_not_finite' }]),
          ],
          csvNotes: [
            [`bins ${count}`, `low ${low}`, `high ${high}`].join('; '),
            ...(sequence === null ? [] : [sequenceNote(sequence)]),
          ],
        };
      };
      const cells = (map: Activations | null, count: number, column: number): Field[] =>
        [
          ...Array.from({ length: count }, (_, bin) => map?.shares[(count - 1 - bin) * map.columns + column] ?? NaN),
          ...(finite ? [] : [map?.notFinite[column] ?? NaN]),
        ].map((share) => ({ text: formatPercent(share), exact: String(share) }));
      // A report that has not got the states has their picture.
      if (picture !== null && recordedAsPicture(run)) {
        const { map } = picture;
        return {
          rowHeading: named('t'),
          ...columns(map.bins),
          rowCount: map.columns,
          rowOf: (t) => columnAt(map, t).column,
          span: (row) => {
            const { from, to } = stepsOf(map, row);
            return [from, to];
          },
          rowLabel: (row) => {
            const { from, to } = stepsOf(map, row);
            const [low, high] = positionsOf(run, from, to);
            return high > low ? `${low}–${high}` : String(low);
          },
          rows: (from, to) =>
            Promise.resolve(Array.from({ length: to - from }, (_, i) => cells(map, map.bins, from + i))),
        };
      }
      return {
        rowHeading: named('t'),
        ...columns(tableBins),
        rowCount: run.shapes.T,
        rowsAtOnce: 4096,
        rows: async (from, to) => {
          const map = await model.sliceOf(run, 'activations', {
            sequence,
            window: { t0: from, t1: to },
            maxColumns: to - from,
            bins: tableBins,
          });
          return Array.from({ length: to - from }, (_, i) => cells(map, tableBins, i));
        },
      };
    },
    click: () => undefined,
  };
}

/** Along the upper edge, the darker the more values: they have no height among the others. */
function notFiniteStrip(painter: Painter, { window: { t0, t1 }, columns, notFinite }: Activations, theme: Theme): void {
  const { context, top } = painter;
  const left = painter.x(t0 - 0.5);
  const width = (painter.x(t1 - 0.5) - left) / columns;
  notFinite.forEach((share, column) => {
    if (share === 0) return;
    context.fillStyle = withAlpha(colourMap(theme).css(NaN), 0.3 + 0.7 * Math.sqrt(share));
    context.fillRect(left + column * width, top, width + 0.5, notFiniteHeight);
  });
}
