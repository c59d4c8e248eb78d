// Track: every layer of a network at every step, as one picture: where the gradient gets thin.
import { gradientColours } from '../page/colours.js';
import { exactLog10, formatFactor, formatLog10, powerOfTen } from '../page/format.js';
import { stateNormFormula } from '../page/formulas.js';
import { t as say } from '../page/l10n.js';
import { csvLayer, layerName, layersFromTop } from '../page/layerNames.js';
import { Latest } from '../page/model.js';
import { verdictName } from '../page/verdictNames.js';
import { borders } from '../chart/trackView.js';
import { stepName, stepsName } from '../page/stepLabels.js';
import { inReport } from '../page/inReport.js';
import { columnAt, plotNote, plotText, stepsOf } from '../chart/scene.js';
import { emptyField, named } from '../page/tablePlan.js';
import type { NetworkMap, RunSummary } from '../page/model.js';
import type { Painter } from '../chart/scene.js';
import type { Page, View } from '../chart/trackView.js';
import type { Field } from '../page/tablePlan.js';
import type { Theme } from '../page/theme.js';
import type { MapInSight, MapSource } from '../page/mapSource.js';

/** So many decades below the largest are one colour with nothing, and at least so many are drawn. */
const [mostDecades, fewestDecades] = [12, 3];
/** Columns of the table. */
const tableColumns = 4096;

type Picture = {
  readonly map: NetworkMap;
  readonly largest: number;
  readonly decades: number;
  bitmap: { readonly theme: Theme; readonly canvas: HTMLCanvasElement } | null;
};

/** `beside`: another map that is painted in the same colours. */
function pictureOf(map: NetworkMap, beside: NetworkMap | null = null): Picture {
  let [largest, least] = [-Infinity, Infinity];
  for (const { values, dx } of beside === null ? [map] : [map, beside])
    for (const value of [...values, ...dx].filter(Number.isFinite)) {
      largest = Math.max(largest, value);
      least = Math.min(least, value);
    }
  return {
    map,
    largest,
    decades: Math.max(fewestDecades, Math.min(mostDecades, largest - least + 0.5)),
    bitmap: null,
  };
}

const layersOf = (run: RunSummary): number => run.network?.layers.length ?? 0;
/** Layers from the top of the picture down, then what leaves below. */
const rowsOf = ({ network }: RunSummary): readonly (number | 'dx')[] => [
  ...(network === null ? [] : layersFromTop(network)),
  'dx',
];

export function networkMap({ model }: Page, chooseLayer: (layer: number) => void, source: MapSource): View {
  let own: Picture | null = null;
  /** Of what is tried: made anew with each answer, and with each picture of the run. */
  let other: { readonly map: NetworkMap; readonly beside: NetworkMap | null; readonly picture: Picture } | null = null;
  let changed = (): void => undefined;
  const latest = new Latest(
    (params: MapInSight) => model.slice('networkMap', params),
    (map) => {
      own = map === null ? null : pictureOf(map);
      changed();
    },
  );
  const shown = (): Picture | null => {
    const map = source.tried?.picture ?? null;
    if (map === null) return own;
    const beside = own?.map ?? null;
    if (other?.map !== map || other.beside !== beside) other = { map, beside, picture: pictureOf(map, beside) };
    return other.picture;
  };
  source.onTried(() => changed());
  const rowValues = ({ map }: Picture, row: number | 'dx'): Float64Array =>
    row === 'dx' ? map.dx : map.values.subarray(row * map.columns, (row + 1) * map.columns);

  function bitmap(run: RunSummary, theme: Theme): HTMLCanvasElement | null {
    const picture = shown();
    if (picture === null) return null;
    if (picture.bitmap?.theme === theme) return picture.bitmap.canvas;
    const { map, largest, decades } = picture;
    const rows = rowsOf(run);
    const shares = new Float32Array(rows.length * map.columns);
    rows.forEach((row, i) =>
      rowValues(picture, row).forEach((value, column) => {
        shares[i * map.columns + column] =
          value === -Infinity ? 0 : Number.isFinite(value) ? Math.max(0, 1 + (value - largest) / decades) : NaN;
      }),
    );
    const canvas = document.createElement('canvas');
    canvas.width = map.columns;
    canvas.height = rows.length;
    canvas
      .getContext('2d')
      ?.putImageData(new ImageData(gradientColours(theme).pixels(shares, 1), map.columns, rows.length), 0, 0);
    picture.bitmap = { theme, canvas };
    return canvas;
  }

  const nameOf = (run: RunSummary, row: number | 'dx'): string =>
    row === 'dx' ? 'dx' : run.network === null ? '' : layerName(run.network, row);

  function paint(painter: Painter, run: RunSummary, theme: Theme): void {
    const picture = shown();
    const image = bitmap(run, theme);
    if (picture === null || image === null) return;
    const { context } = painter;
    const { window, columns } = picture.map;
    const rows = rowsOf(run);
    const [x0, x1] = [painter.x(window.t0 - 0.5), painter.x(window.t1 - 0.5)];
    context.imageSmoothingEnabled = false;
    // Row by row, with a gap between layers, and a wider one above what leaves the network.
    rows.forEach((row, i) => {
      const gap = row === 'dx' ? 4 : 1;
      const [y0, y1] = [painter.y(i - 0.5) + gap, painter.y(i + 0.5) - 1];
      context.drawImage(image, 0, i, columns, 1, x0, y0, x1 - x0, Math.max(1, y1 - y0));
    });
  }

  /** The layer that is looked at, and at the end of each row what became of its own gradient. */
  function marks(painter: Painter, run: RunSummary, theme: Theme): void {
    const { context, left, right } = painter;
    const { network } = run;
    if (network === null) return;
    rowsOf(run).forEach((row, i) => {
      if (row === 'dx') return;
      const height = painter.y(1) - painter.y(0);
      if (row === network.shown) {
        context.strokeStyle = theme.blue;
        context.lineWidth = 2;
        context.strokeRect(left + 1, painter.y(i - 0.5) + 1, right - left - 2, height - 2);
      }
      const choice = (source.tried?.layers ?? network.layers)[row];
      if (choice === undefined || height < 13) return;
      const tones = {
        vanishing: theme.red,
        fading: theme.yellow,
        healthy: theme.green,
        exploding: theme.orange,
        nonfinite: theme.purple,
      };
      const { kind, perStepFactor } = choice;
      const text = [verdictName(kind), ...(perStepFactor === null ? [] : [`×${formatFactor(perStepFactor)}`])].join(
        ' ',
      );
      // On a plate, because the row below it may be of the same colour.
      context.font = `10px ${theme.fontFamily}`;
      const width = context.measureText(text).width + 8;
      context.fillStyle = theme.background;
      context.beginPath();
      context.roundRect(right - 4 - width, painter.y(i) - 7, width, 14, 3);
      context.fill();
      plotText(painter, theme, text, right - 8, painter.y(i), tones[kind], 'right', 10);
    });
  }

  return {
    id: 'networkMap',
    title: say('Network map'),
    formula: () =>
      source.tried === null
        ? say('‖∂L/∂s_t‖ of every layer at every step, log scale; dx leaves below')
        : say('‖∂L/∂s_t‖ of every layer at every step, what if; dx leaves below'),
    height: 132,
    help: {
      text: [
        say(
          'Time runs to the right, layers lie above each other as in the network. The gradient enters on top, at the ' +
            'flags of the losses, goes down through the layers and back through time; the stronger the colour, the ' +
            'more of it arrives. A row that pales towards the left loses it on the way back; a row that is pale as a ' +
            'whole gets little from the layer above.',
        ),
        [
          ...(inReport ? [] : [say('Click a row to look at that layer in all views, or press [ and ].')]),
          say(
            'What stands at the end of a row is the verdict on the layer’s own way back through time, from its own ' +
              'last step.',
          ),
        ].join(' '),
        say(
          'Where a cell hands on h and c, both count, as the next step receives them: c without its path through h ' +
            'of the same step.',
        ),
      ],
      formula: stateNormFormula,
      source: 'Pascanu, Mikolov & Bengio 2013; Hochreiter & Schmidhuber 1997',
    },
    available: (run) => layersOf(run) > 1,
    refresh(window, size, onChange) {
      changed = onChange;
      const inSight = { window, maxColumns: size.columns };
      latest.request(inSight);
      source.ask(inSight);
    },
    scene(run, window, theme) {
      const rows = rowsOf(run);
      return {
        axis: {
          min: -0.5,
          max: rows.length - 0.5,
          reverse: true,
          title: '',
          ticks: () => rows.map((_, i) => i),
          label: (row) => nameOf(run, rows[row] ?? 'dx'),
        },
        lines: [],
        under: (painter) => paint(painter, run, theme),
        over: (painter) => {
          marks(painter, run, theme);
          if (shown()?.map.values.every((value) => value === -Infinity) === true)
            plotNote(painter, theme, say('no gradient enters anywhere'));
        },
        ...borders(run, window),
        theme,
      };
    },
    colourBar(theme) {
      const picture = shown();
      return picture === null || !Number.isFinite(picture.largest)
        ? null
        : {
            map: gradientColours(theme),
            low: `≤ ${powerOfTen(Math.floor(picture.largest - picture.decades))}`,
            middle: '',
            high: formatLog10(picture.largest, 2),
            from: 0,
          };
    },
    readout(run, t, value) {
      const rows = rowsOf(run);
      const row = rows[Math.max(0, Math.min(Math.round(value), rows.length - 1))] ?? 'dx';
      const picture = shown();
      if (picture === null) return [stepName(run, t)];
      const { column, from, to } = columnAt(picture.map, t);
      const number = rowValues(picture, row)[column] ?? NaN;
      return [
        `${stepsName(run, from, to)}, ${nameOf(run, row)}`,
        `${row === 'dx' ? '‖dx‖' : '‖ds‖'} = ${formatLog10(number)}`,
      ];
    },
    summary: (run) =>
      [
        say('The gradient of {0} layers at every step as colours.', layersOf(run)),
        ...(source.tried?.layers ?? run.network?.layers ?? []).map(
          ({ kind }, i) => `${run.network === null ? '' : layerName(run.network, i)}: ${verdictName(kind)}.`,
        ),
        ...(inReport ? [] : [say('Choose a layer with [ and ].')]),
      ].join(' '),
    table(run) {
      const rows = rowsOf(run);
      const cells = (known: Picture, column: number): Field[] =>
        rows.map((row) => {
          const value = rowValues(known, row)[column] ?? NaN;
          return { text: formatLog10(value), exact: exactLog10(value) };
        });
      // Of what is tried now, also while rows are gathered; a column of several steps tells of none of them.
      const other = source.tried === null ? null : shown();
      const otherCells = (t: number): Field[] => {
        if (other === null) return [];
        const { column, from, to } = columnAt(other.map, t);
        return from === t && to === t ? cells(other, column) : rows.map(() => emptyField);
      };
      const recorded = inReport && own !== null && own.map.columns < run.shapes.T ? own : null;
      const headings = rows.map((row) =>
        row === 'dx'
          ? { title: '‖dx_t‖', csv: 'dx_norm' }
          : {
              title: `‖ds_t‖ ${nameOf(run, row)}`,
              csv: `ds_norm_${run.network === null ? row : csvLayer(run.network, row)}`,
            },
      );
      return {
        rowHeading: named('t'),
        columns: [
          ...headings,
          ...(other === null
            ? []
            : headings.map(({ title, csv }) => ({ title: say('{0}, what if', title), csv: `${csv}_what_if` }))),
        ],
        ...(recorded === null
          ? {
              rowCount: run.shapes.T,
              rowsAtOnce: tableColumns,
              rows: async (from: number, to: number) => {
                const window = { t0: from, t1: to };
                const map = await model.sliceOf(run, 'networkMap', { window, maxColumns: to - from });
                const known = map === null ? null : pictureOf(map);
                return Array.from({ length: to - from }, (_, i) =>
                  known === null
                    ? []
                    : [...cells(known, columnAt(known.map, from + i).column), ...otherCells(from + i)],
                );
              },
            }
          : {
              // A report has its columns, each of which holds the largest of its steps.
              rowCount: recorded.map.columns,
              span: (row: number) => {
                const { from, to } = stepsOf(recorded.map, row);
                return [from, to] as const;
              },
              rowLabel: (row: number) => {
                const { from, to } = stepsOf(recorded.map, row);
                return stepsName(run, from, to);
              },
              rowOf: (t: number) => columnAt(recorded.map, t).column,
              rows: (from: number, to: number) =>
                Promise.resolve(Array.from({ length: to - from }, (_, i) => cells(recorded, from + i))),
            }),
      };
    },
    click(value) {
      const { run } = model;
      if (run === null) return;
      const rows = rowsOf(run);
      const row = rows[Math.max(0, Math.min(Math.round(value), rows.length - 1))];
      if (typeof row === 'number') chooseLayer(row);
    },
  };
}
