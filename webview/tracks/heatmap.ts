// A T×H picture as one pixel blit under the axes of a plot: colours are looked up once per answer, then only scaled.
import { unitTicks } from '../chart/axis.js';
import { colourMap } from '../page/colours.js';
import { formatNumber } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { Latest } from '../page/model.js';
import { borders } from '../chart/trackView.js';
import { positionOf, stepsName } from '../page/stepLabels.js';
import { columnAt, largestIn, plotNote } from '../chart/scene.js';
import { csvName, emptyField, sequenceNote, unitHeading } from '../page/tablePlan.js';
import { stepRows } from '../page/stepCache.js';
import { mostUnits } from '../page/timeline.js';
import { unitColours } from './unitLines.js';
import type { Heatmap, HeatmapRequest, RunSummary, StepValues, UnitOrder, WhatIfMapRequest } from '../page/model.js';
import type { Painter, Scene } from '../chart/scene.js';
import type { ColourBar, Page, View } from '../chart/trackView.js';
import type { StepSource, StepCache } from '../page/stepCache.js';
import type { Field } from '../page/tablePlan.js';
import type { Theme } from '../page/theme.js';

type Picture = {
  readonly map: Heatmap;
  readonly strongest: number;
  readonly sequence: number;
  bitmap: { readonly theme: Theme; readonly canvas: HTMLCanvasElement } | null;
};

/** What differs between the gradient's and the hidden state's heatmap. */
export type HeatmapKind = Pick<View, 'id' | 'title' | 'help' | 'height'> & {
  readonly tensor: HeatmapRequest['tensor'];
  /** Of gates: which one is shown now. */
  readonly gate?: () => string;
  /** Told what paints it anew, when something else is chosen. */
  readonly onChoice?: (changed: () => void) => void;
  readonly controls?: HTMLElement;
  /** Whether a run has it; always, unless this says otherwise. */
  readonly available?: (run: RunSummary) => boolean;
  readonly formula: string | (() => string);
  readonly column: string;
  /** Null when no value of the run gives the colours a scale. */
  bar(map: Heatmap): Pick<ColourBar, 'low' | 'middle' | 'high' | 'from'> | null;
  /** How many times stronger than its share of `limit` a value is coloured, where the scale ends before it. */
  stretch?(map: Heatmap): number;
  /** A finite value of the answer. */
  print(map: Heatmap, value: number): string;
  /** What to say when nothing in the picture stands out from the background; `peak` as in the answer. */
  faint(peak: number): string;
  cell(values: StepValues, unit: number): Field;
  /** A picture that follows what is tried. */
  readonly following?: Following;
};

/** `ask` is told which picture is on screen; `tried` gives the same of what is tried, while that is there. */
export type Following = {
  ask(shown: Omit<WhatIfMapRequest, 'gate'>): void;
  tried(sequence: number): Heatmap | null;
  onTried(listener: () => void): void;
};

/** Share of the colour scale below which a cell cannot be told from the background. */
const leastVisible = 0.03;
/** Columns of the table: the chosen units, then the first others. */
const unitsInTable = mostUnits;
/** Units of one cell that a tooltip names. */
const unitsNamed = 4;

function bitmap(picture: Picture, theme: Theme, stretch: number): HTMLCanvasElement {
  if (picture.bitmap?.theme === theme) return picture.bitmap.canvas;
  const { map } = picture;
  const canvas = document.createElement('canvas');
  canvas.width = map.columns;
  canvas.height = map.rows;
  canvas
    .getContext('2d')
    ?.putImageData(new ImageData(colourMap(theme).pixels(map.values, stretch), map.columns, map.rows), 0, 0);
  picture.bitmap = { theme, canvas };
  return canvas;
}

export function heatmap(kind: HeatmapKind, { model, timeline }: Page, steps: StepCache): View {
  let picture: Picture | null = null;
  let changed = (): void => undefined;
  /** Of what is tried: made anew with each answer. */
  let triedPicture: Picture | null = null;
  const current = (): Picture | null => {
    const sequence = timeline.shownSequence;
    const map = kind.following?.tried(sequence) ?? null;
    if (map === null) return picture;
    if (triedPicture?.map !== map)
      triedPicture = { map, strongest: largestIn(map.values, map, map.window), sequence, bitmap: null };
    return triedPicture;
  };
  kind.following?.onTried(() => changed());
  type Ask = {
    tensor: HeatmapRequest['tensor'];
    gate?: string;
    order: UnitOrder;
    sequence: number;
    window: { t0: number; t1: number };
    maxColumns: number;
    maxRows: number;
  };
  const latest = new Latest(
    (params: Ask) => model.slice('heatmap', params),
    (map, { sequence, window, maxColumns, maxRows }) => {
      if (map === null) return;
      // NaN or infinite where a value is: those stand out.
      picture = { map, strongest: largestIn(map.values, map, window), sequence, bitmap: null };
      kind.following?.ask({
        sequence,
        window,
        maxColumns,
        maxRows,
        order: map.order === null ? null : [...map.order],
      });
      changed();
    },
  );

  function blit(painter: Painter, run: RunSummary, theme: Theme): void {
    const on = current();
    if (on === null) return;
    const { t0, t1 } = on.map.window;
    const { context } = painter;
    const [x0, x1, y0, y1] = [painter.x(t0 - 0.5), painter.x(t1 - 0.5), painter.y(-0.5), painter.y(run.shapes.H - 0.5)];
    context.imageSmoothingEnabled = false;
    context.drawImage(bitmap(on, theme, kind.stretch?.(on.map) ?? 1), x0, y0, x1 - x0, y1 - y0);
  }

  /** Row of a unit and unit of a row, in the order of the picture on screen. */
  const rowOf = (unit: number): number => {
    const order = current()?.map.order ?? null;
    return order === null ? unit : order.indexOf(unit);
  };
  const unitOf = (row: number): number => current()?.map.order?.[row] ?? row;

  /** Small flags on the left edge of the rows that are drawn as lines. */
  function flags(painter: Painter, run: RunSummary, theme: Theme): void {
    const { context, left } = painter;
    const colours = unitColours(theme);
    const half = Math.max(2, Math.min(5, (painter.y(1) - painter.y(0)) * 0.75));
    timeline.units.forEach((unit, i) => {
      if (unit >= run.shapes.H) return;
      const y = painter.y(rowOf(unit));
      context.fillStyle = colours[i % colours.length] ?? theme.foreground;
      context.strokeStyle = theme.background;
      context.beginPath();
      context.moveTo(left, y - half);
      context.lineTo(left + 8, y);
      context.lineTo(left, y + half);
      context.closePath();
      context.fill();
      context.stroke();
    });
  }

  const source = (): Pick<HeatmapRequest, 'tensor' | 'gate'> => ({
    tensor: kind.tensor,
    ...(kind.gate === undefined ? {} : { gate: kind.gate() }),
  });
  const ofSteps = (): StepSource => {
    const { tensor, ...rest } = source();
    return { tensor: tensor === 'dh' ? 'hs' : tensor, ...rest };
  };
  let ask = (): void => undefined;
  kind.onChoice?.(() => ask());

  return {
    ...kind,
    formula: () =>
      `${typeof kind.formula === 'string' ? kind.formula : kind.formula()} · ${
        timeline.sequence === null && (model.run?.shapes.B ?? 1) > 1
          ? say(
              'sequence {0} of {1} (the first, while all are chosen)',
              timeline.shownSequence + 1,
              model.run?.shapes.B ?? 1,
            )
          : say('sequence {0}', timeline.shownSequence + 1)
      }`,
    available: kind.available ?? (() => true),
    refresh(window, size, onChange) {
      changed = onChange;
      ask = () =>
        latest.request({
          ...source(),
          order: timeline.order,
          sequence: timeline.shownSequence,
          window,
          maxColumns: size.columns,
          maxRows: size.rows,
        });
      ask();
    },
    scene(run, window, theme): Scene {
      const { H } = run.shapes;
      return {
        axis: {
          min: -0.5,
          max: H - 0.5,
          reverse: true,
          title: say('unit'),
          ticks: (height) => unitTicks(H, height),
          label: (row) => String(unitOf(row)),
        },
        lines: [],
        under: (painter) => blit(painter, run, theme),
        over: (painter) => {
          flags(painter, run, theme);
          const on = current();
          if (on !== null && on.strongest < leastVisible) plotNote(painter, theme, kind.faint(on.map.peak));
        },
        ...borders(run, window),
        theme,
      };
    },
    colourBar(theme) {
      const on = current();
      const ends = on === null ? null : kind.bar(on.map);
      return ends === null ? null : { map: colourMap(theme), ...ends };
    },
    notFinite() {
      const count = current()?.map.notFinite ?? 0;
      return count > 0 ? say('not finite: {0}', count) : null;
    },
    readout(run, t, value) {
      const at = Math.max(0, Math.min(Math.round(value), run.shapes.H - 1));
      const on = current();
      if (on === null || t < on.map.window.t0 || t >= on.map.window.t1)
        return [say('t = {0}, unit {1}', positionOf(run, t), unitOf(at))];
      const { map } = on;
      const { column, from, to } = columnAt(map, t);
      const row = Math.floor((at * map.rows) / run.shapes.H);
      const start = (index: number): number => Math.floor((index * run.shapes.H) / map.rows);
      const units = Array.from({ length: start(row + 1) - start(row) }, (_, i) => unitOf(start(row) + i));
      const shown = map.values[row * map.columns + column] ?? NaN;
      const told = Number.isFinite(shown)
        ? kind.print(map, shown)
        : Number.isNaN(shown)
          ? say('{0} is not a number', kind.column)
          : `${kind.column} = ${formatNumber(shown)}`;
      const head =
        units.length === 1
          ? say('{0}, unit {1}', stepsName(run, from, to), units[0] ?? at)
          : say(
              '{0}, units {1}',
              stepsName(run, from, to),
              units.length <= unitsNamed
                ? units.join(', ')
                : `${units.slice(0, unitsNamed - 1).join(', ')} … ${units[units.length - 1] ?? ''}`,
            );
      return [
        head,
        from === to && units.length === 1
          ? told
          : say('largest of {0} values: {1}', (to - from + 1) * units.length, told),
      ];
    },
    summary(run) {
      const on = current();
      const ends = on === null ? null : kind.bar(on.map);
      return [
        say(
          '{0} as a heatmap of {1} timesteps by {2} units, sequence {3}.',
          kind.title,
          run.shapes.T,
          run.shapes.H,
          timeline.shownSequence + 1,
        ),
        ...(ends === null ? [] : [say('Colours from {0} to {1}.', ends.low, ends.high)]),
        ...(on === null || on.strongest >= leastVisible || !Number.isFinite(on.strongest)
          ? []
          : [`${kind.faint(on.map.peak)}.`]),
        ...((on?.map.notFinite ?? 0) > 0 ? [say('{0} values in view are not finite.', on?.map.notFinite ?? 0)] : []),
        say('Choose units to read them as lines.'),
      ].join(' ');
    },
    table(run, columns) {
      const extra = Array.from({ length: run.shapes.H }, (_, unit) => unit).filter(
        (unit) => !timeline.units.includes(unit),
      );
      const units =
        columns === 'all'
          ? Array.from({ length: run.shapes.H }, (_, unit) => unit)
          : [...timeline.units, ...extra].slice(0, unitsInTable);
      const { shownSequence: sequence } = timeline;
      const csv = kind.gate === undefined ? kind.column : `gate_${csvName(kind.gate())}`;
      return {
        columns: units.map((unit) => unitHeading(kind.column, unit, csv)),
        csvNotes: [sequenceNote(sequence)],
        ...stepRows(steps, model, run, sequence, ofSteps(), (values) =>
          units.map((unit) => (values === null ? emptyField : kind.cell(values, unit))),
        ),
      };
    },
    click: (value) =>
      timeline.toggleUnit(unitOf(Math.max(0, Math.min(Math.round(value), (model.run?.shapes.H ?? 1) - 1)))),
  };
}
