// Tracks: which losses make which gradient, as a picture of t against s, and the row of the step under the cursor as
// bars (drawn by attributionShares.ts).
import { unitTicks } from '../chart/axis.js';
import { colourMap } from '../page/colours.js';
import { exactLog10, formatLog10, formatPercent, powerOfTen } from '../page/format.js';
import { attributionFormula } from '../page/laterFormulas.js';
import { t as say } from '../page/l10n.js';
import { Latest } from '../page/model.js';
import { columnAt, plotNote } from '../chart/scene.js';
import { layerName } from '../page/layerNames.js';
import { nearestIndex } from '../page/nearest.js';
import { lossOf } from '../page/series.js';
import { isReverse, positionOf, positionsOf, stepName, stepsName } from '../page/stepLabels.js';
import {
  paintShares,
  paintStack,
  paintUnreachable,
  shareAxis,
  sharesOf,
  sourceAt,
  sourceName,
} from './attributionShares.js';
import { borders } from '../chart/trackView.js';
import { named } from '../page/tablePlan.js';
import type { AttributionPicture, AttributionRow, TimeWindow } from '../page/model.js';
import type { Page, PlotSize, View } from '../chart/trackView.js';
import type { Theme } from '../page/theme.js';

const columnsShown = 8;
/** Numbers of one block of rows. */
const numbersAtOnce = 2 ** 18;

const nothingKnown = { sourceFrom: new Float64Array(0), sourceTo: new Float64Array(0), rowSteps: new Float64Array(0) };

export function attributionTracks({ model, timeline }: Page): View[] {
  let picture: {
    readonly map: AttributionPicture;
    bitmap: { readonly theme: Theme; readonly canvas: HTMLCanvasElement } | null;
  } | null = null;
  let row: AttributionRow | null = null;
  let pictureChanged = (): void => undefined;
  let rowChanged = (): void => undefined;
  type Ask = { readonly window: TimeWindow; readonly maxColumns: number; readonly maxRows: number };
  const latestPicture = new Latest(
    (params: Ask) => model.analysis('attribution', params),
    (map, params) => {
      if (map === null) return;
      picture = { map, bitmap: null };
      pictureChanged();
      if (map.fraction < 1) latestPicture.again(params);
    },
    () => pictureChanged(),
  );
  const latestRow = new Latest(
    (params: { t: number }) => model.analysis('attributionRow', params),
    (answer, params) => {
      if (answer === null) return;
      row = answer;
      rowChanged();
      if (answer.fraction < 1) latestRow.again(params);
    },
    () => rowChanged(),
  );
  let rowVisible = false;
  timeline.onChange((change) => {
    if (change === 'cursor' && rowVisible && model.run !== null) latestRow.request({ t: timeline.cursor });
  });
  model.onChange((change) => {
    if (change !== 'run') return;
    [picture, row, rowVisible] = [null, null, false];
    latestPicture.forget();
    latestRow.forget();
  });

  function bitmap(theme: Theme): HTMLCanvasElement | null {
    // Without a source there is nothing to paint, and an image of no rows cannot be.
    if (picture === null || picture.map.rows === 0) return null;
    if (picture.bitmap?.theme === theme) return picture.bitmap.canvas;
    const { map } = picture;
    const canvas = document.createElement('canvas');
    canvas.width = map.columns;
    canvas.height = map.rows;
    // What is not computed yet looks like what does not arrive; the title says how far the computation is. What has no
    // number then is not finite.
    canvas
      .getContext('2d')
      ?.putImageData(
        new ImageData(
          colourMap(theme).pixels(
            map.fraction < 1 ? map.values.map((value) => (Number.isNaN(value) ? 0 : value)) : map.values,
            1,
          ),
          map.columns,
          map.rows,
        ),
        0,
        0,
      );
    picture.bitmap = { theme, canvas };
    return canvas;
  }

  const sampling = (): string[] => {
    // One loss is told in words, and nothing was asked for.
    if (latestPicture.failure !== null || (picture === null && model.run !== null && lossOf(model.run).lossCount === 1))
      return [];
    if (picture === null) return [say('computing {0} %', 0)];
    const {
      fraction,
      largestGroup,
      sourceTo: { length: count },
      rowSteps: { length: sampledSteps },
    } = picture.map;
    if (fraction < 1) return [say('computing {0} %', Math.floor(fraction * 100))];
    return [
      ...(largestGroup > 1 ? [say('{0} groups of up to {1} neighbouring losses', count, largestGroup)] : []),
      ...(sampledSteps < timeline.steps ? [say('at {0} of {1} steps', sampledSteps, timeline.steps)] : []),
    ];
  };

  const position = (t: number): number => (model.run === null ? t : positionOf(model.run, t));

  const matrix: View = {
    id: 'attribution',
    title: say('Attribution'),
    formula: () => [say('‖contribution of the loss at s to g_t‖, log scale'), ...sampling()].join(' · '),
    height: 190,
    costly: true,
    pending: () => latestPicture.busy,
    failure: () => latestPicture.failure,
    help: {
      text: [
        say(
          'One column for each step t, one row for each step s at which a loss enters. The colour is the size ' +
            'of what that loss alone sends back to t; everything below the diagonal is empty, because gradients ' +
            'travel to the past only.',
        ),
        say(
          'In a network of two directions a loss reaches the layers below the last one from both sides: one ' +
            'direction above them takes it to the past, the other one to the future.',
        ),
        say(
          'A band along the diagonal that soon fades means that every step learns only from the losses right ' +
            'after it. With one loss there is one row. The contributions of a column add up to g_t as vectors, ' +
            'so their norms may add up to more.',
        ),
        say('Long runs gather neighbouring losses into groups, whose sum is exact.'),
      ],
      formula: attributionFormula,
      source:
        'Cashman, Patterson, Mosca & Chang 2017, “RNNbow: visualizing learning via backpropagation gradients ' +
        'in recurrent neural networks”',
    },
    available: () => true,
    inWords: (run) =>
      lossOf(run).lossCount === 1
        ? say(
            'There is one loss, at t = {0}: all of the gradient at every step comes from it.',
            positionOf(run, lossOf(run).lossSteps[0]?.[0] ?? 0),
          )
        : null,
    refresh(window, size: PlotSize, changed) {
      pictureChanged = changed;
      latestPicture.request({ window, maxColumns: size.columns, maxRows: size.rows });
    },
    scene(run, window, theme) {
      const rows = Math.max(1, picture?.map.rows ?? 1);
      return {
        axis: {
          min: -0.5,
          max: rows - 0.5,
          reverse: true,
          title: say('loss at s'),
          ticks: (height) => (picture === null ? [] : unitTicks(rows, height)),
          label: (value) => {
            const to = picture?.map.to[value];
            return to === undefined ? '' : String(positionOf(run, to));
          },
        },
        lines: [],
        under: (painter) => {
          const { context } = painter;
          const image = bitmap(theme);
          if (picture === null || image === null) return;
          const { t0, t1 } = picture.map.window;
          context.imageSmoothingEnabled = false;
          const [x0, x1, y0, y1] = [painter.x(t0 - 0.5), painter.x(t1 - 0.5), painter.y(-0.5), painter.y(rows - 0.5)];
          context.drawImage(image, x0, y0, x1 - x0, y1 - y0);
        },
        over: (painter) => {
          if (picture?.map.leftOut === 'work')
            plotNote(painter, theme, say('not computed: for a run of this size it would take minutes'));
          else if (picture?.map.leftOut === 'memory')
            plotNote(painter, theme, say('not computed: there is not enough memory'));
          else if (picture?.map.fraction === 1 && picture.map.rows === 0)
            plotNote(painter, theme, say('no gradient enters anywhere'));
          else if (
            picture?.map.fraction === 1 &&
            picture.map.log10Max === -Infinity &&
            picture.map.values.every((value) => value === 0)
          )
            plotNote(painter, theme, say('every contribution is exactly 0'));
        },
        ...borders(run, window),
        theme,
      };
    },
    colourBar(theme) {
      if (picture === null || !Number.isFinite(picture.map.log10Max)) return null;
      const { log10Max, decades } = picture.map;
      return {
        map: colourMap(theme),
        low: `≤ ${powerOfTen(Math.round(log10Max - decades))}`,
        middle: '',
        high: formatLog10(log10Max, 3),
        from: 0,
      };
    },
    notFinite: () =>
      picture?.map.fraction === 1 && !picture.map.values.every(Number.isFinite) ? say('not finite') : null,
    readout(run, t, value) {
      if (picture === null) return [stepName(run, t)];
      const { map } = picture;
      const at = Math.max(0, Math.min(map.rows - 1, Math.round(value)));
      const { column, from, to } = columnAt(map, t);
      const head = `${stepsName(run, from, to)}, ${sourceName(run, map.from[at] ?? 0, map.to[at] ?? 0)}`;
      if (!map.bothSides && (map.to[at] ?? 0) < from)
        return [
          head,
          isReverse(run) ? say('a loss cannot reach earlier steps') : say('a loss cannot reach later steps'),
        ];
      const shade = map.values[at * map.columns + column] ?? NaN;
      if (!Number.isFinite(shade)) return [head, map.fraction < 1 ? say('not computed yet') : say('not finite')];
      const size =
        map.log10Max === -Infinity
          ? say('exactly 0')
          : shade === 0
            ? say('below {0}', powerOfTen(Math.round(map.log10Max - map.decades)))
            : `≈ ${formatLog10(map.log10Max + (shade - 1) * map.decades)}`;
      return [head, from === to ? size : say('largest: {0}', size)];
    },
    summary: (run) =>
      [
        say('How much of the gradient at each of {0} timesteps comes from the loss at each step.', run.shapes.T),
        picture === null
          ? say('Being computed.')
          : say(
              '{0} sources of loss; the largest contribution is {1}.',
              picture.map.sourceTo.length,
              formatLog10(picture.map.log10Max),
            ),
      ].join(' '),
    table(run, columns) {
      const { sourceFrom, sourceTo, rowSteps } = picture?.map ?? nothingKnown;
      const all = Array.from(sourceFrom, (from, s) => ({ from, to: sourceTo[s] ?? from, s }));
      const first = all.findIndex(({ to }) => to >= timeline.cursor);
      const start = Math.max(0, Math.min(first, all.length - columnsShown));
      const inOrder = columns === 'all' ? all : all.slice(start, start + columnsShown);
      const shown = isReverse(run) ? inOrder.toReversed() : inOrder;
      return {
        rowHeading: named('t'),
        columns: shown.map(({ from, to }) => {
          const [low, high] = positionsOf(run, from, to);
          return {
            title: sourceName(run, from, to),
            csv: low === high ? `from_s${low}` : `from_s${low}_to_s${high}`,
          };
        }),
        rowCount: rowSteps.length,
        // Long runs have rows at some steps only.
        span: (at) => [rowSteps[at] ?? 0, rowSteps[at] ?? 0],
        rowLabel: (at) => String(positionOf(run, rowSteps[at] ?? 0)),
        rowOf: (t) => nearestIndex(rowSteps, t),
        rowsAtOnce: Math.max(1, Math.floor(numbersAtOnce / Math.max(1, all.length))),
        rows: async (from, to) => {
          const answer = await model.sliceOf(run, 'attributionRows', { from, to });
          return Array.from({ length: to - from }, (_, i) =>
            shown.map(({ s }) => {
              const value = answer?.log10[i * all.length + s] ?? NaN;
              return { text: formatLog10(value), exact: exactLog10(value) };
            }),
          );
        },
      };
    },
    click: () => undefined,
  };

  const single: View = {
    id: 'sources',
    title: say('Where the gradient comes from'),
    formula: () =>
      [
        say('share of each loss in Σ_s ‖c_{t,s}‖ at t = {0}', position(row?.t ?? timeline.cursor)),
        ...(row !== null && row.fraction < 1 && latestRow.failure === null ? [say('computing')] : []),
      ].join(' · '),
    height: 124,
    costly: true,
    pending: () => latestRow.busy,
    failure: () => latestRow.failure,
    help: {
      text: [
        say(
          'The column of the attribution picture at the cursor: how much of the gradient at t comes from the ' +
            'loss at each step s. On top all shares end to end, in the order of their steps, so that the whole ' +
            'width is the whole gradient; below, each at its own step. Orange is near, blue far away on a log ' +
            'scale of the distance.',
        ),
        say(
          'A bar at the cursor alone means that this step is trained by its own loss only and knows nothing of ' +
            'what comes later.',
        ),
        say(
          'Of a stack the losses are those of the whole network, on their way through all layers above; the table ' +
            'also says how much of each arrives at each layer and direction, over all of its steps.',
        ),
      ],
      formula: 'share_s = ‖c_{t,s}‖ / Σ_r ‖c_{t,r}‖',
      source: 'Cashman, Patterson, Mosca & Chang 2017, “RNNbow”',
    },
    // Of a stack it also tells what arrives at each layer.
    available: (run) => lossOf(run).lossCount !== 1 || (run.network?.layers.length ?? 1) > 1,
    refresh(_window, _size, changed) {
      rowChanged = changed;
      rowVisible = true;
      latestRow.request({ t: timeline.cursor });
    },
    scene(run, window, theme) {
      const { end, top: most } = shareAxis(row);
      return {
        axis: {
          min: 0,
          max: most,
          reverse: false,
          title: say('share'),
          ticks: () => [0, end / 2, end],
          label: formatPercent,
        },
        lines: [],
        under: (painter) => {
          if (row !== null) paintShares(painter, theme, row, run.shapes.T);
        },
        over: (painter) => {
          if (row === null) return;
          if (!row.bothSides) paintUnreachable(painter, theme, row.t, painter.y(end));
          paintStack(painter, theme, row, run);
          if (row.fraction === 1 && row.log10.every((value) => value === -Infinity))
            plotNote(painter, theme, say('nothing arrives here'));
          else if (row.fraction === 1 && sharesOf(row).some(Number.isNaN))
            plotNote(painter, theme, say('what arrives here is not finite, so it has no shares'));
        },
        ...borders(run, window),
        theme,
      };
    },
    colourBar: () => null,
    readout(run, t, value, across) {
      const here = sourceName(run, t, t);
      if (row === null) return [here];
      const at = sourceAt(row, t, value, across);
      if (at < 0)
        return [
          here,
          row.bothSides || t >= row.t
            ? say('no loss here')
            : isReverse(run)
              ? say('later than the cursor: cannot reach it')
              : say('earlier than the cursor: cannot reach it'),
        ];
      return [
        sourceName(run, row.from[at] ?? t, row.to[at] ?? t),
        say('{0} of g at t = {1}', formatPercent(sharesOf(row)[at] ?? NaN), positionOf(run, row.t)),
        `‖c‖ = ${formatLog10(row.log10[at] ?? NaN)}`,
      ];
    },
    summary(run) {
      if (row === null) return say('Being computed.');
      const shares = sharesOf(row);
      const strongest = shares.indexOf(shares.reduce((most, value) => Math.max(most, value), 0));
      return say(
        'At t = {0}, the loss at {1} has the largest share, {2}.',
        positionOf(run, row.t),
        sourceName(run, row.from[strongest] ?? 0, row.to[strongest] ?? 0),
        formatPercent(shares[strongest] ?? 0),
      );
    },
    table(run) {
      const known = row;
      const shares = known === null ? new Float64Array(0) : sharesOf(known);
      const layers = known?.layers ?? [];
      const bothDirections = layers.some(({ direction }) => direction === 'reverse');
      const size = (value = NaN) => ({ text: formatLog10(value), exact: exactLog10(value) });
      return {
        rowHeading: named('s'),
        columns: [
          { title: '‖c_{t,s}‖', csv: 'c_norm' },
          { title: say('share'), csv: 'share' },
          ...layers.map(({ layer, direction }, i) => ({
            title: say('‖c_s‖ in {0}', run.network === null ? '' : layerName(run.network, i)),
            csv: `c_norm_layer${layer}${bothDirections ? `_${direction}` : ''}`,
          })),
        ],
        csvNotes: known === null ? [] : [`t ${positionOf(run, known.t)}`],
        rowCount: shares.length,
        span: (at) => [known?.from[at] ?? 0, known?.to[at] ?? 0],
        rowLabel: (at) => {
          const [low, high] = positionsOf(run, known?.from[at] ?? 0, known?.to[at] ?? 0);
          return low === high ? String(low) : `${low}–${high}`;
        },
        rowOf: () => 0,
        rows: (from, to) =>
          Promise.resolve(
            Array.from({ length: to - from }, (_, i) => [
              size(known?.log10[from + i]),
              { text: formatPercent(shares[from + i] ?? NaN), exact: String(shares[from + i] ?? NaN) },
              ...layers.map(({ log10 }) => size(log10[from + i])),
            ]),
          ),
      };
    },
    click: () => undefined,
  };
  return [matrix, single];
}
