// How the shares of one step's gradient are drawn: end to end as one stacked bar, and each at the step whose loss it
// comes from.
import { niceStep } from '../chart/axis.js';
import { withAlpha } from '../page/colourMaths.js';
import { colourMap, onColour } from '../page/colours.js';
import { formatPercent } from '../page/format.js';
import { stepsName } from '../page/stepLabels.js';
import type { AttributionRow, RunSummary } from '../page/model.js';
import type { Painter } from '../chart/scene.js';
import type { Theme } from '../page/theme.js';

/** `s = 7`, or `s = 7 … 12` for a group. */
export const sourceName = (run: RunSummary, from: number, to: number): string => stepsName(run, from, to, 's');

/**
 * Contributions of one row as shares of the sum of their norms; NaN where that sum is not finite, or is not known yet.
 */
export function sharesOf({ log10 }: AttributionRow): Float64Array {
  if (log10.some((value) => Number.isNaN(value) || value === Infinity)) return log10.map(() => NaN);
  const largest = log10.reduce((most, value) => (value > most ? value : most), -Infinity);
  const sizes = log10.map((value) => (Number.isFinite(value) ? 10 ** (value - largest) : 0));
  const sum = sizes.reduce((total, value) => total + value, 0);
  return sum === 0 ? sizes : sizes.map((value) => value / sum);
}

/** Steps between the row's own and the nearest one of a source. */
const distanceOf = ({ t, from, to }: AttributionRow, at: number): number =>
  Math.max(0, (from[at] ?? 0) - t, t - (to[at] ?? 0));

/** The steps at which a source is drawn: of a group around t that sends to the past only, those from t on. */
const drawnSteps = ({ t, from, to, bothSides }: AttributionRow, at: number): readonly [number, number] => [
  bothSides ? (from[at] ?? 0) : Math.max(t, from[at] ?? 0),
  to[at] ?? 0,
];

/** Near sources in orange, far ones in blue: how many steps a loss had to travel, on a log scale. */
function distanceColour(theme: Theme, distance: number, steps: number): string {
  const share = Math.log1p(distance) / Math.log1p(Math.max(1, steps));
  return colourMap(theme).css(share < 0.5 ? -1 + 1.2 * share : 0.4 + 1.2 * (share - 0.5));
}

/**
 * The plot is so much higher than the axis of the bars, to hold the stacked one above them; it begins at the second of
 * these.
 */
const [room, begins] = [1.4, 1.12];
const mostStackHeight = 20;
const stackHeight = ({ top, bottom }: Pick<Painter, 'top' | 'bottom'>): number =>
  Math.min(mostStackHeight, (bottom - top) * (1 - begins / room));

/** Where the axis of the bars ends, and the plot with it. */
export function shareAxis(row: AttributionRow | null): { readonly end: number; readonly top: number } {
  const largest = row === null ? 1 : sharesOf(row).reduce((most, value) => Math.max(most, value), 0);
  // Of many equal losses each has its bar.
  const end = largest > 0 ? Math.min(1, niceStep(largest, 1)) : 1;
  return { end, top: end * room };
}

/**
 * The source at a place of the plot, `across` from 0 to 1: in the stacked bar by its share, below it by its step t; −1
 * for none.
 */
export function sourceAt(row: AttributionRow, t: number, value: number, across: number): number {
  if (value < shareAxis(row).end * begins) return row.from.findIndex((from, i) => from <= t && t <= (row.to[i] ?? 0));
  let sum = 0;
  return sharesOf(row).findIndex((share) => (sum += share) > across);
}

/**
 * The middle of a text on a bar, moved as far as it has to so that the cursor's line does not cross it out; in the
 * middle where there is no room.
 */
function beside(cursor: number, x: number, width: number, textWidth: number): number {
  const [middle, half] = [x + width / 2, textWidth / 2 + 5];
  if (Math.abs(middle - cursor) >= half) return middle;
  return [cursor + half, cursor - half].find((place) => place - half >= x && place + half <= x + width) ?? middle;
}

/** All shares end to end in the order of their steps: the whole width is the whole gradient. */
export function paintStack(painter: Painter, theme: Theme, row: AttributionRow, run: RunSummary): void {
  const { context, left, right, top } = painter;
  const height = stackHeight(painter);
  context.save();
  context.font = `10px ${theme.fontFamily}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  let x = left;
  sharesOf(row).forEach((share, i) => {
    const [from, to] = drawnSteps(row, i);
    const width = share * (right - left);
    const fill = distanceColour(theme, distanceOf(row, i), run.shapes.T);
    // The ground shows between neighbours that are wide enough for it.
    context.fillStyle = fill;
    context.fillRect(x, top, width > 3 ? width - 1 : width, height);
    const text = [`${sourceName(run, from, to)} · ${formatPercent(share)}`, formatPercent(share)].find(
      (told) => context.measureText(told).width < width - 8,
    );
    if (text !== undefined && height >= 12) {
      context.fillStyle = onColour(fill, theme);
      context.fillText(
        text,
        beside(painter.x(row.t), x, width, context.measureText(text).width),
        top + height / 2 + 0.5,
      );
    }
    x += width;
  });
  context.restore();
}

/** Each share at its own step. */
export function paintShares(painter: Painter, theme: Theme, row: AttributionRow, steps: number): void {
  const { context, bottom } = painter;
  sharesOf(row).forEach((share, i) => {
    const [from, to] = drawnSteps(row, i);
    const [x0, x1] = [painter.x(from - 0.5), painter.x(to + 0.5)];
    const gap = x1 - x0 > 5 ? 1 : 0;
    context.fillStyle = distanceColour(theme, distanceOf(row, i), steps);
    const top = painter.y(share);
    context.fillRect(x0 + gap / 2, top, Math.max(0.75, x1 - x0 - gap), bottom - top);
  });
}

/** The steps before t, below the stacked bar: losses there cannot reach it. */
export function paintUnreachable(painter: Painter, theme: Theme, t: number, top: number): void {
  const { context, left, bottom } = painter;
  context.fillStyle = withAlpha(theme.muted, 0.16);
  context.fillRect(left, top, painter.x(t - 0.5) - left, bottom - top);
}
