// What a track wants to have drawn, free of any charting library.
import { readable } from '../page/colours.js';
import type { Theme } from '../page/theme.js';
import type { TimeWindow } from '../../src/protocol/index.js';

/** A value per step: dense for all t, or at some t only (decimated by the host). */
export type Series = { readonly values: ArrayLike<number>; readonly t: Float64Array | null };

export type Line = {
  readonly id: string;
  /** As `math` reads it. Lines with the same legend share one entry; null: not in the legend. */
  readonly legend: string | null;
  readonly colour: string;
  readonly width: number;
  readonly dash: readonly number[];
  readonly series: Series;
  /** Value at a step in the units of the axis; null when this line has no reading. */
  readonly at: ((t: number) => number) | null;
  /** The reading at step t as text, for the legend. */
  readonly print: (value: number, t: number) => string;
  /** Values of this line may lie outside the axis. */
  readonly inRange: boolean;
};

export type YAxis = {
  readonly min: number;
  readonly max: number;
  /** Unit 0 on top. */
  readonly reverse: boolean;
  readonly title: string;
  ticks(height: number): number[];
  label(value: number): string;
};

/** Where a text stands on a canvas, with the rim around it, in pixels. */
export type TextBox = { readonly x0: number; readonly x1: number; readonly y0: number; readonly y1: number };

export type Painter = {
  readonly context: CanvasRenderingContext2D;
  /** The texts that have been written on the plot: what crosses the whole plot above it goes behind them. */
  readonly texts: TextBox[];
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Pixel of the middle of step t. */
  x(t: number): number;
  y(value: number): number;
};

export type Scene = {
  readonly axis: YAxis;
  /** Topmost first. */
  readonly lines: readonly Line[];
  /** Beneath the lines; clipped to the plot. */
  under(painter: Painter): void;
  /** Above the lines; clipped to the plot. */
  over(painter: Painter): void;
  /** Steps of a window that have a label, on so many pixels; and the label. */
  readonly timeTicks: (window: TimeWindow, width: number) => readonly number[];
  readonly timeLabel: (t: number) => string;
  /** Borders of chunks (solid, those in view) and cuts of truncation (dotted, all), each the first step after it. */
  readonly borders: readonly number[];
  readonly cuts: readonly number[];
  readonly theme: Theme;
};

/** A picture of steps of a window, several in a column where it has fewer columns. */
type Columns = { readonly window: TimeWindow; readonly columns: number };

/** The steps that a column covers, both ends included. */
export function stepsOf(
  { window: { t0, t1 }, columns }: Columns,
  column: number,
): { readonly from: number; readonly to: number } {
  const start = (at: number): number => t0 + Math.floor((at * (t1 - t0)) / columns);
  return { from: start(column), to: start(column + 1) - 1 };
}

/** The column of a picture that step t falls into, and the steps it covers. */
export function columnAt(
  map: Columns,
  t: number,
): { readonly column: number; readonly from: number; readonly to: number } {
  const {
    window: { t0, t1 },
    columns,
  } = map;
  // Rounding down twice may end one column early.
  let column = Math.floor(((t - t0) * columns) / (t1 - t0));
  while (column + 1 < columns && stepsOf(map, column + 1).from <= t) column++;
  return { column, ...stepsOf(map, column) };
}

/** Which columns of a picture show steps of a window: from ≤ column < to. A report has one picture for all windows. */
export function columnsIn(map: Columns, { t0, t1 }: TimeWindow): { readonly from: number; readonly to: number } {
  const { t0: first, t1: end } = map.window;
  const column = (t: number): number => columnAt(map, Math.max(first, Math.min(t, end - 1))).column;
  return { from: column(t0), to: column(t1 - 1) + 1 };
}

/** The largest |value| of a picture [rows,columns] in the columns that show steps of a window. */
export function largestIn(values: Float32Array, map: Columns, window: TimeWindow): number {
  const { from, to } = columnsIn(map, window);
  let largest = 0;
  for (let row = 0; row < values.length; row += map.columns)
    for (let i = row + from; i < row + to; i++) largest = Math.max(largest, Math.abs(values[i] ?? 0));
  return largest;
}

/** Around a text on the plot, and the height of its line. */
const [rim, textHeight] = [4, 16];

/** Text on the plot, with a rim of background so that lines beneath do not disturb it. */
export function plotText(
  { context, texts }: Painter,
  theme: Theme,
  text: string,
  x: number,
  y: number,
  colour: string,
  align: CanvasTextAlign,
  size = 11,
): void {
  context.save();
  context.font = `${size}px ${theme.fontFamily}`;
  context.textAlign = align;
  context.textBaseline = 'middle';
  context.lineWidth = rim;
  context.lineJoin = 'round';
  context.strokeStyle = theme.background;
  context.strokeText(text, x, y);
  context.fillStyle = readable(colour, theme);
  context.fillText(text, x, y);
  const { width } = context.measureText(text);
  context.restore();
  const start = align === 'left' ? x : align === 'right' ? x - width : x - width / 2;
  texts.push({ x0: start - rim, x1: start + width + rim, y0: y - textHeight / 2, y1: y + textHeight / 2 });
}

/** Says in the middle of a plot why nothing is to be seen there; null: something is. */
export const plotNote = (painter: Painter, theme: Theme, text: string | null): void => {
  if (text !== null)
    plotText(
      painter,
      theme,
      text,
      (painter.left + painter.right) / 2,
      (painter.top + painter.bottom) / 2,
      theme.muted,
      'center',
    );
};

/** One step more on both sides, so that lines run to the edges of the plot. */
export const withNeighbours = ({ t0, t1 }: TimeWindow, steps: number): TimeWindow => ({
  t0: Math.max(0, t0 - 1),
  t1: Math.min(steps, t1 + 1),
});

/** Places from ≤ i < to of the steps t0 ≤ t < t1 in `t` (ascending), or of the steps themselves (null). */
export function placesIn(t: Float64Array | null, t0: number, t1: number): readonly [number, number] {
  if (t === null) return [t0, t1];
  const firstAtLeast = (step: number): number => {
    let [low, high] = [0, t.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((t[middle] ?? 0) < step) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return [firstAtLeast(t0), firstAtLeast(t1)];
}

/** Smallest and largest finite value of a series inside steps [t0, t1). */
export function extent(series: Series, t0: number, t1: number): readonly [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  const visit = (value: number | undefined): void => {
    if (value === undefined || !Number.isFinite(value)) return;
    if (value < low) low = value;
    if (value > high) high = value;
  };
  const [from, to] = placesIn(series.t, t0, t1);
  for (let i = from; i < to; i++) visit(series.values[i]);
  // Between two samples runs the line that joins them.
  if (from === to && series.t !== null) for (const i of [from - 1, to]) visit(series.values[i]);
  return low <= high ? [low, high] : null;
}

/**
 * The points to draw for steps [t0, t1) on `pixels` pixels: all of them when they fit, else the smallest and largest of
 * each pixel column, in their order, so that no spike is lost. Not-finite values become gaps. One step more on both
 * sides lets lines run to the edges.
 */
export function points(series: Series, t0: number, t1: number, pixels: number): { x: number; y: number }[] {
  const out: { x: number; y: number }[] = [];
  const { values, t } = series;
  const put = (i: number): void => {
    const value = values[i];
    out.push({ x: t?.[i] ?? i, y: value !== undefined && Number.isFinite(value) ? value : NaN });
  };
  const [first, last] = placesIn(t, t0, t1);
  const [from, to] = [Math.max(0, first - 1), Math.min(values.length, last + 1)];
  if (to - from <= 2 * Math.max(1, pixels)) {
    for (let i = from; i < to; i++) put(i);
    return out;
  }
  const perPixel = (t1 - t0 + 2) / Math.max(1, pixels);
  for (let start = from, n = 1; start < to; n++) {
    const until = Math.max(0, t0 - 1) + n * perPixel;
    let [end, low, high, gap] = [start, -1, -1, -1];
    for (; end < to && (end === start || (t?.[end] ?? end) < until); end++) {
      const value = values[end] ?? NaN;
      if (!Number.isFinite(value)) gap = end;
      else {
        if (low < 0 || value < (values[low] ?? 0)) low = end;
        if (high < 0 || value > (values[high] ?? 0)) high = end;
      }
    }
    for (const i of [...new Set([low, high, gap])].filter((place) => place >= 0).sort((a, b) => a - b)) put(i);
    start = end;
  }
  return out;
}
