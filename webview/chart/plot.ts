// A plot over the shared time axis: its place on the canvas, and what is painted of a scene, whoever draws the axes.
import { withAlpha } from '../page/colourMaths.js';
import { paintLines } from './strokes.js';
import type { Painter, Scene, TextBox } from './scene.js';
import type { Drawn } from './strokes.js';
import type { Theme } from '../page/theme.js';
import type { TimeWindow } from '../page/model.js';

/** Every plot begins and ends at the same place, so that the eye can run straight down. */
export const gutter = { left: 64, right: 16 } as const;

/** Room for half a tick label above and below; left of the axis title. The same in every plot. */
export const padding = { left: 6, right: gutter.right, top: 7, bottom: 7 } as const;

/** What an axis needs beside its labels: their distance from the plot and the title. */
const titleRoom = 6 + 12;
/** Between a label of the y axis and the plot. */
export const labelGap = 6;

export const chartFont = (theme: Theme, size = 11): { family: string; size: number } => ({
  family: theme.fontFamily,
  size,
});

/**
 * What a tooltip says about step t at height `value` of the y axis and `across` (0 … 1) the plot: a heading and its
 * lines.
 */
export type Readout = (t: number, value: number, across: number) => readonly string[];

export type PlotOptions = {
  readonly scene: Scene;
  readonly window: TimeWindow;
  readonly readout: Readout;
  readonly hidden: ReadonlySet<string>;
};

/** A plot on a canvas. */
export type Plot = {
  show(options: PlotOptions): void;
  readonly width: number;
  /** Of what was painted last, from the upper left corner of the canvas. */
  readonly texts: readonly TextBox[];
  /** Pixel of a value from the top of the canvas, or null when it is not in view. */
  pixelY(value: number): number | null;
  valueAt(pixel: number): number;
  /** The keyboard moved the cursor: what the tooltip of the resting mouse says would contradict it. */
  hideTooltip(): void;
  dispose(): void;
};
/** `rendered` is called whenever the plot was painted, also when it was by itself. */
export type PlotMaker = (canvas: HTMLCanvasElement, options: PlotOptions, rendered: () => void) => Plot;

/** The width of a plot on a canvas of this width. */
export const plotWidth = (width: number): number => Math.max(1, width - gutter.left - gutter.right);

/** The title of the y axis gives way to labels that would run into it, as 10⁻¹⁰⁰⁰⁰⁰⁰ does. */
export function titleFits(context: CanvasRenderingContext2D, theme: Theme, labels: readonly string[]): boolean {
  context.save();
  const { size, family } = chartFont(theme, 10);
  context.font = `${size}px ${family}`;
  const widest = labels.reduce((most, label) => Math.max(most, context.measureText(label).width), 0);
  context.restore();
  return widest <= gutter.left - padding.left - titleRoom;
}

/** Lines that stand closer than this are a grey area. */
const leastApart = 5;
/** … and stripes that are narrower cannot be told apart. */
const leastStripe = 1.5;

/**
 * Pixels between neighbours, where they are closest: every few steps, or also a border of chunks that starts the count
 * again.
 */
const apart = (painter: Painter, steps: readonly number[]): number =>
  steps.slice(1, 16).reduce((least, step, i) => Math.min(least, step - (steps[i] ?? 0)), Infinity) *
  (painter.x(1) - painter.x(0));

/** Vertical lines between step t−1 and step t; none when they would stand too close. */
function verticals(painter: Painter, steps: readonly number[], colour: string, dash: number[]): void {
  const { context } = painter;
  if (apart(painter, steps) < leastApart) return;
  context.save();
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.beginPath();
  for (const t of steps) {
    const x = Math.round(painter.x(t - 0.5)) + 0.5;
    if (x < painter.left || x > painter.right) continue;
    context.moveTo(x, painter.top);
    context.lineTo(x, painter.bottom);
  }
  context.stroke();
  context.restore();
}

/** Where cuts stand too close for lines, every other piece between two of them is shaded. */
function stripes(painter: Painter, cuts: readonly number[], theme: Theme): void {
  const width = apart(painter, cuts);
  if (width >= leastApart || width < leastStripe) return;
  const { context, left, right, top, bottom } = painter;
  context.fillStyle = withAlpha(theme.foreground, theme.highContrast ? 0.18 : 0.1);
  for (let i = 0; i < cuts.length; i += 2) {
    const [from, to] = [painter.x((cuts[i] ?? 0) - 0.5), painter.x((cuts[i + 1] ?? Infinity) - 0.5)];
    if (to > left && from < right) context.fillRect(from, top, Math.min(to, right) - from, bottom - top);
  }
}

/** Half of a thick line may stand out of the plot. */
const lineAir = 1.5;

/** What stands inside the axes, from the bottom up. */
export function paintScene(painter: Painter, scene: Scene, lines: readonly Drawn[]): void {
  const { context, left, top, right, bottom } = painter;
  const clipped = (draw: () => void, air = 0): void => {
    context.save();
    context.beginPath();
    context.rect(left - air, top - air, right - left + 2 * air, bottom - top + 2 * air);
    context.clip();
    draw();
    context.restore();
  };
  clipped(() => {
    scene.under(painter);
    stripes(painter, scene.cuts, scene.theme);
  });
  clipped(() => paintLines(painter, lines), lineAir);
  clipped(() => {
    verticals(painter, scene.cuts, scene.theme.muted, [1, 3]);
    verticals(painter, scene.borders, scene.theme.muted, []);
    scene.over(painter);
  });
}
