// The frame of a plot on a canvas: where it lies, its two axes with their grid and labels, and the way from values to
// pixels.
import { timeTicks } from './axis.js';
import { t as say } from '../page/l10n.js';
import type { Painter, Scene, YAxis } from './scene.js';
import type { TimeWindow } from '../page/model.js';

/** Every plot begins and ends at the same place, so that the eye can run straight down. */
export const gutter = { left: 64, right: 16 } as const;

/** Half a label of the y axis stands above the plot, and half a one below. */
const half = 7;
/** What stands below a plot that carries the labels of its steps and the name of the axis. */
const timeLabelRoom = 34;
const labelSize = 10;
/** From the plot to the labels beside it, and from the plot to the middle of those below. */
const [labelGap, labelDrop] = [6, 10];
/** The middle of the y axis' title, from the left; and of the time axis' one, from below. */
const [titleAt, timeTitleAt] = [12, 8];
/** Labels that are wider than this would run into the title. */
const widestBesideTitle = gutter.left - labelGap - 18;
/** Pixels beyond this are far outside of any canvas, and browsers lose lines that lead there. */
const farthest = 32_767;

export type Area = Pick<Painter, 'left' | 'right' | 'top' | 'bottom'>;

/** Where the plot lies on a canvas; `timeLabels`: the labels of the steps stand below it. */
export const areaOf = (width: number, height: number, timeLabels: boolean): Area => ({
  left: gutter.left,
  right: Math.max(gutter.left + 1, width - gutter.right),
  top: half,
  bottom: Math.max(half + 1, height - (timeLabels ? timeLabelRoom : half)),
});

const near = (pixel: number): number => Math.max(-farthest, Math.min(farthest, pixel));

export function painterOf(
  context: CanvasRenderingContext2D,
  area: Area,
  { min, max, reverse }: Pick<YAxis, 'min' | 'max' | 'reverse'>,
  { t0, t1 }: TimeWindow,
): Painter {
  const { left, right, top, bottom } = area;
  const [from, to] = reverse ? [top, bottom] : [bottom, top];
  return {
    ...area,
    context,
    x: (t) => near(left + ((t + 0.5 - t0) / (t1 - t0)) * (right - left)),
    y: (value) => near(from + ((value - min) / (max - min)) * (to - from)),
  };
}

/** A line of one pixel lies in the middle of a pixel of the screen. */
const sharp = (pixel: number, ratio: number): number => Math.round((pixel - 0.5) * ratio) / ratio + 0.5;

/** Grid, labels and titles. `ratio`: device pixels to each pixel. */
export function paintFrame(
  painter: Painter,
  { axis, theme }: Pick<Scene, 'axis' | 'theme'>,
  window: TimeWindow,
  timeLabels: boolean,
  height: number,
  ratio: number,
): void {
  const { context, left, right, top, bottom } = painter;
  const steps = timeTicks(window.t0, window.t1, right - left);
  const levels = axis.ticks(height);
  context.save();
  context.strokeStyle = theme.grid;
  context.lineWidth = 1;
  const line = (x0: number, y0: number, x1: number, y1: number): void => {
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  };
  for (const step of steps) {
    const x = sharp(painter.x(step), ratio);
    line(x, top, x, bottom);
  }
  for (const level of levels) {
    const y = sharp(painter.y(level), ratio);
    line(left, y, right, y);
  }
  context.fillStyle = theme.muted;
  context.font = `${labelSize}px ${theme.fontFamily}`;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  const labels = levels.map((level) => axis.label(level));
  levels.forEach((level, i) => context.fillText(labels[i] ?? '', left - labelGap, painter.y(level)));
  context.textAlign = 'center';
  if (timeLabels) {
    for (const step of steps) context.fillText(String(step), painter.x(step), bottom + labelDrop);
    context.fillText(say('timestep t'), (left + right) / 2, height - timeTitleAt);
  }
  if (axis.title !== '' && labels.every((label) => context.measureText(label).width <= widestBesideTitle))
    upright(context, axis.title, titleAt, (top + bottom) / 2);
  context.restore();
}

function upright(context: CanvasRenderingContext2D, text: string, x: number, y: number): void {
  context.translate(x, y);
  context.rotate(-Math.PI / 2);
  context.fillText(text, 0, 0);
}
